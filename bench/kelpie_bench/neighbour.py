"""How long reads of cached blocks take while another disk is flushed."""

import dataclasses
import statistics
import subprocess
import time

from .cache import COLD, OFF, ON, SLOW_ON
from .fio import Job, command, fill, fio, flush, warm_up
from .rounds import ranged, ratios, tell, turns, verdict
from .servers import Kind, serving
from .tools import say

OTHER = "other"
FLUSH_MIB = 64
TIMES_MOST = 2  # the budget: 99 % of the reads take at most so many times longer

KINDS = (Kind(ON, COLD), Kind(OFF), Kind(SLOW_ON, COLD, True))
READS = Job("randread", "4k", 1)
WRITES = Job("write", "1m", 1, flush_every=FLUSH_MIB)

START_SECONDS_MAX = 30


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

    def measure(self, _, directory, effort):
        size = effort.cache_size_mib
        with serving(KINDS, directory, "unix", 2 * size) as servers:
            say(f"neighbour: writing two disks of {size} MiB to each server")
            for server in servers:
                server.prepare(size)
                server.dog("vdi", "create", OTHER, f"{size}M")
                fill(server, size)
                fill(server, size, OTHER)
                warm_up(server, size, effort.cache_warm_seconds)
            found = {server.name: Latencies() for server in servers}
            say("p99 of reads beside another disk's flush")
            for number, server in turns(effort, servers):
                alone = self._p99(server, size, effort)
                beside, stored = self._p99_beside(server, size, effort)
                if number > 0:
                    found[server.name].alone.append(alone)
                    found[server.name].beside.append(beside)
                    found[server.name].stored.append(stored)
        tell(f"{name} {statistics.median(of.alone):.0f} us alone, {statistics.median(of.beside):.0f}"
             f" beside {statistics.median(of.stored):.0f} MiB/s" for name, of in found.items())
        return found

    def _p99(self, server, size, effort):
        return fio(server.uri(), *READS.words(size, effort.cache_seconds)).p99_micros

    def _p99_beside(self, server, size, effort):
        stored = server.counters()["stored"]
        words = WRITES.words(size, effort.cache_seconds + START_SECONDS_MAX)
        with subprocess.Popen(command(server.uri(OTHER), *words), stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as writer:
            try:
                deadline = time.monotonic() + START_SECONDS_MAX
                while server.counters()["stored"] == stored:
                    if writer.poll() is not None or time.monotonic() > deadline:
                        raise SystemExit(f"nothing of the other disk reaches the store of {server.name}")
                    time.sleep(0.02)
                begin, before = time.monotonic(), server.counters()["stored"]
                p99 = self._p99(server, size, effort)
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
