"""The loss of a network before any training, for other numbers of classes than ten."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from assignment.handles import as_array, as_number
from assignment.questions.drafting import Choice, Draft
from assignment.questions.question import Code
from grader.questions.subject import Subject

SIZES = (4, 6, 9, 14, 20, 30, 45, 70)  # their logarithms are 0.35 apart or more
DRAWN = 4
WEAK = 0.01  # of the initial weights, which leaves the classes almost equally probable


def drafts(subject: Subject, rng: np.random.Generator) -> Iterator[Draft]:
    """A question for some networks of other sizes; the wrong options count something else."""
    for _ in range(DRAWN):
        n, d, h, k = (int(size) for size in rng.permutation(SIZES)[:4])
        counted = {"images": n, "pixels": d, "hidden units": h}
        source = (
            f"net = NumpyANN(input_size={d}, hidden_size={h}, output_size={k})\n"
            f"net.W1 *= {WEAK}\nnet.W2 *= {WEAK}\n"
            f"X = rng.uniform(size=({n}, {d}))\n"
            f"y_true = np.eye({k})[rng.integers({k}, size={n})]\n"
            "loss = cross_entropy(y_true, net.forward(X))"
        )
        loss = _loss(subject, rng, n, d, h, k)
        yield Draft(
            text="These lines are run with your NumpyANN and your cross_entropy, where rng is a "
            "generator of random numbers. What is the loss, about?",
            key=f"{loss:.1f}",
            others=tuple(
                Choice(f"{np.log(size):.1f}", f"the {what} counted, and not the classes")
                for what, size in counted.items()
            ),
            why=f"Small weights leave all {k} classes almost equally probable, and the mean of "
            f"-ln(1/{k}) is ln {k} = {np.log(k):.2f}. With ten classes a network starts at 2.30.",
            code=Code("try.py", 1, source),
            evidence={"how": "the lines were run with the student's code", "loss": loss},
            balance=f"number {sorted([n, d, h, k]).index(k)}",
        )


def _loss(subject: Subject, rng: np.random.Generator, n: int, d: int, h: int, k: int) -> float:
    """The loss of those lines. Raises ValueError if it is no number."""
    net = subject.module.NumpyANN(input_size=d, hidden_size=h, output_size=k, seed=0)
    net.W1 = as_array(net.W1) * WEAK
    net.W2 = as_array(net.W2) * WEAK
    Y = np.eye(k)[rng.integers(k, size=n)]
    probabilities = net.forward(rng.uniform(size=(n, d)))
    found = as_number(subject.module.cross_entropy(Y, as_array(probabilities)))
    if found is None or not np.isfinite(found):
        raise ValueError("the loss is no number")
    return found
