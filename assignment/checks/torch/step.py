"""2.3 and 3.3: one step of mini-batch gradient descent, judged by what it does.

The loss is read from its gradient by the logits (losses.py), the way from there to the parameters
from the gradients that the optimizer found (descent.py). No part of it depends on how fast an
architecture learns, or on the random numbers of a run.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from assignment.checks.torch.descent import descent_faults
from assignment.checks.torch.losses import PROBABILITY, cosine, name_of_loss, targets_of
from assignment.checks.torch.models import images, labels, model_of, rows_of, softmax
from assignment.expect import RETURN_MISSING
from assignment.failure import CheckFailed, quoted, together
from assignment.handles import Module, a_type, as_array, probe

RATE = 0.05  # of the steps: large against float32 rounding, small for the network
BATCHES = (24, 71, 4)  # images, for code that is right in every other step or for one size only
SAME = 0.99  # the cosine above which two gradients are the same, but for a factor
MOST_PASSES = 20  # over a batch in one step
CLASSES = 5  # that occur in a batch: targets among the others are somebody else's


def check_training_step(module: Module, script: str, rng: np.random.Generator) -> None:
    """Raises CheckFailed unless a step returns the loss and follows this batch's gradient."""
    model = model_of(module, script)
    earlier: list[float] = []
    left_out: list[set[str]] = []
    seen: dict[tuple[str, ...], CheckFailed] = {}
    for number, n in enumerate(BATCHES):
        X, y = images(rng, script, n), labels(rng, n, CLASSES)
        try:
            answer = probe(model, "step", X, y, RATE, number)
        except Exception:
            if seen:  # what was found explains it
                break
            raise
        if not isinstance(answer, dict):
            raise CheckFailed("the step cannot be observed", kind="wrong-type")
        for fault in _faults(answer, y.array, earlier):
            seen.setdefault(fault.kinds or (str(fault),), fault)
        left_out.append(set(map(str, answer["left_out"])))
        earlier += answer["losses"]
    if seen:
        raise together(list(seen.values()))
    expect_all_trained(set.intersection(*left_out))


def _faults(answer: dict[str, Any], y: np.ndarray, earlier: list[float]) -> list[CheckFailed]:
    """What is wrong with one step: each of several mistakes that show by themselves."""
    faults = _usage_faults(answer)
    loss = expected = None
    try:
        loss = expect_loss(answer["loss"])
    except CheckFailed as fault:
        faults.append(fault)
    descent = descent_faults(answer)
    faults += descent
    if answer["calls"] or not descent:  # without gradients, nothing is known of the loss
        try:
            expected = expect_cross_entropy(answer["calls"], answer["softmaxes"], y)
        except CheckFailed as fault:
            faults.append(fault)
    if not faults and loss is not None and expected is not None:
        try:
            expect_loss_of_batch(loss, [expected, answer["clean"]], answer["losses"], earlier)
        except CheckFailed as fault:
            faults.append(fault)
    return faults


def _usage_faults(answer: dict[str, Any]) -> list[CheckFailed]:
    """Images or labels changed, and layers in evaluation mode."""
    found = []
    if answer["changed"]:
        found.append(
            CheckFailed(
                "X_batch or y_batch was changed in place",
                "both unchanged",
                kind="changes-input",
                hint="compute a new tensor.",
            )
        )
    if answer["evaluating"]:
        found.append(
            CheckFailed(
                "layers were in evaluation mode while the gradients were computed",
                "training mode",
                kind="torch-not-in-train-mode",
                hint="dropout and batch normalisation must be active in training.",
            )
        )
    return found


def expect_loss(loss: Any) -> float:
    """The loss of a step. Raises CheckFailed unless it is a finite float."""
    if isinstance(loss, bool) or not isinstance(loss, float | np.floating):
        raise CheckFailed(
            f"training_step returned {a_type(loss)}",
            "a float",
            kind="torch-loss-not-float",
            hint=RETURN_MISSING if loss is None else "loss.item() is the number in the tensor.",
        )
    if not math.isfinite(loss):
        raise CheckFailed(f"the loss is {loss}", "a finite number", kind="not-finite")
    return float(loss)


