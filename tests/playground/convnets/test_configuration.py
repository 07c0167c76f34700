"""What a convolutional network can be told, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from playground.convnets.configuration import CONV_RECIPES, ConvConfiguration
from playground.errors import PlaygroundError


@pytest.mark.parametrize(("settings", "message"), [
    ({"network": "v4"}, "unknown network 'v4', did you mean 'v"),
    ({"schedule": "constnat"}, "did you mean 'constant'"),
    ({"precision": "bfloat"}, "did you mean 'bfloat16'"),
    ({"epochs": 0}, "epochs is 0, expected an integer of at least 1"),
    ({"batch_size": 2.5}, "batch_size is 2.5, expected an integer"),
    ({"width": -1}, "width is -1, expected an integer"),
    ({"patience": 0}, "patience is 0, expected an integer"),
    ({"shifts": 15}, "shifts is 15, expected an integer from 0 to 14"),
    ({"cutout": -1}, "cutout is -1, expected an integer from 0 to 14"),
    ({"learning_rate": float("nan")}, "learning_rate is nan, expected a positive number"),
    ({"weight_decay": -0.1}, "weight_decay is -0.1, expected 0 or more"),
    ({"label_smoothing": 1}, "label_smoothing is 1, expected 0 or more and less than 1"),
], ids=str)  # fmt: skip
def test_what_makes_no_sense_is_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(PlaygroundError, match=message):
        ConvConfiguration(**settings)


def test_the_recipes_agreed_on_are_there() -> None:
    assert {"v1", "v2", "v3", "fast", "fast-short", "fast-shortest", "fast-long"} <= set(
        CONV_RECIPES
    )
