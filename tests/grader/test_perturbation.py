"""Perturbed data: honest training does not notice, and known labels or weights are useless."""

import base64
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from assignment.expect import CheckFailed
from assignment.handles import Handle
from grader.marking.audit import audit
from grader.marking.marking import Marking
from grader.options import Options
from grader.rubric import load_rubric
from grader.submission.reading import open_submission
from grader.training.fitted_network import fitted_network, shapes
from grader.training.own_backward import NAMES
from grader.training.perturbation import Perturbation, with_random_labels
from grader.training.run import TrainingOutcome
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


@pytest.mark.parametrize("shuffles", [False, True])
def test_weights_are_put_back_for_official_images(shuffles: bool) -> None:
    rng = np.random.default_rng(4)
    W1, b1, W2, b2 = (rng.normal(size=shape) for shape in shapes(6))
    for mirrored in (False, True):
        drawn = Perturbation.draw(rng, shuffle_pixels=shuffles)
        perturbation = replace(drawn, mirrored=mirrored)
        there = np.maximum(perturbation.images(X) @ W1 + b1, 0) @ W2 + b2
        V1, c1, V2, c2 = perturbation.undone(W1, b1, W2, b2)
        here = np.maximum(X @ V1 + c1, 0) @ V2 + c2
        assert here == pytest.approx(there[:, perturbation.classes])


def of_worker(**changes: object) -> Handle:
    """What a worker would answer for a network whose weights give class 3 to every image."""
    arrays = dict(zip(NAMES, (np.zeros(shape) for shape in shapes(4)), strict=True))
    arrays["b2"][3] = 1.0
    return cast("Handle", SimpleNamespace(**arrays | changes))


def test_a_networks_weights_are_kept_with_what_they_explain() -> None:
    perturbation = Perturbation(np.roll(np.arange(10), 1), mirrored=True, left_out=0.0)
    images, labels = np.repeat(X, 5, axis=0), np.array([3] * 24 + [5])
    found = fitted_network(of_worker(b1=np.zeros((1, 4))), perturbation, images, labels)
    assert found is not None
    assert (found.units, found.agreement) == (4, 0.96)
    assert found.arrays[3].argmax() == list(perturbation.classes).index(3)
    assert fitted_network(of_worker(), perturbation, images[9:], labels[9:]) is None  # 15 of 16


@pytest.mark.parametrize(("name", "answer"), [
    ("W1", None), ("W1", "weights"), ("W1", np.zeros((784, 5))), ("W1", np.zeros((28, 28, 4))),
    ("W1", np.full((784, 4), np.nan)), ("W2", np.full((4, 10), 70_000)), ("b1", np.float64(0)),
    ("b2", np.zeros(10, complex)), ("b2", np.zeros(10, bool)), ("W1", np.zeros((784, 5000))),
    ("W1", np.zeros((784, 0))), ("b1", [0, 0, 0, 0]),
])  # fmt: skip
def test_weights_that_are_none_are_left_out(name: str, answer: object) -> None:
    perturbation = Perturbation.draw(np.random.default_rng(0))
    labels = np.zeros(5, int)
    assert fitted_network(of_worker(**{name: answer}), perturbation, X, labels) is None
    script_without = cast("Handle", SimpleNamespace())
    assert fitted_network(script_without, perturbation, X, labels) is None


def test_a_training_gives_the_weights_that_predict(tmp_path: Path) -> None:
    work = write_submission(tmp_path / "work")
    marking = Marking(open_submission(work), EASY, Options(seed=2, only=("1.7",), train_size=2000))
    marking.mark_all()
    network = marking.networks()["numpy_ann"]
    assert network.units == 128
    assert network.agreement > 0.99
    assert marking.report().notes == ()
    assert "weights" not in marking.report().to_json()


def test_perturbations_differ_from_marking_to_marking() -> None:
    draws = [Perturbation.draw(np.random.default_rng([seed, 1])) for seed in range(40)]
    assert len({tuple(draw.classes) for draw in draws}) == 40
    assert len({draw.training_size(54_000) for draw in draws}) > 30
    assert {draw.mirrored for draw in draws} == {True, False}


# Ships ten linear scores, and finds out in training which belongs to which class, mirrored or not.
KNOWS_THE_SCORES = """
import base64
from collections.abc import Callable

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


def test_an_audit_notes_what_does_not_come_from_training(tmp_path: Path, cheat: str) -> None:
    work = write_submission(tmp_path / "work", numpy_ann=cheat)
    options = Options(seed=1, only=("1.7",), audit=True, train_size=5000)
    marking = Marking(open_submission(work), EASY, options)
    marking.mark_all()
    notes = {note.id: note.text for note in marking.report().notes}
    assert marking.report().accuracy["numpy_ann"] > 0.7
    assert {"embedded-data", "decodes-data"} <= notes.keys()
    assert "with permuted pixels" in notes["needs-pixel-order"]
    assert "80% of the labels drawn at random" in notes["learns-from-shuffled-labels"]


def accuracies(**falls: float) -> Callable[..., TrainingOutcome]:
    """Trainings whose accuracy is below 88 % by what is given for each change."""

    def train_again(**changes: object) -> TrainingOutcome:
        name = next(name for name in falls if name in changes)
        return TrainingOutcome(0.88 - falls[name], None, 1.0)

    return train_again


@pytest.mark.parametrize(("pixels", "labels", "ids"), [
    (0.02, 0.10, []), (0.04, 0.10, ["needs-pixel-order"]),
    (0.00, 0.01, ["learns-from-shuffled-labels"]),
])  # fmt: skip
def test_an_audit_lets_seeds_differ(pixels: float, labels: float, ids: list[str]) -> None:
    run = TrainingOutcome(0.88, None, 1.0)
    again = accuracies(shuffle_pixels=pixels, shuffle_labels=labels)
    notes = audit(again, run, RUBRIC.training, is_flat=True)
    assert [name for name, _ in notes] == ids
    assert audit(again, run, RUBRIC.training, is_flat=False) == tuple(
        note for note in notes if note[0] != "needs-pixel-order"
    )


def test_an_audit_that_fails_is_noted() -> None:
    def fails(**changes: object) -> TrainingOutcome:
        raise CheckFailed("no")

    run = TrainingOutcome(0.88, None, 1.0)
    notes = audit(fails, run, RUBRIC.training, is_flat=True)
    assert [name for name, _ in notes] == ["audit-failed", "audit-failed"]
    assert "random labels" in notes[0][1]
    assert "permuted pixels" in notes[1][1]


def test_random_labels_leave_a_share_as_it_was() -> None:
    y = np.zeros(10_000, np.int64)
    data = with_random_labels(DATA._replace(y_train=y, y_val=y), 0.8, np.random.default_rng(0))
    assert np.mean(data.y_train == 0) == pytest.approx(0.28, abs=0.02)
    assert data.y_train.dtype == data.y_val.dtype == y.dtype


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
