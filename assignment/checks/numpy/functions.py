"""1.1 softmax, 1.2 relu, 1.3 relu_derivative and 1.4 cross_entropy."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from assignment.checks.numpy import losses
from assignment.checks.numpy.cases import ArrayCase, LossCase
from assignment.checks.numpy.losses import one_number as one_number
from assignment.expect import CheckFailed, expect_array
from assignment.handles import Module

UNDERFLOW = 2e-19  # the square of anything below underflows in float32: 0 up to this is exact
HUGE = 1e30  # no logarithm of a float is as large
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
        whole = isinstance(got, np.ndarray) and got.dtype.kind in "iu"
        expect_array(
            "relu(z)", got, case.expected, tolerance=RELU_TOLERANCE, absolute=UNDERFLOW,
            where={"z": case.z}, hint=_of_whole_numbers(got) if whole else hint,
        )  # fmt: skip


def _of_whole_numbers(got: np.ndarray) -> str:
    return (
        f"the result has dtype {got.dtype}, which holds whole numbers alone. NumPy takes it from the "
        "first value or from an array of whole numbers: write 0.0 for 0, or compute on whole arrays."
    )


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
    try:
        _expect_losses(module, cases)
    except CheckFailed as failure:
        if failure.kind in ("", "not-finite") and failure.hints:  # a number, and a wrong one
            hint, kind = losses.explanation(module, cases)
            failure.hints = (hint,) if hint else failure.hints
            failure.kind = kind or failure.kind
            failure.kinds = (kind,) if kind else failure.kinds
        raise


def _expect_losses(module: Module, cases: Sequence[LossCase]) -> None:
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
        hint="the mean over the images of -log(probability of the true class).",
    )


def own_epsilon(module: Module) -> float:
    """What the answer adds to probabilities or clips them to, 0 for anything above 1e-4.

    At most 1e-4 is right.
    """
    epsilon = losses.added(module)
    return epsilon if epsilon <= 1.01e-4 else 0.0


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
    if one > HUGE and not math.isfinite(both):
        raise CheckFailed(
            f"the loss is {one:.6g} where one of two true classes has probability 0, and {both} "
            "where both have",
            "a large finite number",
            kind="ce-log-of-zero",
            hint="np.nan_to_num makes of -inf the largest float, and two of these overflow. Raise the "
            "probability before the logarithm.",
        )
    expect_array(
        "the loss of two images whose true classes have probability 0",
        np.float64(both),
        np.asarray(2 * one),
        tolerance=1e-2,
        hint="a mean has no upper bound: two such images out of two lose twice as much as one.",
    )
