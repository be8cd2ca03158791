"""Measure two or more things side by side: in turns, so that a noisy machine is noisy for all."""

import statistics
import time
from collections.abc import Callable


def in_turns(what: dict[str, Callable[[], float | None]], rounds: int) -> dict[str, list[float]]:
    """Call each function once in every round; return the seconds, or what it says that it took."""
    samples: dict[str, list[float]] = {name: [] for name in what}
    for _ in range(rounds):
        for name, function in what.items():
            start = time.perf_counter()
            own = function()
            samples[name].append(time.perf_counter() - start if own is None else own)
    return samples


def row(
    name: str, samples: dict[str, list[float]], unit: str, scale: float = 1, goal="", case=""
) -> dict:
    """Return one line of a table: the first of the samples against each of the others.

    The ratio is the median of the rounds' ratios, and its spread their middle half. README shows
    what has a goal, and all cases of one name in one line.
    """
    first, *others = samples
    ratios = {}
    for other in others:
        pairs = zip(samples[first], samples[other], strict=True)
        quotients = sorted(one / two for one, two in pairs)
        low, _, high = statistics.quantiles(quotients, n=4)
        middle = statistics.median(quotients)
        ratios[other] = {"median": middle, "low": low, "high": high}
    medians = {name: statistics.median(values) * scale for name, values in samples.items()}
    rounds = len(samples[first])
    return {
        "name": name,
        "case": case,
        "unit": unit,
        "goal": goal,
        "rounds": rounds,
        "medians": medians,
        "ratios": ratios,
    }
