"""Command line: start the servers, warm them up, run the workloads in turn, write the results."""

import argparse
import os
import shutil
import signal
import tempfile
import time

from harness import processes
from harness.events import event

from . import beside, idle, machine, report, servers, soak
from .driver import Driver
from .memory import Memory
from .workloads import FILLS, MID, QUICK, WARM_UP, WORKLOADS, asked

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# Seconds of a run besides its load: connecting, syncing the disk, stopping and continuing.
_OVERHEAD_SECONDS = 2.0
# More than this taken by others makes a run worthless.
_NOISE_PERCENT = 10
# How long the machine's own stalls are watched in each round.
_STALL_SECONDS = 3
_START_SECONDS = {"floor": 1, "ferromq": 1, "apache": 12}


def main():
    args = parse()
    # A plain `kill` ends it as Ctrl-C does, with the servers ended and what there is written; and shells have Ctrl-C ignored by what
    # they start in the background.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    plan = phases(args)
    event("about %.0f minutes" % (estimate_seconds(args, plan) / 60))
    if args.build:
        servers.build_all()
    folder = tempfile.mkdtemp(prefix="ferromq-bench-", dir=args.data)
    memory = Memory(args.memory_gib) if args.memory_gib else None
    driver = Driver(args, folder, memory)
    results = {"conditions": [], "stalls": [], "runs": {}, "idle": {}, "soak": {}, "beside": None, "ready_seconds": {}}
    code = 0
    began = time.time()
    try:
        if args.idle:
            measure_idle(args, driver, results)
        for flush, names in plan:
            measure_phase(args, driver, flush, names, results)
        if args.beside:
            results["beside"] = beside.measure(driver, servers.make("ferromq", folder, "ASYNC_FLUSH"), args.beside, args.soak_gib)
        for name in args.soak_servers if args.soak else ():
            server = servers.make(name, folder, "ASYNC_FLUSH")
            most = report.median(results["runs"].get("64x1", {}).get(name, []), "messages_per_second")
            found = soak.measure(driver, server, args.soak, args.soak_gib, most)
            if found:
                results["soak"][name] = found
    except KeyboardInterrupt:
        event("interrupted; writing what there is")
        code = 130
    finally:
        processes.kill_all()
        if memory:
            memory.close()
        shutil.rmtree(folder, ignore_errors=True)
    results["failures"] = driver.failures
    results["conditions"] = conditions(args, results, time.time() - began)
    report.write(results, args.out)
    event("wrote %s" % args.out)
    return code or (1 if driver.failures else 0)


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="one short round of four workloads, hardly warmed up: a trial, not a result")
    size.add_argument("--mid", action="store_true", help="three shorter rounds of what the gates need")
    parser.add_argument("--servers", nargs="+", choices=("floor", "apache", "ferromq"), default=["floor", "apache", "ferromq"])
    parser.add_argument("--apache", nargs="+", choices=list(servers.APACHE_VERSIONS), default=["5.5.0"], help="versions of Apache's broker")
    parser.add_argument("--workloads", nargs="*", choices=list(WORKLOADS), help="default: all")
    parser.add_argument("--rounds", type=int, help="interleaved rounds; medians are reported (default: 5; mid 3; quick 1)")
    parser.add_argument("--seconds", type=int, help="measured seconds of a run; tails take twice as long (default: 5; mid 4; quick 3)")
    parser.add_argument("--java-warmup", type=int, help="seconds of load before Apache's broker is measured (default: 180; quick 30)")
    parser.add_argument("--no-idle", dest="idle", action="store_false", help="leave out starts and idle cost")
    parser.add_argument("--idle-seconds", type=int, default=60, help="how long idle servers are watched")
    parser.add_argument("--soak", type=int, default=0, metavar="MINUTES", help="then half load for so long, with a cold reader")
    parser.add_argument("--soak-servers", nargs="+", default=["ferromq"], help="who is soaked: ferromq, apache-5.5.0")
    parser.add_argument(
        "--beside", type=int, default=0, metavar="REPEATS", help="then half load of FerroMQ alone and beside deletion, a scan of old messages, and syncs"
    )
    parser.add_argument("--soak-gib", type=int, default=10, help="disk space for the soak: FerroMQ deletes what is beyond it, the load on others is lowered to fit")
    parser.add_argument("--store-gib", type=int, default=20, help="a server whose store is larger begins with an empty one")
    parser.add_argument(
        "--memory-gib",
        type=int,
        default=8,
        help="what is left of the memory to servers and page cache; it is touched before each run; 0: neither (default: 8)",
    )
    parser.add_argument("--data", help="folder on the disk to be measured (default: the system's for temporary files)")
    parser.add_argument("--around", default="", help="command put before each measured load, such as one that waits for a lock")
    parser.add_argument("--no-build", dest="build", action="store_false", help="take the release build as it is")
    parser.add_argument("--out", default=ROOT, help="folder for RESULTS.md, results.json and pictures")
    args = parser.parse_args()
    shape = (1, 3, 30, QUICK) if args.quick else (3, 4, 180, MID) if args.mid else (5, 5, 180, list(WORKLOADS))
    args.rounds = args.rounds or shape[0]
    args.seconds = args.seconds or shape[1]
    args.java_warmup = shape[2] if args.java_warmup is None else args.java_warmup
    args.workloads = shape[3] if args.workloads is None else args.workloads
    args.idle = args.idle and not args.quick
    versions = ["apache-" + version for version in args.apache]
    args.names = [name for kind in args.servers for name in (versions if kind == "apache" else [kind])]
    return args


