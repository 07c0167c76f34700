"""1.1 softmax, 1.2 relu, 1.3 relu_derivative and 1.4 cross_entropy."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from assignment.checks.numpy.cases import ArrayCase, LossCase
from assignment.expect import RETURN_MISSING, CheckFailed, expect_array
from assignment.handles import Module, a_type, as_array, as_number

UNDERFLOW = 2e-19  # the square of anything below underflows in float32: 0 up to this is exact
RELU_TOLERANCE = 1e-5  # of a kept value: several operations in float32 round by less


def check_softmax(module: Module, cases: Sequence[ArrayCase]) -> None:
    """1.1. Raises CheckFailed unless rows are probabilities, for logits of any size."""
    hint = "it was given right; undo your changes, or compare it with the README's formula."
    for case in cases:
        got = module.softmax(case.z)
        expect_array(
            "softmax(z)", got, case.expected, tolerance=1e-4, absolute=1e-6,
            where={"z": case.z}, hint=hint,
        )  # fmt: skip


def check_relu(module: Module, cases: Sequence[ArrayCase]) -> None:
    """1.2. Raises CheckFailed unless positive elements are kept and all others become 0."""
    hint = "negative elements become 0, all others stay, and the shape does not change."
    for case in cases:
        got = module.relu(case.z)
        expect_array(
            "relu(z)", got, case.expected, tolerance=RELU_TOLERANCE, absolute=UNDERFLOW,
            where={"z": case.z}, hint=hint,
        )  # fmt: skip


def check_relu_derivative(module: Module, cases: Sequence[ArrayCase]) -> None:
    """1.3. Raises CheckFailed unless the slope is 1 for positive elements and 0 for all others."""
    hint = "the slope is 1 for positive elements and 0 for all others, including 0 itself."
    for case in cases:
        got = module.relu_derivative(case.z)
        expect_array("relu_derivative(z)", got, case.expected, where={"z": case.z}, hint=hint)


def check_cross_entropy(module: Module, cases: Sequence[LossCase]) -> None:
    """1.4.

    Raises CheckFailed unless the loss is the mean of -log(probability of the true class).
    """
    epsilon = own_epsilon(module)
    with_zeros = [case for case in cases if not case.y_pred.all()]
    for case in cases:
        if case.y_pred.all():
            _expect_loss(module, case, epsilon)
    for float_type in (np.float64, np.float32):
        expect_loss_at_zero(module, float_type)
    for case in with_zeros:  # of classes that are not true
        _expect_loss(module, case, epsilon)


def _expect_loss(module: Module, case: LossCase, epsilon: float) -> None:
    n, k = case.y_true.shape
    loss = one_number(module.cross_entropy(case.y_true, case.y_pred))
    # float32 is good to 1e-6 here, float16 to 1e-3
    expect_array(
        f"the loss of {n} image{'s' if n > 1 else ''} and {k} classes",
        np.float64(loss),
        np.asarray(case.loss),
        tolerance=2e-5,
        absolute=5e-5 + 1.1 * epsilon * case.sensitivity,
        hint=loss_hint(loss, case.loss, n, k),
    )


def loss_hint(got: float, expected: float, n: int, k: int) -> str:
    """What to do about a wrong loss of n images and k classes, by its ratio to the right one."""
    ratio = got / expected if expected else math.nan
    if _is_about(ratio, -1):
        return "the size is right and the sign is wrong: a loss is positive."
    for base in (2, 10):
        if _is_about(ratio, 1 / math.log(base)):
            return f"this is the logarithm to base {base}; np.log is the natural one."
    if n > 1 and _is_about(ratio, n):
        return f"this is the sum over the {n} images; the loss is their mean."
    divisor = n / ratio if ratio else math.nan
    if _is_about(divisor, k) or _is_about(divisor, n * k):
        return "it is divided by the number of classes; divide by the number of images alone."
    if divisor > 1.5 and _is_about(divisor, round(divisor)):
        images = f"{n} image{'s' if n > 1 else ''}"
        return f"it is divided by {divisor:.0f}; this batch has {images}: divide by len(y_true)."
    return "the mean over the images of -log(probability of the true class)."


def _is_about(value: float, other: float) -> bool:
    return math.isclose(value, other, rel_tol=1e-3)


def own_epsilon(module: Module) -> float:
    """What the answer adds to probabilities or clips them to, found from its loss at 0.

    At most 1e-4 is right; 0 for anything larger.
    """
    loss = one_number(module.cross_entropy(np.array([[0.0, 1.0]]), np.array([[1.0, 0.0]])))
    return math.exp(-loss) if loss >= -math.log(1.01e-4) else 0.0


def expect_loss_at_zero(module: Module, dtype: type) -> None:
    """Raises CheckFailed unless a true class with probability 0 gives a large, finite loss.

    Any such loss is right, but it must enter the mean as any other does.
    """
    y_true: np.ndarray = np.array([[0, 1], [1, 0]], dtype)
    one, both = (
        one_number(module.cross_entropy(y_true, np.array(y_pred, dtype)))
        for y_pred in ([[1, 0], [1, 0]], [[1, 0], [0, 1]])
    )
    # 4.5 is below half of -log(1e-4), and nothing above 1e-4 may be clipped
    if not math.isfinite(one) or one < 4.5:
        raise CheckFailed(
            f"the loss is {one:.6g} where one of two true classes has probability 0 "
            f"({np.dtype(dtype)})",
            "a large finite number",
            kind="" if math.isfinite(one) else "not-finite",
            hint="keep the probabilities away from 0 before taking the logarithm.",
        )
    expect_array(
        "the loss of two images whose true classes have probability 0",
        np.float64(both),
        np.asarray(2 * one),
        tolerance=1e-2,
        hint="a mean has no upper bound: two such images out of two lose twice as much as one.",
    )


def one_number(value: object) -> float:
    """The loss as a float, whatever numeric type it has. Raises CheckFailed for anything else."""
    try:
        number = as_number(value)
    except OverflowError:  # an integer of more digits than a float has
        number = None
    if number is None and isinstance(array := as_array(value), np.ndarray):
        raise CheckFailed(
            f"cross_entropy has shape {array.shape}",
            "one number",
            kind="wrong-shape",
            hint="the losses of the single images become one number by their mean."
            if array.ndim == 1
            else "first the loss of each image, by a sum over its classes; then their mean.",
        )
    if number is None:
        raise CheckFailed(
            f"cross_entropy returned {a_type(value)}",
            "one number",
            kind="wrong-type",
            hint=RETURN_MISSING if value is None else "",
        )
    return number
