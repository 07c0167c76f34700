"""Which of four arrays does this line hold for the batch that is shown?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from assignment.questions.drafting import Choice, Draft
from assignment.questions.script import Script, Step
from assignment.questions.small_network import LARGE, whole_batch

BATCHES = 3  # networks that are drawn, each with its own questions


def drafts(script: Script, rng: np.random.Generator) -> Iterator[Draft]:
    """A question for each line of forward and backward whose array is of whole numbers."""
    for _ in range(BATCHES):
        batch = whole_batch(script, rng)
        given = {"X": batch.X, **batch.parameters, "y_true": batch.Y}
        shown = ", ".join(f"{name} = {in_words(value)}" for name, value in given.items())
        steps = [step for step in batch.steps(script) if _is_whole(step.value)]
        for step in steps:
            if not step.stands_alone or step.value.ndim != 2:
                continue
            yield Draft(
                text=f"One batch: {shown}. Which array does this line compute?",
                key=in_words(step.value),
                others=tuple(_others(step, steps)),
                why="The line was run with these numbers. Softmax of logits that are at least "
                f"{LARGE} apart is 0 or 1 to thirteen digits.",
                code=script.code(step.statement),
                evidence={
                    "how": "forward and backward were run on this batch, and the line was traced",
                    "target": step.target,
                },
                balance=step.target,
            )


def _is_whole(value: np.ndarray) -> bool:
    rounded = np.round(value)
    return bool(np.isfinite(value).all() and np.allclose(value, rounded, atol=1e-6))


def _others(step: Step, steps: list[Step]) -> Iterator[Choice]:
    """The arrays of other lines, and what known mistakes make of this one."""
    for other in steps:
        if other.value.shape == step.value.shape and other.target != "return":
            line = other.statement.line
            yield Choice(in_words(other.value), f"it were the array that line {line} computes")
    yield Choice(
        in_words(step.value.T),
        "rows and columns were exchanged",
        "backward-not-transposed" if step.target not in ("self.z1", "self.a1") else "",
    )


def in_words(value: np.ndarray) -> str:
    """An array of whole numbers in one line.

    >>> in_words(np.array([[1.0, -0.0], [30, 2]]))
    '[[1, 0], [30, 2]]'
    """
    return str(np.round(value).astype(int).tolist())
