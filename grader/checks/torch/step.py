"""2.3 and 3.3: one step of mini-batch gradient descent, compared with this batch's gradient of the cross-entropy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from assignment.expect import RETURN_MISSING, CheckFailed
from grader.checks.torch.models import CLOSE, cross_entropy, learnable, model_of
from grader.reference.numpy_ann import softmax
from grader.sandbox.remote import Module, Remote, as_array, probe, type_name
from grader.worker.protocol import Tensor

RATE = 0.05  # of the one step whose direction is compared: long against the rounding of float32, short for the network


def check_training_step(module: Module, script: str, rng: np.random.Generator) -> None:
    """2.3 / 3.3: returns the loss as a float and moves every parameter against this batch's gradient of cross-entropy."""
    model = model_of(module, script)
    expect_stillness(model, script, rng)
    # several steps, for what is right in some of them only: in every other one, or for batches of one size
    summed = [expect_step(model, script, rng, n) for n in (24, 71, 4)]
    expect_learning(module, script, rng, summed=all(summed))


def expect_stillness(model: Remote, script: str, rng: np.random.Generator) -> None:
    """Raises CheckFailed unless a step of length 0 leaves the parameters alone; its gradients are there for the next one to zero."""
    before = probe(model, "parameters")
    taken(probe(model, "step", *learnable(rng, script, 24), 0.0))
    if any(
        not np.array_equal(a, b) for a, b in zip(before, probe(model, "parameters"), strict=False)
    ):
        raise CheckFailed(
            "the parameters changed although the optimizer's learning rate was 0",
            "them to stay",
            hint="take the step with the optimizer that is passed in.",
        )


def taken(answer: Any) -> float:
    """The loss that a step returned. Raises CheckFailed for another type, for changed images or labels, and for the wrong mode."""
    if not isinstance(answer, dict):
        raise CheckFailed("the step cannot be observed", kind="wrong-type")
    if answer["changed"]:
        raise CheckFailed(
            "X_batch or y_batch was changed in place",
            "both to stay as they were",
            kind="changes-input",
            hint="compute a new tensor.",
        )
    if answer["evaluating"]:
        raise CheckFailed(
            "layers were in evaluation mode while the gradients were computed",
            "training mode",
            kind="torch-not-in-train-mode",
            hint="dropout and batch normalisation are to work in training.",
        )
    loss: float = expect_loss(answer["loss"])
    return loss


def expect_step(model: Remote, script: str, rng: np.random.Generator, n: int) -> bool:
    """Raises CheckFailed unless a step follows the gradient of n images; whether that of the sum over them, not of the mean."""
    X, y = learnable(rng, script, n)
    leftover = probe(model, "gradients")
    probe(model, "magnify_gradients")
    fresh = probe(model, "fresh_gradients", X, y)
    before = probe(model, "parameters")
    answer = probe(model, "step", X, y, RATE)
    loss = taken(answer)
    moved = [b - a for b, a in zip(before, probe(model, "parameters"), strict=False)]
    gradients = _filled(fresh["gradients"], moved)
    expect_softmax_once(loss, fresh["logits"], y)
    expect_movement(model, answer, moved, gradients)
    expect_direction(moved, gradients, _filled(leftover, moved))
    length = float(np.linalg.norm(_flat(moved))) / max(
        RATE * float(np.linalg.norm(_flat(gradients))), 1e-300
    )
    if 1.5 < length < 0.5 * n:
        raise CheckFailed(
            f"the step is {length:.2f} times as long as the gradient and the learning rate make it",
            "one step",
            hint="one optimizer.step() for one batch.",
        )
    expect_loss_of_logits(loss, fresh["logits"], y, summed=length > 1.5)
    return length > 1.5


