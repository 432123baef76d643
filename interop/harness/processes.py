"""Child processes: every one is remembered and ended by its own pid, whatever happens to the driver."""

import ctypes
import os
import signal
import subprocess

_PR_SET_PDEATHSIG = 1
_running = {}


def _die_with_parent():
    """Linux: the child is killed when the driver dies, even by kill -9. Elsewhere the driver's own clean-up must do."""
    try:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    except (OSError, AttributeError):
        pass


def start(command, log_path, env=None, cwd=None, piped=False):
    """Starts `command`. Its stderr, and its stdout unless `piped`, are appended to the file `log_path`."""
    full_env = dict(os.environ)
    full_env.update(env or {})
    with open(log_path, "ab") as log:
        child = subprocess.Popen(
            command,
            cwd=cwd,
            env=full_env,
            stdin=subprocess.PIPE if piped else subprocess.DEVNULL,
            stdout=subprocess.PIPE if piped else log,
            stderr=log,
            preexec_fn=_die_with_parent,
        )
    _running[child.pid] = child
    return child


def kill(child):
    """kill -9 by pid, and waits for the end."""
    if child.poll() is None:
        child.kill()
    child.wait()
    _running.pop(child.pid, None)


def terminate(child, timeout_seconds):
    """SIGTERM, then waits. Returns the exit code, or None when the process had to be killed."""
    child.terminate()
    try:
        code = child.wait(timeout=timeout_seconds)
    except subprocess.TimeoutExpired:
        kill(child)
        return None
    _running.pop(child.pid, None)
    return code


def kill_all():
    """Ends whatever this driver started and has not ended yet."""
    for child in list(_running.values()):
        kill(child)
