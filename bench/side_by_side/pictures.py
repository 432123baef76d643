"""Pictures of the results, as SVG."""

import math
import os
from xml.sax.saxutils import escape

from .figures import median, plain
from .workloads import WORKLOADS

COLOURS = ("#c02942", "#e6842a", "#2b8cbe", "#31a354", "#756bb1")
_BARS = (
    ("cpu.svg", "CPU per message, µs", "server_cpu_us_per_message"),
    ("rate.svg", "messages per second", "messages_per_second"),
    ("p99.svg", "p99 latency, µs", "latency_p99_us"),
    ("p999.svg", "p99.9 latency, µs", "latency_p99.9_us"),
)
_LATENCIES = (("p50", 2, "1,4"), ("p99", 3, "6,3"), ("p99.9", 4, ""))


def draw(results, folder):
    """Writes all pictures; returns (file name, title) of each."""
    drawn = []

    def save(name, title, picture):
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, name), "w", encoding="utf-8") as out:
            out.write(picture)
        drawn.append((name, title))

    names = [name for name in WORKLOADS if name in results["runs"]]
    for file_name, title, key in _BARS:
        groups = {name: {server: median(runs, key) for server, runs in results["runs"][name].items()} for name in names}
        groups = {name: {server: value for server, value in group.items() if value} for name, group in groups.items()}
        groups = {name: group for name, group in groups.items() if group}
        if groups:
            save(file_name, title, bars(title + " (medians, logarithmic)", groups))
    for name in ("paced8k", "paced8k+cold"):
        curves = {}
        for server, runs in results["runs"].get(name, {}).items():
            # The rounds one after the other.
            curves[server] = [row for run in runs for row in run.get("series", {}).get("load", [])]
        curves = {server: rows for server, rows in curves.items() if rows}
        if curves:
            title = "%s: latency of each second, µs (rounds in a row)" % name
            save(name.replace("+", "-") + ".svg", name + " over time", over_time(title, curves))
    for name, found in results.get("soak", {}).items():
        curves = {run: found[run].get("series", {}).get("load") for run in ("undisturbed", "disturbed")}
        curves = {run: rows for run, rows in curves.items() if rows}
        if curves:
            title = "soak of %s at %d/s: latency of each second, µs" % (name, found["rate"])
            save("soak-%s.svg" % name, "soak of " + name, over_time(title, curves))
    return drawn


def bars(title, groups):
    """Horizontal bars on a logarithmic scale, a group for each workload."""
    servers = sorted({server for group in groups.values() for server in group})
    everything = [value for group in groups.values() for value in group.values()]
    low, high = math.floor(math.log10(min(everything)) - 0.05), math.ceil(math.log10(max(everything)) + 0.01)
    left, width, bar = 130, 620, 14
    height = 60 + sum(len(group) * bar + 12 for group in groups.values()) + 30
    parts = [_head(900, height, title)]

    def x(value):
        return left + (math.log10(value) - low) / max(1, high - low) * width

    for power in range(low, high + 1):
        place = x(10.0**power)
        parts.append('<line x1="%.0f" x2="%.0f" y1="50" y2="%d" stroke="#ddd"/>' % (place, place, height - 25))
        parts.append('<text x="%.0f" y="%d" text-anchor="middle">%s</text>' % (place, height - 8, plain(10.0**power)))
    for number, server in enumerate(servers):
        parts.append('<text x="%d" y="42" fill="%s">%s</text>' % (left + number * 130, COLOURS[number % len(COLOURS)], escape(server)))
    y = 56
    for name, group in groups.items():
        parts.append('<text x="%d" y="%d" text-anchor="end">%s</text>' % (left - 8, y + len(group) * bar / 2 + 4, escape(name)))
        for server, value in group.items():
            colour = COLOURS[servers.index(server) % len(COLOURS)]
            parts.append('<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>' % (left, y, max(1, x(value) - left), bar - 2, colour))
            parts.append('<text x="%.1f" y="%d" font-size="11">%s</text>' % (x(value) + 4, y + bar - 3, plain(value)))
            y += bar
        y += 12
    return "".join(parts) + "</svg>\n"


def over_time(title, curves):
    """Latency second by second on a logarithmic scale; one colour for each server."""
    everything = [row[column] for rows in curves.values() for row in rows for _, column, _ in _LATENCIES if row[column] > 0]
    if not everything:
        return _head(900, 60, title) + "</svg>\n"
    low, high = math.floor(math.log10(min(everything))), math.ceil(math.log10(max(everything)) + 0.01)
    left, top, width, tall = 70, 60, 800, 320
    longest = max(len(rows) for rows in curves.values())
    parts = [_head(900, top + tall + 40, title)]

    def y(value):
        return top + tall * (1 - (math.log10(max(value, 10.0**low)) - low) / max(1, high - low))

    for power in range(low, high + 1):
        level = y(10.0**power)
        parts.append('<line x1="%d" x2="%d" y1="%.0f" y2="%.0f" stroke="#ddd"/>' % (left, left + width, level, level))
        parts.append('<text x="%d" y="%.0f" text-anchor="end">%s</text>' % (left - 6, level + 4, plain(10.0**power)))
    for number, (server, rows) in enumerate(curves.items()):
        colour = COLOURS[number % len(COLOURS)]
        parts.append('<text x="%d" y="44" fill="%s">%s</text>' % (left + number * 130, colour, escape(server)))
        for _, column, dashes in _LATENCIES:
            step = width / max(1, longest - 1)
            places = [(left + place * step, y(row[column])) for place, row in enumerate(rows) if row[column] > 0]
            points = " ".join("%.1f,%.1f" % place for place in places)
            parts.append('<polyline fill="none" stroke="%s" stroke-width="1.4" stroke-dasharray="%s" points="%s"/>' % (colour, dashes, points))
    parts.append('<text x="%d" y="%d">%d s; dotted p50, dashed p99, whole line p99.9</text>' % (left, top + tall + 24, longest))
    return "".join(parts) + "</svg>\n"


def _head(width, height, title):
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12">'
        '<rect width="100%%" height="100%%" fill="white"/><text x="12" y="22" font-size="15">%s</text>' % (width, height, escape(title))
    )
