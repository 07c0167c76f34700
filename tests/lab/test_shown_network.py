"""The network that the page gets from a student's object, and what it does not get."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from grader.lab.in_browser.opening import CannotOpen, opened
from grader.lab.in_browser.output import Output
from grader.lab.in_browser.shown_network import shown_network


def model(**changed: Any) -> SimpleNamespace:
    rng = np.random.default_rng(0)
    arrays = {"W1": rng.normal(size=(784, 5)), "b1": np.zeros(5), "W2": rng.normal(size=(5, 10)),
              "b2": np.zeros((1, 10))}  # fmt: skip
    return SimpleNamespace(**{**arrays, **changed})


def test_arrays_are_sent_as_float32() -> None:
    found = shown_network(model())
    assert found["sizes"] == [784, 5, 10]
    assert {name: len(found[name]) for name in ("W1", "b1", "W2", "b2")} == {
        "W1": 784 * 5 * 4, "b1": 20, "W2": 200, "b2": 40,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"W1": None}, "self.W1 is no array of numbers"),
        ({"W1": [[1.0]]}, "self.W1 is no array of numbers"),
        ({"b1": np.array(["a"] * 5)}, "self.b1 is no array of numbers"),
        ({"W1": np.zeros(784)}, r"self.W1 has shape \(784,\), expected \(784, h\)"),
        ({"W1": np.zeros((784, 5000))}, "with h from 1 to 4096"),
        ({"W1": np.zeros((28, 5))}, r"self.W1 has shape \(28, 5\), expected \(784, 5\)"),
        ({"W2": np.zeros((10, 5))}, r"self.W2 has shape \(10, 5\), expected \(5, 10\)"),
        ({"b1": np.full(5, np.nan)}, "self.b1 has numbers that are not finite"),
        ({"b2": np.full(10, 1e300)}, "self.b2 has numbers that are not finite, or too large"),
    ],
)
def test_any_other_is_refused_with_what_was_expected(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        shown_network(model(**changed))


def test_only_text_is_printed_and_not_without_end() -> None:
    class Odd(str):
        def __len__(self) -> int:
            return 0

    sent: list[str] = []
    output = Output(sent.append)
    with pytest.raises(TypeError, match="must be str, not bytes"):
        output.write(b"x")  # type: ignore[arg-type]
    for _ in range(3):
        output.write(Odd("x" * 40_000))
    output.send()
    assert len("".join(sent)) < 51_000


def test_a_file_without_code_replaces_nothing() -> None:
    for name, content in {"empty.py": b" \n", "words.ipynb": b'{"cells": []}'}.items():
        with pytest.raises(CannotOpen, match="has no code in it"):
            opened(name, content)
