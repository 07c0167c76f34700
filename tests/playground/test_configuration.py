"""Configurations, recipes and names."""

from dataclasses import replace
from typing import Any

import pytest

from playground.configuration import RECIPES, Configuration
from playground.errors import PlaygroundError
from playground.registry import choose


@pytest.mark.parametrize(("kind", "typed", "meant"), [
    ("optimizer", "nestrov", "nesterov"),
    ("optimizer", "Adam", "adam"),
    ("activation", "rellu", "relu"),
    ("initializer", "xavir", "xavier"),
    ("loss", "crossentropy", "cross-entropy"),
    ("schedule", "onecycle", "one-cycle"),
])  # fmt: skip
def test_an_unknown_name_is_answered_with_the_nearest(kind: str, typed: str, meant: str) -> None:
    with pytest.raises(
        PlaygroundError,
        match=f"unknown {kind} '{typed}', did you mean '{meant}'\\? Expected one of: ",
    ):
        Configuration(**{kind: typed})


@pytest.mark.parametrize("name", ["zzz", "", None, 3, [1, 2]])
def test_a_name_near_to_none_is_answered_with_all(name: object) -> None:
    with pytest.raises(PlaygroundError, match=r"unknown thing .*\. Expected one of: adam, sgd$"):
        choose("thing", name, {"adam": 1, "sgd": 2})


@pytest.mark.parametrize(("settings", "message"), [
    ({"hidden_sizes": (300, 0)}, r"hidden_sizes\[1\] is 0, expected an integer of at least 1"),
    ({"hidden_sizes": 300}, r"hidden_sizes is 300, expected integers such as \(300, 100\)"),
    ({"epochs": 0}, "epochs is 0, expected an integer of at least 1"),
    ({"epochs": 2.5}, "epochs is 2.5, expected an integer of at least 1"),
    ({"batch_size": True}, "batch_size is True, expected an integer of at least 1"),
    ({"patience": 0}, "patience is 0, expected an integer of at least 1"),
    ({"learning_rate": 0}, "learning_rate is 0, expected a positive number"),
    ({"learning_rate": float("nan")}, "learning_rate is nan, expected a positive number"),
    ({"learning_rate": "fast"}, "learning_rate is 'fast', expected a positive number"),
    ({"weight_decay": -1}, "weight_decay is -1, expected 0 or more"),
    ({"dropout": 1}, "dropout is 1, expected 0 or more and less than 1"),
    ({"label_smoothing": -0.1}, "label_smoothing is -0.1, expected 0 or more and less than 1"),
])  # fmt: skip
def test_a_value_that_makes_no_sense_is_refused_in_one_line(
    settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(PlaygroundError, match=f"^{message}$"):
        Configuration(**settings)


def test_a_recipe_can_be_changed_and_is_checked_anew() -> None:
    assert replace(RECIPES["quick"], epochs=3).epochs == 3
    with pytest.raises(PlaygroundError, match="epochs is 0"):
        replace(RECIPES["quick"], epochs=0)
