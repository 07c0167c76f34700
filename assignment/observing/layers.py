"""Which layers run, in which mode, and what a network returns, wherever the call comes from.

A prediction may come from a copy of the network, a training step from a block of it. So hooks for
all modules are used, not hooks of one model.
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

import torch
from torch import nn
from torch.nn.modules.module import (
    register_module_forward_hook,
    register_module_forward_pre_hook,
)

CLASSES = 10


@dataclass
class Run:
    """One run of a layer: its mode, whether its result has a gradient, and when that came."""

    training: bool
    recording: bool
    periods: set[int] = field(default_factory=set)  # of a training step, as in events.py


@dataclass
class Running:
    """What ran.

    Layers without parameters whose result is the same in both modes are left out: eval() does not
    reach one that forward makes, or one that belongs to no network.
    """

    switching: list[Run] = field(default_factory=list)  # layers that read their mode
    layers: list[Run] = field(default_factory=list)  # others, with parameters
    networks: list[Run] = field(default_factory=list)  # the whole network

    @property
    def modes(self) -> list[Run]:
        """Of the layers that depend on it; else of all; else of the network itself."""
        return self.switching or self.layers or self.networks


@contextlib.contextmanager
def watched(model: nn.Module, arrived: Callable[[Run], None] | None = None) -> Iterator[Running]:
    """Notes every layer that runs inside the block, of the model and of its copies.

    `arrived` is called when a gradient comes to the result of a run.
    """
    running = Running()

    def note(layer: nn.Module, _: Any, output: Any) -> None:
        if torch.jit.is_tracing():  # nothing comes of it but a copy
            return
        now = Run(layer.training, isinstance(output, torch.Tensor) and output.requires_grad)
        if arrived is not None and now.recording:
            output.register_hook(lambda _: arrived(now))
        if type(layer) is type(model):
            running.networks.append(now)
        if _reads_mode(layer):
            running.switching.append(now)
        elif _is_leaf(layer) and any(True for _ in layer.parameters()):
            running.layers.append(now)

    handle = register_module_forward_hook(note)
    try:
        yield running
    finally:
        handle.remove()


def _is_leaf(layer: nn.Module) -> bool:
    # the layers inside a scripted module run without hooks
    return isinstance(layer, torch.jit.ScriptModule) or not any(True for _ in layer.children())


def _reads_mode(layer: nn.Module) -> bool:
    """Whether its result depends on `self.training`: its forward reads it or, in a leaf, any method."""
    if isinstance(layer, torch.jit.ScriptModule):  # what is inside it cannot be seen
        return True
    kind = type(layer)
    functions = [kind.forward]
    if _is_leaf(layer):
        own = kind.__mro__[: kind.__mro__.index(nn.Module)]
        functions += [value for c in own for value in vars(c).values()]
    # by type: isinstance asks the object too, which may raise
    plain = [inspect.unwrap(f) for f in functions if type(f) is FunctionType]
    return any("training" in f.__code__.co_names for f in plain if isinstance(f, FunctionType))


Change = Callable[[Any, Any, Any], Any]  # of (network or block, images, logits): what to return


@contextlib.contextmanager
def every_forward(model: nn.Module, change: Change) -> Iterator[None]:
    """Passes what forward returns through `change`, where it is one row of logits an image.

    Of the model and of every other network of its class, called as network(X) or network.forward(X).
    """
    own = vars(model).get("forward")  # a script may set it in __init__
    holder: Any = model if own is not None else type(model)
    forward = own if own is not None else holder.forward

    def changed(*args: Any, **kwargs: Any) -> Any:
        network, rest = (model, args) if own is not None else (args[0], args[1:])
        images = rest[0] if rest else next(iter(kwargs.values()), None)
        logits = forward(*args, **kwargs)
        return _changed(change, network, images, logits) if is_rows(logits) else logits

    inherited = own is None and "forward" not in vars(holder)
    holder.forward = changed
    try:
        yield
    finally:
        if inherited:
            del holder.forward
        else:
            holder.forward = forward


@contextlib.contextmanager
def every_outer_call(change: Change) -> Iterator[None]:
    """Passes what modules return through `change`, where it is one row of logits an image.

    Of those that no other module calls: a network, a copy, a scripted one, or a block of layers.
    A module that turns logits into something else, such as nn.LogSoftmax, is none of them.
    """
    depth = 0

    def enter(*_: Any) -> None:
        nonlocal depth
        depth += 1

    def leave(module: nn.Module, inputs: Any, output: Any) -> Any:
        nonlocal depth
        depth -= 1
        if depth or torch.jit.is_tracing() or not is_rows(output) or _converts(module, inputs):
            return None
        return _changed(change, module, inputs[0] if inputs else None, output)

    handles = (
        register_module_forward_pre_hook(enter),
        register_module_forward_hook(leave, always_call=True),
    )
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _changed(change: Change, network: Any, images: Any, logits: Any) -> Any:
    """What `change` returns, also in the attributes that keep the logits: they may be used there."""
    shown = change(network, images, logits)
    for name, value in [*vars(network).items()]:
        if value is logits:
            object.__setattr__(network, name, shown)
    return shown


def _converts(module: nn.Module, inputs: Any) -> bool:
    has_parameters = any(True for _ in module.parameters())
    return bool(inputs) and is_rows(inputs[0]) and not has_parameters


def shifted(logits: Any, by: Any, size: float, gain: float = 1.0) -> Any:
    """Logits plus given numbers `by`; their logarithms or probabilities likewise.

    So every image has another label and the loss can tell what it is computed from, whatever the
    architecture and its weights: logits larger than `size` are shrunk to it. Their gradient is as
    without that, times `gain`. Returns the sum, and what the caller gets in place of the logits.
    """
    logarithms = _is_close(logits.exp().sum(dim=1))
    probabilities = bool((logits >= 0).all()) and _is_close(logits.sum(dim=1))
    own = logits.clamp_min(1e-12).log() if probabilities else logits
    shrinking = min(1.0, size / max(float(own.detach().abs().max()), 1e-12))
    moved = shrinking * own.detach() + by.to(logits)
    if own.requires_grad:
        moved = moved + gain * (own - own.detach())
    if logarithms:
        return moved, torch.log_softmax(moved, dim=1)
    return moved, torch.softmax(moved, dim=1) if probabilities else moved


def _is_close(sums: Any) -> bool:
    return bool(torch.allclose(sums.detach().float(), torch.ones(()).to(sums.device), atol=1e-3))


def is_rows(value: Any) -> bool:
    """Whether it is a tensor with one row of ten values for each image."""
    return (
        isinstance(value, torch.Tensor)
        and value.dim() == 2
        and value.shape[1] == CLASSES
        and value.is_floating_point()
    )


def places_of(images: Any, batch: Any) -> list[int]:
    """Which image of the batch each image is; -1 for one that is not the same any more."""
    if not isinstance(images, torch.Tensor) or images.dim() == 0:
        return []
    # nor can images be read while torch.func computes gradients
    if torch.jit.is_tracing() or torch._C._functorch.peek_interpreter_stack() is not None:
        return []
    known = {row.contiguous().numpy().tobytes(): i for i, row in enumerate(batch.float().cpu())}
    rows = images.detach().float().cpu()
    if rows.numel() != len(rows) * batch[0].numel():
        return [-1] * len(rows)
    return [known.get(row.contiguous().numpy().tobytes(), -1) for row in rows.flatten(1)]
