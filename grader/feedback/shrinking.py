"""Find the smallest failing input of a wrong answer, for mistakes that are not in the catalogue.

Inputs are tried from the simplest on, because the first that fails says most: one number, one
image, one hidden unit. A fresh process answers them, because an answer may depend on earlier calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from assignment.checks.numpy.gradients import compared, expect_gradients
from assignment.expect import CheckFailed, expect_array
from assignment.failure import raised_in_words
from assignment.handles import Handle, Module, a_type, as_number
from grader.errors import StudentFault
from grader.oracle.gradients import Point, away_from_kinks
from grader.oracle.networks import network_at, reference_at
from grader.reference import numpy_ann as reference
from grader.results import Smallest
from grader.sandbox.remote import StudentScript

SMALL = tuple(np.array(values) for values in (
    [1.0], [-1.0], [0.0], [0.5], [-0.5], [0.1], [100.0], [-100.0], [1e-9], [-1e-9], [1e6],
    [1.0, -1.0], [-1.0, 1.0],
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


@dataclass(frozen=True)
class Try:
    """An input to try, its right answer, and a check that raises CheckFailed for a wrong one."""

    what: str
    check: Callable[[], object]
    expected: str = ""
    kind: str = "input"


Tries = Callable[[Module, np.random.Generator], Iterator[Try]]


def smallest_failure(
    tries: Tries, student: StudentScript, rng: np.random.Generator
) -> Smallest | None:
    """The smallest failing input found; None if no input that was tried fails."""
    student.close()
    before = ""
    for one in tries(student.module, rng):
        got = _wrong(one.check)
        if got:
            alone = got
            if before:  # otherwise this was the first call of its process
                student.close()
                alone = _wrong(one.check)
            if before and not alone:
                return Smallest(one.kind, one.what, got, one.expected, before, leaks=True)
            shown = before if one.kind == "size" else ""
            return Smallest(one.kind, one.what, alone or got, one.expected, shown)
        before = one.what
    return None


def _wrong(check: Callable[[], object]) -> str:
    """What is wrong with an answer, "" if it is right."""
    try:
        check()
    except StudentFault as fault:
        raised = raised_in_words(fault.exception)  # what it says is shown elsewhere
        return f"{raised}." if raised else str(fault)[:200]
    except CheckFailed as failure:
        return str(failure)[:200]
    return ""


def relu(module: Module, rng: np.random.Generator) -> Iterator[Try]:
    """1.2"""
    return _elementwise(lambda z: module.relu(z), "relu", reference.relu)


def relu_derivative(module: Module, rng: np.random.Generator) -> Iterator[Try]:
    """1.3"""
    return _elementwise(
        lambda z: module.relu_derivative(z), "relu_derivative", reference.relu_derivative
    )


def _elementwise(
    function: Callable[[np.ndarray], Any], name: str, right: Callable[[np.ndarray], np.ndarray]
) -> Iterator[Try]:
    for z in SMALL:
        check = partial(_expect_element, function, z, right(z))
        yield Try(f"{name}({z.tolist()})", check, str(right(z).tolist()))


def _expect_element(
    function: Callable[[np.ndarray], Any], z: np.ndarray, expected: np.ndarray
) -> None:
    expect_array("result", function(z), expected, absolute=0)


def cross_entropy(module: Module, rng: np.random.Generator) -> Iterator[Try]:
    """1.4"""
    for n, k, p in BATCHES:
        y_true = np.eye(k)[np.arange(n) % k]
        y_pred = np.where(y_true == 1, p, (1 - p) / (k - 1))
        true = "ones" if n > 1 else "one"
        images = f"{n} image{'s' if n > 1 else ''}"
        what = f"{images} of {k} classes, the true {true} with probability {p:g}"
        check = partial(_expect_loss, module, y_true, y_pred, -np.log(p))
        yield Try(what, check, f"{-np.log(p):.6g}")


def _expect_loss(module: Module, y_true: np.ndarray, y_pred: np.ndarray, expected: float) -> None:
    answer = module.cross_entropy(y_true, y_pred)
    number = as_number(answer)
    if number is None:
        raise CheckFailed(f"the loss is {a_type(answer)}")
    expect_array("the loss", np.float64(number), np.asarray(expected), tolerance=1e-4)


def forward(module: Module, rng: np.random.Generator) -> Iterator[Try]:
    """1.5"""
    return _sizes(module, rng, _expect_forward)


def backward(module: Module, rng: np.random.Generator) -> Iterator[Try]:
    """1.6"""
    return _sizes(module, rng, _expect_backward)


def _expect_forward(net: Handle, point: Point) -> None:
    expect_array("a2", net.forward(point.X), reference_at(point, point.X).a2, tolerance=1e-4)


def _expect_backward(net: Handle, point: Point) -> None:
    net.forward(point.X)
    gradients = net.backward(point.X, point.Y)
    expect_gradients([compared(gradients, point.gradients(), len(point.X), 1e-4)])


def _sizes(
    module: Module, rng: np.random.Generator, check: Callable[[Handle, Point], None]
) -> Iterator[Try]:
    """One batch for a network of each size, then a second batch for one network."""
    for n, d, h, k in SIZES:
        point = away_from_kinks(rng, n, d, h, k)
        what = f"n = {n}, d = {d}, h = {h}, k = {k}"
        yield Try(what, partial(_expect_size, module, check, point, 1), kind="size")
    point = away_from_kinks(rng, 2, 3, 4, 5)
    what = "a second batch for the same network"
    yield Try(what, partial(_expect_size, module, check, point, 2), kind="size")


def _expect_size(
    module: Module, check: Callable[[Handle, Point], None], point: Point, calls: int
) -> None:
    net = network_at(module, point)
    for X in (point.X, point.X[::-1].copy())[:calls]:
        check(net, replace(point, X=X))
