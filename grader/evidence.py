"""What a marking saw beside its verdicts, for a report to show: right and wrong gradient entries, curves, confusions, mistakes.

Nothing here decides a mark, so what cannot be had is left out in silence.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from grader.disguise import CLASSES, Disguise
from grader.gradients import NAMES, away_from_kinks
from grader.networks import network_at
from grader.protocol import Tensor
from grader.results import Comparison, Mistake, Training
from grader.student import Remote, Student, as_array
from utils import History, Splits

SHOWN = 12  # mistakes of a network that a report shows
ASKED = 1000  # images that the network is asked about again, to find its surest mistakes
SECONDS = 60.0  # that it may take over them
SIZE = (5, 6, 4, 3)  # n, d, h, k of the gradients that are compared: small enough to be looked at
CLOSE = 1e-4  # of the largest element


def compare_gradients(student: Student, rng: np.random.Generator) -> tuple[Comparison, ...]:
    """Which entries of the four gradients are wrong for a small batch; empty where there are no arrays to compare.

    Of the two conventions, sum and mean, the one with fewer wrong entries counts, for each array anew.
    """
    point = away_from_kinks(rng, *SIZE)
    try:
        net = network_at(student, point)
        net.forward(point.X)
        answer = net.backward(point.X, point.Y)
    except Exception:  # answers can be of any kind: a network may be a number
        return ()
    if not isinstance(answer, dict):
        return ()
    mean, n = point.gradients(), len(point.X)
    found = []
    for name in NAMES:
        either = [_compared(name, answer.get(name), factor * mean[name]) for factor in (1.0, n)]
        found.append(min(either, key=lambda compared: np.count_nonzero(compared.wrong)))
    return tuple(found)


def _compared(name: str, got: Any, expected: np.ndarray) -> Comparison:
    rows = np.atleast_2d(expected)
    if not isinstance(got, np.ndarray) or got.dtype.kind not in "fiub" or got.size != expected.size:
        return Comparison(name, tuple(tuple(True for _ in row) for row in rows))
    if np.atleast_2d(got).shape != rows.shape:
        return Comparison(name, tuple(tuple(True for _ in row) for row in rows))
    wrong = ~(np.abs(np.atleast_2d(got) - rows) <= CLOSE * np.abs(expected).max())  # so that NaN is wrong too
    return Comparison(name, tuple(tuple(bool(entry) for entry in row) for row in wrong))


def look_back(
    model: Remote, data: Splits, labels: np.ndarray, disguise: Disguise, order: np.ndarray, history: History | None,
) -> Training:  # fmt: skip
    """A training for a report: the labels `(n,)` given to the test images of `data`, with the disguise taken off again.

    The network is asked how sure it is of the last ASKED images, right and wrong alike: being asked must tell it nothing,
    since it may be trained again.
    """
    original = np.argsort(disguise.classes)
    truth = data.y_test
    confusion = np.zeros((CLASSES, CLASSES), int)
    known = (labels >= 0) & (labels < CLASSES)
    np.add.at(confusion, (original[truth[known]], original[labels[known]]), 1)
    sure = np.zeros(len(labels))
    sure[-ASKED:] = _confidence(model, data.X_test[-ASKED:], np.where(known, labels, 0)[-ASKED:])
    wrong = np.flatnonzero(known & (labels != truth))
    surest = wrong[np.argsort(-sure[wrong], kind="stable")][:SHOWN]
    mistakes = tuple(
        Mistake(int(order[i]), int(original[truth[i]]), int(original[labels[i]]), round(float(sure[i]), 4))
        for i in surest
    )
    curves = {} if history is None else {name: tuple(values) for name, values in vars(history).items()}
    return Training(curves, tuple(tuple(map(int, row)) for row in confusion), mistakes)


def _confidence(model: Remote, X: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The probability `(n,)` that the network gives to each of these labels; 0 where it does not say."""
    try:
        numpy_part = model.opaque.type_name == "NumpyANN"
        answer = as_array(
            model.forward.within(SECONDS, X) if numpy_part else model.probe("logits", Tensor(X), seconds=SECONDS)
        )
    except Exception:
        return np.zeros(len(X))
    if not isinstance(answer, np.ndarray) or answer.shape != (len(X), CLASSES) or not np.isfinite(answer).all():
        return np.zeros(len(X))
    values = answer.astype(np.float64)
    if not numpy_part:
        values = np.exp(values - values.max(axis=1, keepdims=True))
        values /= values.sum(axis=1, keepdims=True)
    given: np.ndarray = values[np.arange(len(X)), labels].clip(0, 1)
    return given
