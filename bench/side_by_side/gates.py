"""What is promised, as ratios inside one run, and whether it holds."""

from . import beside
from .figures import median, plain

CPU = "server_cpu_us_per_message"
RATE = "messages_per_second"
P999 = "latency_p99.9_us"


class Gate:
    """A ratio and its bound: the `least` or the `most` that is allowed. Without either it is there to be known."""

    def __init__(self, name, value, least=None, most=None, then=None, spread=None):
        self.name = name
        self.value = value
        self.least = least
        self.most = most
        # A further goal.
        self.then = then
        # The least and greatest ratio of single rounds.
        self.spread = spread

    @property
    def bounded(self):
        return self.least is not None or self.most is not None

    @property
    def met(self):
        """None: not measured, or nothing to meet."""
        if self.value is None or not self.bounded:
            return None
        return (self.least is None or self.value >= self.least) and (self.most is None or self.value <= self.most)

    @property
    def bound(self):
        if not self.bounded:
            return "–"
        text = ">= %g" % self.least if self.least is not None else "<= %g" % self.most
        return text + (", then %g" % self.then if self.then else "")


def ratio(results, workload, key, over, under):
    """(ratio of medians, (least, greatest) ratio of one round) of server `over` to `under`."""
    runs = results["runs"].get(workload, {})
    top, bottom = runs.get(over, []), runs.get(under, [])
    above, below = median(top, key), median(bottom, key)
    if not above or not below:
        return None, None
    by_round = {run["round"]: run[key] for run in bottom if run.get(key)}
    each = [run[key] / by_round[run["round"]] for run in top if run.get(key) and by_round.get(run["round"])]
    return above / below, (min(each), max(each)) if each else None


def refusals(run):
    """Requests that were refused in a run, of whatever kind."""
    return sum(sum(run.get(key, {}).values()) for key in ("refused", "end_to_end_refused", "cold_refused"))


def judge(results, apache):
    """All gates; `apache`: the name of the peer."""
    ours = "ferromq"
    gates = []

    def add(name, workload, key, over, under, **bounds):
        value, spread = ratio(results, workload, key, over, under)
        gates.append(Gate(name, value, spread=spread, **bounds))

    for workload, least, then in (("64x1", 5, 8), ("8x16", 11, 15), ("batch32", 10, 14), ("pull32", 4.5, 7)):
        add("CPU per message, %s: Apache / FerroMQ" % workload, workload, CPU, apache, ours, least=least, then=then)
    for workload, most in (("64x1", 1.35), ("8x16", 1.5), ("batch32", 1.2), ("pull32", None)):
        add("CPU per message, %s: FerroMQ / floor" % workload, workload, CPU, ours, "floor", most=most)
    for workload, least in (("64x1", 5), ("8x16", 10), ("batch32", 10), ("sync-64x1", 2.5), ("sync-8x16", 4)):
        add("send rate, %s: FerroMQ / Apache" % workload, workload, RATE, ours, apache, least=least)
    add("p99.9 at 8,000/s: Apache / FerroMQ", "paced8k", P999, apache, ours, least=20)
    gates.append(_soak(results.get("soak", {}).get(ours)))
    found = results.get("beside")
    gates.append(Gate("p99.9 at half load beside deletion, a scan, or syncs / alone", beside.worst_ratio(found) if found else None, most=1.2))
    gates += _queues(results["runs"], ours)
    for name, key, least in (
        ("start to first send", "start_seconds", 20),
        ("resident memory, idle", "resident_mib", 12),
        ("processor time, idle", "idle_cpu_percent", 50),
    ):
        both = [results["idle"].get(server, {}).get(key) for server in (apache, ours)]
        gates.append(Gate("%s: Apache / FerroMQ" % name, both[0] / max(both[1], 1e-9) if None not in both else None, least=least))
    refused = [refusals(run) for runs in results["runs"].values() for run in runs.get(ours, [])]
    gates.append(Gate("messages that FerroMQ refused", sum(refused) if refused else None, most=0))
    return gates


def _soak(found):
    value = None
    if found:
        value = found["disturbed"][P999] / found["undisturbed"][P999]
    return Gate("p99.9 at half load for long, with a cold reader / without", value, most=1.5)


def _queues(runs, ours):
    """How far apart 1k, 10k and 100k queues are."""
    found = []
    for key, name in ((CPU, "CPU per message"), (RATE, "send rate")):
        values = [median(runs.get("queues-" + count, {}).get(ours, []), key) for count in ("1k", "10k", "100k")]
        known = [value for value in values if value]
        found.append(Gate("%s with 1k, 10k, 100k queues: greatest / least" % name, max(known) / min(known) if len(known) == 3 else None, most=1.2))
    return found


def behind(results, apache):
    """Lines about everything in which FerroMQ is worse than Apache's broker."""
    keys = (
        (CPU, "CPU per message", True),
        (RATE, "rate", False),
        ("latency_p50_us", "p50", True),
        ("latency_p99_us", "p99", True),
        (P999, "p99.9", True),
        ("latency_max_us", "longest latency", True),
        ("end_to_end_latency_p50_us", "end-to-end p50", True),
        ("end_to_end_latency_p99.9_us", "end-to-end p99.9", True),
        ("cold_messages_per_second", "rate of the cold reader", False),
        ("server_resident_mib", "resident memory", True),
    )
    lines = []
    for workload, servers in results["runs"].items():
        for key, name, less_is_better in keys:
            # A paced rate says nothing but that it was kept.
            if key == RATE and ("paced" in workload or "fan-out" in workload):
                continue
            theirs, ours = (median(servers.get(server, []), key) for server in (apache, "ferromq"))
            if theirs and ours and (ours > theirs * 1.02 if less_is_better else ours < theirs * 0.98):
                unit = "/s" if "per_second" in key else " MiB" if "mib" in key else " µs"
                lines.append("%s, %s: FerroMQ %s%s, Apache %s%s" % (workload, name, plain(ours), unit, plain(theirs), unit))
    return lines
