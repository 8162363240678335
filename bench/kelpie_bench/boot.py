"""A system that starts, over a slow store: the first time, the next time, and from the cache."""

import dataclasses
import random
import statistics

from .cache import SLOW_OFF, SLOW_ON
from .fio import fill, fio
from .rounds import ranged, ratios, tell, verdict
from .servers import Sheep
from .tools import say

SEED = 20
DISK_MIB = 128
ROUND_SECONDS = 12  # about so long does a round take
BURSTS = 60  # programs that are started, one after the other

FIRST, AGAIN, CACHED, WITHOUT = (
    "first, nothing in the cache", "again, nothing in the cache but a boot set",
    "again, in the cache", "without a cache")

# Size of a read in KiB, and how often there is one.
SIZES = {4: 40, 8: 12, 16: 18, 32: 10, 64: 8, 128: 12}


def trace():
    """The reads and writes of a start, always the same: (what, offset, length) in bytes.

    A program reads some blocks all over the disk (directories, headers), then files in pieces that
    follow each other; now and then a log is written."""
    chance = random.Random(SEED)
    steps, blocks = [("read", 0, 512), ("read", 512, 512)], DISK_MIB << 8
    log = chance.randrange(blocks // 2) << 12
    for _ in range(BURSTS):
        for _ in range(chance.randint(2, 8)):
            steps.append(("read", chance.randrange(blocks) << 12, 4096))
        for _ in range(chance.randint(1, 3)):
            at = chance.randrange(blocks - 1024) << 12
            for _ in range(chance.randint(1, 8)):
                length = chance.choices(list(SIZES), SIZES.values())[0] << 10
                steps.append(("read", at, length))
                at += length
        for _ in range(chance.randint(0, 2)):
            steps.append(("write", log, 4096))
            log += 4096
    return steps


def write_trace(path):
    """As fio replays it (its log format, version 2)."""
    steps = [f"disk {what} {offset} {length}" for what, offset, length in trace()]
    path.write_text("\n".join(
        ["fio version 2 iolog", "disk add", "disk open", *steps, "disk close", ""]))
    return path


@dataclasses.dataclass
class Starts:
    """Seconds of each round, and MiB that were pulled."""

    seconds: list = dataclasses.field(default_factory=list)
    pulled: list = dataclasses.field(default_factory=list)


class Boot:
    """The same start on a disk of its own in each round. The daemon is new for each of the first two,
    as it keeps a boot set when it ends, or three minutes after the disk was opened."""

    name = "boot"
    heading = "### A system that starts"
    names = ("boot",)

    def estimate(self, _, effort):
        return len(effort.cache.rounds) * ROUND_SECONDS

    def measure(self, _, directory, effort, found):
        say("a system that starts, over a slow store")
        starts = {key: Starts() for key in (FIRST, AGAIN, CACHED, WITHOUT)}
        log = write_trace(directory / "boot.trace")
        for number in effort.cache.rounds:
            counted = starts if number > 0 else {key: Starts() for key in starts}
            self._round(f"boot{number}", number == effort.cache.rounds[0], directory, log, counted)
        tell(f"{name}: {statistics.median(of.seconds):.2f} s" for name, of in starts.items())
        found.update(starts)
        yield self.name

    def _round(self, disk, new, directory, log, found):
        cache = f"size={4 * DISK_MIB}M,keep=always"
        for name, keys in ((SLOW_ON, (FIRST,)), (SLOW_ON, (AGAIN, CACHED)), (SLOW_OFF, (WITHOUT,))):
            sheep = Sheep(name, directory, cache=cache if name == SLOW_ON else None, slow=True)
            try:
                if keys[0] != AGAIN:
                    if new:
                        sheep.format()
                    sheep.create(disk, DISK_MIB)
                    fill(sheep, DISK_MIB, disk)
                sheep.empty_cache(disk)
                for key in keys:
                    self._start(sheep, disk, log, found[key])
            finally:
                sheep.stop()

    def _start(self, sheep, disk, log, found):
        before = sheep.counters()
        done = fio(sheep, [f"--read_iolog={log}", "--iodepth=1"], disk)
        found.seconds.append(done.seconds)
        if sheep.cached:
            found.pulled.append((sheep.counters()["pulled"] - before["pulled"]) / (1 << 20))

    def lines(self, found, _):
        steps = trace()
        reads = [length for what, _, length in steps if what == "read"]
        writes = [length for what, _, length in steps if what == "write"]
        lines = [
            f"Made up, and the same in each run: {len(reads)} reads of 512 bytes to 128 KiB,"
            f" {sum(reads) / (1 << 20):.0f} MiB in all, {len(writes)} writes of",
            f"4 KiB, one after the other; a disk of {DISK_MIB} MiB, the slow store.",
            "",
            "| start | seconds | ratio to without a cache | at most | pulled | verdict |",
            "|---|---:|---:|---:|---:|---|",
        ]
        for key, of in found.items():
            times = ratios(of.seconds, found[WITHOUT].seconds)
            pulled = f"{statistics.median(of.pulled):.0f} MiB" if of.pulled else "-"
            limit = "-" if key == WITHOUT else "1.05"
            judged = "-" if key == WITHOUT else verdict([(times, 1.05, True)])
            lines.append(f"| {key} | {statistics.median(of.seconds):.2f} s | {ranged(times)} |"
                         f" {limit} | {pulled} | {judged} |")
        return [*lines, ""]
