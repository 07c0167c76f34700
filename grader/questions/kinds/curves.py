"""What do the student's own learning curves say?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from assignment.questions import drafting
from grader.questions.subject import Subject


def drafts(subject: Subject, rng: np.random.Generator) -> Iterator[drafting.Draft]:
    """The epoch of the lowest validation loss, and the gap between the two accuracies."""
    curves = {
        n: np.array(v) for n, v in (subject.training.curves if subject.training else {}).items()
    }
    if len(curves) != 4 or len(curves["val_losses"]) < 3:
        return
    gap = 100 * (curves["train_accuracies"] - curves["val_accuracies"])
    lowest = int(curves["val_losses"].argmin())
    right = (str(lowest + 1), f"{gap[-1]:+.1f}")
    epochs = {
        int(curves["train_losses"].argmin()): "the curve were the training loss",
        int(curves["val_accuracies"].argmax()): "the curve were the validation accuracy",
        int(np.abs(gap).argmin()): "the epoch were that of the smallest gap",
        int(np.abs(gap).argmax()): "the epoch were that of the largest gap",
    }
    gaps = {
        -gap[-1]: "training and validation were exchanged",
        gap[lowest]: "the gap were that of the epoch with the lowest validation loss",
        gap[0]: "the gap were that of the first epoch",
    }
    form = "epoch {}, {} points"
    others = drafting.crossed(
        right,
        {str(epoch + 1): belief for epoch, belief in epochs.items()},
        {f"{points:+.1f}": belief for points, belief in gaps.items()},
        form,
        rng,
    )
    yield drafting.Draft(
        text="In the learning curves of the marking's training: in which epoch was the validation "
        "loss lowest, and how far was training accuracy above validation accuracy at the end?",
        key=form.format(*right),
        others=others,
        why=f"The validation loss was lowest in epoch {lowest + 1} of {len(gap)}, and the accuracies "
        f"ended at {curves['train_accuracies'][-1]:.1%} and {curves['val_accuracies'][-1]:.1%}.",
        evidence={"how": "read from the marking's curves", "figure": f"curves:{subject.name}"},
    )