def phases(args):
    """(flush mode, workloads) that are run with the same servers."""
    found = []
    for flush in WARM_UP:
        names = [name for name in args.workloads if WORKLOADS[name].flush == flush]
        if names:
            found.append((flush, names))
    return found


def estimate_seconds(args, plan):
    """How long it will take, without building."""
    kinds = [name.partition("-")[0] for name in args.names]
    total = 0.0
    if args.idle:
        total += args.idle_seconds + 5 + sum(3 * _START_SECONDS[kind] for kind in kinds if kind != "floor")
    for _, names in plan:
        total += sum(_START_SECONDS[kind] + (args.java_warmup if kind == "apache" else 3) for kind in kinds)
        fills = {WORKLOADS[name].fill for name in names} - {""}
        total += sum(FILLS[fill][2] for fill in fills) * len(kinds) * (1 + args.rounds / 3)
        for kind in kinds:
            for name in names:
                load = WORKLOADS[name]
                able = load.floor if kind == "floor" else load.apache or kind != "apache"
                fresh = 20 if load.fresh and kind != "apache" else 0
                total += able * args.rounds * (args.seconds * load.length + load.warmup + fresh + _OVERHEAD_SECONDS)
    total += args.beside * beside.REPEAT_SECONDS
    if args.soak:
        total += len(args.soak_servers) * ((args.soak + min(args.soak, 2)) * 60 + 60)
    return total


def measure_idle(args, driver, results):
    """Starts, memory and processor time of brokers with their name servers."""
    running = [servers.make(name, driver.folder, "ASYNC_FLUSH") for name in args.names if name != "floor"]
    try:
        results["idle"] = idle.measure(running, args.idle_seconds)
    except (RuntimeError, OSError) as error:
        driver.failures.append("idle: %s" % error)
        event("FAILED idle: %s" % error)
    finally:
        for server in running:
            server.stop()


def measure_phase(args, driver, flush, names, results):
    """All rounds of the workloads of one flush mode."""
    running = [servers.make(name, driver.folder, flush) for name in args.names]
    running = [server for server in running if driver.begin(server)]
    for server in running:
        results["ready_seconds"].setdefault(server.name, server.ready_seconds)
    total = sum(asked(WORKLOADS[name], server, names) for name in names for server in running) * args.rounds
    done = 0
    began = time.monotonic()
    for number in range(1, args.rounds + 1):
        results["stalls"].append(machine.stalls(_STALL_SECONDS))
        for name in names:
            for server in running:
                if not asked(WORKLOADS[name], server, names):
                    continue
                figures = driver.measure(WORKLOADS[name], server, number)
                done += 1
                if figures:
                    figures["round"] = number
                    results["runs"].setdefault(name, {}).setdefault(server.name, []).append(figures)
        left = (time.monotonic() - began) / done * (total - done) if done else 0
        event("%s: %d of %d runs, %.1f minutes left of this part" % (flush, done, total, left / 60))
    for server in running:
        server.stop()


def conditions(args, results, seconds):
    """What a reader must know to judge the figures."""
    lines = machine.conditions()
    lines.append("server on core %s, load generator (one thread) on core 1; servers that are not measured are stopped" % servers.SERVER_CORE)
    shape = (args.rounds, args.seconds, seconds / 60)
    lines.append("medians of %d interleaved rounds of %d s (twice that for paced loads) after a warm-up; %.0f minutes in all" % shape)
    if args.memory_gib:
        lines.append(
            "all memory but %d GiB is held, and what is free is touched before each run at the greatest rate: pages that come fresh from the host would cost more "
            "than what is measured" % args.memory_gib
        )
    if results["stalls"]:
        longest = max(each["longest_us"] for each in results["stalls"])
        often = report.middle([each["per_second"] for each in results["stalls"]])
        lines.append(
            "a busy core with nothing else to do was taken away for more than %d µs %.1f times a second (median), for %d µs at most: "
            "no tail can be shorter" % (machine.STALL_US, often, longest)
        )
    lines.append("1 KiB bodies unless told otherwise, JSON headers, 8 queues, key index on, log files of 1 GiB on both sides")
    if any(name.startswith("apache") for name in args.names):
        lines.append(
            "Apache's broker: heap 2 GiB, G1 and the other flags of its start script without AlwaysPreTouch, warmed up under load for %d s; "
            "it may let sends wait 30 s for a thread (default 200 ms), so that it refuses none" % args.java_warmup
        )
    runs = [run for servers_ in results["runs"].values() for each in servers_.values() for run in each]
    if runs:
        stolen = [run["machine_stolen"] * 100 for run in runs]
        others = [run["machine_others"] * 100 for run in runs]
        lines.append("stolen by the host during runs: median %.1f %%, at most %.1f %% of the machine" % (report.middle(stolen), max(stolen)))
        lines.append("used by other processes and the kernel's own threads: median %.1f %%, at most %.1f %%" % (report.middle(others), max(others)))
        if max(report.middle(stolen), report.middle(others)) > _NOISE_PERCENT:
            lines.append("**the machine was not quiet: this is a trial, not a result**")
    flushes = [run["flush_p50_us"] for run in runs if "flush_p50_us" in run]
    if flushes:
        found = (report.middle(flushes), min(flushes), max(flushes))
        lines.append("flush of 4 KiB (F) beside the SYNC_FLUSH runs: median %.0f µs, %.0f to %.0f µs" % found)
    return lines
