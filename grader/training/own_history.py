"""Are the learning curves those of the network? Its own answers to validation images say so."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from assignment.answers import Tensor
from assignment.handles import Handle, as_array, probe
from utils import History

CLOSE = 0.03  # between an accuracy of the curves and the network's
BLOCK = 1000  # images per call: a wide CNN needs gigabytes for all
PARTS = (500, 1000, 2000, 3000)  # validation images that a quicker evaluation may have used


def history_problem(
    model: Handle, history: History, X_val: np.ndarray, y_val: np.ndarray, seconds: float
) -> str:
    """Why the curves are not this network's, "" if they are or the network does not answer.

    One epoch must agree with the network as it is now: the last, or the best if its weights were
    kept. The network is asked for its labels, and for its logits in evaluation and in training
    mode, since `predict` may use averaged weights, and a changed `evaluate` may have done otherwise.
    """
    claimed = np.array(history.val_accuracies, np.float64)
    if not np.isfinite(claimed).all():
        return ""  # of a training that diverged, which is said elsewhere
    if claimed.max() > 1:
        claimed = claimed / 100  # in percent
    found: list[float] = []
    for labels in _answers(model, X_val, seconds):
        right = labels == y_val
        if _agrees(claimed, right):
            return ""
        found.append(float(right.mean()))
    if not found:
        return ""
    nearest = claimed[np.abs(claimed - found[0]).argmin()]
    return (
        f"the History that fit returned comes no closer than {nearest:.1%} validation accuracy to "
        f"the network that it trained, which is right for {found[0]:.1%} of the validation images"
    )


def _agrees(claimed: np.ndarray, right: np.ndarray) -> bool:
    """Whether an epoch is close to the accuracy on all images, or on the first or last of them."""
    samples = [right, *(part for n in PARTS if n < len(right) for part in (right[:n], right[-n:]))]
    measured = np.array([sample.mean() for sample in samples])
    return bool((np.abs(claimed[:, None] - measured) <= CLOSE).any())


def _answers(model: Handle, X: np.ndarray, seconds: float) -> Iterator[np.ndarray]:
    """The labels `(n,)` that the network gives in one way after another, as far as it answers."""
    ways: tuple[Callable[[Tensor], object], ...] = (
        lambda block: probe(model, "predict_block", block, seconds=seconds),
        lambda block: probe(model, "logits", block, seconds=seconds),
        lambda block: probe(model, "training_logits", block, seconds=seconds),
    )
    for ask in ways:
        try:
            answers = [
                as_array(ask(Tensor(X[start : start + BLOCK]))) for start in range(0, len(X), BLOCK)
            ]
            values = np.concatenate([answer.reshape(len(answer), -1) for answer in answers])
            labels = values.argmax(axis=1) if values.shape[1] > 1 else values[:, 0]
        except Exception:
            continue
        if labels.shape == (len(X),):
            yield labels
