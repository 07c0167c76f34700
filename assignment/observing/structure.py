"""What a torch model consists of, and the mode that its layers are in."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn


def structure(model: Any) -> dict[str, Any]:
    """Its parameters, counts of convolutions and weights, and layers that PyTorch cannot find."""
    if not isinstance(model, nn.Module):
        return {
            "module": False,
            "parameters": [],
            "convolutions": 0,
            "unregistered": [],
            "plain": [],
            "stacks": [],
            "weights": 0,
        }
    return {
        "module": True,
        "parameters": [
            [name, list(p.shape), p.requires_grad]
            for name, p in list(model.named_parameters())[:1000]
        ],
        "convolutions": sum(isinstance(m, nn.modules.conv._ConvNd) for m in model.modules()),
        "unregistered": _hidden_in_containers(model),
        "plain": _plain_tensors(model),
        "stacks": [name for name, m in model.named_modules() if _is_linear_stack(m)],
        "weights": sum(p.dim() > 1 for p in model.parameters()),
    }


def _plain_tensors(model: nn.Module) -> list[str]:
    """The attributes that are matrices or filters, but no parameters or buffers."""
    return [
        name
        for name, value in vars(model).items()
        if isinstance(value, torch.Tensor) and value.is_floating_point() and value.dim() > 1
    ]


def _is_linear_stack(module: nn.Module) -> bool:
    """Whether it is a Sequential with at least two layers with weights."""
    weighted = [m for m in module.children() if isinstance(m, nn.Linear | nn.modules.conv._ConvNd)]
    return isinstance(module, nn.Sequential) and len(weighted) > 1


def _hidden_in_containers(model: nn.Module) -> list[str]:
    """The attributes whose layers are only in a plain list, tuple or dict, hidden from PyTorch.

    Layers without parameters or modes, such as ReLU, may stay hidden.
    """
    parameters = {id(p) for p in model.parameters()}

    def needed(layer: nn.Module) -> bool:
        modal = any(
            isinstance(m, nn.modules.dropout._DropoutNd | nn.modules.batchnorm._NormBase)
            for m in layer.modules()
        )
        return modal or any(id(p) not in parameters for p in layer.parameters())

    return [
        name
        for name, layers in _in_containers(model).items()
        if any(needed(layer) for layer in layers)
    ]


def _in_containers(model: nn.Module) -> dict[str, list[nn.Module]]:
    """The unregistered layers in plain lists, tuples and dicts, also nested ones, by attribute."""
    modules = set(model.modules())
    return {
        name: [layer for layer in _inside(value) if layer not in modules]
        for name, value in vars(model).items()
        if name not in ("_modules", "_parameters", "_buffers")
    }


def _inside(value: Any, depth: int = 0) -> list[nn.Module]:
    """The layers in a container, at most five deep: one may contain itself."""
    values = value.values() if isinstance(value, dict) else value
    if depth == 5 or not isinstance(value, dict | list | tuple):
        return []
    return [
        layer
        for item in values
        for layer in ([item] if isinstance(item, nn.Module) else _inside(item, depth + 1))
    ]


def in_mode(model: nn.Module, *, training: bool) -> nn.Module:
    """The model in training or evaluation mode, unregistered layers included.

    Those cost points in 2.1 and 3.1 only.
    """
    for layers in _in_containers(model).values():
        for layer in layers:
            layer.train(training)
    return model.train(training)


def leaves_of(model: nn.Module) -> list[nn.Module]:
    """The layers without child layers, but for scripted ones, which take no hooks."""
    return [
        m
        for m in model.modules()
        if not list(m.children()) and not isinstance(m, torch.jit.ScriptModule)
    ]
