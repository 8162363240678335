"""Rounds in which each server has its turn, and what is made of their numbers.

Whatever else the machine does hits all servers of a round alike, so what counts is the ratio within
a round.
"""

import dataclasses
import statistics

from .tools import say

SPREAD_MAX = 0.15  # what varies more is undecided


@dataclasses.dataclass(frozen=True)
class Pace:
    """How long the rows of a section are measured, and on what."""

    uncounted: int  # rounds before those that count
    pairs: int
    seconds: float  # of each run
    warm_seconds: float
    size_mib: int  # of a disk, where the section does not say

    @property
    def rounds(self):
        return range(1 - self.uncounted, self.pairs + 1)


@dataclasses.dataclass(frozen=True)
class Effort:
    """How long everything is measured."""

    serving: Pace  # one disk beside other servers: the rows with budgets
    cache: Pace  # the object cache
    wide: Pace  # everything else
    attaches: int  # of a server in a round
    disks: tuple  # how many are used at once
    disk_mib: int  # the size of each of those
    snapshots: tuple  # how many there are when more are taken
    snapshot_times: int
    starts: int
    commands: int

    def with_pairs(self, pairs):
        paces = {name: dataclasses.replace(getattr(self, name), pairs=pairs)
                 for name in ("serving", "cache", "wide")}
        return dataclasses.replace(self, **paces)


FULL = Effort(
    serving=Pace(uncounted=1, pairs=7, seconds=1, warm_seconds=5, size_mib=1024),
    cache=Pace(uncounted=1, pairs=7, seconds=0.5, warm_seconds=3, size_mib=512),
    wide=Pace(uncounted=1, pairs=7, seconds=0.5, warm_seconds=3, size_mib=512),
    attaches=50, disks=(1, 10, 100), disk_mib=16, snapshots=(1, 100, 1000), snapshot_times=7,
    starts=7, commands=20)
QUICK = Effort(
    serving=Pace(uncounted=0, pairs=1, seconds=0.2, warm_seconds=1, size_mib=64),
    cache=Pace(uncounted=0, pairs=1, seconds=0.2, warm_seconds=0.5, size_mib=64),
    wide=Pace(uncounted=0, pairs=1, seconds=0.2, warm_seconds=0.5, size_mib=64),
    attaches=10, disks=(1, 10, 30), disk_mib=4, snapshots=(1, 10), snapshot_times=3,
    starts=3, commands=5)


@dataclasses.dataclass
class Numbers:
    """What one server did in each round, and what it cost."""

    rates: list = dataclasses.field(default_factory=list)
    cpu_micros: list = dataclasses.field(default_factory=list)  # of processor time per operation
    client_micros: list = dataclasses.field(default_factory=list)  # the same of the client
    latencies: list = dataclasses.field(default_factory=list)  # percent to microseconds
    resident: list = dataclasses.field(default_factory=list)  # MiB after the run
    peak: list = dataclasses.field(default_factory=list)  # MiB, the most until then
    hits: list = dataclasses.field(default_factory=list)  # share of the reads
    pulled: list = dataclasses.field(default_factory=list)  # bytes per byte read
    pushed: list = dataclasses.field(default_factory=list)  # bytes per byte written

    def add(self, done, cpu_seconds, memory, before, after):
        self.rates.append(done.rate)
        self.cpu_micros.append(cpu_seconds * 1e6 / done.count)
        self.client_micros.append(done.client_micros)
        self.latencies.append(done.latencies)
        self.resident.append(memory[0])
        self.peak.append(memory[1])
        if "hits" not in after:
            return
        moved = {key: after[key] - before[key] for key in after}
        if done.read:
            self.hits.append(moved["hits"] / max(1, moved["hits"] + moved["misses"]))
            self.pulled.append(moved["pulled"] / done.read)
        if done.written:
            self.pushed.append(moved["pushed"] / done.written)

    def latency(self, percent):
        """The median over the rounds."""
        return statistics.median(of[percent] for of in self.latencies)


def turns(pace, servers):
    """Number of the round, and who is next in it; only those above 0 are to be counted."""
    for number in pace.rounds:
        first = number % len(servers)  # nobody always runs after the same other one
        for server in servers[first:] + servers[:first]:
            yield number, server


def tell(parts):
    say("  " + ", ".join(parts))


def spread(values):
    middle = statistics.median(values)
    return (max(values) - min(values)) / middle if middle else 0.0


def spread_cell(values):
    return f"{spread(values):.0%}" if len(values) > 1 else "-"


def ratios(ours, theirs):
    return [mine / other for mine, other in zip(ours, theirs)]


def verdict(goals):
    """met, MISSED or undecided, for goals (values, limit, whether it is the most).

    For an undecided one also on which side of the limit it was, if it was on one."""
    sides, steady = [], True
    for values, limit, most in goals:
        signed = [-value for value in values] if most else values
        least = -limit if most else limit
        steady = steady and spread(values) <= SPREAD_MAX
        sides.append((min(signed) >= least, max(signed) >= least,
                      statistics.median(signed) >= least))
    if steady:
        return "met" if all(median for _, _, median in sides) else "MISSED"
    if all(every for every, _, _ in sides):
        return "undecided (met in every round)"
    if any(not some for _, some, _ in sides):
        return "undecided (missed in every round)"
    return "undecided"


def steadiness(*each):
    """What there is to say of numbers that have no limit: whether they are to be relied on."""
    if any(len(values) < 2 for values in each):
        return "-"
    return "steady" if all(spread(values) <= SPREAD_MAX for values in each) else "undecided"


def ranged(values):
    middle = f"{statistics.median(values):.2f}"
    return f"{middle} ({min(values):.2f}-{max(values):.2f})" if len(values) > 1 else middle
