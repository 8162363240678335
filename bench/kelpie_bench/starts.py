"""How long a start takes, and how large an idle sheep is."""

import statistics
import time

from .rounds import spread_cell, verdict
from .servers import Sheep
from .tools import say

TABLE = (
    ("sheep", "`sheep` until it serves", "s", 1.0),
    ("dog", "`dog node list`", "s", 0.2),
    ("resident", "resident size of an idle sheep without a cache", "MiB", 200),
)


class Starts:
    """Start-up times in seconds and the resident size in MiB, of a sheep that has nothing to do."""

    name = "start"
    heading = "## Start and size"
    names = ("start",)

    def estimate(self, _, effort):
        return effort.starts * 0.8 + effort.commands * 0.1

    def measure(self, _, directory, effort, found):
        say("start-up")
        starts, commands, resident = [], [], 0.0
        for number in range(effort.starts + 1):
            sheep = Sheep("idle", directory)
            try:
                if number == 0:
                    sheep.format()
                    continue  # the first one made the directory
                starts.append(sheep.start_seconds)
                if number == effort.starts:
                    resident = sheep.resident_mib()[0]
                    for _ in range(effort.commands):
                        begin = time.monotonic()
                        sheep.dog("node", "list")
                        commands.append(time.monotonic() - begin)
            finally:
                sheep.stop()
        say(f"  sheep {statistics.median(starts):.2f} s, dog {statistics.median(commands):.3f} s,"
            f" {resident:.0f} MiB")
        found.update({"sheep": starts, "dog": commands, "resident": [resident]})
        yield self.name

    def lines(self, measured, _):
        lines = ["All programs and files are in the page cache; there is nothing in the cluster.", "",
                 "| what | median | spread | at most | verdict |", "|---|---:|---:|---:|---|"]
        for key, title, unit, limit in TABLE:
            values = measured[key]
            shown = f"{statistics.median(values):.{0 if unit == 'MiB' else 3}f}"
            lines.append(f"| {title} | {shown} {unit} | {spread_cell(values)} | {limit:g} {unit} |"
                         f" {verdict([(values, limit, True)])} |")
        return [*lines, ""]
