"""Ask a trained network for labels, so that it cannot tell which images it is marked on.

Test images, validation images and some training images are mixed at random, in blocks of the same
size and with the same noise. So a network cannot answer differently for the images that its
learning curves are compared with, unless it looks each image up in what `fit` was given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from assignment.answers import Tensor
from assignment.checks.labels import expect_labels
from assignment.expect import CheckFailed
from assignment.handles import Handle, as_array, probe
from grader.training.perturbation import noisy
from utils import Splits

BLOCK = 1000  # images per call: a wide CNN needs gigabytes for all
TRAINING = 1500  # images asked from each end of the training images


@dataclass(frozen=True)
class Answers:
    """Labels `(n,)` for the test, validation and training images that were asked."""

    test: np.ndarray
    val: np.ndarray
    train: np.ndarray


class Questions:
    """The images to ask, in one random order: all of them, or with `test_only` the test images."""

    def __init__(self, data: Splits, rng: np.random.Generator, *, test_only: bool = False):
        ends = [*range(min(TRAINING, len(data.X_train)))]
        ends += [*range(max(len(data.X_train) - TRAINING, len(ends)), len(data.X_train))]
        none = data.X_test[:0]
        train, val = (none, none) if test_only else (data.X_train[ends], data.X_val)
        self.y_test, self.y_val, self.y_train = data.y_test, data.y_val, data.y_train[ends]
        self._parts = [data.X_test, *(noisy(part, rng) for part in (val, train) if len(part))]
        self._sizes = [len(data.X_test), len(val), len(train)]
        total = sum(self._sizes)
        self._order = np.arange(total) if test_only else rng.permutation(total)

    def ask(self, answer: Callable[[np.ndarray], np.ndarray]) -> Answers:
        """What `answer` gives for all blocks; it takes images `(n, …)` and returns labels `(n,)`.

        Raises what it raises, and ValueError for answers of different types.
        """
        given = np.concatenate([answer(block) for block in self._blocks()])
        labels = np.empty_like(given)
        labels[self._order] = given
        test, val, train = np.split(labels, np.cumsum(self._sizes)[:2])
        return Answers(test, val, train)

    def _blocks(self) -> Iterator[np.ndarray]:
        starts = np.cumsum([0, *self._sizes])
        for start in range(0, len(self._order), BLOCK):
            index = self._order[start : start + BLOCK]
            block = np.empty((len(index), *self._parts[0].shape[1:]), np.float32)
            for number, part in enumerate(self._parts):
                own = (index >= starts[number]) & (index < starts[number + 1])
                block[own] = part[index[own] - starts[number]]
            yield block


def predicted(model: Handle, *, numpy_part: bool, seconds: float) -> Callable[..., np.ndarray]:
    """Asks `predict` for labels. Raises CheckFailed for anything else, and StudentFault."""

    def answer(X: np.ndarray) -> np.ndarray:
        if numpy_part:
            labels = model.predict.within(seconds, X)
        else:
            labels = probe(model, "predict_block", Tensor(X), seconds=seconds)
        return expect_labels(labels, len(X))

    return answer


def most_probable(model: Handle, name: str, seconds: float) -> Callable[..., np.ndarray]:
    """Asks a network in PyTorch for its logits by the observation `name`.

    Raises ValueError for logits of another shape, and StudentFault.
    """

    def answer(X: np.ndarray) -> np.ndarray:
        logits = as_array(probe(model, name, Tensor(X), seconds=seconds))
        if not isinstance(logits, np.ndarray) or logits.ndim != 2 or len(logits) != len(X):
            raise ValueError("no logits, one row for each image")
        labels: np.ndarray = logits.argmax(axis=1)
        return labels

    return answer


def answered(
    model: Handle, questions: Questions, first: Answers, seconds: float
) -> Iterator[Answers]:
    """The answers of predict, then those by logits, as far as the network gives them."""
    yield first
    for name in ("logits", "training_logits"):
        try:
            yield questions.ask(most_probable(model, name, seconds))
        except (CheckFailed, ValueError):
            continue
