"""The client programs of the suites: how each is built and started."""

import os

from .tools import CACHE, ROOT, build, jars, java_in, need

# Waits of a stock client that only cost time in a test: rebalance every 20 s, queue locks every 20 s.
_JAVA_SHORT = [
    "-Drocketmq.client.rebalance.waitInterval=500",
    "-Drocketmq.client.rebalance.minInterval=100",
    "-Drocketmq.client.rebalance.lockInterval=1000",
]


def java(version):
    """A function that gives the command line of the Java suite for `version` ("4.9" or "5.3")."""
    need("java", "javac")
    lib = os.path.join(jars("client-" + version), "*")
    classes = _compile(version, lib)

    def command(folder, arguments, slow):
        line = [*java_in(folder), "-Xms64m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
        line += ["-Djava.net.preferIPv4Stack=true", "-Dfile.encoding=UTF-8"]
        line += ["-Drocketmq.log.root=" + folder, "-Drocketmq.log.level=warn"]
        line += ["-Drocketmq.client.logRoot=" + folder, "-Drocketmq.client.logLevel=WARN"]
        line += [] if slow else _JAVA_SHORT
        return line + ["-cp", classes + os.pathsep + lib, "interop.Main"] + arguments

    return command


def _compile(version, lib):
    sources = []
    for folder in ("src", "client-" + version):
        for path, _, names in os.walk(os.path.join(ROOT, "java", folder)):
            sources += [os.path.join(path, name) for name in sorted(names) if name.endswith(".java")]
    classes = os.path.join(CACHE, "classes-" + version)
    done = os.path.join(classes, ".done")
    if os.path.exists(done) and all(os.path.getmtime(done) > os.path.getmtime(source) for source in sources):
        return classes
    os.makedirs(classes, exist_ok=True)
    command = ["javac", "-nowarn", "-Xlint:-options", "--release", "17", "-encoding", "UTF-8", "-d", classes]
    build("compiling the Java suite for client %s" % version, command + ["-cp", lib] + sources, ROOT)
    open(done, "w").close()
    return classes


def go():
    """A function that gives the command line of the Go suite."""
    need("go")
    program = os.path.join(CACHE, "interop-go")
    folder = os.path.join(ROOT, "go")
    build("building the Go suite", ["go", "build", "-mod=readonly", "-o", program, "."], folder)
    return lambda folder, arguments, slow: [program] + arguments
