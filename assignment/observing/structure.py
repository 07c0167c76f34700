"""Observations of what a torch model consists of and what its forward pass does with it.

The trusted side judges them. Imported with probes.py.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

# nodes of an autograd graph that only reshape or copy
_COPYING = ("Alias", "Clone", "ToCopy")
RESHAPING = ("View", "UnsafeView", "Reshape", "Squeeze", "Unsqueeze", "Flatten", *_COPYING)


def structure(model: Any) -> dict[str, Any]:
    """Its parameters, counts of convolutions and weights, and layers that PyTorch cannot find."""
    if not isinstance(model, nn.Module):
        return {
            "module": False,
            "parameters": [],
            "convolutions": 0,
            "unregistered": [],
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
        "stacks": [name for name, m in model.named_modules() if _is_linear_stack(m)],
        "weights": sum(p.dim() > 1 for p in model.parameters()),
    }


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
    """The unregistered layers in plain lists, tuples and dicts, by attribute."""
    modules = set(model.modules())
    found: dict[str, list[nn.Module]] = {}
    for name, value in vars(model).items():
        values = (
            value.values()
            if isinstance(value, dict)
            else value
            if isinstance(value, list | tuple)
            else ()
        )
        if name not in ("_modules", "_parameters", "_buffers"):
            found[name] = [
                item for item in values if isinstance(item, nn.Module) and item not in modules
            ]
    return found


def in_mode(model: nn.Module, *, training: bool) -> nn.Module:
    """The model in training or evaluation mode, unregistered layers included.

    Those cost points in 2.1 and 3.1 only.
    """
    for layers in _in_containers(model).values():
        for layer in layers:
            layer.train(training)
    return model.train(training)


def trace(model: nn.Module, X: Any, training: bool) -> dict[str, Any]:
    """Two forward passes: leaves of their graphs, the last node, whether they agree, and modes."""
    in_mode(model, training=training)
    first, second = (_pass(model, X.clone()) for _ in range(2))
    kept = first.foreign.keys() & second.foreign.keys()
    return {
        "attached": getattr(first.logits, "grad_fn", None) is not None,
        "hidden": len(kept),
        "made_anew": len(first.foreign.keys() ^ second.foreign.keys()),
        "convolves": first.convolves,
        "last": first.last,
        "last_in_stack": first.last_in_stack,
        "agree": _agree(first.logits, second.logits),
        "switched": any(m.training != training for m in model.modules()),
    }


def _agree(a: Any, b: Any) -> bool:
    if not isinstance(a, torch.Tensor) or not isinstance(b, torch.Tensor) or a.shape != b.shape:
        return False
    return bool(torch.allclose(a, b, rtol=1e-4, atol=1e-5, equal_nan=True))


@dataclass(frozen=True)
class _Pass:
    """One forward pass: its logits, leaves of its graph that are not the model's, and its end."""

    logits: Any
    foreign: dict[int, Any]
    convolves: bool
    last: str  # the name of the last node that does more than reshape
    last_in_stack: bool  # whether it is a layer of an nn.Sequential


def _pass(model: nn.Module, X: Any) -> _Pass:
    known = {id(p) for p in model.parameters()}
    stacked = {
        child for m in model.modules() if isinstance(m, nn.Sequential) for child in m.children()
    }
    with _outputs_of_layers(model) as outputs, torch.enable_grad():
        logits = model(X)
    start = logits.grad_fn if isinstance(logits, torch.Tensor) else None
    nodes, last = _nodes(start), start
    while last is not None and last.name().startswith(RESHAPING) and last.next_functions:
        last = last.next_functions[0][0]
    return _Pass(
        logits,
        {
            id(node.variable): node.variable
            for node in nodes
            if hasattr(node, "variable") and id(node.variable) not in known
        },
        any("Conv" in node.name() for node in nodes)
        or any(isinstance(m, nn.modules.conv._ConvNd) for m, _ in outputs),
        last.name() if last is not None else "",
        any(last is not None and output.grad_fn is last and m in stacked for m, output in outputs),
    )


def _nodes(start: Any) -> list[Any]:
    """All nodes of an autograd graph, at most a hundred thousand."""
    seen: dict[Any, None] = {}
    waiting = [start]
    while waiting and len(seen) < 100_000:
        node = waiting.pop()
        if node is not None and node not in seen:
            seen[node] = None
            waiting += [following for following, _ in node.next_functions]
    return list(seen)


@contextlib.contextmanager
def _outputs_of_layers(model: nn.Module) -> Iterator[list[tuple[nn.Module, Any]]]:
    """Every layer that runs inside the block, with its output."""
    outputs: list[tuple[nn.Module, Any]] = []

    def note(layer: nn.Module, _: Any, output: Any) -> None:
        if isinstance(output, torch.Tensor):
            outputs.append((layer, output))

    handles = [layer.register_forward_hook(note) for layer in leaves_of(model)]
    try:
        yield outputs
    finally:
        for handle in handles:
            handle.remove()


def leaves_of(model: nn.Module) -> list[nn.Module]:
    """The layers without child layers."""
    return [m for m in model.modules() if not list(m.children())]


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


def cut_off(model: nn.Module, X: Any) -> list[str]:
    """The parameters that change the logits, but get no gradient from them.

    An unused parameter is no mistake.
    """
    trained = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    found = []
    logits = in_mode(model, training=False)(X)
    gradients = (
        torch.autograd.grad((logits**2).sum(), [p for _, p in trained], allow_unused=True)
        if trained
        else ()
    )
    for (name, parameter), gradient in zip(trained, gradients, strict=True):
        if gradient is None and _has_influence(model, parameter, X):
            found.append(name)
    return found


def _has_influence(model: nn.Module, parameter: Any, X: Any) -> bool:
    """Whether the logits change with a parameter."""
    with torch.no_grad():
        before, kept = model(X), parameter.clone()
        parameter.add_(torch.rand_like(parameter) + 0.5)
        after = model(X)
        parameter.copy_(kept)
    return not torch.allclose(before, after)
