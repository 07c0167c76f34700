"""On which columns of the image does a value of a layer's output depend?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from assignment.answers import Tensor
from assignment.handles import probe
from assignment.questions.drafting import Choice, Draft
from grader.questions.own_layers import Layer, named_in, network_of
from grader.questions.shapes import Guess, another
from grader.questions.subject import Subject

SIZES = {"kernel_size", "stride", "padding"}
WIDTH = 28  # of an image


def drafts(subject: Subject, rng: np.random.Generator) -> Iterator[Draft]:
    """A question for each convolution and pooling but the first, about a column in the middle."""
    network = network_of(subject)
    fields = _fields(subject)
    windows = [one for one in network.layers if set(one.sizes) >= SIZES and one.name in fields]
    own_widths = [
        (last - first + 1, f"the question was about self.{one.path}")
        for one in windows
        for first, last in list(fields[one.name].values())[len(fields[one.name]) // 2 :][:1]
    ]
    for layer, name, code in named_in(subject, network):
        inside = [at for at, (first, last) in fields.get(layer.name, {}).items() if first > 0]
        inside = [at for at in inside if fields[layer.name][at][1] < WIDTH - 1]
        if layer not in windows[1:] or not inside:  # of the first, its kernel alone says it
            continue
        column = inside[int(rng.integers(len(inside)))]
        first, last = fields[layer.name][column]
        until = windows[: windows.index(layer) + 1]
        yield Draft(
            text="The columns of an image and of each layer's output are numbered from 0. Take a "
            f"value in column {column} of the output of {name}, away from the upper and lower "
            "edge. What are the first and the last column of the image that it depends on, "
            "whatever the weights?",
            key=_in_words(first, last),
            others=_crossed(
                first,
                last,
                _firsts(until, column),
                own_widths if len(own_widths) > 2 and rng.integers(2) else _widths(until),
                rng,
            ),
            why=f"Each of the {WIDTH} columns was changed in turn, and the first and the last that "
            f"matter are {first} and {last}. A kernel reaches further for each stride and pooling "
            "before it; padding moves its start.",
            code=code,
            evidence={
                "how": "a column of the image was made not a number, and forward was run",
                "layer": layer.name,
            },
            balance=layer.name,
        )


def _in_words(first: int, last: int) -> str:
    return f"{first} and {last}"


def _fields(subject: Subject) -> dict[str, dict[int, tuple[int, int]]]:
    """First and last column of the image, by layer and column of its output."""
    image = Tensor(np.zeros((1, *subject.part.image_shape), np.float32))
    answer = probe(subject.network(), "columns", image)
    return {
        str(name): {
            column: (int(found[0]), int(found[1]))
            for column, found in enumerate(fields)
            if len(found) == 2
        }
        for name, fields in answer.items()
    }


def _crossed(
    first: int, last: int, firsts: list[Guess], widths: list[Guess], rng: np.random.Generator
) -> tuple[Choice, ...]:
    """Another start, another width, and both: each stands in two of the four options."""
    width = last - first + 1
    wrong_width = another(width, [g for g in widths if 1 < g[0] <= WIDTH - first], rng)
    if wrong_width is None:
        return ()
    most = WIDTH - max(width, wrong_width[0])
    wrong_first = another(first, [g for g in firsts if g[0] <= most], rng)
    if wrong_first is None:
        return ()
    (start, why_start), (size, why_size) = wrong_first, wrong_width
    return (
        Choice(_in_words(start, start + width - 1), why_start),
        Choice(_in_words(first, first + size - 1), why_size),
        Choice(_in_words(start, start + size - 1), f"{why_start}, and {why_size}"),
    )


def _firsts(layers: list[Layer], column: int) -> list[Guess]:
    """Where known misunderstandings let the columns start."""
    strides = [one.sizes["stride"][1] for one in layers]
    paddings = [one.sizes["padding"][1] for one in layers]
    steps = [int(np.prod(strides[:i])) for i in range(len(layers) + 1)]
    padded = sum(padding * step for padding, step in zip(paddings, steps, strict=False))
    here = column * steps[-1]
    return [
        (here, "padding did not move the start"),
        (here - sum(paddings), "padding counted in pixels of the image, whatever the strides"),
        (here - 2 * padded, "padding counted on both sides"),
        (column * steps[-2] - padded, "the layer's own stride did not matter"),
        (column * strides[-1] - padded, "the strides before the layer did not matter"),
        (column - padded, "no stride mattered"),
        (column, "a value stood in the same column of the image"),
        (here + padded, "padding moved the start to the right"),
        (here - padded + 1, "columns were counted from 1"),
    ]


def _widths(layers: list[Layer]) -> list[Guess]:
    """What known misunderstandings give for the number of columns."""
    kernels = [one.sizes["kernel_size"][1] for one in layers]
    strides = [one.sizes["stride"][1] for one in layers]
    convolutions = [one for one in layers if "Conv" in one.kind]
    without_pooling = _field(
        [one.sizes["kernel_size"][1] for one in convolutions],
        [one.sizes["stride"][1] for one in convolutions],
    )
    return [
        (kernels[-1], "only the layer's own kernel mattered"),
        (sum(kernels), "the widths of all kernels were added up"),
        (kernels[-1] ** 2, "all pixels of the kernel were in one row"),
        (_field(kernels, [1] * len(kernels)), "strides did not matter for the width"),
        (_field(kernels, strides, late=True), "a stride reached the layer's own kernel"),
        (without_pooling, "pooling did not matter for the width"),
        (_field(kernels, strides) + 2, "padding belonged to the kernel"),
        (_field([*kernels, kernels[-1]], [*strides, strides[-1]]), "the layer ran twice"),
        (_field(kernels[:-1], strides[:-1]), "the layer's own kernel did not matter"),
    ]


def _field(kernels: list[int], strides: list[int], *, late: bool = False) -> int:
    """The width by the usual sum; `late` takes each stride one kernel too early."""
    width, step = 1, 1
    for kernel, stride in zip(kernels, strides, strict=True):
        if late:
            step *= stride
        width += (kernel - 1) * step
        if not late:
            step *= stride
    return width
