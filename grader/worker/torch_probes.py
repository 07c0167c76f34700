"""Observations of how a torch model behaves, in training and in use. The trusted side judges them.

Imported in the worker by the first probe, since only parts 2 and 3 have torch.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from . import torch_structure
from .protocol import CAUSE


def _parameters(model: nn.Module) -> list[np.ndarray]:
    return [p.detach().cpu().float().numpy().copy() for p in model.parameters()]


def _materialise(model: nn.Module, X: Any) -> bool:
    """Initialise lazy layers with one forward pass; returns whether there were any."""
    lazy = any(isinstance(p, nn.parameter.UninitializedParameter) for p in model.parameters())
    if lazy:
        with torch.no_grad():
            model.eval()(X)
    return lazy


def _gradients(model: nn.Module) -> list[np.ndarray | None]:
    return [
        None if p.grad is None else p.grad.detach().cpu().float().numpy().copy()
        for p in model.parameters()
    ]


def _logits(model: nn.Module, X: Any) -> Any:
    """The logits of forward in evaluation mode, without gradients."""
    torch_structure.in_mode(model, training=False)
    with torch.no_grad():
        return model(_beside(model, X))


def _training_logits(model: nn.Module, X: Any) -> Any:
    """The logits of forward in training mode, without gradients."""
    torch_structure.in_mode(model, training=True)
    with torch.no_grad():
        return model(_beside(model, X))


def _beside(model: nn.Module, X: Any) -> Any:
    """The images, moved to the model's device."""
    parameter = next(iter(model.parameters()), None)
    return X if parameter is None else X.to(parameter.device)


def _linearity(model: nn.Module, a: Any, b: Any) -> list[Any]:
    """f(a) + f(b) and f(a + b) + f(0) in evaluation mode; the two are equal for an affine f."""
    torch_structure.in_mode(model, training=False)
    with torch.no_grad():
        return [model(a) + model(b), model(a + b) + model(torch.zeros_like(a))]


@dataclass
class _Events:
    """How often a step called backward, and whether a parameter got a nonzero gradient.

    `detached`: it was called on something that no gradient can be computed from.
    """

    backwards: int = 0
    reached: bool = False
    detached: bool = False


@contextlib.contextmanager
def _noting(model: nn.Module) -> Iterator[_Events]:
    """Counts the calls of backward, all of which go through torch.autograd.backward."""
    events, original = _Events(), torch.autograd.backward

    def backward(*args: Any, **kwargs: Any) -> None:
        events.backwards += 1
        tensors = args[:1] if isinstance(args[0], torch.Tensor) else args[0]
        events.detached |= not any(tensor.requires_grad for tensor in tensors)
        original(*args, **kwargs)
        events.reached |= any(p.grad is not None and bool(p.grad.any()) for p in model.parameters())

    torch.autograd.backward = backward
    try:
        yield events
    finally:
        torch.autograd.backward = original


def _step(model: nn.Module, X: Any, y: Any, learning_rate: float) -> dict[str, Any]:
    """What one training_step with plain gradient descent returns, and what it did."""
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate)
    batch = (X.clone(), y.clone())
    seen: list[list[bool]] = []
    torch.manual_seed(0)  # the same noise as in _fresh_gradients
    with _without_dropout(), _watched(model, seen), _noting(model) as events:
        try:
            loss = model.train().training_step(X, y, optimizer)
        except Exception as error:
            if events.detached or (isinstance(error, AttributeError) and error.name == "backward"):
                setattr(error, CAUSE, "loss-detached")
            raise
    return {
        "loss": loss,
        "changed": not (torch.equal(X, batch[0]) and torch.equal(y, batch[1])),
        "evaluating": any(recording and not training for training, recording in seen),
        "backwards": events.backwards,
        "reached": events.reached,
    }


def _changes_input(model: nn.Module, X: Any) -> bool:
    """Whether a forward pass changes its input in place."""
    before = X.clone()
    with torch.no_grad():
        torch_structure.in_mode(model, training=False)(X)
    return not torch.equal(X, before)


@contextlib.contextmanager
def _without_dropout() -> Iterator[None]:
    """Makes dropout the identity in training mode too, so that two steps can be compared."""
    names = [
        name
        for name in vars(nn.functional)
        if name.endswith(("dropout", "dropout1d", "dropout2d", "dropout3d"))
    ]
    kept = {name: getattr(nn.functional, name) for name in names}
    try:
        for name in names:
            # torch's own name for the argument, which a caller may spell out
            setattr(nn.functional, name, lambda input, *_, **__: input)  # noqa: A006
        yield
    finally:
        for name in names:
            setattr(nn.functional, name, kept[name])


