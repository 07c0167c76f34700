"""2.3 and 3.3: one step of mini-batch gradient descent, compared with this batch's own gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from assignment.answers import Tensor
from assignment.expect import CheckFailed
from assignment.handles import Handle, Module, probe
from grader.checks.torch.models import cross_entropy, learnable, model_of
from grader.checks.torch.step_direction import expect_direction, expect_movement, filled, flat
from grader.checks.torch.step_loss import expect_loss, expect_loss_of_logits, expect_softmax_once

# Of the step whose direction is compared: large against float32 rounding, small for the network.
RATE = 0.05


def check_training_step(module: Module, script: str, rng: np.random.Generator) -> None:
    """Raises CheckFailed unless a step returns the loss and follows this batch's gradient."""
    model = model_of(module, script)
    expect_stillness(model, script, rng)
    # several steps, for code that is right in only some: in every other one, or for one batch size
    summed = [expect_step(model, script, rng, n) for n in (24, 71, 4)]
    expect_learning(module, script, rng, summed=all(summed))


def expect_stillness(model: Handle, script: str, rng: np.random.Generator) -> None:
    """Raises CheckFailed unless a step of length 0 leaves the parameters unchanged.

    Its gradients stay for the next step to zero.
    """
    before = probe(model, "parameters")
    taken(probe(model, "step", *learnable(rng, script, 24), 0.0))
    if any(
        not np.array_equal(a, b) for a, b in zip(before, probe(model, "parameters"), strict=False)
    ):
        raise CheckFailed(
            "the parameters changed although the optimizer's learning rate was 0",
            "unchanged parameters",
            hint="take the step with the optimizer that is passed in.",
        )


def taken(answer: Any) -> float:
    """The loss that a step returned.

    Raises CheckFailed if it has the wrong type, if images or labels were changed, or in evaluation
    mode.
    """
    if not isinstance(answer, dict):
        raise CheckFailed("the step cannot be observed", kind="wrong-type")
    if answer["changed"]:
        raise CheckFailed(
            "X_batch or y_batch was changed in place",
            "both unchanged",
            kind="changes-input",
            hint="compute a new tensor.",
        )
    if answer["evaluating"]:
        raise CheckFailed(
            "layers were in evaluation mode while the gradients were computed",
            "training mode",
            kind="torch-not-in-train-mode",
            hint="dropout and batch normalisation must be active in training.",
        )
    loss: float = expect_loss(answer["loss"])
    return loss


def expect_step(model: Handle, script: str, rng: np.random.Generator, n: int) -> bool:
    """Whether a step follows the gradient of the sum over n images, rather than of their mean.

    Raises CheckFailed unless it follows one of the two.
    """
    X, y = learnable(rng, script, n)
    leftover = probe(model, "gradients")
    probe(model, "magnify_gradients")
    fresh = probe(model, "fresh_gradients", X, y)
    before = probe(model, "parameters")
    answer = probe(model, "step", X, y, RATE)
    loss = taken(answer)
    moved = [b - a for b, a in zip(before, probe(model, "parameters"), strict=False)]
    gradients = filled(fresh["gradients"], moved)
    expect_softmax_once(loss, fresh["logits"], y)
    expect_movement(model, answer, moved, gradients)
    expect_direction(moved, gradients, filled(leftover, moved))
    length = float(np.linalg.norm(flat(moved))) / max(
        RATE * float(np.linalg.norm(flat(gradients))), 1e-300
    )
    if 1.5 < length < 0.5 * n:
        raise CheckFailed(
            f"the step is {length:.2f} times as long as learning rate times gradient",
            "a single step",
            hint="call optimizer.step() once per batch.",
        )
    expect_loss_of_logits(loss, fresh["logits"], y, summed=length > 1.5)
    return length > 1.5


def expect_learning(module: Module, script: str, rng: np.random.Generator, *, summed: bool) -> None:
    """Raises CheckFailed unless steps lower the loss, and wrong labels then give a large one.

    It must also fall for other images of the same classes, not shown before: a worker that only
    claims to take steps cannot achieve that.
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
            "25 steps on one batch changed the cross-entropy of similar images "
            f"from {before:.3f} to {after:.3f}",
            "a clear decrease",
            hint="the loss compares logits with labels, and the step must go downhill.",
        )
    others = Tensor((y.array + 1) % 10)
    logits = probe(model, "fresh_gradients", X, others)["logits"]
    expect_loss_of_logits(
        taken(probe(model, "step", X, others, 0.0)), logits, others, summed=summed
    )
