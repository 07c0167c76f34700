"""Where a training step leads: every parameter moves, along this batch's gradient and no other."""

from __future__ import annotations

from typing import Any

import numpy as np

from assignment.expect import CheckFailed
from assignment.handles import Handle, as_array, probe


def expect_movement(
    model: Handle, answer: dict[str, Any], moved: list[np.ndarray], gradients: list[np.ndarray]
) -> None:
    """Raises CheckFailed unless a step moved every parameter that has a gradient."""
    if not any(np.any(change) for change in moved):
        raise _stillness_explained(
            answer, any(g is not None and np.any(g) for g in probe(model, "gradients"))
        )
    largest = max(float(np.abs(gradient).max(initial=0)) for gradient in gradients)
    for (name, *_), change, gradient in zip(
        probe(model, "structure")["parameters"], moved, gradients, strict=False
    ):
        # a bias before a batch normalisation has a gradient of 0, except for rounding
        if not np.any(change) and np.abs(gradient).max(initial=0) > 1e-4 * largest:
            raise CheckFailed(
                f"{name} did not change in a step",
                "a change of every parameter",
                hint="does optimizer.step() come after loss.backward(), and cover all parameters?",
            )


def _stillness_explained(answer: dict[str, Any], gradients_left: bool) -> CheckFailed:
    """Why no parameter moved: no step, gradients zeroed too early, detached loss, no gradients."""
    if gradients_left:
        return CheckFailed(
            "gradients were computed but no parameter changed",
            "a step downhill",
            kind="torch-no-step",
            hint="optimizer.step() moves the parameters, after the gradients are computed.",
        )
    if answer["reached"]:
        return CheckFailed(
            "the gradients were cleared before a step could follow them",
            "a step downhill",
            kind="torch-no-backward",
            hint="zero the gradients before loss.backward() or after optimizer.step(), "
            "not in between.",
        )
    if answer["backwards"]:
        return CheckFailed(
            "backward was called, but no parameter got a gradient",
            "a loss that depends on all of them",
            kind="torch-loss-detached",
            hint="is the loss computed from what forward returned?",
        )
    return CheckFailed(
        "no parameter changed, and there are no gradients",
        "a step downhill",
        kind="torch-no-backward",
        hint="loss.backward() computes the gradients that optimizer.step() follows.",
    )


def expect_direction(
    moved: list[np.ndarray], gradients: list[np.ndarray], leftover: list[np.ndarray]
) -> None:
    """Raises CheckFailed unless a step followed this batch's gradient and no other.

    Only the direction counts, to a cosine of 0.97. Label smoothing, weight decay and clipped
    gradients stay above 0.99 for an untrained network; another loss, other labels or the last
    batch's gradients fall below.
    """
    step, gradient = flat(moved), flat(gradients)
    if _cosine(step, gradient) >= 0.97:
        return
    if any(_follows(*arrays) for arrays in zip(moved, leftover, gradients, strict=True)):
        raise CheckFailed(
            "the step followed the last batch's gradients too",
            "the gradients of this batch only",
            kind="torch-no-zero-grad",
            hint="PyTorch adds new gradients to old ones: zero them in every step.",
        )
    if _cosine(step, gradient) < -0.9:
        raise CheckFailed(
            "the step goes uphill",
            "a step along the negative gradient",
            hint="is the sign of the loss right?",
        )
    raise CheckFailed(
        "the step does not follow the gradient of the cross-entropy of this batch",
        hint="the loss compares all logits of the batch with their labels: "
        "F.cross_entropy(logits, y_batch).",
    )


def _follows(moved: np.ndarray, leftover: np.ndarray, gradient: np.ndarray) -> bool:
    """Whether one parameter's step follows the gradient of the previous batch, not of this one."""
    step, old, new = (
        np.asarray(array, np.float64).ravel() for array in (moved, leftover, gradient)
    )
    return (
        len(step) > 1
        and abs(_cosine(step, old)) > 0.95 > abs(_cosine(new, old))
        and _cosine(step, new) < 0.95
    )


def filled(gradients: list[np.ndarray | None], like: list[np.ndarray]) -> list[np.ndarray]:
    """The gradients, with zeros for those that are None."""
    return [
        np.zeros_like(b) if a is None else as_array(a)
        for a, b in zip(gradients, like, strict=False)
    ]


def flat(arrays: list[np.ndarray]) -> np.ndarray:
    """All arrays as one float64 vector."""
    return np.concatenate(
        [np.asarray(array, np.float64).ravel() for array in arrays] or [np.zeros(0)]
    )


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / max(float(np.linalg.norm(a) * np.linalg.norm(b)), 1e-300))
