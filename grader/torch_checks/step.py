"""2.3 and 3.3: one step of mini-batch gradient descent, compared with this batch's gradient of the cross-entropy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from grader.protocol import Tensor
from grader.reference.numpy_ann import softmax
from grader.student import Remote, Student, as_array, type_name
from grader.torch_checks.models import CLOSE, cross_entropy, learnable, model_of
from utils import RETURN_MISSING, Wrong

RATE = 0.05  # of the one step whose direction is compared: long against the rounding of float32, short for the network


def check_training_step(student: Student, script: str, rng: np.random.Generator) -> None:
    """2.3 / 3.3: returns the loss as a float and moves every parameter against this batch's gradient of cross-entropy."""
    (X, y), (X_other, y_other) = (learnable(rng, script, 24) for _ in range(2))
    model = model_of(student, script)
    model.probe("still_dropout")
    still = model.probe("parameters")
    expect_loss(model.probe("step", X_other, y_other, 0.0))  # a step of length 0, whose gradients must not stay
    if any(not np.array_equal(a, b) for a, b in zip(still, model.probe("parameters"), strict=False)):
        raise Wrong("the parameters changed although the optimizer's learning rate was 0, expected them to stay.",
                    hint="take the step with the optimizer that is passed in.")  # fmt: skip
    leftover = model.probe("gradients")
    model.probe("magnify_gradients")
    fresh = model.probe("fresh_gradients", X, y)
    before = model.probe("parameters")
    loss = model.probe("step", X, y, RATE)
    expect_loss(loss)
    moved = [b - a for b, a in zip(before, model.probe("parameters"), strict=False)]
    gradients = _filled(fresh["gradients"], moved)
    expect_movement(model, moved, gradients)
    expect_direction(_flat(moved), _flat(gradients), _flat(_filled(leftover, moved)))
    length = float(np.linalg.norm(_flat(moved))) / max(RATE * float(np.linalg.norm(_flat(gradients))), 1e-300)
    if 1.5 < length < 0.5 * len(y.array):
        raise Wrong(f"the step is {length:.2f} times as long as the gradient and the learning rate make it, expected one step.",
                    hint="one optimizer.step() for one batch.")  # fmt: skip
    expect_loss_of_logits(loss, fresh["logits"], y, summed=length > 1.5)
    expect_learning(student, script, X, y)


def expect_movement(model: Remote, moved: list[np.ndarray], gradients: list[np.ndarray]) -> None:
    """Raises Wrong unless a step moved every parameter that has a gradient."""
    if not any(np.any(change) for change in moved):
        if any(g is not None and np.any(g) for g in model.probe("gradients")):
            raise Wrong("gradients are there but no parameter changed, expected a step downhill.", kind="torch-no-step",
                        hint="optimizer.step() moves the parameters.")  # fmt: skip
        raise Wrong("no parameter changed and there are no gradients, expected a step downhill.", kind="torch-no-backward",
                    hint="loss.backward() computes the gradients that optimizer.step() follows.")  # fmt: skip
    largest = max(float(np.abs(gradient).max(initial=0)) for gradient in gradients)
    for (name, *_), change, gradient in zip(model.probe("structure")["parameters"], moved, gradients, strict=False):
        # a bias in front of a batch normalisation has a gradient of 0 but for rounding
        if not np.any(change) and np.abs(gradient).max(initial=0) > 1e-4 * largest:
            raise Wrong(f"{name} did not change in a step, expected every parameter to.",
                        hint="does the optimizer step come after loss.backward(), for all parameters?")  # fmt: skip


def expect_direction(step: np.ndarray, gradient: np.ndarray, leftover: np.ndarray) -> None:
    """Raises Wrong unless a step followed this batch's gradient of the cross-entropy, and no other.

    Only the direction counts, to a cosine of 0.95: label smoothing, weight decay and clipped gradients keep it (above 0.99 for
    a network that has not been trained); another loss, other labels or the last batch's gradients do not.
    """
    if _cosine(step, gradient) >= 0.95:
        return
    if abs(_cosine(step, leftover)) > 0.95 > abs(_cosine(gradient, leftover)):
        raise Wrong("the step followed the last batch's gradients too, expected this one's.", kind="torch-no-zero-grad",
                    hint="PyTorch adds to old gradients: zero them in every step.")  # fmt: skip
    if _cosine(step, gradient) < -0.9:
        raise Wrong(
            "the step goes uphill, expected it to follow the negative gradient.", hint="is the sign of the loss right?"
        )
    raise Wrong("the step does not follow the gradient of the cross-entropy of this batch.",
                hint="the loss compares logits with labels, all of the batch: F.cross_entropy(logits, y_batch).")  # fmt: skip


def _filled(gradients: list[np.ndarray | None], like: list[np.ndarray]) -> list[np.ndarray]:
    """Gradients with zeros where there is none."""
    return [np.zeros_like(b) if a is None else as_array(a) for a, b in zip(gradients, like, strict=False)]


def _flat(arrays: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.asarray(array, np.float64).ravel() for array in arrays] or [np.zeros(0)])


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / max(float(np.linalg.norm(a) * np.linalg.norm(b)), 1e-300))


def expect_loss_of_logits(loss: float, logits: Any, y: Tensor, *, summed: bool) -> None:
    """Raises Wrong if the returned loss is that of softmax applied twice, or of another size than the cross-entropy.

    `summed`: the step was as long as that of the sum over the batch, so the loss may be the sum too.
    """
    expected = cross_entropy(logits, y)
    rows = softmax(np.asarray(as_array(logits), np.float64))
    twice = cross_entropy(Tensor(rows), y)
    if abs(loss - twice) < CLOSE < abs(expected - twice) and abs(loss - twice) < 0.1 * abs(loss - expected):
        raise Wrong(f"the loss is {loss:.4f}, that of softmax applied twice, expected {expected:.4f} for these logits.",
                    kind="torch-softmax-before-loss", hint="cross-entropy takes logits: it applies softmax itself.")  # fmt: skip
    total = len(y.array) * expected
    if not 0.5 * expected < loss < 2 * expected and not (summed and 0.5 * total < loss < 2 * total):
        raise Wrong(f"the loss is {loss:.4f} where the cross-entropy of the batch is {expected:.4f}.",
                    hint="return the batch's loss, as it was before the step.")  # fmt: skip


def expect_learning(student: Student, script: str, X: Tensor, y: Tensor) -> None:
    """Raises Wrong unless steps on one batch lower the cross-entropy of its logits, which is measured here."""
    model = model_of(student, script)
    before = cross_entropy(model.probe("logits", X), y)
    for value in model.probe("steps", X, y, 25):
        expect_loss(value)
    after = cross_entropy(model.probe("logits", X), y)
    if not after < before - 0.01:
        raise Wrong(f"25 steps on one batch took its cross-entropy from {before:.3f} to {after:.3f}, expected it to fall.",
                    hint="the loss compares logits with labels, and the step goes downhill.")  # fmt: skip


def expect_loss(loss: Any) -> None:
    """Raises Wrong unless a step's loss is a finite float."""
    if isinstance(loss, bool) or not isinstance(loss, float | np.floating):
        hint = RETURN_MISSING if loss is None else "loss.item() is the number in a one-element tensor."
        kind = "torch-loss-not-float"
        raise Wrong(f"training_step returned a {type_name(loss)}, expected a float.", kind=kind, hint=hint)
    if not math.isfinite(loss):
        raise Wrong(f"the loss is {loss}, expected a finite number.", kind="not-finite")
