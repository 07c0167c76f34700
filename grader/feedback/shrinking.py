"""The smallest input that a wrong answer fails on, for mistakes that the catalogue does not know.

Inputs are tried from the simplest on, so the first that fails says most: one number, one image, one hidden unit. All are
asked of a fresh process, because an answer may depend on the calls before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from grader.errors import StudentFault
from grader.oracle.gradients import Point, away_from_kinks
from grader.oracle.networks import network_at, reference_at
from grader.reference import numpy_ann as reference
from grader.sandbox.remote import Remote, Student, as_number, type_name
from utils import CheckFailed, expect_array, expect_gradients

SMALL = tuple(np.array(values) for values in (
    [1.0], [-1.0], [0.0], [0.5], [-0.5], [0.1], [100.0], [-100.0], [1e-9], [-1e-9], [1e6], [1.0, -1.0], [-1.0, 1.0],
    [[1.0, -1.0]], [[1.0], [-1.0]], [[[1.0, -1.0]]],
))  # fmt: skip
BATCHES = (
    (1, 2, 0.5),
    (2, 2, 0.5),
    (1, 3, 0.5),
    (2, 3, 0.5),
    (2, 3, 0.9),
    (2, 3, 0.01),
    (10, 3, 0.5),
    (64, 10, 0.5),
)
SIZES = (
    (1, 1, 2, 2),
    (2, 1, 2, 2),
    (1, 3, 2, 2),
    (2, 3, 2, 2),
    (2, 3, 4, 2),
    (2, 3, 4, 5),
    (7, 3, 4, 5),
    (7, 6, 4, 3),
)

Try = tuple[
    str, str, Callable[[], object]
]  # what is tried, what is expected, a check that raises where the answer is wrong
Tries = Callable[[Student, np.random.Generator], Iterator[Try]]


def smallest_failure(section: str, student: Student, rng: np.random.Generator) -> str:
    """A sentence about the smallest input found that fails; "" where none of those tried does."""
    if section not in _BY_SECTION:
        return ""
    kind, tries = _BY_SECTION[section]
    student.close()
    before = ""
    for what, expected, check in tries(student, rng):
        fault = _fault_of(check)
        if fault:
            fault_alone = fault
            if before:  # else nothing came before it, and its process was fresh
                student.close()
                fault_alone = _fault_of(check)
            if before and not fault_alone:
                return f"{what} is right in the first call and wrong after {before}: {fault} Something is left from call to call."
            contrast = f"; {before} is right" if before and kind == "size" else ""
            return (
                f"Smallest failing {kind} found: {what}{contrast}{expected}: {fault_alone or fault}"
            )
        before = what
    return ""


def _fault_of(check: Callable[[], object]) -> str:
    """The last line of what is wrong, "" where nothing is."""
    try:
        check()
    except (CheckFailed, StudentFault) as fault:
        lines = str(fault).partition(" Hint:")[0].splitlines()
        return lines[-1][:200] if lines else type(fault).__name__
    return ""


def _elementwise(name: str, right: Callable[[np.ndarray], np.ndarray]) -> Tries:
    def tries(student: Student, rng: np.random.Generator) -> Iterator[Try]:
        for z in SMALL:
            check = _check_element(student, name, z, right(z))
            yield f"{name}({z.tolist()})", f", expected {right(z).tolist()}", check

    return tries


def _check_element(
    student: Student, name: str, z: np.ndarray, expected: np.ndarray
) -> Callable[[], object]:
    return lambda: expect_array("it", getattr(student, name)(z), expected, absolute=0)


def _cross_entropy(student: Student, rng: np.random.Generator) -> Iterator[Try]:
    for n, k, p in BATCHES:
        y_true = np.eye(k)[np.arange(n) % k]
        y_pred = np.where(y_true == 1, p, (1 - p) / (k - 1))
        what = f"{n} image{'s' if n > 1 else ''} of {k} classes, the true {'ones' if n > 1 else 'one'} with probability {p:g}"
        yield what, f", expected {-np.log(p):.6g}", _check_loss(student, y_true, y_pred, -np.log(p))


def _check_loss(
    student: Student, y_true: np.ndarray, y_pred: np.ndarray, expected: float
) -> Callable[[], object]:
    def check() -> None:
        answer = student.cross_entropy(y_true, y_pred)
        number = as_number(answer)
        if number is None:
            raise CheckFailed(
                f"it is {'None' if answer is None else 'of type ' + type_name(answer)}."
            )
        expect_array("it", np.float64(number), np.asarray(expected), tolerance=1e-4)

    return check


def _forward(net: Remote, point: Point) -> None:
    expect_array("a2", net.forward(point.X), reference_at(point, point.X).a2, tolerance=1e-4)


def _backward(net: Remote, point: Point) -> None:
    net.forward(point.X)
    expect_gradients(net.backward(point.X, point.Y), point.gradients(), len(point.X), 1e-4)


def _sizes(check: Callable[[Remote, Point], None]) -> Tries:
    """One batch for a network of each size, then a second batch for one network."""

    def tries(student: Student, rng: np.random.Generator) -> Iterator[Try]:
        for n, d, h, k in SIZES:
            yield (
                f"n = {n}, d = {d}, h = {h}, k = {k}",
                "",
                _check_size(student, check, away_from_kinks(rng, n, d, h, k), 1),
            )
        yield (
            "the second batch that one network is given",
            "",
            _check_size(student, check, away_from_kinks(rng, 2, 3, 4, 5), 2),
        )

    return tries


def _check_size(
    student: Student, check: Callable[[Remote, Point], None], point: Point, calls: int
) -> Callable[[], object]:
    def checks() -> None:
        net = network_at(student, point)
        for X in (point.X, point.X[::-1].copy())[:calls]:
            check(net, Point(point.W1, point.b1, point.W2, point.b2, X, point.Y))

    return checks


_BY_SECTION: dict[str, tuple[str, Tries]] = {
    "1.2": ("input", _elementwise("relu", reference.relu)),
    "1.3": ("input", _elementwise("relu_derivative", reference.relu_derivative)),
    "1.4": ("input", _cross_entropy),
    "1.5": ("size", _sizes(_forward)),
    "1.6": ("size", _sizes(_backward)),
}