def expect_cross_entropy(
    calls: list[dict[str, Any]], softmaxes: list[dict[str, Any]], y: np.ndarray
) -> float:
    """The cross-entropy of the batch, in nats, by the logits that the step computed.

    Those are what the network returned, or what the loss takes the softmax of, if that was computed
    from it: the mean of several passes, or a temperature. Raises CheckFailed unless the step
    minimises a cross-entropy of them with the batch's labels.
    """
    try:
        return _cross_entropy(calls, y)
    except CheckFailed as fault:
        own = logits_of_loss(calls, softmaxes)
        if not own:
            raise
        try:
            return _cross_entropy(own, y)
        except CheckFailed:
            raise fault from None


def _cross_entropy(calls: list[dict[str, Any]], y: np.ndarray) -> float:
    """The cross-entropy of some logits, as `expect_cross_entropy` has it."""
    if not calls:
        raise CheckFailed(
            "the loss is not computed from what the network returns",
            "logits of this batch: self(X_batch)",
            kind="torch-loss-detached",
            hint="call self(X_batch) in the step, and compute the loss from the result.",
        )
    logits, gradient = (
        rows_of([call[name] for call in calls], MOST_PASSES * len(y))
        for name in ("logits", "gradient")
    )
    order = np.concatenate([np.asarray(call["order"], np.int64).reshape(-1) for call in calls])
    known = len(order) == len(logits) and bool((order >= 0).all())
    own = y[order] if known else y if len(y) == len(logits) else None
    _expect_form(logits, gradient, own)
    shares = targets_of(logits, gradient).shares
    used = np.abs(gradient).max(axis=1) > 0
    if used.sum() < len(y):
        raise CheckFailed(
            f"the loss covers fewer than the {len(y)} images of the batch",
            "all of them",
            kind="torch-wrong-loss",
            hint="F.cross_entropy(logits, y_batch) is the mean over the whole batch.",
        )
    sizes = [len(as_array(call["gradient"])) for call in calls]
    followed = np.repeat([bool(call["followed"]) for call in calls], sizes)
    if used[followed].sum() < len(y):
        raise CheckFailed(
            "the gradients of a part of the batch were zeroed before the optimizer's step()",
            "a step along the gradients of the whole batch",
            hint="zero the gradients once per batch, before the first backward().",
        )
    others = np.setdiff1d(np.arange(shares.shape[1]), y)
    mismatched = (
        (shares.argmax(axis=1) != y[order]).any()
        if known
        else shares[:, others].sum() > 0.05 * len(shares)
    )
    if mismatched:
        raise CheckFailed(
            "the loss compares the logits with other labels than those of their images",
            "y_batch, in the order of X_batch",
            kind="torch-wrong-loss",
            hint="F.cross_entropy(logits, y_batch).",
        )
    targets = shares.clip(0) / shares.clip(0).sum(axis=1, keepdims=True)
    return -float((targets * np.log(softmax(logits).clip(1e-300))).sum(axis=1).mean())


