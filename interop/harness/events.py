"""Event lines with the seconds since the start of the run."""

import sys
import threading
import time

_START = time.monotonic()
_LOCK = threading.Lock()


def event(text):
    """Prints one `[seconds] event` line at once."""
    with _LOCK:
        sys.stdout.write("[%6.1f] %s\n" % (time.monotonic() - _START, text))
        sys.stdout.flush()


def plain(text):
    """Prints a line as it is: the final count, which other programs read."""
    with _LOCK:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
