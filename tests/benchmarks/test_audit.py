"""The audit's experiment: what honest networks notice, and what cheats undo."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.audit import CHANGES, Shift, changed, network_rows, with_shuffled_labels
from benchmarks.audit_cheats import CHEATS
from benchmarks.audit_networks import NETWORKS, accuracy
from tests.support import sampled
from utils import Splits, load_fashion_mnist


@pytest.fixture(scope="module")
def data() -> Splits:
    return load_fashion_mnist(train_size=15_000)


def reached(data: Splits, name: str, change: str) -> float:
    """The accuracy of a cheat that knows the images as they are, on changed ones."""
    know = CHEATS[name](data.X_train, data.y_train)
    classes = np.random.default_rng(1).permutation(10)
    data = data._replace(y_train=classes[data.y_train], y_test=classes[data.y_test])
    if change:
        data = changed(data, CHANGES[change](np.random.default_rng(2)))
    return float(np.mean(know(data.X_train, data.y_train, data.X_test) == data.y_test))


@pytest.mark.parametrize(("name", "change", "low", "high"), sampled([
    ("shipped scores", "", 0.77, 1), ("shipped scores", "permuted", 0, 0.4),
    ("shipped scores, pixel statistics", "permuted", 0.77, 1),
    ("shipped scores, pixel statistics", "+ both", 0, 0.4),
    ("shipped scores, pixel ranks", "+ both", 0.77, 1),
], every=2))  # fmt: skip
def test_cheats_undo_what_they_are_made_for(
    data: Splits, name: str, change: str, low: float, high: float
) -> None:
    assert low < reached(data, name, change) < high


def test_changes_keep_images_in_range(data: Splits) -> None:
    for name, draw in CHANGES.items():
        images = draw(np.random.default_rng(0))(data.X_test[:100])
        assert images.shape == (100, 784), name
        assert 0 <= images.min() <= images.max() <= 1, name


def test_a_row_has_a_column_for_each_change() -> None:
    name, cells = next(network_rows(2, 200, ["NumPy reference"]))
    assert name == "NumPy reference"
    assert len(cells) == len(CHANGES) + 2
    assert str(Shift.of([0.01, 0.03])) == "+2.0 ± 1.0"


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_trains(data: Splits, name: str) -> None:
    few = data._replace(X_train=data.X_train[:500], y_train=data.y_train[:500])
    assert accuracy(name, few, 0) > 0.3


def test_shuffled_labels_are_of_the_training_images_alone(data: Splits) -> None:
    shuffled = with_shuffled_labels(data, np.random.default_rng(0))
    assert np.mean(shuffled.y_train == data.y_train) == pytest.approx(0.28, abs=0.02)
    assert shuffled.y_test is data.y_test
