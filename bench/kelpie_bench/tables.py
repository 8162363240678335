"""What came of a stage, as tables."""

import statistics

from .rounds import ranged, ratios, spread_cell, steadiness, verdict


def pair_values(pair, numbers):
    """The ratio of two servers in each round; None where one of them was left out."""
    ours, theirs = pair
    if ours not in numbers or theirs not in numbers:
        return None
    return ratios(numbers[ours].rates, numbers[theirs].rates)


def judge(stage, row, numbers):
    goals = [(pair_values(pair[:2], numbers), least, False)
             for pair, least in zip(stage.ratios, row.least) if least is not None]
    if row.pulled_most is not None:
        goals.append((numbers[stage.counted].pulled, row.pulled_most, True))
    if row.pushed_most is not None:
        goals.append((numbers[stage.counted].pushed, row.pushed_most, True))
    if not goals:
        known = [pair_values(pair[:2], numbers) for pair in stage.ratios]
        return steadiness(*(values for values in known if values))
    lone = any(len(values) == 1 for values, _, _ in goals)
    return verdict(goals) + (" in the only round" if lone else "")


def table(stage, rows, measured):
    limited = [any(row.least[place] is not None for row in rows)
               for place in range(len(stage.ratios))]
    head = ["job"]
    for kind in stage.kinds:
        head += [kind.name, "spread"] if kind is stage.kinds[0] else [kind.name]
    for (_, _, title), has_limit in zip(stage.ratios, limited):
        head += [title, "at least"] if has_limit else [title]
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
                cells.append(spread_cell(numbers[kind.name].rates) if known else "-")
        for pair, least, has_limit in zip(stage.ratios, row.least, limited):
            values = pair_values(pair[:2], numbers)
            cells.append(ranged(values) if values else "-")
            if has_limit:
                cells.append("-" if least is None else f"{least:g}")
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


def cost_table(stage, rows, measured):
    names = [kind.name for kind in stage.kinds]
    lines = [f"| job | {' | '.join(names)} | client |", f"|---|{'---:|' * len(names)}---:|"]
    for row in rows:
        cells = [cost(measured[row.name][name]) if name in measured[row.name] else "-"
                 for name in names]
        cells.append(client(stage, row, measured[row.name]))
        lines.append(f"| {row.title} | {' | '.join(cells)} |")
    return lines


def client(stage, row, numbers):
    """What the client takes, and how much faster than the others a server could be that takes nothing."""
    ours = stage.kinds[0].name
    if ours not in numbers or not all(numbers[ours].client_micros):
        return "-"
    micros = statistics.median(numbers[ours].client_micros)
    most = row.job.connections * 1e6 / micros
    allowed = [f"{most / statistics.median(numbers[theirs].rates):.2f}"
               for first, theirs, _ in stage.ratios if first == ours and theirs in numbers]
    return f"{micros:.1f}; {' / '.join(allowed)}" if allowed else f"{micros:.1f}"


def cost(numbers):
    below = " / ".join(f"{numbers.latency(percent):,.0f}" for percent in (50, 99, 99.9))
    return f"{statistics.median(numbers.cpu_micros):.1f}; {below}"


def memory(stage, rows, measured):
    """The size of the servers after the rows in which they took most."""
    told = []
    for kind in stage.kinds:
        of = [measured[row.name][kind.name] for row in rows if kind.name in measured[row.name]]
        if of:
            resident = max(statistics.median(numbers.resident) for numbers in of)
            peak = max(max(numbers.peak) for numbers in of)
            told.append(f"{kind.name} {resident:.0f} ({peak:.0f})")
    return f"Resident memory after the largest row, and its peak, in MiB: {', '.join(told)}."
