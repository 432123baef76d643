"""What is measured: names and the options of the load generator."""

import json
import subprocess

from .servers import built

CLIENT_CORE = "1"

# name: (options, what the floor is asked instead; None = the floor cannot do it)
WORKLOADS = {
    "64x1": ["produce", "-c", "64", "-i", "1", "-t", "w64x1"],
    "8x16": ["produce", "-c", "8", "-i", "16", "-t", "w8x16"],
    "batch32": ["produce", "-c", "8", "-i", "1", "--batch", "32", "-t", "wbatch"],
    "pull32": ["pull", "-c", "8", "-i", "1", "--batch", "32", "-t", "w8x16"],
    "paced8k": ["produce", "-c", "64", "-i", "16", "-r", "8000", "-t", "wpaced"],
}
NOT_FOR_FLOOR = ("pull32",)


def run(workload, server, seconds, warmup):
    """One run of a workload against a server; returns the generator's figures."""
    command = ["taskset", "-c", CLIENT_CORE, built("ferromq"), "bench"] + WORKLOADS[workload]
    command += ["-b", "127.0.0.1:%d" % server.port, "-d", str(seconds), "-w", str(warmup)]
    command += ["--server-pid", str(server.pid), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + warmup + 60)
    if done.returncode != 0:
        raise RuntimeError("%s against %s: %s" % (workload, server.name, done.stderr.strip()))
    return json.loads(done.stdout)
