"""Medians over runs."""

import statistics


def middle(values):
    """Median of a list that is not empty."""
    return statistics.median(values)


def values(runs, key):
    """One figure of all runs that have it."""
    return [run[key] for run in runs if run.get(key) is not None]


def median(runs, key):
    """Median of one figure over runs; None without figures."""
    found = values(runs, key)
    return statistics.median(found) if found else None


def plain(value):
    """A number with at least three digits that matter, never as a power of ten."""
    return "%.0f" % value if abs(value) >= 100 else "%.3g" % value
