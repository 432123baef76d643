"""Half of a server's own greatest load for long: files roll over, and a cold reader runs beside it."""

import os
import subprocess

from harness.events import event

from . import machine
from .workloads import FILLS, WORKLOADS

_RECORD_BYTES = 1280
_UNDISTURBED_MINUTES = 2
# Brokers begin to delete and to refuse when a disk fills.
_FREE_SHARE = 0.6


def measure(driver, server, minutes, disk_gib, most_per_second):
    """Figures of the undisturbed and of the disturbed run, with their series; None when it failed."""
    try:
        if most_per_second is None:
            driver.restart(server)
            most = driver.load(WORKLOADS["64x1"].options, "wsoak-max", server, 5, 2)
            most_per_second = most["messages_per_second"]
        room_gib = min(disk_gib, machine.free_gib(driver.folder) * _FREE_SHARE)
        fits = room_gib * (1 << 30) / (minutes * 60 * _RECORD_BYTES)
        rate = int(min(most_per_second / 2, fits))
        found = {"rate": rate, "half_of_greatest": most_per_second / 2, "minutes": minutes}
        paced = ("produce", "-c", "64", "-i", "16", "-r", str(rate))
        cold = ("--cold-reader", "--cold-topic", FILLS["cold"][0], "--cold-rate", "20000")
        for name, options, length in (
            ("undisturbed", paced, min(minutes, _UNDISTURBED_MINUTES)),
            ("disturbed", (*paced, *cold), minutes),
        ):
            driver.restart(server)
            if name == "disturbed":
                driver.fill(WORKLOADS["paced8k+cold"], server)
                machine.drop_from_cache(server.log_files())
            os.sync()
            event("soak of %s, %s: %d/s for %d minutes" % (server.name, name, rate, length))
            found[name] = driver.load(options, "wsoak", server, length * 60, 5)
            event("soak of %s, %s: p99.9 %.0f us" % (server.name, name, found[name]["latency_p99.9_us"]))
        return found
    except (RuntimeError, OSError, ValueError, subprocess.SubprocessError) as error:
        driver.failures.append("soak of %s: %s" % (server.name, error))
        event("FAILED soak of %s: %s" % (server.name, error))
        return None
    finally:
        server.stop()
