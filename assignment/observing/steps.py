"""One training step, observed: what the loss asks of the logits, and what the optimizer followed.

Nothing is computed a second time, so augmentation, dropout and averaged weights change nothing of
what is observed.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from assignment.answers import CAUSE
from assignment.observing.events import (
    Call,
    Events,
    RecordingOptimizer,
    counting_others,
    noting,
    reading_logits,
)
from assignment.observing.layers import Running, places_of, watched

SPREAD = 2.0  # of the numbers added to the logits: probabilities from 0.001 to 0.9
EASY = 4.5  # what the right class has more in an easy batch: its loss is about 0.12
EASY_SPREAD = 0.7
CLASSES = 10
PASSES = 10  # that a weight has to be needed in
EASY_GAIN = 8.0  # of the gradients of an easy batch, which are as large as others then


def step(model: nn.Module, X: Any, y: Any, learning_rate: float, number: int = 0) -> dict[str, Any]:
    """What one training_step with plain gradient descent returns, and what it did.

    The network is put into training mode before step 0 only, as fit does it before the first batch.
    Every other step has an easy batch: the numbers that are added to its logits are larger for the
    right classes. The gradients that the step before it left are multiplied by 1000, which shows
    whether this one zeroes them. Afterwards the parameters are put back, so that a long step does
    no harm.
    """
    named = list(model.named_parameters())
    parameters = [p for _, p in named]
    left = [None if p.grad is None else p.grad.mul_(1000).clone() for p in parameters]
    events, fresh = Events(), [None] * len(parameters)
    optimizer = RecordingOptimizer(model, learning_rate, events)
    batch = (X.clone(), y.clone())
    by, gain = _numbers(y, easy=number % 2 == 1)
    before = [p.detach().clone() for p in parameters]
    if number == 0:
        model.train()
    with (
        watched(model, events.arrived) as running,
        noting(parameters, events, fresh),
        reading_logits(model, batch[0], events, by, gain),
        counting_others(optimizer, events),
    ):
        try:
            loss = model.training_step(X, y, optimizer)
        except Exception as error:
            if events.detached or (isinstance(error, AttributeError) and error.name == "backward"):
                setattr(error, CAUSE, "loss-detached")
            raise
    rows = [
        _compared(name, now.detach() - then, old, new, followed, stepped, learning_rate)
        for (name, now), then, old, new, followed, stepped in zip(
            named, before, left, fresh, optimizer.followed, optimizer.stepped, strict=True
        )
    ]
    with torch.no_grad():
        for parameter, then in zip(parameters, before, strict=True):
            parameter.copy_(then)
    calls = [call for call in events.calls if call.gradient is not None]
    if not calls:  # the last block that the loss depends on computes the logits
        for block in events.blocks.values():
            calls = [call for call in block if call.gradient is not None] or calls
    softmaxes = [call for call in events.softmaxes.values() if call.gradient is not None]
    return {
        "loss": loss,
        "clean": float(F.cross_entropy(by, batch[1])),  # of the images as they are
        "changed": not (torch.equal(X, batch[0]) and torch.equal(y, batch[1])),
        "evaluating": _evaluating(running, events.followed, is_first=number == 0),
        "backwards": len(events.losses),
        "losses": events.losses[:100],
        "reached": events.reached,
        "steps": events.steps,
        "twice": events.twice,
        "others": events.others,
        "gradients_left": any(p.grad is not None and bool(p.grad.any()) for p in parameters),
        "parameters": rows,
        "left_out": _left_out(
            model, batch[0], [p for p, r in zip(named, rows, strict=True) if not r["graded"]]
        ),
        "calls": _shown(calls, batch[0], events.followed),
        "softmaxes": _shown(softmaxes, batch[0], events.followed),
    }


def _numbers(y: Any, *, easy: bool) -> tuple[Any, float]:
    """Numbers `(n, 10)` that take the place of most of the logits, and the gain of the gradients.

    Easy ones give a loss of another size, which an average with other batches cannot have.
    """
    by = torch.randn(len(y), CLASSES, generator=torch.Generator().manual_seed(len(y)))
    if not easy:
        return SPREAD * by, 1.0
    by *= EASY_SPREAD
    by[torch.arange(len(y)), y] = EASY
    return by, EASY_GAIN


def _evaluating(running: Running, followed: int | None, *, is_first: bool) -> bool:
    """Whether a layer was in evaluation mode in a pass whose gradients the optimizer followed.

    A step that leaves the network in that mode does harm to layers that depend on it alone.
    """
    runs = running.modes if is_first else running.switching
    used = [run for run in runs if run.periods and (followed is None or followed in run.periods)]
    return any(run.recording and not run.training for run in used or runs)


def _shown(calls: list[Call], images: Any, followed: int | None) -> list[dict[str, Any]]:
    return [
        {
            "logits": call.logits.double(),
            "gradient": call.gradient.detach().double(),
            "order": places_of(call.images, images),
            "followed": followed in (None, call.period),
        }
        for call in calls[:100]
    ]


def _left_out(model: nn.Module, X: Any, ungraded: list[tuple[str, Any]]) -> list[str]:
    """Which of these parameters the logits of the network's own forward have a gradient by.

    In training mode, and in every pass: some networks leave out layers at random. Vectors are left
    out: the gradient of a bias before a batch normalisation is rounding alone.
    """
    asked = [(name, p) for name, p in ungraded if p.requires_grad and p.dim() > 1]
    modes = {module: module.training for module in model.modules()}
    model.train()
    for _ in range(PASSES):
        if not asked:
            break
        try:
            with torch.enable_grad():
                logits = model(X)
            ways = torch.randn(logits.shape, generator=torch.Generator().manual_seed(0))
            found = torch.autograd.grad(
                (logits * ways.to(logits)).sum(), [p for _, p in asked], allow_unused=True
            )
        except Exception:  # forward is judged elsewhere
            asked = []
            break
        asked = [
            one for one, g in zip(asked, found, strict=True) if g is not None and bool(g.any())
        ]
    for module, training in modes.items():
        module.training = training
    return [name for name, _ in asked]


def _compared(
    name: str, moved: Any, left: Any, fresh: Any, followed: Any, stepped: Any, learning_rate: float
) -> dict[str, Any]:
    """The lengths of a parameter's gradients and of its movement, and their inner products.

    `left` is what the step before left, `fresh` what this batch gave, `followed` what the optimizer
    found; `stepped` is how far the optimizer moved it, `moved` how far it is in the end. `shrunk` says
    that the optimizer found this batch's gradient, with smaller numbers in places.
    """
    zero = torch.zeros_like(moved, dtype=torch.float64)
    vectors = {
        "moved": moved.double() / -learning_rate,
        "left": zero if left is None else left.double(),
        "fresh": zero if fresh is None else fresh.double(),
        "followed": zero if followed is None else followed.double(),
        "stepped": zero + stepped / -learning_rate,
    }
    names = list(vectors)
    products = {
        f"{a} {b}": float((vectors[a] * vectors[b]).sum())
        for i, a in enumerate(names)
        for b in names[i:]
    }
    shares = vectors["followed"] * vectors["fresh"].sign()
    return {
        "name": name,
        "graded": fresh is not None,
        "still": not bool(moved.any()),
        "largest": float(vectors["fresh"].abs().max()) if moved.numel() else 0.0,
        "shrunk": bool(((shares >= 0) & (shares <= 1.001 * vectors["fresh"].abs())).all()),
        **products,
    }
