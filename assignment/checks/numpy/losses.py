"""A wrong loss explained: by what was added to the probabilities, or by its ratio to the right one.

One case can agree with an explanation by chance, so all cases have to.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from assignment.checks.numpy.cases import LossCase
from assignment.expect import RETURN_MISSING, CheckFailed
from assignment.handles import Module, a_type, as_array, as_number


def explanation(module: Module, cases: Sequence[LossCase]) -> tuple[str, str]:
    """A hint for a loss that is wrong, and the id of the mistake; "" for what is not known."""
    asked = [case for case in cases if case.y_pred.all()]
    try:
        losses = [one_number(module.cross_entropy(case.y_true, case.y_pred)) for case in asked]
        epsilon = added(module)
    except Exception:  # for other sizes, it raises or returns no number
        return "", ""
    return _by_epsilon(losses, asked, epsilon) or (_by_ratio(losses, asked), "")


def added(module: Module) -> float:
    """What the answer adds to probabilities or raises them to, found from its loss at 0."""
    loss = one_number(module.cross_entropy(np.array([[0.0, 1.0]]), np.array([[1.0, 0.0]])))
    return math.exp(-loss) if loss > -math.log(2) else 0.0  # 1 is known to be added


def _by_epsilon(
    losses: Sequence[float], cases: Sequence[LossCase], epsilon: float
) -> tuple[str, str] | None:
    """For an epsilon that is too large and explains every loss; else None."""
    if not 1.01e-4 < epsilon < 1.01:
        return None
    number = f"{float(f'{epsilon:.3g}'):g}"
    is_raised = f"probabilities below {number} are raised to it"
    ways: tuple[tuple[str, Callable[[np.ndarray], np.ndarray]], ...] = (
        (f"{number} is added to the probabilities", lambda p: p + epsilon),
        (is_raised, lambda p: np.maximum(p, epsilon)),
        (is_raised, lambda p: np.clip(p, epsilon, 1 - epsilon)),
    )
    for what, moved in ways:
        if all(
            math.isclose(loss, case.loss - _change(case, moved), rel_tol=1e-4, abs_tol=1e-5)
            for loss, case in zip(losses, cases, strict=True)
        ):
            return f"{what}, which changes the loss; 1e-12 is enough.", "ce-epsilon-too-large"
    return None


def _change(case: LossCase, moved: Callable[[np.ndarray], np.ndarray]) -> float:
    """By how much the loss falls if the probabilities of the true classes are moved."""
    p = np.asarray((case.y_true * case.y_pred).sum(axis=1), np.float64)
    return float(np.log(moved(p) / p).mean())


def _by_ratio(losses: Sequence[float], cases: Sequence[LossCase]) -> str:
    """What to do about losses that have a common pattern of ratios to the right ones."""
    sizes = [case.y_true.shape for case in cases]
    ratios = [loss / case.loss for loss, case in zip(losses, cases, strict=True)]
    if _are_about(ratios, -1):
        return "the size is right and the sign is wrong: a loss is positive."
    for base in (2, 10):
        if _are_about(ratios, 1 / math.log(base)):
            return f"this is the logarithm to base {base}; np.log is the natural one."
    if _are_about([ratio / n for ratio, (n, _) in zip(ratios, sizes, strict=True)], 1):
        several = next((n for n, _ in sizes if n > 1), 1)
        return f"this is the sum over the {several} images; the loss is their mean."
    for with_images in (False, True):
        factors = [
            ratio * k / (1 if with_images else n)
            for ratio, (n, k) in zip(ratios, sizes, strict=True)
        ]
        if _are_about(factors, 1):
            return "it is divided by the number of classes; divide by the number of images alone."
    divisor = sizes[0][0] / ratios[0] if ratios[0] else 0.0
    if divisor > 1.5 and _are_about(
        [ratio * divisor / n for ratio, (n, _) in zip(ratios, sizes, strict=True)], 1
    ):
        n = sizes[0][0]
        images = f"{n} image{'s' if n > 1 else ''}"
        return f"it is divided by {divisor:.4g}; this batch has {images}: divide by len(y_true)."
    if ratios[0] and not _are_about(ratios, 1) and _are_about(ratios, ratios[0]):
        return f"it is the right loss times {ratios[0]:.4g}, for every batch: take that factor out."
    return ""


def _are_about(values: Sequence[float], value: float) -> bool:
    return all(math.isclose(one, value, rel_tol=1e-3) for one in values)


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
