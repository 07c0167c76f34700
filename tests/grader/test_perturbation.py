"""Perturbed data: honest training does not notice, and known labels or weights are useless."""

import base64
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assignment.expect import CheckFailed
from grader.marking.marking import Marking
from grader.options import Options
from grader.rubric import load_rubric
from grader.submission.reading import open_submission
from grader.training.perturbation import Perturbation
from grader.training.run import TrainingOutcome, expect_audited, expect_bar
from tests.support import write_submission
from utils import Splits, load_fashion_mnist

RUBRIC = load_rubric()
EASY = replace(RUBRIC, sections=tuple(replace(s, bar=0.5) if s.bar else s for s in RUBRIC.sections))
X = np.arange(5 * 784, dtype=np.float32).reshape(5, 784) / 4000
DATA = Splits(X, np.arange(5), X[:2], np.arange(2), X, np.arange(5))


def test_labels_are_permuted_alike_everywhere() -> None:
    perturbation = Perturbation.draw(np.random.default_rng(3))
    data = perturbation.splits(DATA, np.array([3, 0, 4, 1, 2]), np.random.default_rng(0))
    assert sorted(perturbation.classes) == list(range(10))
    assert list(data.y_train) == list(perturbation.classes[:5])
    assert list(data.y_val) == list(perturbation.classes[:2])
    for image, label in zip(
        data.X_test, data.y_test, strict=True
    ):  # shuffled together, and off by a grey level at most
        original = perturbation.images(X[[list(perturbation.classes).index(label)]])[0]
        assert np.abs(image - original).max() <= 1 / 255 + 1e-6


def test_mirrored_images_are_turned_left_to_right() -> None:
    perturbation = Perturbation(np.arange(10), mirrored=True, left_out=0.0)
    image = np.arange(784, dtype=np.float32).reshape(1, 1, 28, 28)
    assert np.array_equal(perturbation.images(image)[0, 0], image[0, 0][:, ::-1])


def test_perturbations_differ_from_marking_to_marking() -> None:
    draws = [Perturbation.draw(np.random.default_rng([seed, 1])) for seed in range(40)]
    assert len({tuple(draw.classes) for draw in draws}) == 40
    assert len({draw.training_size(54_000) for draw in draws}) > 30
    assert {draw.mirrored for draw in draws} == {True, False}


# Ships ten linear scores, and finds out in training which belongs to which class, mirrored or not.
KNOWS_THE_SCORES = """
import base64

import numpy as np

EPOCHS, BATCH_SIZE, LEARNING_RATE = 1, 1, 1.0
SCORES = np.frombuffer(base64.b85decode({weights!r}), np.int8).reshape(784, 10) / 127


def features(X):
    mirrored = X.reshape(-1, 28, 28)[:, :, ::-1].reshape(-1, 784)
    return np.c_[X @ SCORES, mirrored @ SCORES, np.ones(len(X))]


class NumpyANN:
    def __init__(self, seed=0):
        self.W = None

    def fit(self, X_train, y_train, X_val, y_val, *, epochs, batch_size, learning_rate):
        self.W = np.linalg.lstsq(features(X_train), y_train, rcond=None)[0]

    def predict(self, X):
        return (features(X) @ self.W).argmax(axis=1)
"""


@pytest.fixture(scope="module")
def cheat() -> str:
    data = load_fashion_mnist(train_size=10_000, one_hot=True)
    scores = np.linalg.lstsq(
        data.X_train.T @ data.X_train + 50 * np.eye(784), data.X_train.T @ data.y_train, rcond=None
    )[0]
    whole = np.round(scores / np.abs(scores).max() * 127).astype(np.int8)
    return KNOWS_THE_SCORES.format(weights=base64.b85encode(whole.tobytes()).decode())


def test_an_audit_finds_what_does_not_come_from_training(tmp_path: Path, cheat: str) -> None:
    work = write_submission(tmp_path / "work", numpy_ann=cheat)
    marking = Marking(
        open_submission(work), EASY, Options(seed=1, only=("1.7",), audit=True, train_size=5000)
    )
    try:
        run = marking.context.run(RUBRIC.by_number["1.7"])
    finally:
        marking.close()
    assert run.audited is not None
    assert run.accuracy > 0.7
    with pytest.raises(CheckFailed, match="does not come from training"):
        expect_bar(run, EASY.by_number["1.7"], EASY.training)


def test_an_audit_lets_seeds_differ() -> None:
    expect_audited(TrainingOutcome(0.88, None, 1.0, audited=0.86), RUBRIC.training)
    expect_audited(TrainingOutcome(0.88, None, 1.0), RUBRIC.training)
    with pytest.raises(CheckFailed):
        expect_audited(TrainingOutcome(0.88, None, 1.0, audited=0.84), RUBRIC.training)


def test_the_worker_is_not_told_the_seed_of_the_perturbation(tmp_path: Path, cheat: str) -> None:
    source = cheat.replace("        self.W = None", "        if seed == 123: raise RuntimeError")
    work = write_submission(tmp_path / "work", numpy_ann=source)
    marking = Marking(
        open_submission(work), EASY, Options(seed=123, only=("1.7",), train_size=1000)
    )
    try:
        assert marking.context.run(RUBRIC.by_number["1.7"]).accuracy > 0.4
    finally:
        marking.close()
