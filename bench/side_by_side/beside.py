"""Sends at half of the greatest load, alone and beside deletion, a scan of old messages, and syncs of small files: in slices in turn, so
that what the machine does meanwhile hits all alike."""

import functools
import math
import os
import subprocess
import time

from harness import probe
from harness.events import event

from . import machine
from .background import Repeating
from .figures import middle
from .workloads import WORKLOADS

P999 = "latency_p99.9_us"
KINDS = ("alone", "syncs of small files", "a scan of old messages", "deletion")
# Each kind between slices without anything else. Deletion comes last, because it leaves nothing to delete or to scan, and is of so many
# files at a time.
_TURNS = ("alone", KINDS[1], "alone", KINDS[2]) * 12
_DELETED_AT_ONCE = 2
# A stall of the machine decides the p99.9 of the slice that it falls into, and the median is taken over slices: so they are short and many.
_SLICE_SECONDS = 4
# Deletion has as many slices as it takes until all is gone, as long as those of the others; it must not take more.
_DELETION_SLICES_MAX = 150
# So many are expected.
_DELETION_SLICES = 35
_SETTLE_SECONDS = 20
# A repeat, with its fill and what is done between slices.
REPEAT_SECONDS = 60 + _SETTLE_SECONDS + (len(_TURNS) + _DELETION_SLICES) * (_SLICE_SECONDS + 2)
# The broker keeps files for an hour; what is to go was last written so much earlier.
_OLD_SECONDS = 2 * 86_400
_OLD = "wold"
_NEWER = "wnewer"
_RECORD_BYTES = 1280
_FILL_RATE = 400_000
_DELETE_EXPIRED_COMMITLOG = 329
# A broker with thousands of groups and topics saves as much, though not as often.
_SMALL_FILES = 4
_SMALL_BYTES = 64 << 10
_SMALL_PAUSE_SECONDS = 0.25


def measure(driver, server, repeats, old_gib):
    """Kind -> runs and ratios, with the rate; None when it failed. `server` must be FerroMQ: others delete in their own time."""
    try:
        # No hour is one of deletion: it begins on request.
        server.settings.update({"fileReservedTime": 1, "deleteWhen": "%02d" % ((time.localtime().tm_hour + 12) % 24)})
        driver.restart(server)
        most = driver.load(WORKLOADS["64x1"].options, "wbeside", server, 5, 2)["messages_per_second"]
        paced = ("produce", "-c", "64", "-i", "16", "-r", str(int(most / 2)))
        found = {"rate": int(most / 2), "old_gib": old_gib, "runs": {kind: [] for kind in KINDS}, "ratios": {kind: [] for kind in KINDS[1:]}}
        for number in range(repeats):
            old = _fill(driver, server, old_gib)
            slices = [(kind, _slice(driver, server, paced, kind)) for kind in _TURNS]
            slices += _deletion(driver, server, paced, old)
            for kind, run in slices:
                found["runs"][kind].append(run)
            for kind, ratio in _ratios(slices):
                found["ratios"][kind].append(ratio)
            event("beside other work: repeat %d of %d done" % (number + 1, repeats))
        return found
    except (RuntimeError, OSError, ValueError, subprocess.SubprocessError) as error:
        return driver.failed("other work", server, error)
    finally:
        server.stop()


def worst_ratio(found):
    """The largest of the medians of what p99.9 is beside something, by that of alone before and after."""
    return max(map(middle, found["ratios"].values()))


def _ratios(slices):
    """Kind and p99.9 of each slice beside something, by that of the slices alone next to it, before and after: the machine is in the same mood."""
    alone = [(number, run[P999]) for number, (kind, run) in enumerate(slices) if kind == "alone"]
    for number, (kind, run) in enumerate(slices):
        if kind != "alone":
            before = [p999 for at, p999 in alone if at < number][-1]
            after = [p999 for at, p999 in alone if number < at][0]
            yield kind, run[P999] / math.sqrt(before * after)


def _fill(driver, server, gib):
    """Old messages, as many files as they take, which are not in the page cache; the paths of these files and of all before them."""
    _store(driver, server, _OLD, gib)
    old = server.old_log_files()
    if driver.memory:
        # Newer ones take their place there, so that it stays full as on any machine in use. What is dropped at once, gigabytes, the host of a
        # virtual machine takes back, and then each page of the log comes fresh from it.
        _store(driver, server, _NEWER, driver.args.memory_gib)
    else:
        machine.drop_from_cache(old)
    time.sleep(_SETTLE_SECONDS)
    return old


def _store(driver, server, topic, gib):
    seconds = max(1, round(gib * (1 << 30) / _RECORD_BYTES / _FILL_RATE))
    driver.load(("produce", "-c", "8", "--batch", "32", "-r", str(_FILL_RATE)), topic, server, seconds, 0, series=False)


def _deletion(driver, server, paced, old):
    """Slices until all of the old files are gone. The others stay: what a slice writes itself is still in the page cache, and its host may take what becomes free."""
    slices = [("alone", _slice(driver, server, paced, "alone"))]
    for first in range(0, len(old), _DELETED_AT_ONCE):
        some = old[first : first + _DELETED_AT_ONCE]
        for path in some:
            os.utime(path, (time.time() - _OLD_SECONDS,) * 2)
        probe.call(("127.0.0.1", server.port), _DELETE_EXPIRED_COMMITLOG, {})
        while any(map(os.path.exists, some)):
            if len(slices) == _DELETION_SLICES_MAX:
                raise RuntimeError("deletion has not come to its end in %d slices" % len(slices))
            slices.append(("deletion", _slice(driver, server, paced, "deletion")))
        slices.append(("alone", _slice(driver, server, paced, "alone")))
    return slices


def _slice(driver, server, paced, kind):
    options = paced
    if kind == "a scan of old messages":
        options = (*paced, "--cold-reader", "--cold-topic", _OLD, "--cold-rate", "20000")
    os.sync()
    saves = functools.partial(_save_small_files, os.path.join(server.folder, "syncs"))
    with Repeating(saves if kind == "syncs of small files" else None, _SMALL_PAUSE_SECONDS):
        run = driver.load(options, "wbeside", server, _SLICE_SECONDS, 0 if kind == "deletion" else 1, series=False)
    event("%-24s p99 %7.0f us, p99.9 %7.0f us" % (kind, run["latency_p99_us"], run[P999]))
    return run


def _save_small_files(folder):
    """Replaces small files as a broker saves its settings: written, synced, renamed, folder synced."""
    os.makedirs(folder, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        for number in range(_SMALL_FILES):
            path = os.path.join(folder, "%d.json" % number)
            with open(path + ".tmp", "wb") as out:
                out.write(b"x" * _SMALL_BYTES)
                out.flush()
                os.fsync(out.fileno())
            os.rename(path + ".tmp", path)
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
