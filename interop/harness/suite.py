"""One client process with its cases, and the line protocol it speaks with the driver.

The client prints on stdout, one line each (anything else is shown as an event):
    @plan CASE CASE ...          the cases it will run
    @pass CASE SECONDS           a case passed
    @fail CASE SECONDS REASON    a case failed
    @ask restart-broker kill|clean [key=value ...]   and  @ask restart-namesrv
    @ask await-saved GROUP TOPIC SUM     until the group's offsets on the broker's disk add up to SUM
    @ask await-delay-saved SUM           until the progress of the delay levels on the broker's disk adds up to SUM
    @ask switch-broker apache|ferromq|none FOLDER kill|clean [key=value ...]   only in the suite `stores`
For an @ask the driver does the thing and answers one line on the client's stdin: `done`, or `failed REASON`.
"""

import os
import threading
import time

from . import processes
from .events import event


class Result:
    """What became of the cases of one suite."""

    def __init__(self, name):
        self.name = name
        self.passed = []
        self.failed = []
        # A failure that belongs to no case, so that nothing can be run again.
        self.broken = False
        self.seconds = 0.0

    @property
    def is_good(self):
        return not self.failed and not self.broken


def run(name, command, server, folder, env, limit_seconds):
    """Runs the client `command` to its end and returns the Result."""
    result = Result(name)
    began = time.monotonic()
    log = os.path.join(folder, "client-%s.log" % name)
    child = processes.start(command, log, env=env, cwd=folder, piped=True)
    watchdog = threading.Timer(limit_seconds, lambda: child.poll() is None and child.kill())
    watchdog.start()
    try:
        planned = _talk(child, server, result)
    finally:
        watchdog.cancel()
        processes.kill(child)
    if planned is None:
        event("FAIL %s: the client ended before it began" % name)
        result.broken = True
        planned = []
    missing = [case for case in planned if case not in result.passed + result.failed]
    if missing:
        event("FAIL %s: the client ended early, without a result of %s" % (name, ", ".join(missing)))
        result.failed += missing
    result.seconds = time.monotonic() - began
    return result


def _talk(child, server, result):
    planned = None
    for raw in child.stdout:
        line = raw.decode("utf-8", "replace").rstrip("\n")
        word, _, rest = line.partition(" ")
        if word == "@plan":
            planned = rest.split()
        elif word == "@pass":
            result.passed.append(rest.split()[0])
            event("PASS %s %s s" % (result.name, rest))
        elif word == "@fail":
            result.failed.append(rest.split()[0])
            event("FAIL %s %s" % (result.name, rest))
        elif word == "@ask":
            child.stdin.write((_serve(server, rest.split()) + "\n").encode())
            child.stdin.flush()
        else:
            event("  " + line)
    return planned


def _settings(words):
    return dict(pair.split("=", 1) for pair in words)


def _serve(server, words):
    event("  driver: " + " ".join(words))
    try:
        if words[0] == "restart-broker":
            server.restart_broker(words[1] == "clean", _settings(words[2:]))
        elif words[0] == "restart-namesrv":
            server.restart_namesrv()
        elif words[0] == "await-saved":
            server.await_saved(words[1], words[2], int(words[3]))
        elif words[0] == "await-delay-saved":
            server.await_delay_saved(int(words[1]))
        elif words[0] == "switch-broker" and hasattr(server, "switch_broker"):
            server.switch_broker(words[1], words[2], words[3] == "clean", _settings(words[4:]))
        else:
            return "failed unknown request %s" % words[0]
    except RuntimeError as error:
        return "failed %s" % error
    event("  driver: " + words[0] + " done")
    return "done"
