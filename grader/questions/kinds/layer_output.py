"""Which shape does a layer's output have, or the array that a line of forward computes?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from assignment.questions.drafting import Choice, Draft
from grader.questions.forward_lines import forward_lines
from grader.questions.own_layers import Layer, Shape, named_in, network_of
from grader.questions.shapes import Guess, crossed, guesses_from, in_words, of_width
from grader.questions.subject import Subject

FEWEST, MOST = 3, 9  # images in the batch
CLASSES, PIXELS = 10, 784
HOW = "forward was run with a batch of this size"
ASKED = "A batch of {n} images goes through your network. Which shape does {what} have?"


def drafts(subject: Subject, rng: np.random.Generator) -> Iterator[Draft]:
    """Questions about layers that run once, and about lines of forward."""
    n = int(rng.integers(FEWEST, MOST + 1))
    network = network_of(subject, n)
    outputs = [(one.output, f"the layer {one.path}") for one in network.layers if one.output]
    for layer, name, code in named_in(subject, network):
        if not layer.output or layer.output == layer.input or layer.output == (n, CLASSES):
            continue
        channels, sizes = guesses_from(outputs)
        yield Draft(
            text=ASKED.format(n=n, what=f"the output of {name}"),
            key=in_words(layer.output),
            others=_others(
                layer.output,
                [*_channels(layer), *channels],
                [*_sizes(layer), *sizes],
                [*_widths(layer), *_other_widths(outputs)],
                rng,
            ),
            why=_why(layer),
            code=code,
            evidence={"how": HOW, "layer": layer.name, "images": n},
        )
    lines = forward_lines(subject, n)
    arrays = [(line.shape, f"line {line.statement.line}") for line in lines]
    for line in lines:
        if line.shape == (n, CLASSES) or line.shape[0] != n:
            continue
        channels, sizes = guesses_from([*arrays, *outputs])
        yield Draft(
            text=ASKED.format(n=n, what="the array that this line of forward computes"),
            key=in_words(line.shape),
            others=_others(
                line.shape,
                channels,
                sizes,
                list(_other_widths([*arrays, *outputs])),
                rng,
            ),
            why=f"The line was run with {n} images, and gave {in_words(line.shape)}.",
            code=subject.code(line.statement),
            evidence={"how": f"{HOW}, and the line was traced", "images": n},
        )


def _others(
    key: Shape,
    channels: Sequence[Guess],
    sizes: Sequence[Guess],
    widths: Sequence[Guess],
    rng: np.random.Generator,
) -> tuple[Choice, ...]:
    if len(key) == 4 and key[2] == key[3]:
        return crossed(key, channels, sizes, rng)
    return of_width(key, widths, rng) if len(key) == 2 else ()


def _channels(layer: Layer) -> Iterator[Guess]:
    """Wrong numbers of channels."""
    given, result = layer.input[1], layer.output[1]
    yield given, "a layer kept the number of channels"
    if "Pool" in layer.kind:
        yield result // 2, "pooling halved the channels too"
        yield result * 4, "pooling put four pixels into four channels"
    else:
        yield given * result, "each filter gave a channel for each channel of its input"


def _sizes(layer: Layer) -> Iterator[Guess]:
    """Wrong heights and widths."""
    if len(layer.input) != 4:
        return
    given = layer.input[3]
    yield given, "the layer kept height and width"
    if not {"kernel_size", "stride", "padding"} <= set(layer.sizes):
        return
    kernel, stride, padding = (layer.sizes[n][1] for n in ("kernel_size", "stride", "padding"))
    dilation = layer.sizes.get("dilation", (1, 1))[1]
    reach = dilation * (kernel - 1) + 1
    if not stride:
        return
    yield (given - reach) // stride + 1, "nothing was padded"
    yield (given + 2 * (reach // 2) - reach) // stride + 1, "the image was padded to keep its size"
    yield (given + padding - reach) // stride + 1, "padding was added on one side only"
    yield given + 2 * padding - reach + 1, "the stride was 1"
    yield (given + 2 * padding - reach) // 2 + 1, "the stride was 2"
    yield (given + 2 * padding - kernel) // stride + 1, "the kernel was not dilated"
    yield (given + 2 * padding) // stride, "the kernel took nothing away at the edge"


def _widths(layer: Layer) -> Iterator[Guess]:
    """Wrong numbers of values for each image."""
    given = layer.input[1:]
    if len(given) == 3:
        yield given[0], "only the channels were kept"
        yield given[1] * given[2], "the channels were added up"
        yield given[0] * given[1], "only height or width was flattened"
    elif len(given) == 1 and given[0] != PIXELS:
        yield given[0], "the layer kept the number of values"


def _other_widths(shapes: Sequence[tuple[Shape, str]]) -> Iterator[Guess]:
    for shape, what in shapes:
        if len(shape) == 2 and shape[1] != CLASSES:  # which everybody knows
            yield shape[1], f"the question was about {what}"
        elif len(shape) == 4:
            yield shape[1] * shape[2] * shape[3], f"the output of {what} was flattened"


def _why(layer: Layer) -> str:
    """How the output follows from the input, as far as a formula says so."""
    result = f"From {in_words(layer.input)} the layer makes {in_words(layer.output)}."
    names = ("kernel_size", "stride", "padding", "dilation")
    if len(layer.output) != 4 or not set(names) <= set(layer.sizes):
        return result
    kernel, stride, padding, dilation = (layer.sizes[name][1] for name in names)
    given, size = layer.input[3], layer.output[3]
    reach = dilation * (kernel - 1) + 1
    if not stride or (given + 2 * padding - reach) // stride + 1 != size:
        return result
    step = f"/ {stride}, rounded down, " if stride > 1 else ""
    return f"({given} + 2 * {padding} - {reach}) {step}+ 1 is {size}. {result}"
