"""The layers of a network: where they are created, their sizes, and what goes through them."""

from __future__ import annotations

import contextlib
import copy
import sys
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn

from assignment.observing.structure import in_mode, leaves_of

MOST = 200  # layers
SIZES = ("kernel_size", "stride", "padding", "dilation")


def layers(model: nn.Module, X: Any) -> dict[str, Any]:
    """What a new network of this class consists of, and the shapes in a forward pass of `X`.

    "trainable" is the number of its trainable parameters. Each of "layers" has its "name",
    "kind", "place" (first and last line, columns in bytes; empty if unknown), the shapes of its
    trainable "parameters" by name, "buffers" (numbers that are kept, but not trained), "sizes" such
    as stride, and "calls": the shapes of its input and output, each time that it ran.
    """
    with _creation_watched(own_file(model)) as places:
        network = type(model)(seed=0)
    calls = shapes(network, X)
    return {
        "trainable": sum(p.numel() for p in network.parameters() if p.requires_grad),
        "layers": [
            {
                "name": name,
                "kind": kind_of(layer),
                "place": next((place for one, place in places if one is layer), []),
                "parameters": {
                    own: list(p.shape)
                    for own, p in layer.named_parameters(recurse=False)
                    if p.requires_grad
                },
                "buffers": sum(b.numel() for b in layer.buffers(recurse=False) if b.dim() > 0),
                "sizes": _sizes(layer),
                "calls": calls.get(name, []),
            }
            for name, layer in _leaves(network)[:MOST]
        ],
    }


def own_file(model: nn.Module) -> str:
    """The file that the network's class is written in, as its code objects say."""
    return str(type(model).__init__.__code__.co_filename)


def kind_of(layer: nn.Module) -> str:
    """The name of one of torch's own layers, "" for any other."""
    known = type(layer).__module__.startswith("torch.nn.modules.")
    return type(layer).__name__ if known else ""


def shapes(network: nn.Module, X: Any) -> dict[str, list[Any]]:
    """Shapes of input and output of each layer by name, in a forward pass in evaluation mode."""
    found: dict[str, list[Any]] = {}

    def note(name: str) -> Any:
        def hook(_: nn.Module, inputs: Any, output: Any) -> None:
            if inputs and all(isinstance(one, torch.Tensor) for one in (inputs[0], output)):
                found.setdefault(name, []).append([list(inputs[0].shape), list(output.shape)])

        return hook

    handles = [layer.register_forward_hook(note(name)) for name, layer in _leaves(network)]
    with torch.no_grad():
        in_mode(network, training=False)(X)
    for handle in handles:
        handle.remove()
    return found


def columns(model: nn.Module, X: Any) -> dict[str, list[list[int]]]:
    """Which columns of the image the values in the middle row of a layer's output depend on.

    Of convolutions and poolings that run once, by name: the first and the last column for each
    column of the output. A column is set to NaN, which no layer turns back into a number. In
    float64, whose convolutions compute no value from more than theirs.
    """
    with torch.no_grad():
        in_mode(model, training=False)(X[:1])  # lazy layers get their sizes
    network = in_mode(copy.deepcopy(model), training=False).double()
    width = X.shape[-1]
    images = X[:1].double().repeat(width, *[1] * (X.dim() - 1))
    images[torch.arange(width), ..., torch.arange(width)] = torch.nan
    found: dict[str, list[Any]] = {}

    def note(name: str) -> Any:
        def hook(_: nn.Module, __: Any, output: Any) -> None:
            if isinstance(output, torch.Tensor) and output.dim() == 4:
                row = output[:, :, output.shape[2] // 2]
                found.setdefault(name, []).append(row.isnan().any(dim=1))  # (image, column)

        return hook

    for name, layer in _leaves(network):
        if isinstance(layer, nn.modules.conv._ConvNd) or "Pool" in type(layer).__name__:
            layer.register_forward_hook(note(name))
    with torch.no_grad():
        network(images)
    return {
        name: [
            [int(one.nonzero().min()), int(one.nonzero().max())] if bool(one.any()) else []
            for one in seen[0].T
        ]
        for name, seen in found.items()
        if len(seen) == 1
    }


def _leaves(network: nn.Module) -> list[tuple[str, nn.Module]]:
    leaves = set(leaves_of(network))
    return [(name, m) for name, m in network.named_modules() if m in leaves]


def _sizes(layer: nn.Module) -> dict[str, list[int]]:
    """Kernel size, stride and the like, in both directions."""
    found = {}
    for name in SIZES:
        value = getattr(layer, name, None)
        pair = [value, value] if type(value) is int else value
        if isinstance(pair, list | tuple) and [type(one) for one in pair] == [int, int]:
            found[name] = list(pair)
    return found


@contextlib.contextmanager
def _creation_watched(file: str) -> Iterator[list[tuple[nn.Module, list[int]]]]:
    """Every module that is created inside the block, with the place of the call in the file."""
    created: list[tuple[nn.Module, list[int]]] = []
    original = nn.Module.__init__

    def noted(self: nn.Module, *args: Any, **kwargs: Any) -> None:
        frame: Any = sys._getframe(1)
        while frame is not None and frame.f_code.co_filename != file:
            frame = frame.f_back
        if frame is not None:
            position = list(frame.f_code.co_positions())[frame.f_lasti // 2]
            if all(part is not None for part in position):
                created.append((self, list(position)))
        original(self, *args, **kwargs)

    nn.Module.__init__ = noted
    try:
        yield created
    finally:
        nn.Module.__init__ = original
