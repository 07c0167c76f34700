"""Are the learning curves those of the network? Its own answers say so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from grader.training.questions import Answers, Questions
from utils import History

CLOSE = 0.03  # between an accuracy of the curves and the network's
PARTS = (500, 1000, 2000, 3000)  # images that a quicker evaluation may have used
KNOWN = 0.04  # validation above test accuracy: both are drawn alike, and differ by 0.01 at most


@dataclass(frozen=True)
class Belief:
    """What of the curves is believed.

    `problem` says why they are not this network's; `judged` are the curves to judge it by, None
    for those that `fit` returned; `known` says that validation images were not new to it.
    """

    problem: str = ""
    judged: History | None = None
    known: str = ""


def belief(
    history: History, questions: Questions, ways: Iterable[Answers], *, saw_all: bool
) -> Belief:
    """What to believe of curves, by the network's answers in one way after another.

    One epoch must agree with the network as it is now: the last, or the best if its weights were
    kept. Ways are `predict`, then the logits in evaluation and in training mode, since `predict`
    may use averaged weights, and a changed `evaluate` may have done otherwise. `saw_all` says that
    an epoch trains on all images: an accuracy on fewer may be far above that on the others.
    """
    val, train = (_fractions(getattr(history, f"{name}_accuracies")) for name in ("val", "train"))
    if not np.isfinite([*val, *train]).all():
        return Belief()  # of a training that diverged, which is said elsewhere
    first: tuple[float, float] | None = None
    known = ""
    for answers in ways:
        right_val = answers.val == questions.y_val
        right_train = answers.train == questions.y_train
        if first is None:
            first = float(right_val.mean()), float(right_train.mean())
            known = _known(first[0], float(np.mean(answers.test == questions.y_test)))
        agrees = _close(val, right_val)
        if saw_all:
            # Dropout, augmentation and measuring while the epoch runs make it lower, never higher.
            agrees &= train <= max(_samples(right_train)) + CLOSE
        if agrees.any():
            judged = None if _ends_or_peaks(history, agrees) else _measured(*first)
            return Belief(judged=judged, known=known)
    return Belief(_problem(val, train, *first), known=known) if first else Belief()


def _fractions(claimed: list[float]) -> np.ndarray:
    """Accuracies, which may be in percent, as fractions."""
    values = np.array(claimed, np.float64)
    return values / 100 if values.max() > 1 else values


def _samples(right: np.ndarray) -> list[float]:
    """The accuracy on all images, and on the first and the last of them."""
    ends = [part for n in PARTS if n < len(right) for part in (right[:n], right[-n:])]
    return [float(part.mean()) for part in (right, *ends)]


def _close(claimed: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Which epochs `(e,)` are close to one of the samples."""
    distance = np.abs(claimed[:, None] - np.array(_samples(right)))
    close: np.ndarray = (distance <= CLOSE).any(axis=1)
    return close


def _ends_or_peaks(history: History, agrees: np.ndarray) -> bool:
    """Whether the last epoch agrees, or one that is best: then the curves are what they should be.

    An epoch that is neither may agree by chance, in curves that are made up.
    """
    accuracies, losses = np.array(history.val_accuracies), np.array(history.val_losses)
    ends = [len(agrees) - 1, *np.flatnonzero(accuracies == accuracies.max())]
    ends += [*np.flatnonzero(losses == losses.min())] if np.isfinite(losses).all() else []
    return bool(agrees[ends].any())


def _measured(val: float, train: float) -> History:
    """Curves of one epoch, as the network itself answers; the losses say nothing."""
    return History([1.0], [1.0], [train], [val])


def _known(val: float, test: float) -> str:
    if val - test <= KNOWN:
        return ""
    return (
        f"is right for {val:.1%} of the validation images and {test:.1%} of the test images: fit "
        "trained on validation images too, or the network recognises them"
    )


def _problem(val: np.ndarray, train: np.ndarray, own_val: float, own_train: float) -> str:
    nearest = int(np.abs(val - own_val).argmin())
    if abs(val[nearest] - own_val) > CLOSE:
        return (
            f"the History that fit returned comes no closer than {val[nearest]:.1%} validation "
            f"accuracy to the network that it trained, which is right for {own_val:.1%} of the "
            "validation images"
        )
    return (
        f"the History that fit returned has {train[nearest]:.1%} training accuracy where its "
        f"validation accuracy is {val[nearest]:.1%}, but the network that it trained is right for "
        f"{own_train:.1%} of the training images and {own_val:.1%} of the validation images"
    )