def expect_movement(
    model: Remote, answer: dict[str, Any], moved: list[np.ndarray], gradients: list[np.ndarray]
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
        # a bias in front of a batch normalisation has a gradient of 0 but for rounding
        if not np.any(change) and np.abs(gradient).max(initial=0) > 1e-4 * largest:
            raise CheckFailed(
                f"{name} did not change in a step",
                "every parameter to",
                hint="does the optimizer step come after loss.backward(), for all parameters?",
            )


def _stillness_explained(answer: dict[str, Any], gradients_left: bool) -> CheckFailed:
    """Why no parameter moved: no step, gradients gone too soon, a loss that leads nowhere, or no gradients at all."""
    if gradients_left:
        return CheckFailed(
            "gradients are there but no parameter changed",
            "a step downhill",
            kind="torch-no-step",
            hint="optimizer.step() moves the parameters, once the gradients are there.",
        )
    if answer["reached"]:
        return CheckFailed(
            "the gradients were gone before a step could follow them",
            "a step downhill",
            kind="torch-no-backward",
            hint="zero the gradients before loss.backward() or after optimizer.step(), not between.",
        )
    if answer["backwards"]:
        return CheckFailed(
            "backward was called, but no parameter got a gradient",
            "the loss to depend on all of them",
            kind="torch-loss-detached",
            hint="is the loss the one that came out of forward?",
        )
    return CheckFailed(
        "no parameter changed and there are no gradients",
        "a step downhill",
        kind="torch-no-backward",
        hint="loss.backward() computes the gradients that optimizer.step() follows.",
    )


def expect_direction(
    moved: list[np.ndarray], gradients: list[np.ndarray], leftover: list[np.ndarray]
) -> None:
    """Raises CheckFailed unless a step followed this batch's gradient of the cross-entropy, and no other.

    Only the direction counts, to a cosine of 0.97: label smoothing, weight decay and clipped gradients keep it (above 0.99 for
    a network that has not been trained); another loss, other labels or the last batch's gradients do not.
    """
    step, gradient = _flat(moved), _flat(gradients)
    if _cosine(step, gradient) >= 0.97:
        return
    if any(_follows(*arrays) for arrays in zip(moved, leftover, gradients, strict=True)):
        raise CheckFailed(
            "the step followed the last batch's gradients too",
            "this one's",
            kind="torch-no-zero-grad",
            hint="PyTorch adds to old gradients: zero them in every step.",
        )
    if _cosine(step, gradient) < -0.9:
        raise CheckFailed(
            "the step goes uphill",
            "it to follow the negative gradient",
            hint="is the sign of the loss right?",
        )
    raise CheckFailed(
        "the step does not follow the gradient of the cross-entropy of this batch",
        hint="the loss compares logits with labels, all of the batch: F.cross_entropy(logits, y_batch).",
    )


def _follows(moved: np.ndarray, leftover: np.ndarray, gradient: np.ndarray) -> bool:
    """Whether one parameter's step shows the gradient of the batch before, which is not that of this one."""
    step, old, new = (
        np.asarray(array, np.float64).ravel() for array in (moved, leftover, gradient)
    )
    return (
        len(step) > 1
        and abs(_cosine(step, old)) > 0.95 > abs(_cosine(new, old))
        and _cosine(step, new) < 0.95
    )


def _filled(gradients: list[np.ndarray | None], like: list[np.ndarray]) -> list[np.ndarray]:
    """Gradients with zeros where there is none."""
    return [
        np.zeros_like(b) if a is None else as_array(a)
        for a, b in zip(gradients, like, strict=False)
    ]


def _flat(arrays: list[np.ndarray]) -> np.ndarray:
    return np.concatenate(
        [np.asarray(array, np.float64).ravel() for array in arrays] or [np.zeros(0)]
    )


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    return float(a @ b / max(float(np.linalg.norm(a) * np.linalg.norm(b)), 1e-300))


def expect_softmax_once(loss: float, logits: Any, y: Tensor) -> None:
    """Raises CheckFailed if the returned loss is that of softmax applied twice."""
    expected = cross_entropy(logits, y)
    twice = cross_entropy(Tensor(softmax(np.asarray(as_array(logits), np.float64))), y)
    if abs(loss - twice) < CLOSE < abs(expected - twice) and abs(loss - twice) < 0.1 * abs(
        loss - expected
    ):
        raise CheckFailed(
            f"the loss is {loss:.4f}, that of softmax applied twice",
            f"{expected:.4f} for these logits",
            kind="torch-softmax-before-loss",
            hint="cross-entropy takes logits: it applies softmax itself.",
        )


def expect_loss_of_logits(loss: float, logits: Any, y: Tensor, *, summed: bool) -> None:
    """Raises CheckFailed if the returned loss is of another size than the cross-entropy.

    `summed`: the step was as long as that of the sum over the batch, so the loss may be the sum too.
    """
    expected = cross_entropy(logits, y)
    total = len(y.array) * expected
    if not 0.5 * expected < loss < 2 * expected and not (summed and 0.5 * total < loss < 2 * total):
        raise CheckFailed(
            f"the loss is {loss:.4f} where the cross-entropy of the batch is {expected:.4f}",
            hint="return the batch's loss, as it was before the step.",
        )


def expect_learning(module: Module, script: str, rng: np.random.Generator, *, summed: bool) -> None:
    """Raises CheckFailed unless steps on one batch lower the cross-entropy, and other labels then show a large loss.

    It has to fall for other images of the same kinds too, which are not shown before: what a worker says about steps that
    nobody took cannot bring that about.
    """
    model, (X_all, y_all) = model_of(module, script), learnable(rng, script, 96)
    X, y = Tensor(X_all.array[:64]), Tensor(y_all.array[:64])
    unseen = np.isin(y_all.array, y.array)
    unseen[:64] = False
    X_other, y_other = Tensor(X_all.array[unseen]), Tensor(y_all.array[unseen])
    before = cross_entropy(probe(model, "logits", X_other), y_other)
    for value in probe(model, "steps", X, y, 25):
        expect_loss(value)
    after = cross_entropy(probe(model, "logits", X_other), y_other)
    if not after < before - 0.01:
        raise CheckFailed(
            f"25 steps on one batch took the cross-entropy of such images from {before:.3f} to {after:.3f}",
            "it to fall",
            hint="the loss compares logits with labels, and the step goes downhill.",
        )
    others = Tensor((y.array + 1) % 10)
    logits = probe(model, "fresh_gradients", X, others)["logits"]
    expect_loss_of_logits(
        taken(probe(model, "step", X, others, 0.0)), logits, others, summed=summed
    )


def expect_loss(loss: Any) -> float:
    """A step's loss, if it is a finite float; raises CheckFailed otherwise."""
    if isinstance(loss, bool) or not isinstance(loss, float | np.floating):
        hint = (
            RETURN_MISSING if loss is None else "loss.item() is the number in a one-element tensor."
        )
        kind = "torch-loss-not-float"
        raise CheckFailed(
            f"training_step returned a {type_name(loss)}", "a float", kind=kind, hint=hint
        )
    if not math.isfinite(loss):
        raise CheckFailed(f"the loss is {loss}", "a finite number", kind="not-finite")
    return float(loss)
