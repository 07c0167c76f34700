"""Details of a training for the report: curves, confusion matrix, most confident mistakes.

Nothing here affects a mark, so whatever cannot be computed is silently left out.
"""

from __future__ import annotations

import numpy as np

from assignment.answers import Tensor
from assignment.handles import Handle, as_array, probe, type_name
from grader.results import Mistake, Training
from grader.training.perturbation import CLASSES, Perturbation
from utils import History, Splits

SHOWN = 12  # mistakes of a network in the report
ASKED = 1000  # images given to the network again, to find its most confident mistakes
SECONDS = 60.0  # time limit for these images


def look_back(
    model: Handle,
    data: Splits,
    labels: np.ndarray,
    perturbation: Perturbation,
    order: np.ndarray,
    history: History | None,
) -> Training:
    """The details of a training, from the `labels (n,)` predicted for the test images of `data`.

    The perturbation is undone. The network is asked for its confidence on the last ASKED images,
    right and wrong alike: the request must not reveal anything, since the network may be trained
    again.
    """
    original = np.argsort(perturbation.classes)
    truth = data.y_test
    confusion = np.zeros((CLASSES, CLASSES), int)
    known = (labels >= 0) & (labels < CLASSES)
    np.add.at(confusion, (original[truth[known]], original[labels[known]]), 1)
    sure = np.zeros(len(labels))
    sure[-ASKED:] = _confidence(model, data.X_test[-ASKED:], np.where(known, labels, 0)[-ASKED:])
    wrong = np.flatnonzero(known & (labels != truth))
    most_confident = wrong[np.argsort(-sure[wrong], kind="stable")][:SHOWN]
    mistakes = tuple(
        Mistake(
            int(order[i]),
            int(original[truth[i]]),
            int(original[labels[i]]),
            round(float(sure[i]), 4),
        )
        for i in most_confident
    )
    curves = (
        {} if history is None else {name: tuple(values) for name, values in vars(history).items()}
    )
    return Training(curves, tuple(tuple(map(int, row)) for row in confusion), mistakes)


def _confidence(model: Handle, X: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The probability `(n,)` that the network gives to each label; 0 if it returns none."""
    try:
        numpy_part = type_name(model) == "NumpyANN"
        answer = as_array(
            model.forward.within(SECONDS, X)
            if numpy_part
            else probe(model, "logits", Tensor(X), seconds=SECONDS)
        )
    except Exception:
        return np.zeros(len(X))
    if (
        not isinstance(answer, np.ndarray)
        or answer.shape != (len(X), CLASSES)
        or not np.isfinite(answer).all()
    ):
        return np.zeros(len(X))
    values = answer.astype(np.float64)
    if not numpy_part:
        values = np.exp(values - values.max(axis=1, keepdims=True))
        values /= values.sum(axis=1, keepdims=True)
    given: np.ndarray = values[np.arange(len(X)), labels].clip(0, 1)
    return given
