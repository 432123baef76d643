"""The servers that are compared. Each runs on the server core; one that is not being measured is stopped with
SIGSTOP, because Apache's broker uses a fifth of a core even when idle."""

import os
import shutil
import signal
import time

from harness import probe, processes
from harness.apache import Apache
from harness.ports import free_port
from harness.tools import REPOSITORY, build, java_in

SERVER_CORE = "0"
PROFILE = "release"
# Released versions of Apache's broker and the file of interop/java that names their jars.
APACHE_VERSIONS = {"5.5.0": "5.5", "5.3.3": "5.3"}
# What Apache's own start script gives its broker, but for the heap size. Its AlwaysPreTouch is left out: it would
# make the whole heap resident from the start.
_JVM = (
    "-XX:+UseG1GC",
    "-XX:G1HeapRegionSize=16m",
    "-XX:G1ReservePercent=25",
    "-XX:InitiatingHeapOccupancyPercent=30",
    "-XX:SoftRefLRUPolicyMSPerMB=0",
    "-XX:-OmitStackTraceInFastThrow",
    "-XX:MaxDirectMemorySize=15g",
    "-XX:-UseLargePages",
)


def built(name):
    """Path of a program of this repository's release build."""
    target = os.environ.get("CARGO_TARGET_DIR", os.path.join(REPOSITORY, "target"))
    return os.path.join(target, PROFILE, name)


def build_all():
    """Builds broker, load generator and floor."""
    build("building ferromq and the floor", ["cargo", "build", "-q", "--release", "-p", "ferromq", "-p", "ferromq-floor"], REPOSITORY)


class Measured:
    """A server that can be paused, and begun again with an empty store."""

    kind = ""

    def __init__(self, name, folder, flush):
        self.name = name
        self.folder = os.path.join(folder, name)
        self.flush = flush
        self.port = 0
        self.children = []
        # Seconds from the start of the first process until a client finds a route.
        self.ready_seconds = 0.0
        # Fills that this store holds.
        self.filled = set()

    @property
    def pid(self):
        """The process whose cost is counted."""
        return self.children[-1].pid

    def alive(self):
        """Whether all processes run."""
        return bool(self.children) and all(child.poll() is None for child in self.children)

    def start(self):
        """Starts with an empty store."""
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        self.filled = set()
        self._start()

    def _start(self):
        raise NotImplementedError

    def keep_log_gib(self, gib):
        """Has the server, once started again, delete what its log has beyond so much; False if it cannot."""
        del gib
        return False

    def pause(self):
        self._signal(signal.SIGSTOP)

    def resume(self):
        self._signal(signal.SIGCONT)

    def _signal(self, number):
        for child in self.children:
            if child.poll() is None:
                os.kill(child.pid, number)

    def stop(self):
        """Ends the processes and deletes the store."""
        for child in self.children:
            processes.kill(child)
        self.children = []
        shutil.rmtree(self.folder, ignore_errors=True)

    def stored_bytes(self):
        """Disk space of the store."""
        total = 0
        for folder, _, names in os.walk(self.folder):
            for name in names:
                try:
                    total += os.lstat(os.path.join(folder, name)).st_blocks * 512
                except OSError:
                    # Deleted meanwhile.
                    pass
        return total

    def old_log_files(self):
        """Files of the commit log, without the newest two: the one that is written and the one made ahead. Who appends to a file that has
        left the page cache has to read its last block first."""
        found = []
        for folder, _, names in os.walk(self.folder):
            if os.path.basename(folder) == "commitlog":
                found += [os.path.join(folder, name) for name in names]
        return sorted(found)[:-2]


class Floor(Measured):
    """The bare loop of bench/floor."""

    kind = "floor"

    def _start(self):
        self.port = free_port()
        command = ["taskset", "-c", SERVER_CORE, built("ferromq-floor"), os.path.join(self.folder, "log"), str(self.port)]
        if self.flush == "SYNC_FLUSH":
            command.append("--sync")
        child = processes.start(command, os.path.join(self.folder, "floor.log"))
        self.children = [child]
        probe.wait_for("the floor", lambda: probe.has_route(("127.0.0.1", self.port), "any"), 30, lambda: child.poll() is None)


class FerroMQ(Measured):
    """`ferromq standalone`: name server and broker in one process."""

    kind = "ferromq"

    def __init__(self, name, folder, flush):
        super().__init__(name, folder, flush)
        self.settings = {"flushDiskType": flush}

    def keep_log_gib(self, gib):
        self.settings["maxCommitLogBytes"] = gib << 30
        return True

    def _start(self):
        self.port = free_port((-2, 1))
        namesrv = free_port()
        conf = os.path.join(self.folder, "ferromq.conf")
        with open(conf, "w", encoding="utf-8") as out:
            out.writelines("%s=%s\n" % setting for setting in self.settings.items())
        command = ["taskset", "-c", SERVER_CORE, built("ferromq"), "standalone", "--data", os.path.join(self.folder, "data")]
        command += ["--listen", "127.0.0.1", "--namesrv-port", str(namesrv), "--broker-port", str(self.port), "-c", conf]
        began = time.monotonic()
        child = processes.start(command, os.path.join(self.folder, "ferromq.log"))
        self.children = [child]
        probe.wait_for("ferromq", lambda: probe.has_route(("127.0.0.1", namesrv), "TBW102"), 30, lambda: child.poll() is None)
        self.ready_seconds = time.monotonic() - began


class ApacheBroker(Measured):
    """Apache's name server and broker from Maven, heap 2 GiB, default file sizes."""

    kind = "apache"

    def __init__(self, name, folder, flush, version):
        super().__init__(name, folder, flush)
        self.version = version

    def _start(self):
        began = time.monotonic()
        server = _TunedApache(self.folder, self.version, self.flush)
        try:
            server.start()
        finally:
            self.children = server.measured
        self.ready_seconds = time.monotonic() - began
        self.port = server.broker_port


class _TunedApache(Apache):
    def __init__(self, folder, version, flush):
        super().__init__(folder, APACHE_VERSIONS[version])
        self.measured = []
        self.settings = {
            "flushDiskType": flush,
            "mappedFileSizeCommitLog": 1 << 30,
            "mappedFileSizeConsumeQueue": 6000000,
            "maxHashSlotNum": 5000000,
            "maxIndexNum": 20000000,
            "transientStorePoolEnable": "false",
            "timerFlushIntervalMs": 1000,
            "registerNameServerPeriod": 30000,
            "flushConsumerOffsetInterval": 5000,
            "flushDelayOffsetInterval": 10000,
        }

    def _java(self, name, heap, main, conf):
        flags = ["-Xms2g", "-Xmx2g", *_JVM] if name == "broker" else ["-Xms" + heap, "-Xmx" + heap, "-XX:+UseSerialGC"]
        command = ["taskset", "-c", SERVER_CORE, *java_in(self.folder), *flags]
        command += ["-cp", os.path.join(self._jars, "*"), main, "-c", conf]
        child = processes.start(command, os.path.join(self.folder, name + ".log"), env={"ROCKETMQ_HOME": self.folder}, cwd=self.folder)
        self.measured.append(child)
        return child


def make(name, folder, flush):
    """The server called `name`: `floor`, `ferromq`, or `apache-VERSION`."""
    if name == "floor":
        return Floor(name, folder, flush)
    if name == "ferromq":
        return FerroMQ(name, folder, flush)
    return ApacheBroker(name, folder, flush, name.partition("-")[2])
