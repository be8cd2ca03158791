"""How things are measured side by side. Needs only Python, so that it runs beside vLLM too."""

import statistics
import time
from collections.abc import Callable, Mapping


def in_turns(what: Mapping[str, Callable[[], float | None]], rounds: int) -> dict[str, list[float]]:
    """Call each function once in every round: a noisy machine is then noisy for all of them.

    Every second round is in reverse, so that none always finds the processor's caches cold. Returns
    for each what it returned, or the seconds that it took if it returned None.
    """
    samples: dict[str, list[float]] = {name: [] for name in what}
    for number in range(rounds):
        for name, function in list(what.items())[:: -1 if number % 2 else 1]:
            start = time.perf_counter()
            own = function()
            samples[name].append(time.perf_counter() - start if own is None else own)
    return samples


def row(
    name: str, samples: dict[str, list[float]], unit: str, scale: float = 1, goal="", case=""
) -> dict:
    """Return one line of a table: the first of the samples against each of the others.

    The ratio is the median of the rounds' ratios, and its spread their middle half. ``scale``
    turns a sample into the unit. The short tables show the rows that have a goal, with all cases of
    one name in one line. ValueError if the samples are not of the same rounds.
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
