"""The layers of a network: checked, initialized, or built from a configuration."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from playground.convolutions import Conv2D, Flatten, MaxPool, Reshape
from playground.errors import PlaygroundError
from playground.initializers import INITIALIZERS
from playground.layers import ACTIVATIONS, Dropout, Layer, Linear, WrongForward, output_of
from playground.values import check_parameters

if TYPE_CHECKING:
    from playground.configuration import Configuration


def from_configuration(inputs: int, classes: int, configuration: Configuration) -> list[Layer]:
    """The layers that a configuration describes."""
    return STACKS[configuration.network](inputs, classes, configuration)


def perceptron(inputs: int, classes: int, configuration: Configuration) -> list[Layer]:
    """The layers of a multilayer perceptron."""
    return fully_connected((inputs, *configuration.hidden_sizes, classes), configuration)


def lenet(inputs: int, classes: int, configuration: Configuration) -> list[Layer]:
    """The layers of LeNet-5 for square grey images, with max-pooling: the hidden sizes follow.

    Source: LeCun et al. 1998, "Gradient-based learning applied to document recognition", fig. 2,
    which has hidden sizes 120 and 84, and tanh and trainable means instead of ReLU and maxima.
    Raises PlaygroundError if the images are not square, or smaller than 12 x 12 pixels.
    """
    side = math.isqrt(inputs)
    if side**2 != inputs or side < 12:
        raise PlaygroundError(
            f"lenet needs square images of 12 x 12 pixels or more, but a row has {inputs} numbers"
        )
    activation = ACTIVATIONS[configuration.activation]
    features: list[Layer] = [
        Reshape(1, side, side),
        Conv2D(1, 6, 5, padding=2),
        activation(),
        MaxPool(2),
        Conv2D(6, 16, 5),
        activation(),
        MaxPool(2),
        Flatten(),
    ]
    flat = 16 * ((side // 2 - 4) // 2) ** 2
    return features + fully_connected((flat, *configuration.hidden_sizes, classes), configuration)


def fully_connected(sizes: tuple[int, ...], configuration: Configuration) -> list[Layer]:
    """Linear, activation, dropout; …; linear. Raises PlaygroundError if they are too large."""
    pairs = itertools.pairwise(map(int, sizes))
    check_parameters(
        f"a network of {'-'.join(map(str, sizes))} units",
        sum((rows + 1) * columns for rows, columns in pairs),
    )
    layers: list[Layer] = []
    for rows, columns in itertools.pairwise(sizes[:-1]):
        layers += [Linear(rows, columns), ACTIVATIONS[configuration.activation]()]
        if configuration.dropout:
            layers.append(Dropout(configuration.dropout))
    return [*layers, Linear(sizes[-2], sizes[-1])]


def check(layers: Sequence[Layer]) -> None:
    """Raises PlaygroundError unless these are layers, of no other network, with parameters."""
    for number, layer in enumerate(layers, 1):
        if not isinstance(layer, Layer):
            raise PlaygroundError(f"layer {number} is {layer!r}, expected a Layer such as ReLU()")
        if layer.status == "in a network" or any(layer is other for other in layers[: number - 1]):
            raise PlaygroundError(
                f"layer {number}, {layer!r}, is part of a network already: make a new one, or "
                "use layer.copy(), which keeps its parameters"
            )
    if not any(layer.parameter_names for layer in layers):
        raise PlaygroundError("the network has no parameters, expected a layer such as Linear")
    check_parameters("the network", sum(map(parameter_count, layers)))


def parameter_count(layer: Layer) -> int:
    """The number of parameters of a layer."""
    return sum(np.size(getattr(layer, name)) for name in layer.parameter_names)


def initialize(layers: Sequence[Layer], initializer: str, rng: np.random.Generator) -> None:
    """Draws the parameters of new layers, and marks all layers as part of a network."""
    for layer in layers:
        kept = {name: np.copy(getattr(layer, name)) for name in layer.parameter_names}
        layer.initialize(INITIALIZERS[initializer], rng)
        if layer.status == "copied":
            vars(layer).update(kept)
        layer.status = "in a network"


def output_shapes(layers: Sequence[Layer]) -> list[tuple[int, ...]]:
    """The shape of the input of the first layer, then of each layer's output, all without n.

    Raises PlaygroundError if a layer cannot take the output of the one before it, or returns none.
    """
    sizes = [layer.input_size for layer in layers if layer.input_size is not None]
    if not sizes:
        raise PlaygroundError("no layer tells its number of inputs, expected a Linear or Reshape")
    X = np.zeros((1, sizes[0]))
    shapes: list[tuple[int, ...]] = [X.shape[1:]]
    for number, layer in enumerate(layers, 1):
        try:
            if layer.input_size is not None and shapes[-1] != (layer.input_size,):
                raise PlaygroundError(f"expected (n, {layer.input_size})")
            X = output_of(layer, X, training=False)
        except WrongForward as error:
            raise PlaygroundError(f"layer {number}: {error}") from None
        except ValueError as error:
            raise PlaygroundError(
                f"layer {number}, {layer!r}, cannot take an input of shape (n, "
                f"{', '.join(map(str, shapes[-1]))}): {error}"
            ) from None
        shapes.append(X.shape[1:])
    if len(shapes[-1]) != 1:
        raise PlaygroundError(
            f"the last layer, {layers[-1]!r}, has outputs of shape {shapes[-1]}, expected one "
            "number per class: add Flatten() and a Linear layer"
        )
    return shapes


def table(layers: Sequence[Layer], shapes: Sequence[tuple[int, ...]]) -> str:
    """A line for each layer: the shape of its output for one image, and its parameters."""
    rows = [("layer", "output", "parameters")]
    counts = list(map(parameter_count, layers))
    for layer, shape, count in zip(layers, shapes[1:], counts, strict=True):
        rows.append((repr(layer), " x ".join(map(str, shape)), f"{count:,}"))
    rows.append(("total", "", f"{sum(counts):,}"))
    first, second = (max(len(row[column]) for row in rows) for column in (0, 1))
    return "\n".join(f"{a:{first}}  {b:>{second + 2}}  {c:>10}" for a, b, c in rows)


STACKS: dict[str, Callable[[int, int, Configuration], list[Layer]]] = {
    "mlp": perceptron,
    "lenet": lenet,
}
