"""The results as a page for people, as data, and as pictures."""

import json
import os

from . import beside, gates, pictures
from .figures import median, middle, plain, values
from .workloads import WORKLOADS

__all__ = ["median", "middle", "write"]

ROWS = (
    ("CPU per message", "server_cpu_us_per_message", "%.2f µs", 1),
    ("rate", "messages_per_second", "%.0f/s", 1),
    ("p50", "latency_p50_us", "%.0f µs", 1),
    ("p99", "latency_p99_us", "%.0f µs", 1),
    ("p99.9", "latency_p99.9_us", "%.0f µs", 1),
    ("p99.99", "latency_p99.99_us", "%.0f µs", 1),
    ("max", "latency_max_us", "%.0f µs", 1),
    ("delivered", "end_to_end_messages_per_second", "%.0f/s", 1),
    ("end to end p50", "end_to_end_latency_p50_us", "%.0f µs", 1),
    ("end to end p99", "end_to_end_latency_p99_us", "%.0f µs", 1),
    ("end to end p99.9", "end_to_end_latency_p99.9_us", "%.0f µs", 1),
    ("read by the cold reader", "cold_messages_per_second", "%.0f/s", 1),
    ("switches per message", "server_switches_per_message", "%.3f", 1),
    ("page faults per message", "server_minor_faults_per_message", "%.3f", 1),
    ("server busy", "server_busy", "%.0f %%", 100),
    ("client busy", "client_busy", "%.0f %%", 100),
    ("resident", "server_resident_mib", "%.0f MiB", 1),
    ("resident without mapped files", "server_anonymous_mib", "%.0f MiB", 1),
    ("F, the disk's flush latency", "flush_p50_us", "%.0f µs", 1),
)


def write(results, folder):
    """RESULTS.md, results.json and the pictures in `folder`."""
    os.makedirs(folder, exist_ok=True)
    peers = sorted({name for runs in results["runs"].values() for name in runs} | set(results["idle"]))
    apaches = [name for name in peers if name.startswith("apache")]
    apache = apaches[-1] if apaches else "apache"
    drawn = pictures.draw(results, os.path.join(folder, "pictures"))
    with open(os.path.join(folder, "RESULTS.md"), "w", encoding="utf-8") as out:
        out.write(markdown(results, apache, drawn))
    with open(os.path.join(folder, "results.json"), "w", encoding="utf-8") as out:
        out.write(_json(_without_series(results)) + "\n")


def markdown(results, apache, drawn):
    """The page."""
    lines = ["# Results", "", "Written by `bench/run`; how to read and repeat it: [README](README.md)."]
    lines += ["Ratios of one run are worth more than figures.", ""]
    lines += ["- %s" % condition for condition in results["conditions"]]
    judged = gates.judge(results, apache)
    lines += ["", "## Gates (beside %s)" % apache, "", "| gate | bound | found | single rounds | |", "|---|---|---:|---:|---|"]
    for gate in judged:
        found = "–" if gate.value is None else plain(gate.value)
        spread = "%s to %s" % tuple(plain(each) for each in gate.spread) if gate.spread else ""
        unjudged = "not measured" if gate.value is None else "no bound"
        met = {None: unjudged, True: "met", False: "**not met**"}[gate.met]
        lines.append("| %s | %s | %s | %s | %s |" % (gate.name, gate.bound, found, spread, met))
    lines += ["", "## Where we are not ahead", ""]
    lines += _not_ahead(results, judged, apache)
    lines += ["", "## Pictures", ""] + ["![%s](pictures/%s)\n" % (title, name) for name, title in drawn] if drawn else []
    lines += [""] + _idle(results)
    for workload in WORKLOADS:
        if workload in results["runs"]:
            lines += _table(workload, results["runs"][workload])
    lines += _fan_out(results["runs"]) + _versions(results) + _beside(results.get("beside")) + _soak(results["soak"])
    return "\n".join(lines).rstrip() + "\n"


def _not_ahead(results, judged, apache):
    lines = ["- gate not met: %s is %s, bound %s" % (gate.name, plain(gate.value), gate.bound) for gate in judged if gate.met is False]
    lines += ["- " + line for line in gates.behind(results, apache)]
    for workload, servers in results["runs"].items():
        for name, runs in servers.items():
            if _is_client_bound(runs):
                lines.append("- %s: the load generator was the limit for %s; its rate is a lower bound" % (workload, name))
            late = median(runs, "behind_plan_seconds")
            if late and late > 0.1:
                lines.append("- %s: %s could not keep up with the plan, %.1f s behind at the end" % (workload, name, late))
            refused = sum(gates.refusals(run) for run in runs)
            if refused:
                lines.append("- %s: %s refused %d messages" % (workload, name, refused))
    lines += ["- FAILED: " + failure.replace("\n", " ") for failure in results["failures"]]
    return lines or ["- nowhere in this run"]


def _is_client_bound(runs):
    client, server = median(runs, "client_busy"), median(runs, "server_busy")
    return bool(client and server and not runs[0]["rate"] and client > 0.9 and server < 0.9)


