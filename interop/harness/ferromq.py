"""FerroMQ as the server under test: one process (`standalone`), or name server and broker apart (`split`)."""

import os

from . import processes
from .events import event
from .ports import free_port
from .server import DELAY_LEVELS, Server
from .tools import REPOSITORY, build, need


def binary():
    """The `ferromq` to run: FERROMQ_BIN, or a debug build of this repository."""
    given = os.environ.get("FERROMQ_BIN")
    if given:
        return os.path.abspath(given)
    need("cargo")
    build("building ferromq", ["cargo", "build", "-q", "-p", "ferromq"], REPOSITORY)
    target = os.environ.get("CARGO_TARGET_DIR", os.path.join(REPOSITORY, "target"))
    return os.path.join(target, "debug", "ferromq")


class FerroMQ(Server):
    """FerroMQ in the layout `standalone` or `split`."""

    kind = "ferromq"

    def __init__(self, folder, layout):
        super().__init__(folder)
        self._binary = binary()
        self.layout = layout
        self._split = layout == "split"
        self._broker = None
        self._namesrv = None

    def store(self):
        return os.path.join(self.folder, "store") if self._split else os.path.join(self.folder, "data", "store")

    def start(self):
        self.namesrv_port = free_port()
        self.broker_port = free_port((-2, 1))
        if self._split:
            self.start_namesrv()
        self.start_broker()
        event("ferromq (%s) is ready on %s" % (self.layout, self.namesrv))

    def restart_broker(self, clean, settings):
        self.end_broker(clean)
        self.settings.update(settings)
        self.start_broker()

    def end_broker(self, clean):
        """Stops the broker (and the name server too, where they are one process)."""
        self.end(self._broker, clean)

    def restart_namesrv(self):
        if not self._split:
            self.restart_broker(clean=False, settings={})
            return
        self.end(self._namesrv, clean=False)
        self.start_namesrv()

    def start_namesrv(self):
        """Starts the name server alone."""
        conf = self.write_properties("namesrv.conf", {"listenPort": self.namesrv_port})
        self._namesrv = self._run("namesrv", ["namesrv", "-c", conf])

    def start_broker(self):
        """Starts the broker alone (with the name server, where they are one process), with the settings there are."""
        values = {"messageDelayLevel": DELAY_LEVELS}
        if self._split:
            values["listenPort"] = self.broker_port
            values["storePathRootDir"] = self.store()
        values.update(self.settings)
        conf = self.write_properties("broker.conf", values)
        if self._split:
            command = ["broker", "-n", self.namesrv, "-c", conf]
        else:
            command = ["standalone", "--data", os.path.join(self.folder, "data")]
            command += ["--namesrv-port", str(self.namesrv_port), "--broker-port", str(self.broker_port), "-c", conf]
        self._broker = self._run("broker", command)
        self.wait_ready(self._broker)

    def _run(self, name, arguments):
        log = os.path.join(self.folder, name + ".log")
        return processes.start([self._binary] + arguments, log, env={"HOME": self.folder}, cwd=self.folder)
