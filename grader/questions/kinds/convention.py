"""Sum or mean: which learning rate would take the same steps under the other convention?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from assignment.questions.drafting import Choice, Draft
from assignment.questions.question import Code
from assignment.questions.small_network import Batch, different_sizes, random_batch
from grader.questions.subject import Subject

# of images or hidden units; each pair of them is 1.5 times apart or more
SIZES = (16, 24, 40, 64, 96, 160, 240)
DRAWN = 3


def drafts(subject: Subject, rng: np.random.Generator) -> Iterator[Draft]:
    """A question about the script's LEARNING_RATE, for several sizes of batches."""
    rate = subject.number("LEARNING_RATE")
    convention = _convention(subject, rng)
    other = "mean" if convention == "sum" else "sum"
    lines = [s for s in subject.statements if s.function == "NumpyANN.backward"]
    body = subject.code_of(lines[0].line, lines[-1].end)
    for _ in range(DRAWN):
        n, h = (int(size) for size in rng.permutation(SIZES)[:2])
        same = {True: "the gradients became smaller", False: "the gradients became larger"}
        longer = convention == "sum"  # the step has to become longer
        source = (
            f"HIDDEN_SIZE = {h}\nBATCH_SIZE = {n}\nLEARNING_RATE = {rate:g}\n\n"
            f"# backward, from line {body.line} of {body.file}:\n{body.source}"
        )
        yield Draft(
            text="With these constants, you change backward to the other convention (the mean over "
            "the batch in place of the sum, or the reverse). Which LEARNING_RATE takes the same "
            "steps as before?",
            key=_rate(rate * n if longer else rate / n),
            others=(
                Choice(_rate(rate / n if longer else rate * n), same[not longer]),
                Choice(
                    _rate(rate * h if longer else rate / h), "the sum were over the hidden units"
                ),
                Choice(
                    _rate(rate / h if longer else rate * h),
                    f"the sum were over the hidden units and {same[not longer]}",
                ),
            ),
            why=f"Your gradients are the {convention} over the batch: for a batch that holds every "
            f"image twice they {'double' if longer else 'stay the same'}. With the {other} they "
            f"are {n} times as {'small' if longer else 'large'}, so {rate:g} becomes "
            f"{_rate(rate * n if longer else rate / n)}.",
            code=Code("try.py", 1, source),
            evidence={
                "how": "backward was run on a batch and on the same batch twice",
                "convention": convention,
                "rate": rate,
                "n": n,
            },
        )


def _convention(subject: Subject, rng: np.random.Generator) -> str:
    """Whether gradients double for a batch that holds each image twice. Raises ValueError."""
    batch = random_batch(different_sizes(rng), rng)
    twice = Batch(
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
