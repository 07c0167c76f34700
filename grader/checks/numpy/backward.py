"""1.6 backward: four gradients against numerical ones, in any of the right conventions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from assignment.expect import CheckFailed, expect_gradients
from assignment.handles import Module
from grader.errors import TimedOut
from grader.oracle.gradients import NAMES, Point, away_from_kinks
from grader.oracle.networks import network_at, reference_at
from utils import to_one_hot

TOLERANCE = 1e-4
Gradients = Callable[[Point], dict[str, np.ndarray]]


def check_backward(module: Module, rng: np.random.Generator, full_size_seconds: float) -> None:
    """1.6. Raises CheckFailed unless all four gradients are right, for every batch and in time."""
    conventions: dict[int, str] = {}

    def numerical(n: int, d: int, h: int, k: int) -> None:
        point = away_from_kinks(rng, n, d, h, k)
        conventions[n] = expect_backward(
            module, point, Point.gradients, np.float64, tolerance=TOLERANCE
        )

    def at_the_kink() -> None:  # where the slope is 0 by convention: a blank image and no bias
        point = away_from_kinks(rng, 5, 6, 4, 3)
        X = np.concatenate([point.X, np.zeros((2, 6))])
        Y = np.eye(3)[[0, 1, 2, 0, 1, 2, 0]]
        at_zero = Point(point.W1, np.zeros(4), point.W2, point.b2, X, Y)
        expect_backward(module, at_zero, reference_gradients, np.float64, tolerance=TOLERANCE)

    def large(n: int, d: int, h: int, k: int) -> None:  # against the reference's formulas
        conventions[n] = expect_backward(
            module, large_point(rng, n, d, h, k), reference_gradients, np.float32, tolerance=2e-3
        )

    cases = [
        lambda: numerical(5, 6, 4, 3),
        lambda: numerical(1, 3, 5, 2),
        lambda: numerical(8, 4, 3, 10),
        at_the_kink,
        lambda: large(70, 800, 140, 12),
        lambda: expect_speed(module, large_point(rng, 256, 784, 128, 10), full_size_seconds),
    ]
    for number in rng.permutation(len(cases)):  # in an order that nobody can predict
        cases[number]()
    del conventions[1]  # for one image the two conventions are the same
    if len(set(conventions.values())) > 1:
        found = ", ".join(f"the {conventions[n]} for {n} images" for n in sorted(conventions))
        raise CheckFailed(
            f"the convention changes with the batch: {found}",
            "the same convention for every batch",
            kind="backward-mixed-scale",
            hint="always sum over the batch, or always take the mean.",
        )


def expect_backward(
    module: Module, point: Point, gradients: Gradients, dtype: type, *, tolerance: float
) -> str:
    """The batch convention, "mean" or "sum".

    Raises CheckFailed unless the gradients of several batches are right and the weights unchanged.
    """
    net = network_at(module, point, dtype)
    # the later batches fail for code that keeps anything from the first
    batches = [point, replace(point, X=point.X[::-1], Y=np.roll(point.Y, 1, axis=1))]
    if len(point.X) > 1:
        batches.append(replace(point, X=point.X[:-1], Y=point.Y[:-1]))
    convention = ""
    for batch in batches:
        X: np.ndarray = batch.X.astype(dtype)
        Y: np.ndarray = batch.Y.astype(dtype)
        net.forward(X)
        found = expect_gradients(net.backward(X, Y), gradients(batch), len(X), tolerance)
        convention = convention or found
        for name in NAMES:
            before = getattr(point, name).astype(dtype)
            now = getattr(net, name)
            if not isinstance(now, np.ndarray) or not np.array_equal(now, before):
                raise CheckFailed(
                    f"self.{name} was changed by backward",
                    "no change",
                    kind="backward-changes-weights",
                    hint="backward returns the gradients; update takes the step.",
                )
    return convention


def expect_speed(module: Module, point: Point, seconds: float) -> None:
    """Raises CheckFailed for gradients by finite differences.

    Two losses for each of 100,000 parameters would take minutes.
    """
    net = network_at(module, point, np.float32)
    X, Y = point.X.astype(np.float32), point.Y.astype(np.float32)
    net.forward.within(seconds, X)
    try:
        found = net.backward.within(seconds, X, Y)
    except TimedOut as slow:
        raise CheckFailed(
            f"backward took longer than {seconds:g} s for a batch of {len(X)}",
            "a few milliseconds",
            hint="matrix products give all gradients at once; trying each parameter does not.",
        ) from slow
    expect_gradients(found, reference_gradients(point), len(X), 2e-3)


def large_point(rng: np.random.Generator, n: int, d: int, h: int, k: int) -> Point:
    """A point with weights and images as large as in training, or larger.

    X, W1 and b1 are whole multiples of powers of 2, which float32 adds without rounding in any
    order, and b1 lies half a step beside the sums. So no z1 is 0, and none can cross the kink in
    float32.
    """
    W1 = np.round(rng.normal(scale=0.05, size=(d, h)) * 256) / 256
    b1 = np.round(rng.normal(size=h) * 256) / 256 + 2.0**-13
    X = rng.integers(17, size=(n, d)) / 16
    W2, b2 = rng.normal(scale=0.1, size=(h, k)), rng.normal(size=k)
    return Point(W1, b1, W2, b2, X, to_one_hot(rng.integers(k, size=n), k).astype(np.float64))


def reference_gradients(point: Point) -> dict[str, np.ndarray]:
    """The gradients of the mean loss by the reference's formulas."""
    twin = reference_at(point, point.X)
    gradients = twin.backward(point.X, point.Y)
    return {name: gradient / len(point.X) for name, gradient in gradients.items()}
