"""Sum or mean: which learning rate would take the same steps under the other convention?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from assignment.questions.drafting import Choice, Draft
from assignment.questions.small_network import different_sizes, random_batch
from grader.questions.subject import Subject

BATCHES = (24, 40, 56, 80, 96, 112, 160, 200)


def drafts(subject: Subject, rng: np.random.Generator) -> Iterator[Draft]:
    """A question about the script's LEARNING_RATE, for several sizes of batches."""
    rate = subject.number("LEARNING_RATE")
    convention = _convention(subject, rng)
    other = "mean" if convention == "sum" else "sum"
    statements = [s for s in subject.statements if s.function == "NumpyANN.backward"]
    code = subject.code_of(statements[0].line, statements[-1].end)
    for n in rng.permutation(BATCHES)[:3]:
        m = int(n) // 2
        right = rate * n if convention == "sum" else rate / n
        choices = [
            Choice(_rate(rate / n), "the step became longer instead of shorter"),
            Choice(_rate(rate * n), "the step became shorter instead of longer"),
            Choice(_rate(rate * m), f"each batch had {m} images"),
            Choice(_rate(rate / m), f"each batch had {m} images and the step became longer"),
            Choice(_rate(rate * n * 10), "the mean were also over the ten classes",
                   "ce-mean-over-classes"),
            Choice(_rate(rate / n / 10), "the mean were also over the ten classes",
                   "ce-mean-over-classes"),
            Choice(_rate(rate * n * n), "the gradients were divided by n twice",
                   "backward-divided-twice"),
        ]  # fmt: skip
        yield Draft(
            text=f"Your LEARNING_RATE is {rate:g}, and all batches have {n} images. You change backward to the other convention (the "
            "mean over the batch in place of the sum, or the reverse). Which LEARNING_RATE takes "
            "the same steps as before?",
            key=_rate(right),
            others=tuple(choices),
            why=f"Your gradients are the {convention} over the batch: for a batch that holds every "
            f"image twice they {'double' if convention == 'sum' else 'stay the same'}. With the "
            f"{other} they are {n} times as {'small' if convention == 'sum' else 'large'}, so "
            f"{rate:g} becomes {_rate(right)}.",
            code=code,
            evidence={
                "how": "backward was run on a batch and on the same batch twice",
                "convention": convention,
                "rate": rate,
                "n": int(n),
            },
        )


def _convention(subject: Subject, rng: np.random.Generator) -> str:
    """Whether gradients double for a batch that holds each image twice. Raises ValueError."""
    batch = random_batch(different_sizes(rng), rng)
    twice = type(batch)(
        batch.sizes, batch.parameters, np.repeat(batch.X, 2, axis=0), np.repeat(batch.Y, 2, axis=0)
    )
    found = []
    for one in (batch, twice):
        net = one.network(subject)
        net.forward(one.X)
        found.append(one.gradients(net)["b2"])
    for convention, factor in (("sum", 2.0), ("mean", 1.0)):
        if np.allclose(factor * found[0], found[1], 1e-3, 1e-6):
            return convention
    raise ValueError("the gradients follow neither convention")


def _rate(value: float) -> str:
    return f"{value:.3g}"
