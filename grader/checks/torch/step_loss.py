"""What one training step returns: the cross-entropy of the batch, as a float."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from assignment.answers import Tensor
from assignment.expect import RETURN_MISSING, CheckFailed
from assignment.handles import as_array, type_name
from grader.checks.torch.models import CLOSE, cross_entropy
from grader.reference.numpy_ann import softmax


def expect_softmax_once(loss: float, logits: Any, y: Tensor) -> None:
    """Raises CheckFailed if the returned loss is that of applying softmax twice."""
    expected = cross_entropy(logits, y)
    twice = cross_entropy(Tensor(softmax(np.asarray(as_array(logits), np.float64))), y)
    if abs(loss - twice) < CLOSE < abs(expected - twice) and abs(loss - twice) < 0.1 * abs(
        loss - expected
    ):
        raise CheckFailed(
            f"the loss is {loss:.4f}, which is that of softmax applied twice",
            f"{expected:.4f} for these logits",
            kind="torch-softmax-before-loss",
            hint="the cross-entropy takes logits and applies softmax itself.",
        )


def expect_loss_of_logits(loss: float, logits: Any, y: Tensor, *, summed: bool) -> None:
    """Raises CheckFailed unless the returned loss is about as large as the cross-entropy.

    `summed` says that the step was as long as for a sum over the batch, so the loss may be the sum
    too.
    """
    expected = cross_entropy(logits, y)
    total = len(y.array) * expected
    if not 0.5 * expected < loss < 2 * expected and not (summed and 0.5 * total < loss < 2 * total):
        raise CheckFailed(
            f"the loss is {loss:.4f}",
            f"about {expected:.4f}, the cross-entropy of the batch",
            hint="return the loss of the batch, computed before the step.",
        )


def expect_loss(loss: Any) -> float:
    """The loss of a step. Raises CheckFailed unless it is a finite float."""
    if isinstance(loss, bool) or not isinstance(loss, float | np.floating):
        hint = RETURN_MISSING if loss is None else "loss.item() returns the number in the tensor."
        kind = "torch-loss-not-float"
        raise CheckFailed(
            f"training_step returned a {type_name(loss)}", "a float", kind=kind, hint=hint
        )
    if not math.isfinite(loss):
        raise CheckFailed(f"the loss is {loss}", "a finite number", kind="not-finite")
    return float(loss)
