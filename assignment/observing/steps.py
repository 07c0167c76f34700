"""One training step, observed: what the loss asks of the logits, and what the optimizer followed.

Nothing is computed a second time, so augmentation, dropout and averaged weights change nothing of
what is observed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.optim.optimizer import register_optimizer_step_post_hook

from assignment.answers import CAUSE
from assignment.observing.layers import (
    every_forward,
    every_outer_call,
    places_of,
    shifted,
    watched,
)

SPREAD = 2.0  # of the numbers added to the logits: probabilities from 0.001 to 0.9


@dataclass
class Call:
    """One forward pass of the step: its images and logits, and the loss's gradient by them."""

    images: Any
    logits: Any
    gradient: Any = None
    period: int = 0  # in which the gradient came

    def note(self, gradient: Any, period: int) -> None:
        """Add a gradient that arrives at the logits."""
        self.gradient = gradient if self.gradient is None else self.gradient + gradient
        self.period = period


@dataclass
class Events:
    """What happened in a step, in the order in which a right step does it."""

    calls: list[Call] = field(default_factory=list)
    blocks: dict[int, list[Call]] = field(default_factory=dict)  # of blocks called by themselves
    losses: list[float] = field(default_factory=list)  # that backward was called on
    period: int = 0  # how often gradients of this step were zeroed before another backward
    followed: int | None = None  # the period whose gradients the optimizer's first step found
    roots: list[Any] = field(default_factory=list)  # what backward was called on in this period
    twice: bool = False  # backward added the gradients of the same loss again
    detached: bool = False  # backward was called on something that has no gradient
    reached: bool = False  # a parameter got a gradient
    steps: int = 0
    others: int = 0  # steps of other optimizers


