"""The pictures beside RESULTS.md."""

import math
import statistics

from .fio import PERCENTS
from .nbd import DEPTHS, KELPIE
from .servers import NBDKIT, QEMU
from .svg import Axis, Drawing

NAMES = (KELPIE, NBDKIT, QEMU)

DEPTH_FILE, LATENCY_FILE = "iops-by-depth.svg", "latency.svg"

# What is drawn: where it was measured, and how its rows' names end.
WAYS = (("nbd", "", "one connection"), ("connections", "-x4", "four connections"))
LATENCIES = ("read-qd1", "read-qd32", "write-qd1", "write-qd32")


def pictures(measured):
    """Name and content of each picture for which everything was measured."""
    drawn = {}
    if all(f"{what}-qd{depth}{suffix}" in measured.get(section, ())
           for section, suffix, _ in WAYS for what in ("read", "write") for depth in DEPTHS):
        drawn[DEPTH_FILE] = str(by_depth(measured))
    if all(name in measured.get("nbd", ()) for name in LATENCIES):
        drawn[LATENCY_FILE] = str(latency(measured["nbd"]))
    return drawn


def by_depth(measured):
    drawing = Drawing("IOPS by queue depth", NAMES, columns=2, rows=2)
    depths = [(depth, f"{depth}") for depth in DEPTHS]
    for row, what in enumerate(("read", "write")):
        for column, (section, suffix, title) in enumerate(WAYS):
            rows = {depth: measured[section][f"{what}-qd{depth}{suffix}"] for depth in DEPTHS}
            most = max(max(numbers[name].rates) for numbers in rows.values() for name in NAMES)
            step = nice(most / 5)
            ticks = [(step * n, f"{step * n / 1000:g}") for n in range(math.ceil(most / step) + 1)]
            panel = drawing.panel(
                column, row, f"4 KiB random {what}, {title}",
                Axis("queue depth of a connection", math.log2, DEPTHS[0] / 1.4, DEPTHS[-1] * 1.4,
                     depths),
                Axis("thousand per second", float, 0, ticks[-1][0], ticks))
            for number, name in enumerate(NAMES):
                rates = {depth: numbers[name].rates for depth, numbers in rows.items()}
                panel.line(number, [(depth, statistics.median(of)) for depth, of in rates.items()],
                           [(depth, min(of), max(of)) for depth, of in rates.items()])
    return drawing


def nice(step):
    """The next of 1, 2, 5, 10 ... thousand."""
    size = 10 ** math.floor(math.log10(step))
    return next(size * n for n in (1, 2, 5, 10) if size * n >= step)


def nines(percent):
    """Equal room for 90, 99, 99.9 %."""
    return -math.log10(1 - percent / 100)


def latency(rows):
    drawing = Drawing("Latency distribution", NAMES, columns=2, rows=2)
    shown = [percent for percent in PERCENTS if percent <= 99.9]
    across = [(0, "0"), (50, "50"), (90, "90"), (99, "99"), (99.9, "99.9")]
    for number, name in enumerate(LATENCIES):
        numbers = rows[name]
        what, depth = name.split("-qd")
        values = {server: [(percent, numbers[server].latency(percent)) for percent in shown]
                  for server in NAMES}
        low = min(micros for line in values.values() for _, micros in line)
        high = max(micros for line in values.values() for _, micros in line)
        decades = range(math.floor(math.log10(max(1, low))), math.ceil(math.log10(high)) + 1)
        panel = drawing.panel(
            number % 2, number // 2, f"4 KiB random {what}, QD {depth}",
            Axis("percent of the requests take at most", nines, 0, 99.9, across),
            Axis("microseconds", math.log10, 10 ** decades[0], 10 ** decades[-1],
                 [(10 ** decade, f"{10 ** decade:,}") for decade in decades]))
        for line, server in enumerate(NAMES):
            panel.line(line, values[server], marks=False)
    return drawing
