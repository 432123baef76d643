"""Half of a server's own greatest load for long: files roll over, old ones are deleted, and a cold reader runs beside it."""

import os
import subprocess

from harness.events import event

from . import machine
from .background import Repeating
from .workloads import WORKLOADS

_RECORD_BYTES = 1280
# What is stored beforehand comes so fast.
_FILL_RATE = 200_000
_UNDISTURBED_MINUTES = 2
# Brokers begin to delete and to refuse when a disk fills.
_FREE_SHARE = 0.6
# How often the messages for the cold reader are dropped from the page cache, if that holds them all.
_COLD_AGAIN_SECONDS = 10


def measure(driver, server, minutes, disk_gib, most_per_second):
    """Figures of the undisturbed and of the disturbed run, with their series; None when it failed.

    Both use the same topic, one after the other, and the cold reader of the second reads it from the oldest message on. A server that can is
    told to keep `disk_gib` of log, and has as much before the first: so both find a full page cache, as the machine of any broker in use has, and
    files that roll over and are deleted. Where memory is held, so that the page cache is smaller than the log, the oldest messages leave it by
    themselves: what is dropped at once, gigabytes, the host of a virtual machine takes back meanwhile.
    """
    try:
        room_gib = min(disk_gib, machine.free_gib(driver.folder) * _FREE_SHARE)
        bounded = server.keep_log_gib(int(room_gib))
        driver.restart(server)
        if most_per_second is None:
            most = driver.load(WORKLOADS["64x1"].options, "wsoak-max", server, 5, 2)
            most_per_second = most["messages_per_second"]
        undisturbed = min(minutes, _UNDISTURBED_MINUTES)
        rate = int(most_per_second / 2)
        if not bounded:
            fits = room_gib * (1 << 30) / ((undisturbed + minutes) * 60 * _RECORD_BYTES)
            rate = int(min(rate, fits))
        found = {"rate": rate, "half_of_greatest": most_per_second / 2, "minutes": minutes}
        paced = ("produce", "-c", "64", "-i", "16", "-r", str(rate))

        if bounded:
            seconds = max(1, round(room_gib * (1 << 30) / _RECORD_BYTES / _FILL_RATE))
            driver.load(("produce", "-c", "8", "--batch", "32", "-r", str(_FILL_RATE)), "wsoak", server, seconds, 0, series=False)

        def forget():
            machine.forget(server.old_log_files())

        cold = ("--cold-reader", "--cold-rate", "20000")
        for name, options, length in (("undisturbed", paced, undisturbed), ("disturbed", (*paced, *cold), minutes)):
            os.sync()
            event("soak of %s, %s: %d/s for %d minutes" % (server.name, name, rate, length))
            drops = name == "disturbed" and driver.memory is None
            with Repeating(forget if drops else None, _COLD_AGAIN_SECONDS):
                found[name] = driver.load(options, "wsoak", server, length * 60, 5)
            event("soak of %s, %s: p99.9 %.0f us" % (server.name, name, found[name]["latency_p99.9_us"]))
        return found
    except (RuntimeError, OSError, ValueError, subprocess.SubprocessError) as error:
        return driver.failed("soak", server, error)
    finally:
        server.stop()
