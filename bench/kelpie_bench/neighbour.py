"""How long reads of cached blocks take while another disk is flushed."""

import dataclasses
import statistics
import subprocess
import time

from .cache import COLD, OFF, ON, SLOW_ON
from .client import flush
from .fio import Job, command, fill, fio, warm_up
from .rounds import ranged, ratios, tell, turns, verdict
from .servers import Kind, serving
from .stage import MIB_PER_SECOND, RUN_SECONDS, START_SECONDS
from .tools import say

OTHER = "other"
FLUSH_MIB = 64
TIMES_MOST = 2  # the budget: 99 % of the reads take at most so many times longer

KINDS = (Kind(ON, COLD), Kind(OFF), Kind(SLOW_ON, COLD, True))
READS = Job("randread", "4k", 1)
WRITES = Job("write", "1m", 1, flush_every=FLUSH_MIB)

START_SECONDS_MAX = 30
FLUSH_SECONDS = 1  # until something of the other disk is flushed, for the estimate


@dataclasses.dataclass
class Latencies:
    """Of one server, in each round: microseconds that 99 % of the reads stay below, and MiB/s."""

    alone: list = dataclasses.field(default_factory=list)
    beside: list = dataclasses.field(default_factory=list)
    stored: list = dataclasses.field(default_factory=list)


class Neighbour:
    """Reads of one disk, with nothing beside them and while another one is written and flushed."""

    name = "neighbour"
    heading = "### Beside another disk's flush"
    names = ("neighbour",)

    def estimate(self, _, effort):
        pace = effort.cache
        begins = START_SECONDS + 3 * pace.size_mib / MIB_PER_SECOND + pace.warm_seconds
        runs = len(pace.rounds) * (2 * (pace.seconds + RUN_SECONDS) + FLUSH_SECONDS)
        return len(KINDS) * (begins + runs)

    def measure(self, _, directory, effort, found):
        pace = effort.cache
        size = pace.size_mib
        with serving(KINDS, directory, "unix", 2 * size) as servers:
            say(f"neighbour: writing two disks of {size} MiB to each server")
            for server in servers:
                server.prepare(size)
                server.create(OTHER, size)
                fill(server, size)
                fill(server, size, OTHER)
                warm_up(server, size, pace.warm_seconds)
            of = {server.name: Latencies() for server in servers}
            say("p99 of reads beside another disk's flush")
            for number, server in turns(pace, servers):
                alone = self._p99(server, pace)
                beside, stored = self._p99_beside(server, pace)
                if number > 0:
                    of[server.name].alone.append(alone)
                    of[server.name].beside.append(beside)
                    of[server.name].stored.append(stored)
        tell(f"{name} {statistics.median(its.alone):.0f} us alone, {statistics.median(its.beside):.0f}"
             f" beside {statistics.median(its.stored):.0f} MiB/s" for name, its in of.items())
        found.update(of)
        yield self.name

    def _p99(self, server, pace):
        return fio(server, READS.words(pace.size_mib, pace.seconds)).latencies[99]

    def _p99_beside(self, server, pace):
        stored = server.counters()["stored"]
        words = WRITES.words(pace.size_mib, pace.seconds + START_SECONDS_MAX)
        with subprocess.Popen(command(words, server.uri(OTHER)), stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as writer:
            try:
                deadline = time.monotonic() + START_SECONDS_MAX
                while server.counters()["stored"] == stored:
                    if writer.poll() is not None or time.monotonic() > deadline:
                        raise SystemExit(f"nothing of the other disk reaches the store of {server.name}")
                    time.sleep(0.02)
                begin, before = time.monotonic(), server.counters()["stored"]
                p99 = self._p99(server, pace)
                mib = (server.counters()["stored"] - before) / (1 << 20)
                rate = mib / (time.monotonic() - begin)
            finally:
                writer.terminate()
        flush(server, OTHER)
        return p99, rate

    def lines(self, found, _):
        lines = [
            "4 KiB random reads, QD 1, of a disk that is in the cache; beside it another disk is written",
            f"sequentially in 1 MiB, QD 1, with a flush after each {FLUSH_MIB} MiB. Without a cache the reads go"
            " to the",
            "store, which is in the page cache. The times are those that 99 % of the reads stay below.",
            "",
            "| server | alone | beside | ratio | at most | written to the store meanwhile | verdict |",
            "|---|---:|---:|---:|---:|---:|---|",
        ]
        for name, of in found.items():
            times = ratios(of.beside, of.alone)
            lines.append(
                f"| {name} | {statistics.median(of.alone):.0f} us |"
                f" {statistics.median(of.beside):.0f} us | {ranged(times)} | {TIMES_MOST} |"
                f" {statistics.median(of.stored):.0f} MiB/s |"
                f" {verdict([(times, TIMES_MOST, True)])} |")
        return [*lines, ""]
