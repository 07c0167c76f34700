"""What happens in a training step: forward passes, losses, gradients, steps of the optimizer."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.optim.optimizer import register_optimizer_step_post_hook

from assignment.observing.graph import nodes_of
from assignment.observing.layers import (
    Run,
    every_forward,
    every_outer_call,
    is_rows,
    places_of,
    shifted,
)

OWN = 0.1  # size of what the network computes in the logits of a step; the rest are known numbers


@dataclass
class Call:
    """Logits of the step, by a forward pass or in a loss, and the loss's gradient by them."""

    logits: Any
    images: Any = None
    gradient: Any = None
    period: int = 0  # in which the gradient came

    def note(self, gradient: Any, events: Events) -> None:
        """Add a gradient that arrives at the logits, if it is on its way to the parameters."""
        if events.trains:
            self.gradient = gradient if self.gradient is None else self.gradient + gradient
            self.period = events.period


@dataclass
class Events:
    """What happened in a step, in the order in which a right step does it."""

    calls: list[Call] = field(default_factory=list)
    blocks: dict[int, list[Call]] = field(default_factory=dict)  # of blocks called by themselves
    sources: list[Any] = field(default_factory=list)  # nodes of the graph that the logits come from
    softmaxes: dict[Any, Call] = field(default_factory=dict)  # what a loss takes a softmax of
    losses: list[float] = field(default_factory=list)  # that backward was called on
    period: int = 0  # how often gradients of this step were zeroed before another backward
    trains: bool = True  # whether the gradients that are computed now are the parameters'
    followed: int | None = None  # the period whose gradients the optimizer's first step found
    roots: list[Any] = field(default_factory=list)  # what backward was called on in this period
    twice: bool = False  # backward added the gradients of the same loss again
    detached: bool = False  # backward was called on something that has no gradient
    reached: bool = False  # a parameter got a gradient
    steps: int = 0
    others: int = 0  # steps of other optimizers

    def arrived(self, run: Run) -> None:
        """Note that a gradient came to the result of a layer."""
        if self.trains:
            run.periods.add(self.period)


