"""What a suite needs from the server under test."""

import os
import re

from . import probe, processes

# Every level is short, so that retries and delays fit into a test; three of them differ, so that levels can be told
# apart. The n-th retry of a message uses level n + 2.
DELAY_LEVELS = "1s 2s " + "1s " * 15 + "3s"

START_SECONDS = 90
_SAVE_SECONDS = 60


class Server:
    """A name server and a broker in a fresh folder. Sub-classes know how to start them."""

    kind = ""
    # `split`: name server and broker are processes of their own; `standalone`: they are one.
    layout = "split"

    def __init__(self, folder):
        self.folder = folder
        self.namesrv_port = 0
        self.broker_port = 0
        self.settings = {}

    @property
    def namesrv(self):
        """Address of the name server as clients take it."""
        return "127.0.0.1:%d" % self.namesrv_port

    @property
    def broker(self):
        """Address of the broker."""
        return "127.0.0.1:%d" % self.broker_port

    def start(self):
        """Starts everything and returns when the route of the first topics is known."""
        raise NotImplementedError

    def restart_broker(self, clean, settings):
        """Stops the broker (SIGTERM if `clean`, else kill -9) and starts it again with changed settings."""
        raise NotImplementedError

    def restart_namesrv(self):
        """Kills the name server and starts it again; the broker lives on where both are processes of their own."""
        raise NotImplementedError

    def store(self):
        """The broker's store folder."""
        return os.path.join(self.folder, "store")

    def await_saved(self, group, topic, total):
        """Waits until the offsets of `group` that lie on disk add up to `total`: what even a kill -9 leaves."""
        self._await_sum("consumerOffset.json", topic + "@" + group, total)

    def await_delay_saved(self, total):
        """Waits until the progress of all delay levels that lies on disk adds up to `total`."""
        self._await_sum("delayOffset.json", "offsetTable", total)

    def _await_sum(self, name, table, total):
        path = os.path.join(self.store(), "config", name)
        probe.wait_for(
            "%s with %s that adds up to %d" % (path, table, total),
            lambda: _sum_of(path, table) == total,
            _SAVE_SECONDS,
        )

    def logs(self):
        """Files to show when something failed."""
        return [os.path.join(self.folder, name) for name in sorted(os.listdir(self.folder)) if name.endswith(".log")]

    def wait_ready(self, child):
        """Waits until the name server answers with the route of a topic that every broker has."""
        topic = "TBW102" if self.settings.get("autoCreateTopicEnable", "true") == "true" else "SELF_TEST_TOPIC"
        probe.wait_for(
            "route of %s" % topic,
            lambda: probe.has_route(("127.0.0.1", self.namesrv_port), topic),
            START_SECONDS,
            lambda: child.poll() is None,
        )

    def write_properties(self, name, values):
        """Writes a properties file into the folder and returns its path."""
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as out:
            out.writelines("%s=%s\n" % pair for pair in values.items())
        return path

    @staticmethod
    def end(child, clean, seconds=90):
        """Stops one process; a clean stop that needs force is an error."""
        if not clean:
            processes.kill(child)
        elif processes.terminate(child, seconds) is None:
            raise RuntimeError("the server did not stop within %d s of SIGTERM" % seconds)


def _sum_of(path, table):
    """The sum of the values of a table in an offset file. Not read as JSON: Java writes numbers as keys without quotes."""
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except OSError:
        return 0
    found = re.search('"%s"\\s*:\\s*{([^{}]*)}' % re.escape(table), text)
    return sum(int(value) for value in re.findall(r":\s*(-?\d+)", found.group(1))) if found else 0
