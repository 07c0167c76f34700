"""The layers of a student's network, as its worker says, and the source that creates each."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np

from assignment.answers import Tensor
from assignment.handles import probe
from assignment.questions.question import Code
from assignment.questions.script import LONGEST
from grader.questions.subject import Subject

MOST_LINES = 8  # of the source of one layer
MOST_CREATING = 16  # of the lines that create all layers
LARGEST = 10**12  # of a number that a question may be about

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Layer:
    """A layer without layers inside; `place` is where it is created, empty if unknown."""

    name: str
    kind: str
    place: tuple[int, ...]
    parameters: dict[str, Shape]
    buffers: int
    sizes: dict[str, tuple[int, int]]
    calls: tuple[tuple[Shape, Shape], ...]  # shapes of input and output

    @property
    def path(self) -> str:
        """How a script names it after self."""
        return path_of(self.name)

    @property
    def count(self) -> int:
        """Its trainable parameters."""
        return sum(prod(shape) for shape in self.parameters.values())

    @property
    def biases(self) -> int:
        """Those of them that are biases."""
        return prod(self.parameters.get("bias", (0,)))

    @property
    def is_map(self) -> bool:
        """Whether it is a linear layer or a convolution."""
        return self.kind in ("Linear", "Conv2d") and len(self.weight) >= 2

    @property
    def is_norm(self) -> bool:
        """Whether it normalises, with a trained scale and shift."""
        return "Norm" in self.kind and set(self.parameters) == {"weight", "bias"}

    @property
    def weight(self) -> Shape:
        """The shape of its weights; () if it has none."""
        return self.parameters.get("weight", ())

    @property
    def output(self) -> Shape:
        """The shape of what it returns; () unless it ran exactly once."""
        return self.calls[0][1] if len(self.calls) == 1 else ()

    @property
    def input(self) -> Shape:
        """The shape of what it is given; () unless it ran exactly once."""
        return self.calls[0][0] if len(self.calls) == 1 else ()


@dataclass(frozen=True)
class Network:
    """The number of trainable parameters, and the layers in the order of their creation."""

    trainable: int
    layers: tuple[Layer, ...]


def network_of(subject: Subject, images: int = 2) -> Network:
    """A new network's layers, and the shapes for a batch. Raises ValueError for odd answers."""
    batch = Tensor(np.zeros((images, *subject.part.image_shape), np.float32))
    answer: Any = probe(subject.network(), "layers", batch)
    try:
        found = [_layer(one) for one in answer["layers"]]
        # a network that keeps its weights itself has no layers
        return Network(_whole(answer["trainable"]), tuple(one for one in found if one.name))
    except (KeyError, TypeError) as error:
        raise ValueError(f"the answer describes no layers: {error!r}") from error


def _layer(answer: dict[str, Any]) -> Layer:
    return Layer(
        name=str(answer["name"]),
        kind=str(answer["kind"]),
        place=_shape(answer["place"]),
        parameters={str(name): _shape(shape) for name, shape in answer["parameters"].items()},
        buffers=_whole(answer["buffers"]),
        sizes={
            str(name): (_whole(height), _whole(width))
            for name, (height, width) in answer["sizes"].items()
        },
        calls=tuple((_shape(given), _shape(result)) for given, result in answer["calls"]),
    )


def _whole(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= LARGEST:
        raise ValueError(f"expected a whole number from 0 to {LARGEST}")
    return value


def _shape(value: Any) -> Shape:
    if not isinstance(value, list):
        raise ValueError("expected a list of whole numbers")
    return tuple(_whole(size) for size in value)


def path_of(name: str) -> str:
    """How a script names a layer after self; cut if it is long.

    >>> path_of("net.0.conv")
    'net[0].conv'
    """
    first, *rest = name.split(".")
    return "".join([first, *(f"[{one}]" if one.isdigit() else f".{one}" for one in rest)])[:40]


def source_of(subject: Subject, layer: Layer) -> Code | None:
    """The call that creates a layer, alone: "nn.Linear(784, 64)". None if that is unknown."""
    if len(layer.place) != 4:
        return None
    first, last, start, end = layer.place
    if not 1 <= first <= last <= len(subject.lines) or last - first >= MOST_LINES:
        return None
    lines = [line.encode() for line in subject.lines[first - 1 : last]]
    lines[-1] = lines[-1][:end]
    indent = len(lines[0]) - len(lines[0].lstrip())
    rest = [line[indent:] if line[:indent].isspace() else line for line in lines[1:]]
    source = b"\n".join([lines[0][start:], *rest]).decode("utf-8", "replace")
    return Code(f"{subject.name}.py", first, source) if source.strip() else None


def shown(subject: Subject, network: Network) -> list[tuple[Layer, Code]]:
    """The layers that their own source tells from all others, with it."""
    found = [(layer, source_of(subject, layer)) for layer in network.layers]
    sources = [(code.line, code.source) for _, code in found if code is not None]
    return [
        (layer, code)
        for layer, code in found
        if code is not None and sources.count((code.line, code.source)) == 1
    ]


def creating(subject: Subject, network: Network) -> Code | None:
    """The lines that create the layers; None if they are unknown or too many."""
    places = [layer.place for layer in network.layers if len(layer.place) == 4]
    if not places or len(places) < len(network.layers):
        return None
    first = min(place[0] for place in places)
    last = max(place[1] for place in places)
    covering = [s for s in subject.statements if s.line <= last and s.end >= first]
    first = min([first, *(s.line for s in covering)])
    last = max([last, *(s.end for s in covering)])
    if not 1 <= first <= last <= len(subject.lines) or last - first >= MOST_CREATING:
        return None
    if any(len(line) > LONGEST for line in subject.lines[first - 1 : last]):
        return None  # it would be cut
    return subject.code_of(first, last)


def named_in(subject: Subject, network: Network) -> list[tuple[Layer, str, Code | None]]:
    """Each layer, what a question calls it, and the lines that create all of them.

    Where those are too many, its own source stands for them, or its name alone.
    """
    block = creating(subject, network)
    alone = {} if block else {id(layer): code for layer, code in shown(subject, network)}
    return [
        (layer, "the layer that this code creates", alone[id(layer)])
        if id(layer) in alone
        else (layer, f"your layer self.{layer.path}", block)
        for layer in network.layers
    ]