class RecordingOptimizer(torch.optim.SGD):  # type: ignore[misc]  # torch is not typed here
    """Plain gradient descent that counts its steps and keeps the gradients of the first."""

    def __init__(self, parameters: list[Any], learning_rate: float, events: Events):
        super().__init__(parameters, lr=learning_rate)
        self.events, self.all = events, parameters
        self.followed, self.stepped = [None] * len(parameters), [0] * len(parameters)

    def step(self, closure: Any = None) -> Any:
        """One step, after the closure if there is one."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        self.events.steps += 1
        before = [p.detach().clone() for p in self.all]
        super().step()
        if self.events.steps == 1:
            self.events.followed = self.events.period
            self.followed = [_kept(p.grad) for p in self.all]
            self.stepped = [p.detach() - old for p, old in zip(self.all, before, strict=True)]
        return loss


def _any(gradient: Any) -> bool:
    return gradient is not None and bool(gradient.any())


def _kept(gradient: Any) -> Any:
    return None if gradient is None else gradient.detach().clone()


@contextlib.contextmanager
def _noting(parameters: list[Any], events: Events, fresh: list[Any]) -> Iterator[None]:
    """Notes the calls of backward, and in `fresh` what they add to the gradients."""
    original = torch.autograd.backward

    def backward(*args: Any, **kwargs: Any) -> None:
        roots = args[0] if args else kwargs["tensors"]
        roots = (roots,) if isinstance(roots, torch.Tensor) else tuple(roots)
        events.detached |= not any(root.requires_grad for root in roots)
        events.losses += [float(root.detach().sum()) for root in roots]
        before = [_kept(p.grad) for p in parameters]
        if any(new is not None and not _any(old) for old, new in zip(before, fresh, strict=True)):
            events.period += 1
            events.roots.clear()
        events.twice |= any(root is old for root in roots for old in events.roots)
        events.roots += roots
        original(*args, **kwargs)
        for i, (parameter, old) in enumerate(zip(parameters, before, strict=True)):
            if parameter.grad is None:
                continue
            added = parameter.grad.detach().clone() if old is None else parameter.grad - old
            if bool(added.any()):
                events.reached = True
                # only what comes since zeroing counts
                fresh[i] = fresh[i] + added if _any(old) and fresh[i] is not None else added

    def grad(outputs: Any, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        found = computed(outputs, inputs, *args, **kwargs)
        places = {id(p): i for i, p in enumerate(parameters)}
        inputs = (inputs,) if isinstance(inputs, torch.Tensor) else tuple(inputs)
        for parameter, gradient in zip(inputs, found, strict=True):
            if id(parameter) in places and gradient is not None:  # which the step puts in place
                fresh[places[id(parameter)]] = gradient.detach().clone()
                events.reached |= bool(gradient.any())
        return found

    computed = torch.autograd.grad
    torch.autograd.backward, torch.autograd.grad = backward, grad
    try:
        yield
    finally:
        torch.autograd.backward, torch.autograd.grad = original, computed


@contextlib.contextmanager
def _reading_logits(model: nn.Module, events: Events) -> Iterator[None]:
    """Adds random numbers to the logits, the same for as many images, and notes what they get."""

    def change(network: Any, images: Any, logits: Any) -> Any:
        if not torch.is_grad_enabled() or not logits.requires_grad:
            return logits
        generator = torch.Generator().manual_seed(len(logits))
        moved, shown = shifted(logits, SPREAD, generator)
        call = Call(images, moved.detach().clone())  # the step may change them in place
        moved.register_hook(lambda gradient: call.note(gradient, events.period))
        if isinstance(network, type(model)):
            events.calls.append(call)
        else:
            events.blocks.setdefault(id(network), []).append(call)
        return shown

    def change_block(block: Any, images: Any, logits: Any) -> Any:
        return logits if isinstance(block, type(model)) else change(block, images, logits)

    with every_forward(model, change), every_outer_call(change_block):
        yield


@contextlib.contextmanager
def _counting_others(own: Any, events: Events) -> Iterator[None]:
    def count(optimizer: Any, *_: Any) -> None:
        events.others += optimizer is not own

    handle = register_optimizer_step_post_hook(count)
    try:
        yield
    finally:
        handle.remove()


def step(model: nn.Module, X: Any, y: Any, learning_rate: float) -> dict[str, Any]:
    """What one training_step with plain gradient descent returns, and what it did.

    The gradients that the step before it left are multiplied by 1000, which shows whether this one
    zeroes them. Afterwards the parameters are put back, so that a long step does no harm.
    """
    named = list(model.named_parameters())
    parameters = [p for _, p in named]
    left = [None if p.grad is None else p.grad.mul_(1000).clone() for p in parameters]
    events, fresh = Events(), [None] * len(parameters)
    optimizer = RecordingOptimizer(parameters, learning_rate, events)
    batch = (X.clone(), y.clone())
    before = [p.detach().clone() for p in parameters]
    with (
        watched(model) as running,
        _noting(parameters, events, fresh),
        _reading_logits(model, events),
        _counting_others(optimizer, events),
    ):
        try:
            loss = model.train().training_step(X, y, optimizer)
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
    needed = _needed(model, batch[0], parameters)
    left_out = [r["name"] for r, need in zip(rows, needed, strict=True) if need and not r["graded"]]
    calls = [call for call in events.calls if call.gradient is not None]
    if not calls:  # the last block that the loss depends on computes the logits
        for block in events.blocks.values():
            calls = [call for call in block if call.gradient is not None] or calls
    return {
        "loss": loss,
        "changed": not (torch.equal(X, batch[0]) and torch.equal(y, batch[1])),
        "evaluating": any(recording and not training for training, recording in running.modes),
        "backwards": len(events.losses),
        "losses": events.losses[:100],
        "reached": events.reached,
        "steps": events.steps,
        "twice": events.twice,
        "others": events.others,
        "gradients_left": any(p.grad is not None and bool(p.grad.any()) for p in parameters),
        "parameters": rows,
        "left_out": left_out,
        "calls": [
            {
                "logits": call.logits.double(),
                "gradient": call.gradient.detach().double(),
                "order": places_of(call.images, batch[0]),
                "followed": events.followed in (None, call.period),
            }
            for call in calls[:100]
        ],
    }


def _needed(model: nn.Module, X: Any, parameters: list[Any]) -> list[bool]:
    """Which weights the logits of the network's own forward have a gradient by, in training mode.

    Vectors are left out: the gradient of a bias before a batch normalisation is rounding alone.
    """
    asked = [p for p in parameters if p.requires_grad and p.dim() > 1]
    try:
        with torch.enable_grad():
            logits = model(X)
        ways = torch.randn(logits.shape, generator=torch.Generator().manual_seed(0))
        found = torch.autograd.grad((logits * ways.to(logits)).sum(), asked, allow_unused=True)
    except Exception:  # forward is judged elsewhere
        return [False] * len(parameters)
    needed = {id(p) for p, gradient in zip(asked, found, strict=True) if _any(gradient)}
    return [id(p) in needed for p in parameters]


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
