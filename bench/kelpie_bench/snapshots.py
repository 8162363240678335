"""How long a snapshot and a clone take, with few snapshots and with many."""

import dataclasses
import statistics
import time

from .fio import fill
from .rounds import spread_cell, steadiness, tell
from .servers import DISK, Sheep
from .stage import RUN_SECONDS
from .tools import say

SIZE_MIB = 64
CHANGED_MIB = 4
DOG_SECONDS = 0.12  # of a snapshot or a clone, for the estimate

SNAPSHOT, CLONE = "dog vdi snapshot", "dog vdi clone"


@dataclasses.dataclass
class Times:
    """Milliseconds of each time."""

    whole: list = dataclasses.field(default_factory=list)  # the command
    served: list = dataclasses.field(default_factory=list)  # requests of it, in the sheep


class Snapshots:
    """Snapshots of one disk, one after the other, and a clone of each that is timed."""

    name = "snapshots"
    heading = "## Snapshots and clones"
    names = ("snapshots",)

    def estimate(self, _, effort):
        timed = len(effort.snapshots) * effort.snapshot_times
        return 3 + max(effort.snapshots) * DOG_SECONDS + timed * (2 * DOG_SECONDS + 2 * RUN_SECONDS)

    def measure(self, _, directory, effort, found):
        sheep = Sheep("snapshots", directory, cache="size=512M,keep=always")
        try:
            sheep.prepare(SIZE_MIB)
            fill(sheep, SIZE_MIB)
            taken = 0
            for count in effort.snapshots:
                say(f"snapshots and clones beside {count} snapshots")
                while taken < count:
                    taken += 1
                    sheep.dog("vdi", "snapshot", "-s", f"s{taken}", DISK)
                of = {SNAPSHOT: Times(), CLONE: Times()}
                for _ in range(effort.snapshot_times):
                    taken += 1
                    fill(sheep, CHANGED_MIB)
                    timed(sheep, of[SNAPSHOT], "vdi", "snapshot", "-s", f"s{taken}", DISK)
                    timed(sheep, of[CLONE], "vdi", "clone", "-s", f"s{taken}", DISK, f"c{taken}")
                tell(f"{what} {statistics.median(times.whole):.0f} ms, {statistics.median(times.served):.1f}"
                     " of it in the sheep" for what, times in of.items())
                found[count] = of
                yield f"snapshots-{count}"
        finally:
            sheep.stop()

    def lines(self, found, effort):
        lines = [
            f"A disk of {SIZE_MIB} MiB, all written, in the object cache as a whole, all files in the page cache.",
            f"Before each snapshot that is timed, {CHANGED_MIB} MiB are written and flushed, so that it keeps something",
            f"of its own and finds nothing dirty; nobody has the disk open. Each {effort.snapshot_times} times. The whole command",
            "includes the start of `dog`; in the sheep is the time that its requests took there (docs/metrics.md).",
            "",
            "| command | snapshots before | whole | spread | longest | in the sheep | longest | verdict |",
            "|---|---:|---:|---:|---:|---:|---:|---|",
        ]
        for what in (SNAPSHOT, CLONE):
            for count, of in found.items():
                times = of[what]
                lines.append(
                    f"| `{what}` | {count} | {statistics.median(times.whole):.0f} ms |"
                    f" {spread_cell(times.whole)} | {max(times.whole):.0f} ms |"
                    f" {statistics.median(times.served):.1f} ms | {max(times.served):.1f} ms |"
                    f" {steadiness(times.whole)} |")
        return [*lines, ""]


def timed(sheep, times, *words):
    before, begin = sheep.busy_seconds(), time.monotonic()
    sheep.dog(*words)
    times.whole.append((time.monotonic() - begin) * 1000)
    times.served.append((sheep.busy_seconds() - before) * 1000)
