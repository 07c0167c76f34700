"""1.6 backward in time: gradients by formulas, not by trying each parameter.

There is no time limit for a call in the student's own process, so nothing is called that could take
minutes: a small network shows how long a large one would take.
"""

from __future__ import annotations

import time

import numpy as np

from assignment.checks.numpy.cases import network_with
from assignment.expect import CheckFailed
from assignment.handles import Handle, Module

SMALL, FULL = (4, 60, 40, 10), (256, 784, 128, 10)  # n, d, h, k
TICK = 1e-4  # seconds to which a browser rounds its clock: a forward may seem to take none
LIMIT = 8.0  # seconds for the full size; formulas take 0.02


def expect_quick(module: Module) -> None:
    """Raises CheckFailed if backward tries each parameter, or takes seconds for a full batch."""
    net, X, Y = _network(module, *SMALL)
    n, d, h, k = SMALL
    parameters = (d + 1) * h + (h + 1) * k
    forward = min(_seconds(net, "forward", X) for _ in range(5)) or TICK
    backward = _seconds(net, "backward", X, Y)
    if backward > 20 * forward:  # the machine may have been busy
        backward = min(backward, *(_seconds(net, "backward", X, Y) for _ in range(2)))
    if backward > 0.5 * parameters * forward:
        raise CheckFailed(
            f"backward takes as long as {backward / forward:,.0f} times forward",
            "about 3 times",
            where=f"the network has {parameters:,} parameters",
            hint="matrix products give all gradients at once; trying each parameter does not.",
        )
    expected = backward * (FULL[0] * FULL[1] * FULL[2]) / (n * d * h)
    if forward * 100 < backward and expected > LIMIT:  # a loop over single numbers
        raise _slow(expected, "would take about")
    if expected > LIMIT / 4:  # not worth the wait
        return
    net, X, Y = _network(module, *FULL)
    _seconds(net, "forward", X)
    taken = _seconds(net, "backward", X, Y)
    if taken > LIMIT:
        raise _slow(taken, "took")


def _slow(seconds: float, verb: str) -> CheckFailed:
    return CheckFailed(
        f"backward {verb} {seconds:.0f} s for a batch of {FULL[0]}",
        "a few milliseconds",
        hint="matrix products do the work of loops over single numbers a thousand times faster.",
    )


def _network(
    module: Module, n: int, d: int, h: int, k: int
) -> tuple[Handle, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    shapes: dict[str, tuple[int, ...]] = {"W1": (d, h), "b1": (h,), "W2": (h, k), "b2": (k,)}
    parameters = {
        name: rng.normal(scale=0.05, size=shape).astype(np.float32)
        for name, shape in shapes.items()
    }
    X = rng.random((n, d), np.float32)
    return network_with(module, parameters), X, np.eye(k, dtype=np.float32)[np.arange(n) % k]


def _seconds(net: Handle, name: str, *arguments: np.ndarray) -> float:
    started = time.perf_counter()
    getattr(net, name).within(LIMIT, *arguments)
    return time.perf_counter() - started
