"""1.5 forward: the four steps that it keeps and the probabilities that it returns."""

from __future__ import annotations

import numpy as np

from assignment.expect import RETURN_MISSING, CheckFailed, expect_array
from assignment.handles import Handle, Module
from grader.oracle.gradients import Point
from grader.oracle.networks import network_at, reference_at

TOLERANCE = 1e-4
HINTS = {
    "z1": "X @ W1 + b1.",
    "a1": "relu of z1.",
    "z2": "a1 @ W2 + b2.",
    "a2": "softmax of z2, over the classes.",
}
# n, d, h, k, precision, scale of the weights
CASES: tuple[tuple[int, int, int, int, type, float], ...] = (
    (1, 3, 2, 2, np.float64, 1),
    (5, 784, 128, 10, np.float32, 0.1),
    (8, 6, 5, 3, np.float32, 1),
    (70, 800, 140, 12, np.float32, 0.1),
    (4, 2, 7, 4, np.float64, 300),
)


def check_forward(module: Module, rng: np.random.Generator) -> None:
    """1.5.

    Raises CheckFailed unless forward returns the right probabilities and keeps its steps.
    """
    for n, d, h, k, dtype, scale in CASES:
        point = clear_point(rng, n, d, h, k, scale)
        net = network_at(module, point, dtype)
        for X in (point.X, point.X[::-1].copy()):  # a second call must not remember the first
            a2 = net.forward(X.astype(dtype))
            expect_forward(net, a2, point, X, large=scale > 1)


def clear_point(rng: np.random.Generator, n: int, d: int, h: int, k: int, scale: float) -> Point:
    """A random point.

    For large weights the two largest logits are far apart, so that rounding cannot change a
    probability.
    """
    while True:
        X = rng.uniform(size=(n, d))
        W1, b1, W2, b2 = (scale * rng.normal(size=size) for size in ((d, h), h, (h, k), k))
        point = Point(W1, b1, W2, b2, X, np.eye(k)[[0] * n])
        largest = np.sort(reference_at(point, X).z2, axis=1)[:, -2:]
        if scale <= 1 or np.ptp(largest, axis=1).min() > 1e-2 * np.abs(largest).max():
            return point


def expect_forward(net: Handle, a2: object, point: Point, X: np.ndarray, *, large: bool) -> None:
    """Raises CheckFailed unless all four steps and the returned value are right."""
    twin = reference_at(point, X)
    hints = dict(HINTS)
    kept = {name: kept_step(net, name, a2) for name in hints}
    # if a2 is right, z1 and z2 were right when a1 and a2 were computed from them
    if not large and _agrees(kept["a2"], twin.a2, TOLERANCE):
        for name in ("z1", "z2"):
            if not _agrees(kept[name], getattr(twin, name), 0.05):  # more than rounding
                hints[name] = (
                    "a2 is right, so this was overwritten afterwards: two names can refer to the "
                    "same array."
                )
    for name, hint in hints.items():
        suffix = " (large logits)" if large else ""
        expect_step(f"self.{name}{suffix}", kept[name], getattr(twin, name), hint)
    expect_step("what forward returns", a2, twin.a2, "return the probabilities, self.a2.")


def kept_step(net: Handle, name: str, returned: object) -> object:
    """What forward kept under a name. Raises CheckFailed if there is nothing."""
    try:
        return getattr(net, name)
    except Exception as error:
        nothing = "" if returned is not None else ", and forward returned None"
        raise CheckFailed(
            f"self.{name} does not exist after forward{nothing}",
            kind="wrong-type" if nothing else "",
            hint=RETURN_MISSING if nothing else "keep all four steps on self.",
        ) from error


def expect_step(name: str, got: object, expected: np.ndarray, hint: str) -> None:
    """Raises CheckFailed unless one step is right, to TOLERANCE.

    Small values may be off by the float32 rounding of the largest value.
    """
    absolute = 5e-6 * float(np.abs(expected).max())
    expect_array(name, got, expected, tolerance=TOLERANCE, absolute=absolute, hint=hint)


def _agrees(got: object, expected: np.ndarray, tolerance: float) -> bool:
    try:
        expect_array("", got, expected, tolerance=tolerance)
    except CheckFailed:
        return False
    return True
