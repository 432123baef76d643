"""What a server costs before and without any load: start to first send, memory, processor time."""

import statistics
import time

from harness import probe
from harness.events import event

from . import machine

_SEND = 310
_STARTS = 3
_SETTLE_SECONDS = 5


def measure(servers, seconds):
    """Starts each server several times; then lets all idle together. Name -> figures."""
    found = {}
    for server in servers:
        starts = []
        for number in range(_STARTS):
            began = time.monotonic()
            server.start()
            probe.wait_for("first send", lambda server=server: _send(server.port), 60, server.alive)
            starts.append(time.monotonic() - began)
            if number + 1 < _STARTS:
                server.stop()
        found[server.name] = {"start_seconds": statistics.median(starts), "starts": starts}
        event("%s: start to first send %.2f s" % (server.name, found[server.name]["start_seconds"]))
    event("idling for %d s" % (seconds + _SETTLE_SECONDS))
    time.sleep(_SETTLE_SECONDS)
    pids = {server.name: [child.pid for child in server.children] for server in servers}
    before = {name: machine.thread_nanos(ids) for name, ids in pids.items()}
    time.sleep(seconds)
    for name, ids in pids.items():
        spent = machine.thread_nanos(ids) - before[name]
        resident, anonymous = machine.resident_kib(ids)
        figures = {
            "idle_cpu_percent": spent / 1e9 / seconds * 100,
            "resident_mib": resident / 1024,
            "anonymous_mib": anonymous / 1024,
        }
        found[name].update(figures)
        event("%s: idle %.3f %% of a core, %.1f MiB resident" % (name, figures["idle_cpu_percent"], figures["resident_mib"]))
    return found


def _send(port):
    """Whether a message is taken."""
    fields = {"a": "idle", "b": "first", "c": "TBW102", "d": "4", "e": "0", "f": "0", "g": "1700000000000"}
    fields.update({"h": "0", "i": "", "j": "0", "k": "false", "m": "false"})
    try:
        return probe.call(("127.0.0.1", port), _SEND, fields, b"first")["code"] == 0
    except (OSError, ValueError):
        return False
