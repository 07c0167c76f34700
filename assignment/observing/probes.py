"""Observations of a torch model by name, which checks/torch judges.

Imported by the first probe, since only parts 2 and 3 have torch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from assignment.observing import (
    fit_steps,
    fitting,
    graph,
    modes,
    own_layers,
    predictions,
    several_steps,
    steps,
    structure,
    weights,
)


def materialise(model: nn.Module, X: Any) -> bool:
    """Initialise lazy layers with one forward pass; returns whether there were any."""
    lazy = isinstance(model, nn.Module) and any(
        isinstance(p, nn.parameter.UninitializedParameter) for p in model.parameters()
    )
    if lazy:
        with torch.no_grad():
            model.eval()(X)
    return lazy


def _logits(model: nn.Module, X: Any) -> Any:
    """The logits of forward in evaluation mode, without gradients."""
    structure.in_mode(model, training=False)
    with torch.no_grad():
        return model(_beside(model, X))


def _training_logits(model: nn.Module, X: Any) -> Any:
    """The logits of forward in training mode, without gradients."""
    structure.in_mode(model, training=True)
    with torch.no_grad():
        return model(_beside(model, X))


def _fingerprint(model: nn.Module) -> str:
    """A hash of all parameters."""
    digest = hashlib.sha256()
    for parameter in model.parameters():
        digest.update(parameter.detach().cpu().float().numpy().tobytes())
    return digest.hexdigest()


def _beside(model: nn.Module, X: Any) -> Any:
    """The images, moved to the model's device."""
    parameter = next(iter(model.parameters()), None)
    return X if parameter is None else X.to(parameter.device)


def _at_sums(model: nn.Module, a: Any, b: Any) -> list[Any]:
    """f(a), f(b), f(a + b) and f(0) in evaluation mode; f(a) + f(b) = f(a + b) + f(0) if affine."""
    structure.in_mode(model, training=False)
    with torch.no_grad():
        return [model(x) for x in (a, b, a + b, torch.zeros_like(a))]


def _changes_input(model: nn.Module, X: Any) -> bool:
    """Whether a forward pass changes its input in place."""
    before = X.clone()
    with torch.no_grad():
        structure.in_mode(model, training=False)(X)
    return not torch.equal(X, before)


def _predict_block(model: nn.Module, X: Any) -> Any:
    """Labels of a block of images, predicted on the model's device."""
    return model.predict(_beside(model, X))


PROBES: dict[str, Callable[..., Any]] = {
    "structure": structure.structure,
    "trace": graph.trace,
    "last_width": fitting.last_width,
    "fit_layers": fitting.fit_layers,
    "choose_weights": weights.choose_weights,
    "cut_off": weights.cut_off,
    "layers": own_layers.layers,
    "fit_steps": fit_steps.fit_steps,
    "several_steps": several_steps.several_steps,
    "modes": modes.modes,
    "columns": own_layers.columns,
    "materialise": materialise,
    "changes_input": _changes_input,
    "logits": _logits,
    "training_logits": _training_logits,
    "fingerprint": _fingerprint,
    "at_sums": _at_sums,
    "step": steps.step,
    "predict": predictions.predict,
    "predict_block": _predict_block,
}
