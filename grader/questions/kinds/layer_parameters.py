"""How many trainable parameters does this layer have?"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

import numpy as np

from assignment.questions.drafting import Draft
from grader.questions.own_layers import Layer, network_of, shown
from grader.questions.spread import Wrong, spread
from grader.questions.subject import Subject


def drafts(subject: Subject, rng: np.random.Generator) -> Iterator[Draft]:
    """A question for each layer with parameters that the script creates in a place of its own."""
    layers = [
        (one, code)
        for one, code in shown(subject, network_of(subject))
        if one.is_map or one.is_norm
    ]
    for layer, code in layers:
        others = [
            Wrong(other.count, f"the question was about the layer {other.path}")
            for other, _ in layers
        ]
        yield Draft(
            text="How many trainable parameters does the layer have that this code creates in your "
            "network?",
            key=f"{layer.count:,}",
            others=spread(layer.count, [*_mistaken(layer), *others], rng),
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


def _mistaken(layer: Layer) -> Iterator[Wrong]:
    """The numbers that known misunderstandings lead to."""
    count, biases = layer.count, layer.biases
    weights = count - biases
    if not layer.is_map:
        yield Wrong(count + layer.buffers, "the running statistics were trained")
        yield Wrong(count // 2, "the layer had only a scale, or only a shift")
        yield Wrong(2 * count, "the layer had two scales and two shifts for each channel")
        yield Wrong(prod(layer.output[1:]) * 2, "each value had a scale and a shift of its own")
        yield Wrong(0, "normalisation had no trainable parameters")
        return
    outputs, inputs, *kernel = layer.weight
    yield Wrong(weights if biases else weights + outputs, _about_bias(biases))
    yield Wrong(weights + inputs, "the layer had one bias for each input")
    yield Wrong(weights + inputs + outputs, "the layer had a bias for each input and each output")
    yield Wrong(weights + 1, "the layer had a single bias")
    yield Wrong(2 * weights + biases, "each weight counted twice, with its gradient")
    if not kernel:
        yield Wrong(
            inputs + outputs, "the layer had a weight for each unit, not for each pair of units"
        )
        yield Wrong(2 * (inputs + outputs), "the layer had a weight and a bias for each unit")
        return
    size = prod(kernel)
    yield Wrong(outputs * size + biases, "a filter had one kernel for all channels of its input")
    yield Wrong(inputs * size + biases, "the layer had one filter, whatever the number of outputs")
    yield Wrong(outputs * inputs * kernel[0] + biases, "a kernel had one row")
    yield Wrong(outputs * inputs * (size + 1), "each kernel had a bias of its own")
    yield Wrong(count * prod(layer.output[2:]), "each pixel of the output had weights of its own")


def _about_bias(biases: int) -> str:
    return "the layer had no biases" if biases else "the layer had a bias for each output"
