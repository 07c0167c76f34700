"""What a torch model consists of and what its forward pass does with it, observed; what it means is decided on the other side.

Copied beside the worker and imported there with probes.py, so nothing of the grader is imported here.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

# nodes of an autograd graph that give the same numbers in another shape
RESHAPING = ("View", "UnsafeView", "Reshape", "Squeeze", "Unsqueeze", "Alias", "Clone", "ToCopy", "Flatten")


def structure(model: Any) -> dict[str, Any]:
    """Its parameters' shapes, how many convolutions and layers with weights there are, and what PyTorch does not find."""
    if not isinstance(model, nn.Module):
        return {"module": False, "parameters": [], "convolutions": 0, "unregistered": [], "stacks": [], "weights": 0}
    return {
        "module": True,
        "parameters": [[name, list(p.shape), p.requires_grad] for name, p in list(model.named_parameters())[:1000]],
        "convolutions": sum(isinstance(m, nn.modules.conv._ConvNd) for m in model.modules()),
        "unregistered": _hidden_in_containers(model),
        "stacks": [name for name, m in model.named_modules() if _is_linear_stack(m)],
        "weights": sum(p.dim() > 1 for p in model.parameters()),
    }


def _is_linear_stack(module: nn.Module) -> bool:
    """Whether a Sequential holds two layers with weights or more: what stands between them is its own affair."""
    weighted = [m for m in module.children() if isinstance(m, nn.Linear | nn.modules.conv._ConvNd)]
    return isinstance(module, nn.Sequential) and len(weighted) > 1


def _hidden_in_containers(model: nn.Module) -> list[str]:
    """The attributes that hold layers in a plain list, tuple or dict and nowhere else, if PyTorch has to find them."""
    modules, parameters = set(model.modules()), {id(p) for p in model.parameters()}

    def hidden(item: Any) -> bool:
        if not isinstance(item, nn.Module) or item in modules:
            return False
        modal = any(
            isinstance(m, nn.modules.dropout._DropoutNd | nn.modules.batchnorm._NormBase) for m in item.modules()
        )
        return modal or any(id(p) not in parameters for p in item.parameters())

    found = []
    for name, value in vars(model).items():
        values = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
        if name not in ("_modules", "_parameters", "_buffers") and any(hidden(item) for item in values):
            found.append(name)
    return found


def trace(model: nn.Module, X: Any, training: bool) -> dict[str, Any]:
    """Two forward passes: where the gradients lead, what comes last, whether both agree, and in which mode they left the layers."""
    model.train(training)
    passes = [_pass(model, X.clone()) for _ in range(2)]
    (first, *_), (second, *_) = passes
    if not all(isinstance(logits, torch.Tensor) for logits in (first, second)):
        return {"attached": False, "hidden": 0, "made_anew": 0, "convolves": False, "last": "", "last_in_stack": False,
                "agree": True, "switched": False}  # fmt: skip
    leaves = [foreign for _, foreign, *_ in passes]
    kept = leaves[0].keys() & leaves[1].keys()
    _, _, nodes, last, last_in_stack = passes[0]
    return {
        "attached": first.grad_fn is not None,
        "hidden": len(kept),
        "made_anew": len(leaves[0].keys() - kept) + len(leaves[1].keys() - kept),
        "convolves": any("Conv" in name for name in nodes),
        "last": last,
        "last_in_stack": last_in_stack,
        "agree": first.shape == second.shape and torch.allclose(first, second, rtol=1e-4, atol=1e-5, equal_nan=True),
        "switched": any(m.training != training for m in model.modules()),
    }


