"""Which shape does the array have that this line computes?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from assignment.checks.numpy.cases import Sizes
from assignment.questions.drafting import Choice, Draft
from assignment.questions.script import Script, Step
from assignment.questions.small_network import different_sizes, random_batch


def drafts(script: Script, rng: np.random.Generator) -> Iterator[Draft]:
    """A question for each line of forward and backward that computes a vector or a matrix."""
    sizes = different_sizes(rng)
    batch = random_batch(sizes, rng)
    steps = [step for step in batch.steps(script) if step.value.ndim in (1, 2)]
    meaning = {sizes.n: "images", sizes.d: "pixels", sizes.h: "hidden units", sizes.k: "classes"}
    for step in steps:
        shape = step.value.shape
        if not step.stands_alone or not all(size in meaning for size in shape):
            continue
        others = [
            *_mistaken(shape, sizes.n),
            *_of_other_lines(step, steps),
            *_of_other_arrays(sizes),
        ]
        axes = " x ".join(meaning[size] for size in shape)
        yield Draft(
            text=f"With {sizes.in_words}: which shape does the array have that this line computes?",
            key=str(shape),
            others=tuple(others),
            why=f"The axes are {axes}: the line was run with these sizes, and gave {shape}.",
            code=script.code(step.statement),
            evidence={
                "how": "forward and backward were run with these sizes, and the line was traced",
                "target": step.target,
                "sizes": vars(sizes),
            },
            balance=axes,
        )


def _mistaken(shape: tuple[int, ...], n: int) -> Iterator[Choice]:
    """Shapes that a known mistake would give."""
    if len(shape) == 1:
        yield Choice(
            str((n, *shape)),
            "the line kept one row for each image instead of adding them up",
            "backward-bias-not-summed",
        )
    elif n not in shape:
        yield Choice(
            str(shape[::-1]),
            "the two factors of the product were exchanged or transposed the other way",
            "backward-not-transposed",
        )


def _of_other_lines(step: Step, steps: list[Step]) -> Iterator[Choice]:
    """The shapes of the arrays that other lines compute."""
    for other in steps:
        if other.value.shape != step.value.shape and other.target != "return":
            yield Choice(
                str(other.value.shape),
                f"it were the array that line {other.statement.line} computes",
            )


def _of_other_arrays(sizes: Sizes) -> Iterator[Choice]:
    """The shapes of arrays that every implementation has, in lines of its own or not."""
    n, d, h, k = sizes.n, sizes.d, sizes.h, sizes.k
    for shape, name in (
        ((n, h), "z1"), ((n, k), "z2"), ((d, h), "W1"), ((h, k), "W2"), ((h,), "b1"), ((k,), "b2"),
    ):  # fmt: skip
        yield Choice(str(shape), f"it were an array of the shape of {name}")