def _idle(results):
    if not results["idle"]:
        return []
    names = list(results["idle"])
    lines = ["## Without load", "", "Broker and name server together.", ""] + _head("", names)
    for title, key, form in (
        ("start to first send", "start_seconds", "%.2f s"),
        ("resident", "resident_mib", "%.1f MiB"),
        ("resident without mapped files", "anonymous_mib", "%.1f MiB"),
        ("processor time, of a core", "idle_cpu_percent", "%.3f %%"),
    ):
        known = [results["idle"][name].get(key) for name in names]
        lines.append("| %s | %s |" % (title, " | ".join("–" if value is None else form % value for value in known)))
    return lines + [""]


def _head(title, names):
    """The first two lines of a table with a column for each name."""
    return ["| %s | %s |" % (title, " | ".join(names)), "|---|%s" % ("---:|" * len(names))]


def _table(workload, servers):
    names = list(servers)
    lines = ["## %s" % workload, "", WORKLOADS[workload].about + ".", ""] + _head("median (least to greatest)", names)
    for title, key, form, scale in ROWS:
        cells = [_cell([value * scale for value in values(servers[name], key)], form) for name in names]
        if any(cell != "–" for cell in cells):
            lines.append("| %s | %s |" % (title, " | ".join(cells)))
    return lines + [""]


def _cell(found, form):
    if not found:
        return "–"
    text = form % middle(found)
    if len(found) > 1:
        number = form.split(" ")[0].split("/")[0]
        text += " (%s to %s)" % (number % min(found), number % max(found))
    return text


def _fan_out(runs):
    """The cost of a further delivery, from the runs with one and with ten groups."""
    lines = []
    for name in runs.get("fan-out-10", {}):
        one, ten = (runs.get("fan-out-" + count, {}).get(name, []) for count in ("1", "10"))
        both = [median(each, "server_cpu_us_per_message") for each in (one, ten)]
        if None not in both:
            lines.append("- %s: %.2f µs for each further delivery" % (name, (both[1] - both[0]) / 9))
    return ["## Fan-out", "", *lines, ""] if lines else []


def _versions(results):
    """How versions of Apache's broker differ."""
    names = sorted({name for runs in results["runs"].values() for name in runs if name.startswith("apache")})
    if len(names) < 2:
        return []
    lines = ["## Versions of Apache's broker", ""] + _head("CPU per message, rate, p99.9", names)
    for workload, runs in results["runs"].items():
        cells = []
        for name in names:
            figures = [median(runs.get(name, []), key) for key in ("server_cpu_us_per_message", "messages_per_second", "latency_p99.9_us")]
            cells.append("%.2f µs, %.0f/s, %.0f µs" % tuple(figures) if None not in figures else "–")
        lines.append("| %s | %s |" % (workload, " | ".join(cells)))
    return lines + [""]


def _beside(found):
    if not found:
        return []
    told = "%d/s (half of its greatest rate) in slices in turn; %d GiB of old files each time."
    lines = ["## Beside other work", "", told % (found["rate"], found["old_gib"]), ""] + _head("median (least to greatest)", list(beside.KINDS))
    for title, key, form, scale in ROWS:
        cells = [_cell([value * scale for value in values(found["runs"][kind], key)], form) for kind in beside.KINDS]
        if any(cell != "–" for cell in cells):
            lines.append("| %s | %s |" % (title, " | ".join(cells)))
    ratios = ["–"] + [_cell(found["ratios"][kind], "%.2f") for kind in beside.KINDS[1:]]
    lines.append("| p99.9 / that of alone right before and after | %s |" % " | ".join(ratios))
    return lines + [""]


def _soak(soaks):
    lines = []
    for name, found in soaks.items():
        told = (found["rate"], found["half_of_greatest"], found["minutes"])
        lines += ["## Soak of %s" % name, "", "%d/s (half of its greatest rate: %d/s) for %d minutes." % told, ""]
        lines += _head("", ["undisturbed", "with a cold reader"])
        for title, key, form, scale in ROWS:
            both = [found[run].get(key) for run in ("undisturbed", "disturbed")]
            if any(value is not None for value in both):
                lines.append("| %s | %s |" % (title, " | ".join(form % (value * scale) if value is not None else "–" for value in both)))
        lines.append("")
    return lines


def _json(value, depth=1):
    """JSON with a line for each run: what holds plain values, and no more than lists and tables of such."""
    if not any(_inner(each) for part in _inner(value) for each in _inner(part)):
        return json.dumps(value, ensure_ascii=False)
    indent = "\n" + " " * depth
    if isinstance(value, dict):
        lines = [json.dumps(key) + ": " + _json(each, depth + 1) for key, each in value.items()]
    else:
        lines = [_json(each, depth + 1) for each in value]
    return ("{%s%s}" if isinstance(value, dict) else "[%s%s]") % (indent + ("," + indent).join(lines), indent[:-1])


def _inner(value):
    """The values of a table or a list."""
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []


def _without_series(value):
    """Everything but the figures of single seconds."""
    if isinstance(value, dict):
        return {key: _without_series(each) for key, each in value.items() if key != "series"}
    if isinstance(value, list):
        return [_without_series(each) for each in value]
    return value