def logits_of_loss(
    calls: list[dict[str, Any]], softmaxes: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """What the loss takes the softmax of, if each pass of the network gets the same gradient.

    But for a factor above 0, as in a mean of passes or with a temperature. Without a pass all of
    them: then weights were used without their layers. Empty if a pass gets another gradient.
    """
    found, left = [], list(calls)
    for own in softmaxes:
        mine = [call for call in left if _gets_the_same(call, own)]
        left = [call for call in left if not any(call is one for one in mine)]
        if mine or not calls:
            n = len(as_array(own["logits"]))
            orders = {
                tuple(map(int, order))
                for call in mine
                for order in np.asarray(call["order"], np.int64).reshape(-1, n)
                if (order >= 0).all()
            }
            found.append(own | {"order": min(orders) if len(orders) == 1 else ()})
    return [] if left else found


def _gets_the_same(call: dict[str, Any], own: dict[str, Any]) -> bool:
    """Whether a pass, or each of the copies of the batch in it, gets a softmax's gradient."""
    here, there = (np.asarray(as_array(one["gradient"]), np.float64) for one in (call, own))
    if len(here) % len(there) or here.shape[1:] != there.shape[1:]:
        return False
    return all(cosine(part, there) > SAME for part in here.reshape(-1, *there.shape))


def _expect_form(logits: np.ndarray, gradient: np.ndarray, y: np.ndarray | None) -> None:
    """Raises CheckFailed unless the gradient is that of a cross-entropy, for most images."""
    used = np.abs(gradient).max(axis=1) > 0
    logits, gradient, y = logits[used], gradient[used], None if y is None else y[used]
    name = "" if y is None or not len(y) else name_of_loss(logits, gradient, y)
    fits = len(logits) and targets_of(logits, gradient).fits.mean() >= 0.9
    # where the right class has the same probability for all images, both have the same direction
    if fits and (name != PROBABILITY or y is None or _are_alike(logits, y)):
        return
    if len(logits) and targets_of(logits, -gradient).fits.mean() >= 0.9:
        raise CheckFailed(
            "the step goes uphill",
            "a step along the negative gradient",
            kind="torch-wrong-loss",
            hint="is the sign of the loss right?",
        )
    twice = name.startswith("softmax")
    raise CheckFailed(
        f"the loss is {name}" if name else "the step does not follow a cross-entropy of the logits",
        "the cross-entropy of the logits with y_batch",
        kind="torch-softmax-before-loss" if twice else "torch-wrong-loss",
        hint="the cross-entropy takes logits and applies softmax itself."
        if twice
        else "F.cross_entropy(logits, y_batch) compares all logits of the batch with their labels.",
    )


def _are_alike(logits: np.ndarray, y: np.ndarray) -> bool:
    right = softmax(logits)[np.arange(len(y)), y]
    return bool(right.std() < 0.2 * right.mean())


def expect_all_trained(left_out: set[str]) -> None:
    """Raises CheckFailed if there are weights that the logits depend on, and no step trains."""
    if left_out:
        raise CheckFailed(
            f"{quoted(min(left_out))} gets no gradient in a step, though what forward returns "
            "depends on it",
            "a gradient for every weight",
            kind="torch-loss-detached",
            hint="compute the loss from self(X_batch), with nothing detached on the way.",
        )


def expect_loss_of_batch(
    loss: float, expected: list[float], losses: list[float], earlier: list[float]
) -> None:
    """Raises CheckFailed unless the returned loss is about the cross-entropy, or the loss taken.

    `expected` has the cross-entropy as it was taken, and that of the images as they are. `losses`
    are the values that backward was called on: a sum over the batch or parts of it, with smoothing
    or a penalty of the student's choice; `earlier` are those of the batches before. The loss of the
    second batch is far below those: even a small share of them in an average shows.
    """
    taken = [*expected, *losses, sum(losses), sum(losses) / max(len(losses), 1)]
    if any(abs(loss - value) < 0.01 * abs(value) for value in taken):
        return
    if any(abs(loss - value) < 1e-4 * abs(value) for value in earlier):
        got = f"the loss is {loss:.4f}, that of an earlier batch"
    elif any(0.5 * value < loss < 2 * value for value in taken):
        return
    else:
        got = f"the loss is {loss:.4f}"
        if earlier and max(taken) < loss < max(earlier):
            got += ", as if it were an average with those of the batches before"
    raise CheckFailed(
        got,
        f"about {expected[0]:.4f}, the cross-entropy of the batch",
        kind="torch-wrong-loss",
        hint="return the loss of this batch alone, as it was before the step: loss.item().",
    )
