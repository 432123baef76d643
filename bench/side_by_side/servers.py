"""The servers that are compared. Each runs on the server core; one that is not being measured is stopped with
SIGSTOP, because Apache's broker uses a fifth of a core even when idle."""

import os
import signal
import time

from harness import probe, processes
from harness.apache import Apache
from harness.ports import free_port
from harness.tools import REPOSITORY, build

SERVER_CORE = "0"
PROFILE = "release"


def built(name):
    """Path of a program of this repository's release build."""
    target = os.environ.get("CARGO_TARGET_DIR", os.path.join(REPOSITORY, "target"))
    return os.path.join(target, PROFILE, name)


def build_all():
    """Builds broker, load generator and floor."""
    build("building ferromq and the floor", ["cargo", "build", "-q", "--release", "-p", "ferromq", "-p", "ferromq-floor"], REPOSITORY)


class Measured:
    """A server that can be paused."""

    name = ""

    def __init__(self):
        self.port = 0
        self.children = []
        self.ready_seconds = 0.0

    @property
    def pid(self):
        """The process whose cost is counted."""
        return self.children[-1].pid

    def pause(self):
        for child in self.children:
            os.kill(child.pid, signal.SIGSTOP)

    def resume(self):
        for child in self.children:
            os.kill(child.pid, signal.SIGCONT)

    def stop(self):
        for child in self.children:
            processes.kill(child)


class Floor(Measured):
    """The bare loop of bench/floor."""

    name = "floor"

    def start(self, folder, _flush):
        self.port = free_port()
        command = ["taskset", "-c", SERVER_CORE, built("ferromq-floor"), os.path.join(folder, "floor.log.data"), str(self.port)]
        self.children = [processes.start(command, os.path.join(folder, "floor.log"))]
        time.sleep(0.5)


class FerroMQ(Measured):
    """`ferromq standalone`: name server and broker in one process."""

    name = "ferromq"

    def start(self, folder, flush):
        self.port = free_port((-2, 1))
        namesrv = free_port()
        conf = os.path.join(folder, "ferromq.conf")
        with open(conf, "w", encoding="utf-8") as out:
            out.write("flushDiskType=%s\n" % flush)
        command = ["taskset", "-c", SERVER_CORE, built("ferromq"), "standalone", "--data", os.path.join(folder, "ferromq-data")]
        command += ["--listen", "127.0.0.1", "--namesrv-port", str(namesrv), "--broker-port", str(self.port), "-c", conf]
        began = time.monotonic()
        child = processes.start(command, os.path.join(folder, "ferromq.log"))
        probe.wait_for("ferromq", lambda: probe.has_route(("127.0.0.1", namesrv), "TBW102"), 30, lambda: child.poll() is None)
        self.ready_seconds = time.monotonic() - began
        self.children = [child]


class ApacheBroker(Measured):
    """Apache's name server and broker from Maven, heap 2 GiB, default file sizes."""

    name = "apache"

    def start(self, folder, flush):
        folder = os.path.join(folder, "apache")
        os.makedirs(folder)
        began = time.monotonic()
        server = _TunedApache(folder, flush)
        server.start()
        self.ready_seconds = time.monotonic() - began
        self.port = server.broker_port
        self.children = server.measured


class _TunedApache(Apache):
    def __init__(self, folder, flush):
        super().__init__(folder)
        self.measured = []
        self.settings = {
            "flushDiskType": flush,
            "mappedFileSizeCommitLog": 1 << 30,
            "mappedFileSizeConsumeQueue": 6000000,
            "maxHashSlotNum": 5000000,
            "maxIndexNum": 20000000,
            "timerFlushIntervalMs": 1000,
            "registerNameServerPeriod": 30000,
        }

    def _java(self, name, heap, main, conf):
        heap = "2g" if name == "broker" else heap
        collector = "-XX:+UseG1GC" if name == "broker" else "-XX:+UseSerialGC"
        command = ["taskset", "-c", SERVER_CORE, "java", "-Xms" + heap, "-Xmx" + heap, collector, "-Duser.home=" + self.folder]
        command += ["-cp", os.path.join(self._jars, "*"), main, "-c", conf]
        child = processes.start(command, os.path.join(self.folder, name + ".log"), env={"ROCKETMQ_HOME": self.folder}, cwd=self.folder)
        self.measured.append(child)
        return child


ALL = {server.name: server for server in (Floor, ApacheBroker, FerroMQ)}