def _pass(model: nn.Module, X: Any) -> tuple[Any, dict[int, Any], list[str], str, bool]:
    """Logits, the leaves that are none of the model's parameters, the nodes' names, the last of them, and if a stack made it."""
    known = {id(p) for p in model.parameters()}
    with _outputs_of_layers(model) as outputs, torch.enable_grad():
        logits = model(X)
    if not isinstance(logits, torch.Tensor):
        return logits, {}, [], "", False
    nodes = _nodes(logits.grad_fn)
    foreign = {id(n.variable): n.variable for n in nodes if hasattr(n, "variable") and id(n.variable) not in known}
    last = logits.grad_fn
    while last is not None and last.name().startswith(RESHAPING) and last.next_functions:
        last = last.next_functions[0][0]
    in_stack = any(last is not None and output.grad_fn is last and inside for output, inside in outputs)
    return logits, foreign, [n.name() for n in nodes], last.name() if last is not None else "", in_stack


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
def _outputs_of_layers(model: nn.Module) -> Iterator[list[tuple[Any, bool]]]:
    """The output of every layer that runs meanwhile, and whether the layer stands in an nn.Sequential."""
    stacked = {id(child) for m in model.modules() if isinstance(m, nn.Sequential) for child in m.children()}
    outputs: list[tuple[Any, bool]] = []
    handles = [
        m.register_forward_hook(
            lambda m, _, output: (
                outputs.append((output, id(m) in stacked)) if isinstance(output, torch.Tensor) else None
            )
        )
        for m in leaves_of(model)
    ]
    try:
        yield outputs
    finally:
        for handle in handles:
            handle.remove()


def leaves_of(model: nn.Module) -> list[nn.Module]:
    """The layers that hold no further ones."""
    return [m for m in model.modules() if not list(m.children())]


def last_width(model: nn.Module, X: Any) -> int:
    """How many outputs the last layer that ran has, if every layer with weights ran; else 0."""
    weighted = [m for m in leaves_of(model) if isinstance(m, nn.Linear | nn.modules.conv._ConvNd)]
    ran: list[nn.Module] = []
    handles = [m.register_forward_hook(lambda m, *_: ran.append(m)) for m in weighted]
    with torch.no_grad():
        model.eval()(X)
    for handle in handles:
        handle.remove()
    return int(ran[-1].weight.shape[0]) if ran and {*ran} == {*weighted} else 0


def fit_layers(model: nn.Module, X: Any) -> list[list[Any]]:
    """Layers that do not take what the layers before them give: each made to fit, as [name, size it had, size that it needs].

    A layer that takes it and has not run yet means that forward calls the wrong one: then nothing is mended. The same
    goes for an input that is not one row for each image.
    """
    names = {m: name for name, m in model.named_modules()}
    stacked = {child for m in model.modules() if isinstance(m, nn.Sequential) for child in m.children()}
    fitted: list[list[Any]] = []
    ran: set[nn.Module] = set()

    def fit(layer: nn.Module, inputs: tuple[Any, ...]) -> Any:
        given = inputs[0] if inputs and isinstance(inputs[0], torch.Tensor) else None
        if given is not None and layer in stacked and _needs_flattening(layer, given):
            fitted.append([names[layer], _taken(layer), f"{tuple(given.shape[1:])}, which is not flattened"])
            given = given.flatten(1)
        others = [m for m in names if m not in ran and m is not layer and type(m) is type(layer)]
        ran.add(layer)
        if given is not None and _needs_fit(layer, given, len(X), others):
            fitted.append([names[layer], _taken(layer), given.shape[1]])
            _resize(layer, given.shape[1])
        return (given, *inputs[1:]) if given is not None else None

    for module in leaves_of(model):
        if isinstance(module, nn.Linear | nn.modules.conv._ConvNd):
            module.register_forward_pre_hook(fit)
    with torch.no_grad():
        model.eval()(X)
    return list(fitted)


def _needs_fit(layer: Any, given: Any, n: int, others: list[Any]) -> bool:
    width = given.shape[1] if given.dim() > 1 else 0
    rows = given.dim() == (2 if isinstance(layer, nn.Linear) else 4) and given.shape[0] == n
    return rows and width != _taken(layer) and all(_taken(other) != width for other in others)


def _needs_flattening(layer: nn.Module, given: Any) -> bool:
    return isinstance(layer, nn.Linear) and given.dim() == 4 and given.shape[-1] != layer.in_features


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
    """The parameters that change the logits and yet get no gradient from them; one that is not used is no mistake."""
    trained = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    found = []
    logits = model.eval()(X)
    gradients = torch.autograd.grad((logits**2).sum(), [p for _, p in trained], allow_unused=True) if trained else ()
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
