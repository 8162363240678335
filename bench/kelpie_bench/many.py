"""Many disks of one server, used at once."""

import dataclasses
import statistics

from .client import flush
from .fio import fio_on_each
from .nbd import KELPIE
from .rounds import ranged, ratios, spread_cell, steadiness, tell, turns
from .servers import NBDKIT, Nbdkit, Sheep, image
from .stage import MIB_PER_SECOND, RUN_SECONDS
from .tools import say

DEPTH = 4
LONGER = 3  # than other runs, so that the moments in which some clients run count little
CREATE_SECONDS = 0.1  # of a VDI, for the estimate


@dataclasses.dataclass
class Shares:
    """What the disks of one server did in each round."""

    total: list = dataclasses.field(default_factory=list)  # operations per second, of all
    least: list = dataclasses.field(default_factory=list)  # of the slowest disk, by the fastest's
    fairness: list = dataclasses.field(default_factory=list)  # Jain's index: 1 where all get the same
    p99: list = dataclasses.field(default_factory=list)  # microseconds, of the disk that has it worst

    def add(self, each):
        rates = [done.rate for done in each]
        self.total.append(sum(rates))
        self.least.append(min(rates) / max(rates))
        self.fairness.append(sum(rates) ** 2 / (len(rates) * sum(rate * rate for rate in rates)))
        self.p99.append(max(done.latencies[99] for done in each))


class Many:
    """Guests of one host: each disk has its own client and connection."""

    name = "many"
    heading = "### Many disks at once"
    names = ("many",)

    def estimate(self, _, effort):
        pace, disks = effort.wide, max(effort.disks)
        runs = sum(LONGER * pace.seconds + RUN_SECONDS + count * 0.01 for count in effort.disks)
        return (disks * (CREATE_SECONDS + 2 * effort.disk_mib / MIB_PER_SECOND)
                + 2 * len(pace.rounds) * runs)

    def measure(self, _, directory, effort, found):
        pace, size = effort.wide, effort.disk_mib
        disks = [f"disk{number}" for number in range(max(effort.disks))]
        sheep = Sheep(KELPIE, directory, cache=f"size={2 * len(disks) * size}M,keep=always")
        try:
            folder = directory / "disks"
            folder.mkdir()
            nbdkit = Nbdkit(directory, "unix", folder)
            try:
                say(f"many: writing {len(disks)} disks of {size} MiB to each server")
                sheep.format()
                for disk in disks:
                    sheep.create(disk, size)
                    image(folder, disk, size)
                for server in (sheep, nbdkit):
                    fill_each(server, disks, size)
                for count in effort.disks:
                    found[count] = self._shares([sheep, nbdkit], disks[:count], size, pace)
                    yield f"many-{count}"
            finally:
                nbdkit.stop()
        finally:
            sheep.stop()

    def _shares(self, servers, disks, size, pace):
        say(f"disks used at once: {len(disks)}")
        found = {server.name: Shares() for server in servers}
        words = ["--rw=randrw", "--rwmixread=70", "--bs=4k", f"--iodepth={DEPTH}",
                 f"--size={size}m", "--norandommap", "--time_based", "--thread",
                 f"--runtime={round(1000 * LONGER * pace.seconds)}ms"]
        for number, server in turns(pace, servers):
            each = fio_on_each(server, words, [server.uri(disk) for disk in disks])
            for disk in disks:
                flush(server, disk)
            if number > 0:
                found[server.name].add(each)
        tell(f"{name} {statistics.median(of.total):,.0f}, slowest {statistics.median(of.least):.0%}"
             " of the fastest" for name, of in found.items())
        return found

    def lines(self, found, effort):
        lines = [
            f"Disks of {effort.disk_mib} MiB, all written before, each with a client of its own: 4 KiB at random,",
            f"70 % reads, 30 % writes, QD {DEPTH} for each disk, {LONGER * effort.wide.seconds:g} s. All of them are in Kelpie's object",
            "cache, its files and those of nbdkit (one process, `file dir=`) in the page cache. qemu-nbd serves",
            "one disk per process, and is left out. The clients are threads of one fio, which takes as much",
            "of the processors as the server. Slowest: the rate of the slowest disk by that of the fastest.",
            "Fairness is Jain's index: 1 where all disks get the same, 1/n where one gets everything.",
            "",
            "| disks | Kelpie | spread | nbdkit | ratio | slowest | nbdkit's | fairness | nbdkit's |"
            " p99 of the worst disk | nbdkit's | verdict |",
            f"|---|{'---:|' * 10}---|",
        ]
        for count, of in found.items():
            ours, theirs = of[KELPIE], of[NBDKIT]
            cells = [f"{statistics.median(ours.total):,.0f} /s", spread_cell(ours.total),
                     f"{statistics.median(theirs.total):,.0f} /s",
                     ranged(ratios(ours.total, theirs.total))]
            for key, form in (("least", "{:.0%}"), ("fairness", "{:.3f}"), ("p99", "{:,.0f} us")):
                cells += [form.format(statistics.median(getattr(shares, key)))
                          for shares in (ours, theirs)]
            cells.append(steadiness(ratios(ours.total, theirs.total)))
            lines.append(f"| {count} | {' | '.join(cells)} |")
        return [*lines, ""]


def fill_each(server, disks, size):
    """Writes all disks and reads them once."""
    uris = [server.uri(disk) for disk in disks]
    for what in ("write", "read"):
        fio_on_each(server, [f"--rw={what}", "--bs=1m", "--iodepth=1", f"--size={size}m"], uris)
    for disk in disks:
        flush(server, disk)
