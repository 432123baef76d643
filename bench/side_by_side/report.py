"""Medians, ratios, and a page for people."""

import statistics

ROWS = (
    ("CPU per message", "server_cpu_us_per_message", "%.2f µs"),
    ("rate", "messages_per_second", "%.0f/s"),
    ("p50", "latency_p50_us", "%.0f µs"),
    ("p99", "latency_p99_us", "%.0f µs"),
    ("p99.9", "latency_p99.9_us", "%.0f µs"),
    ("resident", "server_resident_mib", "%.0f MiB"),
)


def median(runs, key):
    """Median of one figure over runs; None without figures."""
    values = [run[key] for run in runs if run.get(key) is not None]
    return statistics.median(values) if values else None


def markdown(results, conditions):
    """The results page. `results`: workload -> server -> list of figures."""
    lines = ["# Results", ""]
    lines += ["- %s" % condition for condition in conditions] + [""]
    for workload, servers in results.items():
        names = list(servers)
        lines += ["## %s" % workload, "", "| | %s |" % " | ".join(names), "|---|%s" % ("---:|" * len(names))]
        for title, key, form in ROWS:
            cells = [median(servers[name], key) for name in names]
            if any(cell is not None for cell in cells):
                lines.append("| %s | %s |" % (title, " | ".join(form % c if c is not None else "–" for c in cells)))
        lines += ["", *ratios(servers), ""]
    return "\n".join(lines)


def ratios(servers):
    """One line per comparison: medians of the same interleaved runs."""
    cpu = {name: median(runs, "server_cpu_us_per_message") for name, runs in servers.items()}
    rate = {name: median(runs, "messages_per_second") for name, runs in servers.items()}
    found = []
    if cpu.get("apache") and cpu.get("ferromq"):
        found.append("CPU per message, Apache / FerroMQ: **%.1f**" % (cpu["apache"] / cpu["ferromq"]))
        found.append("Rate, FerroMQ / Apache: **%.1f**" % (rate["ferromq"] / rate["apache"]))
    if cpu.get("floor") and cpu.get("ferromq"):
        found.append("CPU per message, FerroMQ / floor: **%.2f**" % (cpu["ferromq"] / cpu["floor"]))
    return ["- " + line for line in found]
