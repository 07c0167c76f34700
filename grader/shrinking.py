"""The smallest input that a wrong answer fails on, for mistakes that the catalogue does not know.

Inputs are tried from the simplest on, so the first that fails says most: one number, one image, one hidden unit.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from grader.errors import StudentFault
from grader.gradients import Point, away_from_kinks
from grader.networks import network_at, reference_at
from grader.reference import numpy_ann as reference
from grader.student import Student
from utils import Wrong, expect_array, expect_gradients

SMALL = tuple(np.array(values) for values in (
    [1.0], [-1.0], [0.0], [0.5], [-0.5], [100.0], [-100.0], [1e-9], [-1e-9], [1.0, -1.0], [[1.0, -1.0]], [[1.0], [-1.0]],
    [[[1.0, -1.0]]],
))  # fmt: skip
SIZES = ((1, 1, 2, 2), (2, 1, 2, 2), (1, 3, 2, 2), (2, 3, 2, 2), (2, 3, 4, 2), (2, 3, 4, 5), (7, 3, 4, 5), (7, 6, 4, 3))


def smallest_failure(section: str, student: Student, rng: np.random.Generator) -> str:
    """A sentence about the smallest input found that fails; "" where none of those tried does."""
    if section not in _BY_SECTION:
        return ""
    return _BY_SECTION[section](student, rng)


def _elementwise(name: str, right: Callable[[np.ndarray], np.ndarray]) -> Callable[[Student, np.random.Generator], str]:
    def find(student: Student, rng: np.random.Generator) -> str:
        for z in SMALL:
            try:
                expect_array("it", getattr(student, name)(z), right(z), absolute=0)
            except (Wrong, StudentFault) as fault:
                return (
                    f"Smallest failing input found: {name}({z.tolist()}), expected {right(z).tolist()}: {_short(fault)}"
                )
        return ""

    return find


def _cross_entropy(student: Student, rng: np.random.Generator) -> str:
    for n, k in ((1, 2), (2, 2), (1, 3), (2, 3), (10, 3), (64, 10)):
        y_true = np.eye(k)[np.arange(n) % k]
        y_pred = np.where(y_true == 1, 0.5, 0.5 / (k - 1))
        try:
            expect_array("it", np.float64(student.cross_entropy(y_true, y_pred)), np.asarray(np.log(2)), tolerance=1e-4)
        except (Wrong, StudentFault, TypeError, ValueError) as fault:
            what = f"{n} image{'s' if n > 1 else ''} of {k} classes, the true ones with probability 1/2"
            return f"Smallest failing input found: {what}, expected 0.693147: {_short(fault)}"
    return ""


def _forward(student: Student, rng: np.random.Generator) -> str:
    def check(point: Point) -> None:
        answer = network_at(student, point).forward(point.X)
        expect_array("a2", answer, reference_at(point, point.X).a2, tolerance=1e-4)

    return _smallest_size(check, rng)


def _backward(student: Student, rng: np.random.Generator) -> str:
    def check(point: Point) -> None:
        net = network_at(student, point)
        net.forward(point.X)
        expect_gradients(net.backward(point.X, point.Y), point.gradients(), len(point.X), 1e-4)

    return _smallest_size(check, rng)


def _smallest_size(check: Callable[[Point], None], rng: np.random.Generator) -> str:
    right = ""
    for n, d, h, k in SIZES:
        size = f"n = {n}, d = {d}, h = {h}, k = {k}"
        try:
            check(away_from_kinks(rng, n, d, h, k))
        except (Wrong, StudentFault):
            return f"Smallest failing size found: {size}" + (f"; {right} is right." if right else ".")
        right = size
    return ""


def _short(fault: Exception) -> str:
    text = str(fault).partition(" Hint:")[0].splitlines()
    return text[-1][:200] if text else type(fault).__name__


_BY_SECTION: dict[str, Callable[[Student, np.random.Generator], str]] = {
    "1.2": _elementwise("relu", reference.relu),
    "1.3": _elementwise("relu_derivative", reference.relu_derivative),
    "1.4": _cross_entropy,
    "1.5": _forward,
    "1.6": _backward,
}
