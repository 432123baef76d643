"""One store folder that is opened by FerroMQ's broker and by Apache's, one after the other."""

import os
import struct
import time

from . import probe
from .apache import Apache
from .events import event
from .ferromq import FerroMQ
from .ports import free_port
from .server import Server

# Files so small that a few hundred messages fill several of each kind. Both servers must be told the same.
_SMALL_FILES = {
    "mappedFileSizeCommitLog": 1 << 20,
    "mappedFileSizeConsumeQueue": 20 * 50,
    "maxHashSlotNum": 100,
    "maxIndexNum": 200,
    "maxMessageSize": 1 << 19,
    "brokerName": "broker-a",
    "brokerIP1": "127.0.0.1",
}
# The second four bytes of a record: of one whose topic is longer than 127 bytes, and of one that only fills a file.
_MAGIC_V2 = b"\xda\xa3\x20\xab"
_MAGIC_BLANK = b"\xcb\xd4\x31\x94"
_TOPIC_NOT_EXIST = 17


class Stores(Server):
    """FerroMQ's name server, and one broker at a time on a folder that the client names."""

    def __init__(self, folder, apache_version):
        super().__init__(folder)
        self.kind = "stores-" + apache_version
        # The others do not create the group that needs them, or cannot read them.
        self._needs_long_topics = apache_version == "5.3"
        self._ferromq = FerroMQ(folder, "split")
        self._apache = Apache(folder, apache_version)
        self._running = None
        self._kind = None
        self._store = None

    def start(self):
        self.namesrv_port = free_port()
        self.broker_port = free_port((-2, 1))
        for server in (self._ferromq, self._apache):
            server.namesrv_port, server.broker_port = self.namesrv_port, self.broker_port
        self._ferromq.start_namesrv()
        probe.wait_for("the name server", self._no_broker, 30)

    def switch_broker(self, kind, store, clean, settings):
        """Ends the running broker, if there is one, and starts that of `kind` (if not `none`) on the folder `store`."""
        self._end_broker(clean, is_handed_over=kind != self._kind)
        self._kind = kind
        if kind == "none":
            return
        self._store = os.path.join(self.folder, store)
        server = self._apache if kind == "apache" else self._ferromq
        paths = {"storePathRootDir": self._store, "storePathCommitLog": os.path.join(self._store, "commitlog")}
        # Blanks separate the words of a request.
        given = {key: value.replace(",", " ") for key, value in settings.items()}
        server.settings = {**_SMALL_FILES, **paths, **self.settings, **given}
        began = time.monotonic()
        server.start_broker()
        self._running = server
        event("  %s is ready after %.1f s" % (kind, time.monotonic() - began))

    def _end_broker(self, clean, is_handed_over):
        if self._running is None:
            return
        began = time.monotonic()
        self._running.end_broker(clean)
        self._running = None
        event("  the broker before has ended after %.1f s" % (time.monotonic() - began))
        probe.wait_for("the name server forgets the broker", self._no_broker, 30)
        event("  left behind: " + self._contents(is_handed_over))

    def store(self):
        return self._store

    def _no_broker(self):
        try:
            address = ("127.0.0.1", self.namesrv_port)
            return probe.call(address, probe.GET_ROUTE_BY_TOPIC, {"topic": "TBW102"})["code"] == _TOPIC_NOT_EXIST
        except (OSError, ValueError):
            return False

    def _contents(self, is_handed_over):
        """What makes the folder interesting; fails the run if something of it is missing when the other server is to have it."""
        log = os.path.join(self._store, "commitlog")
        records = [magic for name in sorted(os.listdir(log)) for magic in _magics(os.path.join(log, name))]
        long_topics = sum(magic == _MAGIC_V2 for magic in records)
        index = os.path.join(self._store, "index")
        text = "%d log files, %d records, %d of them with long topics, %d index files, abort marker: %s" % (
            len(os.listdir(log)),
            len(records),
            long_topics,
            len(os.listdir(index)),
            os.path.exists(os.path.join(self._store, "abort")),
        )
        is_thin = len(os.listdir(index)) < 2 or len(os.listdir(log)) < 2
        if is_handed_over and (is_thin or (long_topics == 0 and self._needs_long_topics)):
            raise RuntimeError("the store does not hold what it should: " + text)
        return text


def _magics(path):
    """What each record of a commit-log file is marked with."""
    with open(path, "rb") as file:
        data = file.read()
    at = 0
    while at + 8 <= len(data):
        size = struct.unpack_from(">I", data, at)[0]
        if size == 0 or at + size > len(data):
            return
        magic = data[at + 4 : at + 8]
        if magic != _MAGIC_BLANK:
            yield magic
        at += size
