"""What the machine is and how it is doing: its disk's flush latency, its load, its name."""

import os
import platform
import statistics
import time

_FLUSHES = 200
# A gap between two looks at the clock that counts as a stall.
STALL_US = 500


def flush_latency_us(folder):
    """Median and 99th percentile of 4 KiB written and synced to an allocated file: F."""
    path = os.path.join(folder, "flush-latency")
    block = b"x" * 4096
    taken = []
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY)
    try:
        os.posix_fallocate(descriptor, 0, _FLUSHES * len(block))
        os.fsync(descriptor)
        for number in range(_FLUSHES):
            os.pwrite(descriptor, block, number * len(block))
            began = time.perf_counter()
            os.fdatasync(descriptor)
            taken.append((time.perf_counter() - began) * 1e6)
    finally:
        os.close(descriptor)
        os.unlink(path)
    taken.sort()
    return statistics.median(taken), taken[int(len(taken) * 0.99)]


def stalls(seconds):
    """How often and for how long a busy loop on one core does not run, with the servers stopped: what the host and the kernel take."""
    gaps = []
    longest = 0.0
    now = last = time.perf_counter()
    end = now + seconds
    while now < end:
        now = time.perf_counter()
        gap = (now - last) * 1e6
        last = now
        if STALL_US < gap:
            gaps.append(gap)
            longest = max(longest, gap)
    return {"per_second": len(gaps) / seconds, "longest_us": longest}


def drop_from_cache(paths):
    """Writes what is dirty and has the kernel forget the pages of files."""
    os.sync()
    forget(paths)


def forget(paths):
    """Asks the kernel to forget the pages of files. It keeps those that a process has mapped, and those not yet on disk."""
    for path in paths:
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except OSError:
            continue
        try:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)


def cpu_times():
    """(all, busy, stolen) ticks of all cores since boot."""
    with open("/proc/stat", encoding="ascii") as stat:
        ticks = [int(field) for field in stat.readline().split()[1:9]]
    return sum(ticks), sum(ticks) - ticks[3] - ticks[4], ticks[7]


def process_ticks(pids):
    """CPU ticks of processes, user and kernel."""
    total = 0
    for pid in pids:
        with open("/proc/%d/stat" % pid, encoding="ascii", errors="replace") as stat:
            fields = stat.read().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total


def thread_nanos(pids):
    """CPU nanoseconds of the threads of processes."""
    total = 0
    for pid in pids:
        for thread in os.listdir("/proc/%d/task" % pid):
            try:
                with open("/proc/%d/task/%s/schedstat" % (pid, thread), encoding="ascii") as stat:
                    total += int(stat.read().split()[0])
            except OSError:
                # The thread has ended.
                pass
    return total


def resident_kib(pids):
    """(all, without mapped files) resident memory of processes."""
    found = {"VmRSS:": 0, "RssAnon:": 0}
    for pid in pids:
        with open("/proc/%d/status" % pid, encoding="ascii", errors="replace") as status:
            for line in status:
                words = line.split()
                if words and words[0] in found:
                    found[words[0]] += int(words[1])
    return found["VmRSS:"], found["RssAnon:"]


def free_gib(folder):
    """Free disk space."""
    stat = os.statvfs(folder)
    return stat.f_bavail * stat.f_frsize / (1 << 30)


def conditions():
    """Lines that name the machine."""
    model = "unknown processor"
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as info:
        for line in info:
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    return ["%s, %d cores, %.0f GiB memory, %s, Linux %s" % (model, os.cpu_count(), memory, platform.machine(), platform.release())]
