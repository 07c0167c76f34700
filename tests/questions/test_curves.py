"""Questions about learning curves, which are read from a plot."""

from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace

import numpy as np

from grader.questions.kinds import curves
from tests.classes import training

CLOSE = training(
    epochs=4,
    train_losses=(0.9, 0.7, 0.601, 0.5),
    val_losses=(0.8, 0.75, 0.6, 0.65),
    train_accuracies=(0.6, 0.69, 0.72, 0.8),
    val_accuracies=(0.65, 0.67, 0.719, 0.75),
)


def test_values_that_look_equal_in_the_plot_are_not_asked_for() -> None:
    subject = SimpleNamespace(name="numpy_ann", training=CLOSE)
    found = list(curves.drafts(subject, np.random.default_rng(0)))  # type: ignore[arg-type]
    assert found
    for draft in found:
        texts = [draft.key, *(other.text for other in draft.others)]
        values = sorted(float(text.rstrip("%")) for text in texts)
        assert all(b - a > 0.01 for a, b in pairwise(values))
        assert "epoch 1?" in draft.text or "epoch 2?" in draft.text


def test_without_curves_nothing_is_asked() -> None:
    subject = SimpleNamespace(name="numpy_ann", training=replace(CLOSE, curves={}))
    assert list(curves.drafts(subject, np.random.default_rng(0))) == []  # type: ignore[arg-type]