class RecordingOptimizer(torch.optim.SGD):  # type: ignore[misc]  # torch is not typed here
    """Plain gradient descent that counts its steps and keeps the gradients of the first.

    It has the parameter groups of the network's own optimizer, whose numbers a step may set. It
    moves by its own learning rate: one that a step sets may be 0, as a warm-up begins.
    """

    def __init__(self, model: nn.Module, learning_rate: float, events: Events):
        self.events, self.all, self.rate = events, list(model.parameters()), learning_rate
        super().__init__(_groups(model, self.all), lr=learning_rate)
        self.followed, self.stepped = [None] * len(self.all), [0] * len(self.all)

    def step(self, closure: Any = None) -> Any:
        """One step, after the closure if there is one."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        self.events.steps += 1
        before = [p.detach().clone() for p in self.all]
        rates = [group["lr"] for group in self.param_groups]
        for group in self.param_groups:
            group["lr"] = self.rate
        super().step()
        for group, rate in zip(self.param_groups, rates, strict=True):
            group["lr"] = rate
        if self.events.steps == 1:
            self.events.followed = self.events.period
            self.followed = [_kept(p.grad) for p in self.all]
            self.stepped = [p.detach() - old for p, old in zip(self.all, before, strict=True)]
        return loss


def _groups(model: Any, parameters: list[Any]) -> list[dict[str, Any]]:
    """Groups as in the network's own optimizer, with all parameters; but for SGD's settings."""
    plain = torch.optim.SGD([torch.zeros(1)]).defaults
    known = {id(p) for p in parameters}
    groups: list[dict[str, Any]] = []
    with contextlib.suppress(Exception):  # it is judged by nothing here
        for group in model.configure_optimizer().param_groups:
            own = [p for p in group["params"] if id(p) in known]
            known -= {id(p) for p in own}
            groups.append({k: v for k, v in group.items() if k not in plain} | {"params": own})
    rest = [p for p in parameters if id(p) in known]
    return [*groups, {"params": rest}] if rest else groups


def _any(gradient: Any) -> bool:
    return gradient is not None and bool(gradient.any())


def _kept(gradient: Any) -> Any:
    return None if gradient is None else gradient.detach().clone()


@contextlib.contextmanager
def noting(parameters: list[Any], events: Events, fresh: list[Any]) -> Iterator[None]:
    """Notes the calls of backward, and in `fresh` what they add to the gradients."""
    original = torch.autograd.backward

    def backward(*args: Any, **kwargs: Any) -> None:
        roots = _tuple(args[0] if args else kwargs["tensors"])
        events.detached |= not any(root.requires_grad for root in roots)
        events.losses += [float(root.detach().sum()) for root in roots]
        before = [_kept(p.grad) for p in parameters]
        if any(new is not None and not _any(old) for old, new in zip(before, fresh, strict=True)):
            events.period += 1
            events.roots.clear()
        events.twice |= any(root is old for root in roots for old in events.roots)
        events.roots += roots
        with _reading_softmaxes(roots, events):
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
        places = {id(p): i for i, p in enumerate(parameters)}
        inputs = _tuple(inputs)
        events.trains = any(id(one) in places for one in inputs)
        try:
            with _reading_softmaxes(_tuple(outputs) if events.trains else (), events):
                found = computed(outputs, inputs, *args, **kwargs)
        finally:
            events.trains = True
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


def _tuple(tensors: Any) -> tuple[Any, ...]:
    return (tensors,) if isinstance(tensors, torch.Tensor) else tuple(tensors)


@contextlib.contextmanager
def _reading_softmaxes(roots: tuple[Any, ...], events: Events) -> Iterator[None]:
    """Notes the gradients that reach what the losses take a softmax of, one row an image.

    But for logits as a network returned them, whose gradients are noted already.
    """
    handles: list[tuple[Call, Any]] = []
    for node in dict.fromkeys(node for root in roots for node in nodes_of(root.grad_fn)):
        logits = _logits_of(node)
        if logits is None:
            continue
        source, place = node.next_functions[0]
        is_trained = source is not None and bool(source.next_functions)
        if not is_trained or any(source is one for one in events.sources):
            continue
        call = events.softmaxes.setdefault((source, place), Call(logits.detach().clone()))

        def note(gradients: Any, call: Call = call, place: int = place) -> None:
            if gradients[place] is not None:
                call.note(gradients[place], events)

        # a hook of the source, which may have several users: it runs once, with their sum
        if not any(known is call for known, _ in handles):
            handles.append((call, source.register_prehook(note)))
    try:
        yield
    finally:
        for _, handle in handles:
            handle.remove()


def _logits_of(node: Any) -> Any:
    """What a node of the graph takes the softmax of over the classes, up to a constant an image."""
    name = node.name().partition("Backward")[0]
    value = None
    with contextlib.suppress(RuntimeError):  # of what an earlier backward has freed
        if name in ("LogSoftmax", "Softmax") and node._saved_dim in (1, 2**64 - 1):
            value = node._saved_result if name == "LogSoftmax" else node._saved_result.log()
        elif name == "Logsumexp" and node._saved_dim in ((1,), (2**64 - 1,)):
            value = node._saved_self
    return value if is_rows(value) else None


@contextlib.contextmanager
def reading_logits(
    model: nn.Module, batch: Any, events: Events, by: Any, gain: float
) -> Iterator[None]:
    """Adds the numbers `by (n, 10)` to the logits, and notes the gradients that they get.

    Each row has the numbers of its image, or if that was changed, of its place in the batch.
    """
    last: list[Any] = [None]  # what was returned: it may go through another network on its way out

    def change(network: Any, images: Any, logits: Any) -> Any:
        if any(logits is one for one in last):
            return logits
        places = [i if place < 0 else place for i, place in enumerate(places_of(images, batch))]
        rows = places if len(places) == len(logits) else range(len(logits))
        moved, shown = shifted(logits, by[[row % len(by) for row in rows]], OWN, gain)
        last[0] = shown
        if moved.requires_grad:
            events.sources.append(moved.grad_fn)
            call = Call(moved.detach().clone(), images)  # the step may change them in place
            moved.register_hook(lambda gradient: call.note(gradient, events))
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
def counting_others(own: Any, events: Events) -> Iterator[None]:
    """Counts the steps of other optimizers."""

    def count(optimizer: Any, *_: Any) -> None:
        events.others += optimizer is not own

    handle = register_optimizer_step_post_hook(count)
    try:
        yield
    finally:
        handle.remove()
