"""Runs the load generator against one server, prepares stores, keeps servers alive."""

import json
import os
import shlex
import subprocess
import time

from harness import processes
from harness.events import event

from . import machine
from .servers import built
from .workloads import FILLS, WARM_UP, WORKLOADS, topic

CLIENT_CORE = "1"
# A run may take this much longer than planned; with a command around it, that one may wait for long.
_PATIENCE_SECONDS = 60
_PATIENCE_AROUND_SECONDS = 3600
# How long many queues are made, and how long it may then take until the server is idle: below a share of a core.
_CROWD_SECONDS = 6
_SETTLE_SECONDS = 90
# As long as the broker may put off work that nobody waits for.
_LOOK_SECONDS = 12.0
_IDLE_SHARE = 0.02


class Driver:
    """Measures servers in turn. `memory`: what is free of it is touched before each measured load without a rate, if given."""

    def __init__(self, args, folder, memory=None):
        self.args = args
        self.memory = memory
        self.folder = folder
        self.failures = []
        # Servers whose store holds the many queues of a workload: the next one begins with another store.
        self.crowded = set()

    def measure(self, workload, server, round_number):
        """One run; None when it failed, which is noted."""
        try:
            self._ready(workload, server)
            if workload.cold:
                machine.drop_from_cache(server.old_log_files())
            flush = machine.flush_latency_us(self.folder) if workload.flush == "SYNC_FLUSH" else None
            if self.memory and "-r" not in workload.options:
                self.memory.touch_free()
            os.sync()
            seconds = max(1, round(self.args.seconds * workload.length))
            before = machine.cpu_times()
            ours_before = machine.process_ticks([server.pid])
            figures = self.load(workload.options, topic(workload), server, seconds, workload.warmup, measured=True)
            after = machine.cpu_times()
            ours = machine.process_ticks([server.pid]) - ours_before
        except (RuntimeError, OSError, ValueError, subprocess.SubprocessError) as error:
            return self.failed(workload.name, server, error)
        finally:
            server.pause()
        everything = max(1, after[0] - before[0])
        figures["machine_stolen"] = (after[2] - before[2]) / everything
        client = figures["client_busy"] * figures["seconds"] * os.sysconf("SC_CLK_TCK")
        figures["machine_others"] = max(0.0, (after[1] - before[1] - ours - client) / everything)
        if flush:
            figures["flush_p50_us"], figures["flush_p99_us"] = flush
        event(_line("round %d" % round_number, workload.name, server.name, figures))
        return figures

    def failed(self, what, server, error):
        """Notes and tells what failed; there are no figures then."""
        text = "%s against %s: %s" % (what, server.name, str(error).strip()[-500:] or type(error).__name__)
        event("FAILED " + text)
        self.failures.append(text)

    def load(self, options, topic_name, server, seconds, warmup, measured=False, series=True):
        """Runs the load generator; returns its figures."""
        command = shlex.split(self.args.around) if measured and self.args.around else []
        patience = _PATIENCE_AROUND_SECONDS if command else _PATIENCE_SECONDS
        command += ["taskset", "-c", CLIENT_CORE, built("ferromq"), "bench", *options]
        command += ["-t", topic_name, "-b", "127.0.0.1:%d" % server.port, "-d", str(seconds), "-w", str(warmup)]
        command += ["--server-pid", str(server.pid), "--json"] + (["--series"] if series else [])
        log = os.path.join(self.folder, "bench.log")
        child = processes.start(command, log, piped=True)
        try:
            out, _ = child.communicate(timeout=seconds + warmup + patience)
        finally:
            processes.kill(child)
        if child.returncode != 0:
            raise RuntimeError("the load generator ended with %s: %s" % (child.returncode, _tail(log)))
        return json.loads(out)

    def _ready(self, workload, server):
        """A living server with room and with what the workload reads."""
        too_big = server.stored_bytes() > self.args.store_gib << 30
        fresh = workload.fresh and server.kind != "apache"
        if not server.alive() or too_big or fresh or server.name in self.crowded:
            if too_big:
                event("%s has filled its share of the disk and begins again" % server.name)
            self.restart(server)
        server.resume()
        self.fill(workload, server)
        if fresh:
            self._crowd(workload, server)

    def _crowd(self, workload, server):
        """Makes all queues of a workload and waits until nothing is left to do for them: a queue's first message costs
        a folder and a file, its later ones do not."""
        self.crowded.add(server.name)
        self.load(workload.options, topic(workload), server, _CROWD_SECONDS, 0, series=False)
        deadline = time.monotonic() + _SETTLE_SECONDS
        while time.monotonic() < deadline:
            before = machine.thread_nanos([server.pid])
            time.sleep(_LOOK_SECONDS)
            if machine.thread_nanos([server.pid]) - before < _LOOK_SECONDS * 1e9 * _IDLE_SHARE:
                return
        event("%s has not come to rest in %d s" % (server.name, _SETTLE_SECONDS))

    def fill(self, workload, server):
        """Stores what the workload reads, if it is not there."""
        if not workload.fill or workload.fill in server.filled:
            return
        name, options, seconds = FILLS[workload.fill]
        event("filling %s of %s" % (name, server.name))
        self.load(("produce", *options), name, server, seconds, 0)
        server.filled.add(workload.fill)

    def restart(self, server):
        """Begins again with an empty store; a JVM is warmed up again, for a shorter time than at first."""
        server.stop()
        self.crowded.discard(server.name)
        server.start()
        again = self.args.java_warmup / 3 if server.kind == "apache" else 1
        self.warm_up(server, again)

    def warm_up(self, server, seconds):
        """Load of every kind, so that a just-in-time compiler has seen all paths."""
        kinds = [WORKLOADS[name] for name in WARM_UP[server.flush]]
        asked = self.args.workloads
        kinds = [kind for kind in kinds if not kind.fill or (server.kind == "apache" and kind.name in asked)]
        for kind in kinds:
            share = max(1, round(seconds / len(kinds)))
            event("warming up %s with %s for %d s" % (server.name, kind.name, share))
            self.fill(kind, server)
            self.load(kind.options, topic(kind), server, share, 0)

    def begin(self, server):
        """Starts and warms up a server; False when that failed, which is noted."""
        try:
            server.start()
            self.warm_up(server, self.args.java_warmup if server.kind == "apache" else 2)
            return True
        except (RuntimeError, OSError, ValueError, subprocess.SubprocessError) as error:
            self.failed("start", server, error)
            server.stop()
            return False
        finally:
            server.pause()


def _line(prefix, workload, server, figures):
    p999 = figures.get("latency_p99.9_us", 0)
    text = "%s %-12s %-12s %8.2f us/message %9.0f/s p99.9 %7.0f us" % (
        prefix,
        workload,
        server,
        figures["server_cpu_us_per_message"],
        figures["messages_per_second"],
        p999,
    )
    if figures["refused"]:
        text += " REFUSED %s" % figures["refused"]
    return text


def _tail(path):
    with open(path, encoding="utf-8", errors="replace") as log:
        return log.read()[-300:].strip()
