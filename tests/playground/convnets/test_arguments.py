"""Images and labels that a CNN cannot use are refused in one line that names them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from playground.convnets.evaluation import evaluate, logits
from playground.convnets.networks import build
from playground.convnets.training import train_convnet
from playground.errors import PlaygroundError
from tests.playground.convnets.support import QUICK

X, Y = np.zeros((20, 784), np.uint8), np.arange(20) % 10


@pytest.mark.parametrize(("images", "labels", "message"), [
    (X.tolist(), Y, "X.* is a list, expected a NumPy array"),
    (X / 255, Y, r"X.* type float64, expected \(n, 784\) uint8 pixels from 0 to 255"),
    (X, Y - 1, r"y.*\[0\] is label -1, expected 0 to 9"),
    (X, Y + 1, r"y.*\[9\] is label 10, expected 0 to 9"),
    (X, Y.tolist(), "y.* is a list, expected a NumPy array"),
    (X[:0], Y[:0], "y.* holds no labels"),
])  # fmt: skip
def test_what_a_cnn_cannot_use_is_refused(images: Any, labels: Any, message: str) -> None:
    model = build(QUICK, 0)
    for call in (
        lambda: train_convnet(model, QUICK, images, labels, device="cpu"),
        lambda: evaluate(model, QUICK, images, labels, "cpu"),
    ):
        with pytest.raises(PlaygroundError, match=message):
            call()


def test_predictions_need_pixels_too() -> None:
    with pytest.raises(PlaygroundError, match="uint8 pixels"):
        logits(build(QUICK, 0), QUICK, X / 255, "cpu")
