"""Layers whose sizes do not fit: which they are, and what would fit."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn

from assignment.observing.structure import in_mode, leaves_of


def last_width(model: nn.Module, X: Any) -> int:
    """The output width of the last layer that ran, if every layer with weights ran; else 0."""
    weighted = [m for m in leaves_of(model) if isinstance(m, nn.Linear | nn.modules.conv._ConvNd)]
    ran: list[nn.Module] = []
    handles = [m.register_forward_hook(lambda m, *_: ran.append(m)) for m in weighted]
    with torch.no_grad():
        in_mode(model, training=False)(X)
    for handle in handles:
        handle.remove()
    return int(ran[-1].weight.shape[0]) if ran and {*ran} == {*weighted} else 0


def fit_layers(model: nn.Module, X: Any) -> list[list[Any]]:
    """Resize the layers that do not fit their input: [name, size it had, size that it needs].

    Nothing is resized where another layer that has not run yet would fit, since forward then calls
    the wrong one; where a pooling layer has not run, since forward left it out; or where the input
    is not one row per image.
    """
    names = {m: name for name, m in model.named_modules()}
    stacked = {
        child for m in model.modules() if isinstance(m, nn.Sequential) for child in m.children()
    }
    fitted: list[list[Any]] = []
    ran: set[nn.Module] = set()

    def fit(layer: nn.Module, inputs: tuple[Any, ...]) -> Any:
        given = inputs[0] if inputs and isinstance(inputs[0], torch.Tensor) else None
        if given is not None and layer in stacked and _needs_flattening(layer, given):
            fitted.append(
                [names[layer], _taken(layer), f"{tuple(given.shape[1:])}, which is not flattened"]
            )
            given = given.flatten(1)
        others = [m for m in names if m not in ran and m is not layer]
        ran.add(layer)
        left_out = layer not in stacked and any(
            "Pool" in type(m).__name__ and m not in stacked for m in others
        )
        same = [m for m in others if type(m) is type(layer)]
        if given is not None and not left_out and _needs_fit(layer, given, len(X), same):
            fitted.append([names[layer], _taken(layer), given.shape[1]])
            _resize(layer, given.shape[1])
        return (given, *inputs[1:]) if given is not None else None

    for module in leaves_of(model):
        if isinstance(module, nn.Linear | nn.modules.conv._ConvNd):
            module.register_forward_pre_hook(fit)
        else:
            module.register_forward_pre_hook(lambda m, _: ran.add(m))
    with torch.no_grad():
        in_mode(model, training=False)(X)
    return list(fitted)


def _needs_fit(layer: Any, given: Any, n: int, others: list[Any]) -> bool:
    width = given.shape[1] if given.dim() > 1 else 0
    rows = given.dim() == (2 if isinstance(layer, nn.Linear) else 4) and given.shape[0] == n
    return rows and width != _taken(layer) and all(_taken(other) != width for other in others)


def _needs_flattening(layer: nn.Module, given: Any) -> bool:
    return (
        isinstance(layer, nn.Linear) and given.dim() == 4 and given.shape[-1] != layer.in_features
    )


def _taken(layer: Any) -> int:
    return int(layer.in_features if isinstance(layer, nn.Linear) else layer.in_channels)


def _resize(layer: Any, width: int) -> None:
    """New weights for another number of inputs."""
    shape = [layer.weight.shape[0], width, *layer.weight.shape[2:]]
    layer.weight = nn.Parameter(torch.randn(shape) / math.sqrt(math.prod(shape[1:])))
    if isinstance(layer, nn.Linear):
        layer.in_features = width
    else:
        layer.in_channels, layer.groups = width, 1
