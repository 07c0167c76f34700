"""Learning rate schedules: `schedule(step, steps, peak)` is the rate of step 0, 1, …, steps - 1.

`peak` is the configured learning rate, the maximum of the run. From two steps on, all four match
PyTorch's schedulers.
"""

from __future__ import annotations

import math
from collections.abc import Callable

Schedule = Callable[[int, int, float], float]


def constant(step: int, steps: int, peak: float) -> float:
    """A constant rate."""
    return peak


def stepwise(step: int, steps: int, peak: float, *, stairs: int = 3, factor: float = 0.1) -> float:
    """`stairs` stages of equal length, each at `factor` times the rate of the previous one.

    >>> [round(stepwise(step, 6, 1.0), 6) for step in range(6)]
    [1.0, 1.0, 0.1, 0.1, 0.01, 0.01]
    """
    return peak * factor ** (step // math.ceil(steps / stairs))


def cosine(step: int, steps: int, peak: float) -> float:
    """Half a cosine wave, from the peak down towards 0.

    Source: Loshchilov and Hutter 2017, "SGDR", arXiv:1608.03983, eq. 5, without restarts.
    """
    return _between(peak, 0.0, step / steps)


def one_cycle(
    step: int, steps: int, peak: float, *, rise: float = 0.3, start: float = 25.0, end: float = 1e4
) -> float:
    """Rises from peak / start to the peak in `rise` of the steps, then falls to peak / start / end.

    Source: Smith and Topin 2018, "Super-convergence", arXiv:1708.07120, with PyTorch's cosine
    ramps. The momentum stays constant; PyTorch also varies it by default. A single step, which
    PyTorch takes with almost no rate, has the peak.
    """
    if steps == 1:
        return peak
    turn = rise * steps - 1
    if step <= turn:
        return _between(peak / start, peak, step / turn)
    return _between(peak, peak / start / end, (step - turn) / (steps - 1 - turn))


def _between(first: float, last: float, fraction: float) -> float:
    """From `first` (fraction 0) to `last` (fraction 1) along half a cosine wave."""
    return last + (first - last) * (1 + math.cos(math.pi * fraction)) / 2


SCHEDULES: dict[str, Schedule] = {
    "constant": constant,
    "step": stepwise,
    "cosine": cosine,
    "one-cycle": one_cycle,
}
