"""A table of fio jobs on a set of servers."""

import dataclasses
import statistics

from .fio import Job, fill, fio, flush, warm_up
from .rounds import Numbers, ranged, ratios, spread, tell, turns, verdict
from .servers import Kind, serving
from .tools import say


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
    counted: str | None = None  # the server whose cache is told about
    size_mib: int | None = None  # None: as large as the effort says
    about_cache: bool = True
    text: tuple = ()

    @property
    def names(self):
        return [row.name for row in self.rows]

    def measure(self, wanted, directory, effort):
        """The numbers of each row's servers, for the rows whose names are wanted."""
        measured, filled = {}, False
        size = self.size_mib or (effort.cache_size_mib if self.about_cache else effort.size_mib)
        seconds = effort.cache_seconds if self.about_cache else effort.seconds
        warm_seconds = effort.cache_warm_seconds if self.about_cache else effort.warm_seconds
        for transport in ("unix", "tcp"):
            rows = [row for row in self.rows if row.name in wanted and row.transport == transport]
            if not rows:
                continue
            with serving(self.kinds, directory, transport, size) as servers:
                if not filled:
                    say(f"{self.name}: writing {size} MiB to each server")
                    for server in servers:
                        server.prepare(size)
                        fill(server, size)
                    filled = True
                say("warming up")
                for server in servers:
                    warm_up(server, size, warm_seconds)
                for row in rows:
                    say(row.title)
                    used = [server for server in servers if server.name not in row.without]
                    measured[row.name] = measure(row, used, effort, size, seconds)
        return measured

    def lines(self, measured, _):
        rows = [row for row in self.rows if row.name in measured]
        lines = [*self.text, "" if self.text else None, *table(self, rows, measured), "",
                 "Processor time of the server per operation, in microseconds, the kernel's part"
                 " included:", "", *cpu_table(self, rows, measured), ""]
        return [line for line in lines if line is not None]


def measure(row, servers, effort, size, seconds):
    """Measures each server in each round."""
    numbers = {server.name: Numbers() for server in servers}
    for number, server in turns(effort, servers):
        if row.cold:
            server.empty_cache()
        before, cpu = server.counters(), server.cpu_seconds()
        done = fio(server.uri(), *row.job.words(size, seconds))
        cpu = server.cpu_seconds() - cpu
        if row.job.writes:
            flush(server)
        if number > 0:
            numbers[server.name].add(done, cpu, before, server.counters())
    tell(f"{name} {statistics.median(of.rates):,.0f} ({statistics.median(of.cpu_micros):.0f} us CPU)"
         for name, of in numbers.items())
    return numbers


def pair_values(pair, numbers):
    """The ratio of two servers in each round; None where one of them was left out."""
    ours, theirs, _ = pair
    if ours not in numbers or theirs not in numbers:
        return None
    return ratios(numbers[ours].rates, numbers[theirs].rates)


def judge(stage, row, numbers):
    goals = [(pair_values(pair, numbers), least, False)
             for pair, least in zip(stage.ratios, row.least) if least is not None]
    if row.pulled_most is not None:
        goals.append((numbers[stage.counted].pulled, row.pulled_most, True))
    if row.pushed_most is not None:
        goals.append((numbers[stage.counted].pushed, row.pushed_most, True))
    return verdict(goals)


def table(stage, rows, measured):
    head = ["job"]
    for kind in stage.kinds:
        head += [kind.name, "spread"] if kind is stage.kinds[0] else [kind.name]
    for _, _, title in stage.ratios:
        head += [title, "at least"]
    if stage.counted:
        head += ["hits", "pulled per byte read", "pushed per byte written"]
    head.append("verdict")
    lines = [f"| {' | '.join(head)} |", f"|---|{'---:|' * (len(head) - 2)}---|"]
    for row in rows:
        numbers = measured[row.name]
        cells = [row.title]
        for kind in stage.kinds:
            known = kind.name in numbers
            cells.append(f"{statistics.median(numbers[kind.name].rates):,.0f} {row.job.unit}"
                         if known else "-")
            if kind is stage.kinds[0]:
                cells.append(f"{spread(numbers[kind.name].rates):.0%}" if known else "-")
        for pair, least in zip(stage.ratios, row.least):
            values = pair_values(pair, numbers)
            cells += [ranged(values) if values else "-", "-" if least is None else f"{least:g}"]
        if stage.counted:
            cells += count_cells(row, numbers[stage.counted])
        cells.append(judge(stage, row, numbers))
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def count_cells(row, numbers):
    def cell(values, most=None):
        if not values:
            return "-"
        limit = "" if most is None else f" (at most {most:g})"
        return f"{statistics.median(values):.2f}{limit}"

    hits = f"{statistics.median(numbers.hits):.1%}" if numbers.hits else "-"
    return [hits, cell(numbers.pulled, row.pulled_most), cell(numbers.pushed, row.pushed_most)]


def cpu_table(stage, rows, measured):
    names = [kind.name for kind in stage.kinds]
    lines = [f"| job | {' | '.join(names)} |", f"|---|{'---:|' * len(names)}"]
    for row in rows:
        numbers = measured[row.name]
        cells = [f"{statistics.median(numbers[name].cpu_micros):.1f}" if name in numbers else "-"
                 for name in names]
        lines.append(f"| {row.title} | {' | '.join(cells)} |")
    return lines
