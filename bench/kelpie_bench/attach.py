"""How long it takes to attach a disk: from the connection to the first block."""

import dataclasses
import statistics
import time

from .client import attached
from .fio import fill
from .nbd import KELPIE, KINDS
from .rounds import ranged, ratios, spread_cell, steadiness, tell, turns
from .servers import NBDKIT, QEMU, serving
from .stage import MIB_PER_SECOND, START_SECONDS
from .tools import say

TRANSPORTS = {"unix": "over a Unix socket", "tls": "with TLS, over TCP"}
SIZE_MIB = 64
ATTACH_SECONDS = 0.003  # for the estimate


@dataclasses.dataclass
class Attaches:
    """Milliseconds of one server's attaches, of each round."""

    median: list = dataclasses.field(default_factory=list)
    longest: list = dataclasses.field(default_factory=list)


class Attach:
    """Attaching one disk again and again, with nobody else there."""

    name = "attach"
    heading = "### Attaching"
    names = ("attach",)

    def estimate(self, _, effort):
        begins = START_SECONDS + SIZE_MIB / MIB_PER_SECOND
        runs = len(effort.wide.rounds) * effort.attaches * ATTACH_SECONDS
        return len(TRANSPORTS) * len(KINDS) * (begins + runs)

    def measure(self, _, directory, effort, found):
        for transport, title in TRANSPORTS.items():
            with serving(KINDS, directory, transport, SIZE_MIB) as servers:
                if not found:
                    for server in servers:
                        server.prepare(SIZE_MIB)
                        fill(server, SIZE_MIB)
                say(f"attach, {title}")
                of = {server.name: Attaches() for server in servers}
                for number, server in turns(effort.wide, servers):
                    times = [attach(server) for _ in range(effort.attaches)]
                    if number > 0:
                        of[server.name].median.append(statistics.median(times))
                        of[server.name].longest.append(max(times))
            tell(f"{name} {statistics.median(times.median):.2f} ms" for name, times in of.items())
            found[transport] = of
            yield f"attach-{transport}"

    def lines(self, found, effort):
        lines = [
            "From the connection to the first 4 KiB of the disk, with libnbd: handshake, the disk opened,",
            f"one read; {effort.attaches} times in a row in each round. The block is in Kelpie's object cache, and the",
            "disk's inode is where the last attach left it; the others' files are in the page cache. Times, and",
            "so below 1 is faster.",
            "",
            "| attach | Kelpie | spread | longest | nbdkit | longest | qemu-nbd | longest | time to nbdkit's |"
            " verdict |",
            "|---|---:|---:|---:|---:|---:|---:|---:|---:|---|",
        ]
        for transport, of in found.items():
            cells = []
            for name in (KELPIE, NBDKIT, QEMU):
                cells.append(f"{statistics.median(of[name].median):.2f} ms")
                if name == KELPIE:
                    cells.append(spread_cell(of[name].median))
                cells.append(f"{statistics.median(of[name].longest):.2f} ms")
            times = ratios(of[KELPIE].median, of[NBDKIT].median)
            lines.append(f"| {TRANSPORTS[transport]} | {' | '.join(cells)} | {ranged(times)} |"
                         f" {steadiness(times)} |")
        return [*lines, ""]


def attach(server):
    """Milliseconds."""
    begin = time.perf_counter()
    with attached(server) as handle:
        handle.pread(4096, 0)
        return (time.perf_counter() - begin) * 1000
