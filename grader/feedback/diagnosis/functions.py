"""Diagnose 1.2 and 1.3 element by element, and 1.4 by its sum, sign, logarithm and divisor."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from assignment.handles import Function, Module, as_array, as_number
from grader.errors import StudentError
from grader.feedback.diagnosis.comparing import Diagnosis, close, fewest
from grader.feedback.misconceptions import choices


def relu(module: Module, rng: np.random.Generator) -> Diagnosis:
    """1.2"""
    return _elementwise(module.relu, "1.2", "relu")


def relu_derivative(module: Module, rng: np.random.Generator) -> Diagnosis:
    """1.3"""
    return _elementwise(module.relu_derivative, "1.3", "drelu")


MIXED = np.array([[-3.0, -0.4, 0.0, 0.7], [2.5, 300.0, -150.0, 9.0], [-0.0, -7.0, 40.0, -0.02]])


def _elementwise(function: Function, section: str, prefix: str) -> Diagnosis:
    z = MIXED
    try:
        answer, (after,) = function.observe(z.copy())
    except StudentError as fault:
        return _of_one_element(function, section, f"{prefix}-scalar", fault)
    if as_number(answer) is not None:
        return (f"{prefix}-scalar",)
    answer = as_array(answer)
    if not isinstance(answer, np.ndarray):
        return ()
    fitting = (
        ids for formula, ids in choices(section, "value") if _agrees(answer, formula(z, answer))
    )
    found = next(fitting, ())
    if _decides_once(function, section):
        found = (f"{prefix}-scalar",)
    return found if np.array_equal(after, z) else (f"{prefix}-in-place", *found)


def _agrees(answer: np.ndarray, prediction: np.ndarray) -> bool:
    """Whether they are the same, element by element: here a millionth can be the whole mistake."""
    if not close(answer, prediction):
        return False
    expected = np.asarray(prediction, np.float64)
    return bool((np.abs(answer.reshape(expected.shape) - expected) <= 3e-6 * abs(expected)).all())


def _decides_once(function: Function, section: str) -> bool:
    """Whether arrays with elements of either sign are kept or dropped as a whole."""
    kept = []
    for z in (MIXED, -MIXED, -1 - np.abs(MIXED)):
        answer = as_array(function.observe(z.copy())[0])
        whole = z if section == "1.2" else np.ones_like(z)
        if close(answer, whole):
            kept.append(True)
        elif close(answer, np.zeros_like(z)):
            kept.append(False)
        else:
            return False
    return any(kept) and not all(kept)


def _of_one_element(function: Function, section: str, name: str, fault: StudentError) -> Diagnosis:
    """The id `name` if a function is right for one element and raises ValueError for several."""
    if fault.type_name != "ValueError":
        return ()
    for z in (np.array([2.5]), np.array([-2.5])):
        number, (right, _) = as_number(function.observe(z)[0]), choices(section, "value")[0]
        if number is None or not np.isclose(number, right(z, z)[0]):
            return ()
    return (name,)


def cross_entropy(module: Module, rng: np.random.Generator) -> Diagnosis:
    """1.4"""
    function: Function = module.cross_entropy
    inputs = [_targets_and_probabilities(rng, n, k) for n, k in ((7, 4), (3, 6), (5, 3))]
    answers = [function.observe(*pair)[0] for pair in inputs]
    if any(_is_collection(as_array(answer)) for answer in answers):
        return ("ce-not-scalar",)
    numbers = [as_number(answer) for answer in answers]
    if any(number is None for number in numbers):
        return ()
    losses = np.array(numbers, np.float64)
    if np.isinf(losses).all():  # the probabilities are far from 0 here, the targets are not
        return ("ce-arguments-swapped",)
    found = fewest(_fitting_losses(losses, inputs))
    if found is None:
        (right, _), *_ = choices("1.4", "sum")
        means = [right(y, p) / len(y) for y, p in inputs]
        if np.allclose(losses, means, rtol=5e-3):
            return _at_zero(function) or ("ce-low-precision",)
    if found is not None and set(found) <= SAME_AT_ZERO:
        return tuple(dict.fromkeys((*found, *_at_zero(function))))
    return found or ()


# mistakes beside which a loss still grows as the probability falls to 0
SAME_AT_ZERO = {"ce-sum-not-mean", "ce-mean-over-classes", "ce-log-base"}


# of log(1e-12): what is below 4 in all is no logarithm of an epsilon, but 1 - p, for example
SMALLEST_FACTOR = 4 / -np.log(1e-12)


def _is_collection(answer: Any) -> bool:
    return (isinstance(answer, np.ndarray) and answer.size != 1) or (
        isinstance(answer, list | tuple) and len(answer) > 1
    )


def _fitting_losses(
    losses: np.ndarray, inputs: list[tuple[np.ndarray, np.ndarray]]
) -> list[Diagnosis]:
    """The mistakes of every combination of formulas that gives these losses."""
    fitting = []
    sizes = [y.shape for y, _ in inputs]
    for (total, other), (divisor, divided) in itertools.product(
        choices("1.4", "sum"), choices("1.4", "divisor")
    ):
        predicted = np.array(
            [total(*pair) / divisor(*size) for pair, size in zip(inputs, sizes, strict=True)]
        )
        ratios = losses / predicted
        # with a wrong sum, constant factors are ignored: a half, or the log of an epsilon
        smallest = SMALLEST_FACTOR if "ce-arguments-swapped" in other else 1e-6
        if other and np.allclose(ratios, ratios[0], rtol=1e-3) and abs(ratios[0]) > smallest:
            fitting.append(other)
        for (sign, turned), (base, based) in itertools.product(
            choices("1.4", "sign"), choices("1.4", "base")
        ):
            if not other and np.allclose(losses, sign() * predicted / np.log(base()), rtol=1e-5):
                fitting.append((*turned, *based, *divided))
    return fitting


def _targets_and_probabilities(
    rng: np.random.Generator, n: int, k: int
) -> tuple[np.ndarray, np.ndarray]:
    return np.eye(k)[rng.integers(k, size=n)], rng.dirichlet(
        np.full(k, 5.0), size=n
    ) * 0.9 + 0.1 / k


def _at_zero(function: Function) -> Diagnosis:
    """Diagnose a loss that is wrong only at probability 0: infinite, or without that image."""
    for dtype in (np.float64, np.float32):
        truth = np.array([[0, 1]], dtype)
        at_zero, near = (
            as_number(function.observe(truth, np.array([[1 - p, p]], dtype))[0]) for p in (0, 1e-3)
        )
        if at_zero is not None and near is not None and not near <= at_zero < np.inf:
            return ("ce-log-of-zero",)
    return ()
