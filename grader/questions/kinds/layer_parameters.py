"""How many trainable parameters does this layer have?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod

import numpy as np

from assignment.questions.drafting import Choice, Draft
from assignment.questions.question import OPTIONS
from grader.questions.own_layers import Layer, Shape, network_of, shown
from grader.questions.spread import two_by_two
from grader.questions.subject import Subject


def drafts(subject: Subject, rng: np.random.Generator) -> Iterator[Draft]:
    """A question for each layer with parameters that the script creates in a place of its own."""
    layers = [
        (one, code)
        for one, code in shown(subject, network_of(subject))
        if one.is_map or one.is_norm
    ]
    for layer, code in layers:
        yield Draft(
            text="How many trainable parameters does the layer have that this code creates in your "
            "network?",
            key=f"{layer.count:,}",
            others=_others(layer, [one for one, _ in layers], rng),
            why=f"{_in_words(layer)}: {layer.count:,} in all.",
            code=code,
            evidence={
                "how": "the parameters of the layer were counted",
                "layer": layer.name,
                "shapes": {name: list(shape) for name, shape in layer.parameters.items()},
            },
        )


def _in_words(layer: Layer) -> str:
    """Each parameter's shape and number."""
    parts = [
        f"{name} {' x '.join(map(str, shape)) or 'one number'} ({prod(shape):,})"
        for name, shape in layer.parameters.items()
    ]
    return ", ".join(parts)


def _others(layer: Layer, layers: list[Layer], rng: np.random.Generator) -> tuple[Choice, ...]:
    """The numbers of other layers, or wrong ones: of weights, of biases, and of both.

    Among the numbers of four layers, each is the key of a question about its own layer.
    """
    elsewhere = {
        one.count: Choice(f"{one.count:,}", f"the question was about the layer {one.path}")
        for one in layers
        if one.count != layer.count
    }
    if len(elsewhere) >= OPTIONS - 1 and rng.integers(2):
        found = list(elsewhere.values())
        return tuple(found[i] for i in rng.permutation(len(found))[: OPTIONS - 1])
    if layer.is_map:
        rows = [
            (layer.weight, ""),
            *_wrong_weights(layer),
            *((one.weight, f"the question was about the layer {one.path}")
              for one in layers if one.is_map and one is not layer),
        ]  # fmt: skip
        return two_by_two(rows, _biases(layer), lambda shape, of: prod(shape) + of(shape), rng)
    channels = [
        (layer.weight[0], ""),
        (prod(layer.output[2:]), "there was a scale for each pixel, not for each channel"),
        (prod(layer.output[1:]), "there was a scale for each value, not for each channel"),
        *((one.weight[0], f"the question was about the channels of the layer {one.path}")
          for one in layers if one is not layer),
    ]  # fmt: skip
    of_each = [
        (2, ""),
        (1, "there was a scale and no shift"),
        (4, "the running mean and variance were trained too"),
        (3, "there were a scale, a shift and a momentum"),
    ]
    return two_by_two(channels, of_each, lambda number, times: number * times, rng)


def _wrong_weights(layer: Layer) -> Iterator[tuple[Shape, str]]:
    """Shapes of weights as known misunderstandings have them; the first two are outputs, inputs."""
    outputs, inputs, *kernel = layer.weight
    yield (outputs, inputs, *kernel, 2), "each weight counted twice, with its gradient"
    if not kernel:
        yield (outputs, inputs // 2), "every second input had a weight"
        yield (outputs, inputs + outputs), "the outputs were inputs too"
        return
    size = prod(kernel)
    yield (outputs, 1, size), "a filter had one kernel for all channels of its input"
    yield (1, inputs, size), "there was one filter for all outputs"
    yield (outputs, inputs, kernel[0]), "a kernel had one row"
    yield (outputs, inputs, size + 1), "each kernel had one number more"
    yield (outputs, outputs, size), "a layer had as many inputs as outputs"
    yield (outputs, inputs, prod(layer.output[2:])), "a kernel was as large as the output"


def _biases(layer: Layer) -> list[tuple[Callable[[Shape], int], str]]:
    """How many biases layers have with weights of some shape; the first is right."""
    found: list[tuple[Callable[[Shape], int], str]] = [
        (lambda shape: shape[0], ""),
        (lambda shape: 0, "the layer had no biases"),
        (lambda shape: shape[1], "the layer had one bias for each input"),
        (lambda shape: 1, "the layer had one bias in all"),
        (lambda shape: shape[0] + shape[1], "the layer had a bias for each input and each output"),
    ]
    if layer.biases:
        return found
    return [(found[1][0], ""), (found[0][0], "the layer had a bias for each output"), *found[2:]]
