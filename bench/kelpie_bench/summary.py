"""What results.json says: medians, spreads and ratios, without the single numbers."""

import dataclasses
import statistics

from .rounds import spread


def summary(section, measured):
    """Of what one section measured."""
    told = condensed(measured)
    if hasattr(section, "judged"):
        for name, judged in section.judged(measured).items():
            told[name] = {"servers": told[name], **condensed(judged)}
    return told


def condensed(value):
    """The same with each list of numbers, one for each round, made into what counts of them; of
    latencies, which are many, that is the median."""
    if dataclasses.is_dataclass(value):
        value = dataclasses.asdict(value)
    if isinstance(value, dict):
        return {str(key): condensed(of) for key, of in value.items() if of not in ([], None)}
    if isinstance(value, list) and isinstance(value[0], dict):
        return {f"{key:g}": rounded(statistics.median(of[key] for of in value)) for key in value[0]}
    if isinstance(value, list):
        return {"median": rounded(statistics.median(value)), "spread": rounded(spread(value)),
                "least": rounded(min(value)), "most": rounded(max(value)), "rounds": len(value)}
    return value


def rounded(number):
    """Four digits that count."""
    return float(f"{number:.4g}")
