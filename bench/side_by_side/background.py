"""Something that is done over and over beside a load."""

import threading


class Repeating:
    """Calls `action`, then again after each `pause_seconds`, while it is entered; without an action it does nothing."""

    def __init__(self, action, pause_seconds):
        self._action = action
        self._pause_seconds = pause_seconds
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run) if action else None

    def __enter__(self):
        if self._thread:
            self._thread.start()

    def __exit__(self, *_):
        self._end.set()
        if self._thread:
            self._thread.join()

    def _run(self):
        self._action()
        while not self._end.wait(self._pause_seconds):
            self._action()