def _steps(model: nn.Module, X: Any, y: Any, count: int) -> list[Any]:
    """The losses of several steps on one batch with Adam."""
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    return [model.train().training_step(X, y, optimizer) for _ in range(count)]


def _learn(model: nn.Module, X: Any, y: Any, count: int) -> None:
    """Train without training_step: an untrained model predicts nearly the same label everywhere."""
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    model.train()
    for _ in range(count):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(X), y).backward()
        optimizer.step()
    optimizer.zero_grad()


def _magnify_gradients(model: nn.Module) -> None:
    """Multiply the gradients by 1000, which shows whether the next step zeroes them."""
    for parameter in model.parameters():
        if parameter.grad is not None:
            parameter.grad.mul_(1000)


def _fresh_gradients(model: nn.Module, X: Any, y: Any) -> dict[str, Any]:
    """The logits in training mode and the gradients of their cross-entropy, computed here.

    Leaves the model's gradients and buffers as they were.
    """
    torch.manual_seed(0)
    buffers = [buffer.clone() for buffer in model.buffers()]
    with _without_dropout():
        logits = model.train()(X)
    loss = nn.functional.cross_entropy(logits, y)
    gradients = torch.autograd.grad(
        loss, [p for p in model.parameters() if p.requires_grad], allow_unused=True
    )
    with torch.no_grad():
        for buffer, before in zip(model.buffers(), buffers, strict=True):
            buffer.copy_(before)
    found = iter(gradients)
    return {
        "logits": logits,
        "gradients": [next(found) if p.requires_grad else None for p in model.parameters()],
    }


@contextlib.contextmanager
def _watched(model: Any, seen: list[list[bool]]) -> Iterator[None]:
    """Records for each layer that runs: was it in training mode, were gradients recorded.

    For a network without layers, whose forward pass computes with its own parameters, the same of
    the network itself.
    """
    runs: list[list[bool]] = []
    forward, kept = model.forward, vars(model).get("forward")

    def noting(*args: Any, **kwargs: Any) -> Any:
        runs.append([model.training, torch.is_grad_enabled()])
        return forward(*args, **kwargs)

    model.forward = noting  # found by self(X) and by self.forward(X)
    handles = [
        m.register_forward_hook(lambda m, *_: seen.append([m.training, torch.is_grad_enabled()]))
        for m in torch_structure.leaves_of(model)
        if m is not model and not isinstance(m, nn.modules.loss._Loss)
    ]
    try:
        yield
    finally:
        del model.forward
        if kept is not None:  # the script itself set it in __init__
            model.forward = kept
        for handle in handles:
            handle.remove()
    seen += [] if seen else runs


def _predict(model: nn.Module, X: Any) -> dict[str, Any]:
    """Labels predicted by a model left in training mode, and in which mode its layers ran."""
    seen: list[list[bool]] = []
    images = X.clone()
    model.train()
    # enable_grad also restores the mode, should predict switch gradients off for good.
    with torch.enable_grad(), _watched(model, seen):
        try:
            labels = model.predict(X)
        except Exception as error:
            if model.training and _needs_evaluation_mode(model, images[:1]):
                setattr(error, CAUSE, "training-mode")
            raise
    return {
        "labels": labels,
        "training": any(training for training, _ in seen),
        "recording": any(recording for _, recording in seen),
        "changed": not torch.equal(X, images),
    }


def _needs_evaluation_mode(model: nn.Module, X: Any) -> bool:
    """Whether forward raises in training mode alone, as batch normalisation of one image does."""
    with torch.no_grad():
        try:
            model.train()(X)
        except Exception:
            with contextlib.suppress(Exception):
                torch_structure.in_mode(model, training=False)(X)
                return True
    return False


def _predict_block(model: nn.Module, X: Any) -> Any:
    """Labels of a block of images, predicted on the model's device."""
    return model.predict(_beside(model, X))


PROBES: dict[str, Callable[..., Any]] = {
    "structure": torch_structure.structure,
    "trace": torch_structure.trace,
    "last_width": torch_structure.last_width,
    "fit_layers": torch_structure.fit_layers,
    "cut_off": torch_structure.cut_off,
    "materialise": _materialise,
    "changes_input": _changes_input,
    "magnify_gradients": _magnify_gradients,
    "parameters": _parameters,
    "gradients": _gradients,
    "logits": _logits,
    "training_logits": _training_logits,
    "linearity": _linearity,
    "step": _step,
    "steps": _steps,
    "learn": _learn,
    "fresh_gradients": _fresh_gradients,
    "predict": _predict,
    "predict_block": _predict_block,
}
