"""Rounds in which each server has its turn, and what is made of their numbers.

Whatever else the machine does hits all servers of a round alike, so what counts is the ratio within
a round.
"""

import dataclasses
import statistics

from .tools import say

SPREAD_MAX = 0.15  # what varies more is undecided


@dataclasses.dataclass(frozen=True)
class Effort:
    """How long everything is measured."""

    uncounted: int  # rounds before those that count
    pairs: int
    seconds: float  # of each run of the rows against other servers
    cache_seconds: float  # of each run of the rows about the object cache
    warm_seconds: int
    cache_warm_seconds: int
    size_mib: int
    cache_size_mib: int
    starts: int
    commands: int

    @property
    def rounds(self):
        return range(1 - self.uncounted, self.pairs + 1)


FULL = Effort(uncounted=1, pairs=7, seconds=2, cache_seconds=1, warm_seconds=6,
              cache_warm_seconds=5, size_mib=1024, cache_size_mib=512, starts=7, commands=20)
QUICK = Effort(uncounted=0, pairs=2, seconds=0.4, cache_seconds=0.4, warm_seconds=2,
               cache_warm_seconds=1, size_mib=256, cache_size_mib=128, starts=3, commands=9)


@dataclasses.dataclass
class Numbers:
    """What one server did in each round, and what it cost."""

    rates: list = dataclasses.field(default_factory=list)
    cpu_micros: list = dataclasses.field(default_factory=list)  # of processor time per operation
    hits: list = dataclasses.field(default_factory=list)  # share of the reads
    pulled: list = dataclasses.field(default_factory=list)  # bytes per byte read
    pushed: list = dataclasses.field(default_factory=list)  # bytes per byte written

    def add(self, done, cpu_seconds, before, after):
        self.rates.append(done.rate)
        self.cpu_micros.append(cpu_seconds * 1e6 / done.count)
        if "hits" not in after:
            return
        moved = {key: after[key] - before[key] for key in after}
        if done.read:
            self.hits.append(moved["hits"] / max(1, moved["hits"] + moved["misses"]))
            self.pulled.append(moved["pulled"] / done.read)
        if done.written:
            self.pushed.append(moved["pushed"] / done.written)


def turns(effort, servers):
    """Number of the round, and who is next in it; only those above 0 are to be counted."""
    for number in effort.rounds:
        first = number % len(servers)  # nobody always runs after the same other one
        for server in servers[first:] + servers[:first]:
            yield number, server


def tell(parts):
    say("  " + ", ".join(parts))


def spread(values):
    middle = statistics.median(values)
    return (max(values) - min(values)) / middle if middle else 0.0


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
    if not sides:
        return "-"
    if steady:
        return "met" if all(median for _, _, median in sides) else "MISSED"
    if all(every for every, _, _ in sides):
        return "undecided (met in every round)"
    if any(not some for _, some, _ in sides):
        return "undecided (missed in every round)"
    return "undecided"


def ranged(values):
    return f"{statistics.median(values):.2f} ({min(values):.2f}-{max(values):.2f})"
