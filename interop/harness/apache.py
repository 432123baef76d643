"""Apache RocketMQ's own name server and broker, from Maven: the reference for every expectation."""

import os
import socket

from . import probe, processes
from .events import event
from .ports import free_port
from .server import DELAY_LEVELS, START_SECONDS, Server
from .tools import jars, java_in, need

# What 4.x needs on Java 17 to remove files.
_OLD_ON_NEW_JAVA = [
    "--add-opens=java.base/java.nio=ALL-UNNAMED",
    "--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED",
]
_LOGBACK = """<configuration>
  <appender name="out" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%d %p %c - %m%n</pattern></encoder>
  </appender>
  <root level="WARN"><appender-ref ref="out"/></root>
</configuration>
"""


class Apache(Server):
    """The name server and broker of one version, each in its own JVM with a small heap."""

    kind = "apache"

    def __init__(self, folder, version="5.3"):
        super().__init__(folder)
        need("java")
        self._jars = jars("server-" + version)
        self._version = version
        self._namesrv = None
        self._broker = None

    def start(self):
        # The broker also listens on its port - 2 and + 1.
        self.namesrv_port = free_port()
        self.broker_port = free_port((-2, 1))
        self._start_namesrv()
        self.start_broker()
        event("Apache's name server and broker are ready on %s" % self.namesrv)

    def restart_broker(self, clean, settings):
        self.end_broker(clean)
        self.settings.update(settings)
        self.start_broker()

    def end_broker(self, clean):
        """Stops the broker alone."""
        self.end(self._broker, clean)

    def restart_namesrv(self):
        self.end(self._namesrv, clean=False)
        self._start_namesrv()

    def _start_namesrv(self):
        conf = self.write_properties(
            "namesrv.conf",
            {
                "listenPort": self.namesrv_port,
                "kvConfigPath": os.path.join(self.folder, "kv.json"),
                "configStorePath": os.path.join(self.folder, "namesrv.properties"),
            },
        )
        self._namesrv = self._java("namesrv", "256m", "org.apache.rocketmq.namesrv.NamesrvStartup", conf)
        self._wait_port(self.namesrv_port, self._namesrv)

    def start_broker(self):
        """Starts the broker alone, with the settings there are."""
        store = self.store()
        values = {
            "brokerClusterName": "DefaultCluster",
            "brokerName": "broker-a",
            "brokerId": 0,
            "brokerIP1": "127.0.0.1",
            "listenPort": self.broker_port,
            "namesrvAddr": self.namesrv,
            "storePathRootDir": store,
            "storePathCommitLog": os.path.join(store, "commitlog"),
            "mappedFileSizeCommitLog": 67108864,
            "mappedFileSizeConsumeQueue": 600000,
            "maxHashSlotNum": 50000,
            "maxIndexNum": 200000,
            "diskMaxUsedSpaceRatio": 98,
            "timerFlushIntervalMs": 60000,
            "registerNameServerPeriod": 10000,
            "flushConsumerOffsetInterval": 1000,
            "flushDelayOffsetInterval": 1000,
            "messageDelayLevel": DELAY_LEVELS,
            # It refuses sends that waited 200 ms for a thread, which a busy machine makes of every start.
            "waitTimeMillsInSendQueue": 30000,
            "osPageCacheBusyTimeOutMills": 30000,
        }
        values.update(self.settings)
        conf = self.write_properties("broker.conf", values)
        self._broker = self._java("broker", "512m", "org.apache.rocketmq.broker.BrokerStartup", conf)
        self._wait_port(self.broker_port, self._broker)
        self.wait_ready(self._broker)

    def _java(self, name, heap, main, conf):
        command = [*java_in(self.folder), "-Xms" + heap, "-Xmx" + heap, "-XX:+UseSerialGC"]
        if self._version.startswith("4"):
            command += _OLD_ON_NEW_JAVA
            self._write_logback(name)
        command += ["-cp", os.path.join(self._jars, "*"), main, "-c", conf]
        return processes.start(
            command, os.path.join(self.folder, name + ".log"), env={"ROCKETMQ_HOME": self.folder}, cwd=self.folder
        )

    def _write_logback(self, name):
        """4.x reads how it should log from a file, and dies without."""
        folder = os.path.join(self.folder, "conf")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "logback_%s.xml" % name), "w", encoding="utf-8") as out:
            out.write(_LOGBACK)

    @staticmethod
    def _wait_port(port, child):
        def answers():
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return True
            except OSError:
                return False

        probe.wait_for("port %d" % port, answers, START_SECONDS, lambda: child.poll() is None)

    def logs(self):
        folder = os.path.join(self.folder, "logs", "rocketmqlogs")
        found = [os.path.join(folder, name) for name in ("broker.log", "namesrv.log")]
        return super().logs() + [path for path in found if os.path.exists(path)]
