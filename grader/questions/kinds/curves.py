"""Reading the student's own learning curves."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from assignment.questions.drafting import Choice, Draft
from grader.questions.subject import Subject

APART = 0.04  # of the height of a plot
# a curve, the other one of its pair, what it is called, and how a value is written
CURVES = (
    ("train_losses", "val_losses", "training loss", "{:.3f}"),
    ("val_losses", "train_losses", "validation loss", "{:.3f}"),
    ("train_accuracies", "val_accuracies", "training accuracy", "{:.1%}"),
    ("val_accuracies", "train_accuracies", "validation accuracy", "{:.1%}"),
)


def drafts(subject: Subject, rng: np.random.Generator) -> Iterator[Draft]:
    """The value of one curve after one epoch, among those of its pair and of a second epoch."""
    curves = subject.training.curves if subject.training else {}
    for name, paired, words, form in CURVES:
        own, other = curves.get(name, ()), curves.get(paired, ())
        wrong_words = next(w for n, _, w, _ in CURVES if n == paired)
        for epoch in range(len(own)):
            for second in {epoch - 1, epoch + 1} & set(range(len(own))):
                values = [own[epoch], own[second], other[epoch], other[second]]
                if not _can_be_told_apart(values, [*own, *other]):
                    continue
                beliefs = (
                    f"the question were about epoch {second + 1}",
                    f"the curve were the {wrong_words}",
                    f"the curve were the {wrong_words}, and the epoch {second + 1}",
                )
                yield Draft(
                    text=f"In the marking's training of {subject.name}.py: what was the {words} "
                    f"after epoch {epoch + 1}?",
                    key=form.format(own[epoch]),
                    others=tuple(
                        Choice(form.format(value), belief)
                        for value, belief in zip(values[1:], beliefs, strict=True)
                    ),
                    why=f"Training and validation: {_both(curves, name, paired, epoch, form)} after "
                    f"epoch {epoch + 1}, {_both(curves, name, paired, second, form)} after "
                    f"epoch {second + 1}.",
                    evidence={
                        "how": "read from the marking's curves",
                        "figure": f"curves:{subject.name}",
                    },
                    balance=f"number {sorted(values).index(own[epoch])}",
                )


def _can_be_told_apart(values: list[float], drawn: list[float]) -> bool:
    """Whether no two values are too close to be told apart in a plot of all those `drawn`."""
    span = max(drawn) - min(drawn)
    ordered = sorted(values)
    return all(b - a >= APART * span > 0 for a, b in pairwise(ordered))


def _both(
    curves: dict[str, tuple[float, ...]], name: str, paired: str, epoch: int, form: str
) -> str:
    train, val = sorted((name, paired))  # alphabetical: "train_…" comes first
    return f"{form.format(curves[train][epoch])} and {form.format(curves[val][epoch])}"
