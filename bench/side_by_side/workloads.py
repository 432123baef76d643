"""What is measured: names, the options of the load generator, and what must be stored before."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Workload:
    """One kind of load. `options` are those of `ferromq bench`."""

    name: str
    about: str
    options: tuple
    # Seconds of a run as a multiple of what the user asks for: tails need more messages.
    length: float = 1.0
    warmup: int = 1
    # A fill (key of FILLS) that each server needs once.
    fill: str = ""
    # The fill's messages are dropped from the page cache before each run.
    cold: bool = False
    floor: bool = True
    flush: str = "ASYNC_FLUSH"
    apache: bool = True
    # A server with a fresh store each time (FerroMQ only: a JVM would be cold).
    fresh: bool = False
    tags: tuple = field(default=())


# name -> (topic, options, seconds): the same number of messages for every server.
FILLS = {
    "pull": ("wpull", ("-c", "8", "-i", "16", "-r", "16000"), 12),
    # More than a log file: the newest stays in the page cache.
    "cold": ("wcold", ("-c", "8", "-i", "1", "--batch", "32", "-r", "200000"), 12),
}

_PACED = ("produce", "-c", "64", "-i", "16", "-r", "8000")
_FAN = ("produce", "-c", "8", "-i", "4", "-r", "1000")
_QUEUES = ("produce", "-c", "8", "-i", "16", "-q", "1000")

_ALL = (
    Workload("64x1", "64 connections, 1 in flight, 1 KiB", ("produce", "-c", "64", "-i", "1"), tags=("mid",)),
    Workload("8x16", "8 connections, 16 in flight, 1 KiB", ("produce", "-c", "8", "-i", "16"), tags=("mid",)),
    Workload("batch32", "8 connections, client batches of 32 x 1 KiB", ("produce", "-c", "8", "--batch", "32"), tags=("mid",)),
    Workload("batch32-256B", "8 connections, client batches of 32 x 256 B", ("produce", "-c", "8", "--batch", "32", "-s", "256")),
    Workload("pull32", "8 connections pull 32 x 1 KiB, stored before", ("pull", "-c", "8", "--batch", "32"), fill="pull", tags=("mid",)),
    Workload("fan-out-1", "1,000 messages/s, one group at the tail with held pulls", (*_FAN, "-g", "1"), floor=False),
    Workload("fan-out-10", "1,000 messages/s, ten groups at the tail with held pulls", (*_FAN, "-g", "10"), floor=False, tags=("mid",)),
    Workload("paced8k", "64 connections, 8,000 messages/s, open loop", _PACED, length=2.0, tags=("mid",)),
    Workload(
        "paced8k+cold",
        "the same beside a reader of old messages, at most 20,000 messages/s",
        (*_PACED, "--cold-reader", "--cold-topic", "wcold", "--cold-rate", "20000"),
        length=2.0,
        fill="cold",
        cold=True,
        floor=False,
        tags=("mid",),
    ),
    Workload("128B", "8 connections, 16 in flight, 128 B", ("produce", "-c", "8", "-i", "16", "-s", "128")),
    Workload("256KiB", "8 connections, 1 in flight, 256 KiB", ("produce", "-c", "8", "-s", "262144")),
    # So long that the writes of entries to the queues' files, which come every few seconds, are in the mean.
    Workload("queues-1k", "8 x 16 over 1,000 queues", _QUEUES, length=5.0, floor=False, apache=False, fresh=True, tags=("mid",)),
    Workload("queues-10k", "8 x 16 over 10,000 queues", (*_QUEUES, "--topics", "10"), length=5.0, warmup=2, floor=False, apache=False, fresh=True, tags=("mid",)),
    # For FerroMQ only: Apache's broker maps a file per queue; 100,000 exceed the kernel's usual limit of mappings (65,530) and end it.
    Workload(
        "queues-100k",
        "8 x 16 over 100,000 queues",
        (*_QUEUES, "--topics", "100"),
        length=5.0,
        warmup=4,
        floor=False,
        apache=False,
        fresh=True,
        tags=("mid",),
    ),
    Workload("sync-64x1", "64 connections, 1 in flight, SYNC_FLUSH", ("produce", "-c", "64", "-i", "1"), flush="SYNC_FLUSH", tags=("mid",)),
    Workload("sync-8x16", "8 connections, 16 in flight, SYNC_FLUSH", ("produce", "-c", "8", "-i", "16"), flush="SYNC_FLUSH", tags=("mid",)),
)
WORKLOADS = {workload.name: workload for workload in _ALL}
MID = [workload.name for workload in _ALL if "mid" in workload.tags]
QUICK = ["64x1", "8x16", "batch32", "paced8k"]
# Kinds of load that Apache's compiler must have seen before anything is measured.
WARM_UP = {"ASYNC_FLUSH": ("8x16", "64x1", "batch32", "pull32"), "SYNC_FLUSH": ("sync-64x1", "sync-8x16")}


def topic(workload):
    """The topic a workload sends to or reads."""
    return FILLS["pull"][0] if workload.name == "pull32" else "w" + workload.name.replace("+", "-").replace(".", "-")


def asked(workload, server, names):
    """Whether `workload` is among `names` and the server can do it."""
    if workload.name not in names:
        return False
    if server.kind == "floor":
        return workload.floor
    return workload.apache or server.kind != "apache"
