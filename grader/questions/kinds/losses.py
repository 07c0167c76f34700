"""The loss before the first update and after the last one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from assignment.answers import Tensor
from assignment.handles import as_array, probe
from assignment.questions import drafting
from grader.questions.subject import Subject

SEEDS = 3
EVEN = float(np.log(10))  # the loss if all classes have the same probability


def drafts(subject: Subject, rng: np.random.Generator) -> Iterator[drafting.Draft]:
    """Pairs of losses: of a new network of the student's, and of the one that was trained."""
    if not {"val_losses", "val_accuracies", "train_losses"} <= subject.final.keys():
        return
    after = subject.final["val_losses"]
    assert subject.training is not None
    ends = {
        f"{1 - subject.final['val_accuracies']:.2f}": "the loss were the share of wrong answers",
        f"{subject.training.curves['val_losses'][0]:.2f}": "training ended after its first epoch",
        f"{after / np.log(2):.2f}": "the logarithm at the end were to base 2",
    }
    for seed in rng.integers(1, 1000, SEEDS):
        before = _loss(subject, int(seed))
        if abs(before - EVEN) > 0.02:
            starts = {f"{EVEN:.2f}": "a new network gave all classes the same probability"}
        else:
            starts = {f"{before / np.log(2):.2f}": "the logarithm at the start were to base 2"}
        right = (f"{before:.2f}", f"{after:.2f}")
        form = "{} before, {} after"
        yield drafting.Draft(
            text=f"What is the cross-entropy of your network with seed {seed} on 1,000 test images "
            "before its first update, and on the validation images after the marking's training?",
            key=form.format(*right),
            others=drafting.crossed(right, starts, ends, form, rng),
            why="Ten classes that are equally probable give ln 10 = 2.30. Your new network is "
            f"{'not quite even, so it starts' if abs(before - EVEN) > 0.02 else 'almost even, so it starts'} "
            f"at {before:.2f}; training brought the loss to {after:.2f}.",
            evidence={
                "how": "a new network was run; the curves are the marking's",
                "seed": int(seed),
            },
            balance="pair",
        )


def _loss(subject: Subject, seed: int) -> float:
    """The mean cross-entropy of a new network, in nats. Raises ValueError if it is not finite."""
    net = subject.network(seed)
    if subject.name == "numpy_ann":
        probabilities = as_array(net.forward(subject.images))
    else:
        logits = as_array(probe(net, "logits", Tensor(subject.images))).astype(float)
        exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
        probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
    chosen = probabilities[np.arange(len(subject.labels)), subject.labels]
    loss = float(-np.log(np.maximum(chosen, 1e-12)).mean())
    if not np.isfinite(loss):
        raise ValueError("the loss is not finite")
    return loss
