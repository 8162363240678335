"""A table of jobs on a set of servers."""

import contextlib
import dataclasses
import statistics
from collections.abc import Callable

from . import fio
from .client import flush
from .fio import Job, fill, warm_up
from .rounds import Numbers, tell, turns
from .servers import Kind, serving
from .tables import cost_table, judge, memory, pair_values, table
from .tools import say

# What a run takes beside its own time: the client's start and end, a flush. Seconds, for estimates.
RUN_SECONDS = 0.35
FLUSH_SECONDS = 0.5  # of flushing what was written in a second
START_SECONDS = 0.5  # of a server
MIB_PER_SECOND = 600  # of filling, and reading back


@dataclasses.dataclass(frozen=True)
class Row:
    """A job, and what it is to reach."""

    name: str
    title: str
    job: Job
    least: tuple = ()  # the least ratio, for each of the stage's ratios; None where it may be any
    without: tuple = ()  # servers that are left out
    transport: str = "unix"
    cold: bool = False  # the object cache is emptied before each run
    refill: bool = False  # what the job works on is written before each run
    pulled_most: float | None = None  # bytes per byte read, of the server whose cache is counted
    pushed_most: float | None = None


@dataclasses.dataclass(frozen=True)
class Stage:
    """Rows that share their servers, on disks of one size."""

    name: str
    heading: str
    kinds: tuple[Kind, ...]
    ratios: tuple  # pairs of names of servers, and the title of their ratio
    rows: tuple[Row, ...]
    text: tuple  # what was cached where
    pace: str = "wide"
    counted: str | None = None  # the server whose cache is told about
    size_mib: int | None = None  # None: as large as the effort says
    filled: bool = True
    client: Callable = lambda: contextlib.nullcontext(fio.work)  # who does the jobs

    @property
    def names(self):
        return [row.name for row in self.rows]

    def transports(self, wanted):
        """The rows that are wanted, by transport."""
        rows = [row for row in self.rows if row.name in wanted]
        return {transport: [row for row in rows if row.transport == transport]
                for transport in ("unix", "tcp", "tls") if any(r.transport == transport for r in rows)}

    def estimate(self, wanted, effort):
        """Seconds, roughly."""
        pace = getattr(effort, self.pace)
        size = self.size_mib or pace.size_mib
        seconds = 0
        for rows in self.transports(wanted).values():
            starts = START_SECONDS + size / MIB_PER_SECOND + pace.warm_seconds + 2 * RUN_SECONDS
            seconds += len(self.kinds) * starts
            for row in rows:
                run = pace.seconds + RUN_SECONDS + (RUN_SECONDS if row.refill or row.cold else 0)
                run += FLUSH_SECONDS * pace.seconds if row.job.writes else 0
                seconds += len(pace.rounds) * run * (len(self.kinds) - len(row.without))
        return seconds + (len(self.kinds) * size / MIB_PER_SECOND if self.filled else 0)

    def measure(self, wanted, directory, effort, found):
        """Finds the numbers of each row's servers, for the rows whose names are wanted."""
        prepared = False
        pace = getattr(effort, self.pace)
        size = self.size_mib or pace.size_mib
        with self.client() as work:
            for transport, rows in self.transports(wanted).items():
                with serving(self.kinds, directory, transport, size) as servers:
                    if not prepared:
                        self._prepare(servers, size)
                        prepared = True
                    say(f"{self.name}: warming up")
                    for server in servers:
                        warm_up(server, size, pace.warm_seconds, work,
                                "randrw" if self.filled else "randread")
                    for row in rows:
                        say(row.title)
                        used = [server for server in servers if server.name not in row.without]
                        found[row.name] = measure(row, used, pace, size, work)
                        yield row.name

    def _prepare(self, servers, size):
        if self.filled:
            say(f"{self.name}: writing {size} MiB to each server")
        for server in servers:
            server.prepare(size)
            if self.filled:
                fill(server, size)

    def lines(self, measured, _):
        rows = [row for row in self.rows if row.name in measured]
        return [
            *self.text, "",
            *table(self, rows, measured), "",
            "Microseconds of the server's processor time per operation, the kernel's part included, which are",
            "also seconds per million operations; and microseconds that 50 / 99 / 99.9 % of the requests take at",
            "most, of the reads in a row that has both. The client's processor time per operation is its own, with",
            "the first server; behind it are the most that the ratios could be with a server that takes no time at",
            "all, since each connection has one thread of the client:", "",
            *cost_table(self, rows, measured), "",
            memory(self, rows, measured), ""]

    def judged(self, measured):
        """Ratios and verdict of each row."""
        return {row.name: {"ratios": {title: pair_values((ours, theirs), measured[row.name])
                                      for ours, theirs, title in self.ratios},
                           "unit": row.job.unit,
                           "verdict": judge(self, row, measured[row.name])}
                for row in self.rows if row.name in measured}


def measure(row, servers, pace, size, work):
    """Measures each server in each round."""
    numbers = {server.name: Numbers() for server in servers}
    for number, server in turns(pace, servers):
        if row.cold:
            server.empty_cache()
        if row.refill:
            fill(server, row.job.area(size))
        before, cpu = server.counters(), server.cpu_seconds()
        done = work(server, row.job, size, pace.seconds)
        cpu = server.cpu_seconds() - cpu
        if not done.count:
            raise SystemExit(f"{server.name} answered nothing in {pace.seconds} s of {row.title}:"
                             " the machine is too busy to measure on, or --quick too short for it")
        if row.job.writes:
            flush(server)
        if number > 0:
            numbers[server.name].add(done, cpu, server.resident_mib(), before, server.counters())
    tell(f"{name} {statistics.median(of.rates):,.0f} ({statistics.median(of.cpu_micros):.0f} us CPU)"
         for name, of in numbers.items())
    return numbers
