"""Command line: start the servers, warm them up, run the workloads in turn, write the results."""

import argparse
import json
import os
import platform
import shutil
import tempfile

from harness import processes
from harness.events import event

from . import report, servers, workloads

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def main():
    args = parse()
    servers.build_all()
    folder = tempfile.mkdtemp(prefix="ferromq-bench-")
    running = {}
    try:
        for name in args.servers:
            running[name] = servers.ALL[name]()
            running[name].start(folder, args.flush)
            warm_up(running[name], args.java_warmup if name == "apache" else 3)
            running[name].pause()
        write(measure(args, running), args, running)
    finally:
        for server in running.values():
            server.resume()
        processes.kill_all()
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def parse():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--servers", nargs="+", choices=list(servers.ALL), default=list(servers.ALL))
    parser.add_argument("--workloads", nargs="+", choices=list(workloads.WORKLOADS), default=list(workloads.WORKLOADS))
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds; medians are reported")
    parser.add_argument("--seconds", type=int, default=8, help="measured seconds of a run")
    parser.add_argument("--java-warmup", type=int, default=180, help="seconds of load before Apache's broker is measured")
    parser.add_argument("--flush", choices=("ASYNC_FLUSH", "SYNC_FLUSH"), default="ASYNC_FLUSH")
    parser.add_argument("--out", default=os.path.join(ROOT, "RESULTS.md"))
    return parser.parse_args()


def warm_up(server, seconds):
    """Load of every kind, so that the just-in-time compiler has seen all paths."""
    kinds = ("8x16", "64x1", "batch32")
    for kind in kinds:
        event("warming up %s with %s" % (server.name, kind))
        workloads.run(kind, server, max(1, seconds // len(kinds)), 0)


def measure(args, running):
    results = {name: {server: [] for server in running} for name in args.workloads}
    for number in range(args.rounds):
        for workload in args.workloads:
            for name, server in running.items():
                if name == "floor" and workload in workloads.NOT_FOR_FLOOR:
                    continue
                server.resume()
                figures = workloads.run(workload, server, args.seconds, 1)
                server.pause()
                results[workload][name].append(figures)
                event(
                    "round %d %-8s %-8s %8.2f us/message %10.0f/s p99.9 %8.0f us %s"
                    % (
                        number + 1,
                        workload,
                        name,
                        figures["server_cpu_us_per_message"],
                        figures["messages_per_second"],
                        figures["latency_p99.9_us"],
                        figures["refused"] or "",
                    )
                )
    return results


def write(results, args, running):
    conditions = [
        "%s, %d cores; server on core %s, load on core %s" % (platform.machine(), os.cpu_count(), servers.SERVER_CORE, workloads.CLIENT_CORE),
        "medians of %d interleaved rounds of %d s; %s; 1 KiB bodies; JSON headers; 8 queues; key index on" % (args.rounds, args.seconds, args.flush),
        "Apache's broker warmed up for %d s, heap 2 GiB" % args.java_warmup,
    ]
    conditions += ["%s: ready after %.2f s" % (name, server.ready_seconds) for name, server in running.items() if server.ready_seconds]
    with open(args.out, "w", encoding="utf-8") as out:
        out.write(report.markdown(results, conditions))
    with open(os.path.splitext(args.out)[0] + ".json", "w", encoding="utf-8") as out:
        json.dump(results, out, indent=1)
    event("wrote %s" % args.out)
