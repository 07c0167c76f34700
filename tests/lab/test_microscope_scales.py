"""The mean may be taken anywhere in backward, and what the microscope shows never contradicts that.

Every mistake is made with the division at every place. Whatever an array is shown with as expected
is its formula, applied to the arrays that it is shown to be computed from.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.lab.test_microscope import array, looked_at
from tests.support import sampled

N = " / len(X)"
RIGHT = {
    "dz2": "self.a2 - y_true",
    "dW2": "self.a1.T @ dz2",
    "db2": "dz2.sum(0)",
    "da1": "dz2 @ self.W2.T",
    "gate": "(self.z1 > 0)",
    "dz1": "da1 * gate",
    "dW1": "X.T @ dz1",
    "db1": "dz1.sum(0)",
}
FORMULAS: dict[str, Callable[..., Any]] = {
    "dz2": lambda a2, Y: a2 - Y,
    "dW2": lambda a1, dz2: a1.T @ dz2,
    "db2": lambda dz2: dz2.sum(0),
    "da1": lambda dz2, W2: dz2 @ W2.T,
    "gate": lambda z1: z1 > 0,
    "dz1": lambda da1, gate: da1 * gate,
    "dW1": lambda X, dz1: X.T @ dz1,
    "db1": lambda dz1: dz1.sum(0),
}
SECOND = ("dW2", "db2")
PLACES: dict[str, tuple[str, ...]] = {
    "nowhere": (),
    "in dz2": ("dz2",),
    "in the gradients": (*SECOND, "dW1", "db1"),
    "in da1": (*SECOND, "da1"),
    "in dz1": (*SECOND, "dz1"),
}
Mistake = tuple[dict[str, str], tuple[str, ...]]
# what is written in place of an array, and the arrays of which one has to be lit
OF_A_FACTOR: tuple[Mistake, ...] = (
    *(({name: f"-({RIGHT[name]})"}, (name,)) for name in RIGHT if name != "gate"),
    *(({name: f"({RIGHT[name]}) / 64"}, (name,)) for name in RIGHT if name != "gate"),
)
OF_A_FORMULA: tuple[Mistake, ...] = (
    ({"dz2": "y_true - self.a2"}, ("dz2",)),
    ({"dz2": "(self.a2 - y_true) * self.a2"}, ("dz2",)),
    ({"dW2": "self.z1.T @ dz2"}, ("dW2",)),
    ({"db2": "dz2"}, ("db2",)),
    ({"db2": "dz2[0]"}, ("db2",)),
    ({"da1": "dz2 @ self.W1[:2, :3]"}, ("da1",)),
    ({"dz1": "da1 + 0"}, ("gate", "dz1")),
    ({"gate": "(self.z1 >= 0)"}, ("gate",)),
    ({"gate": "np.heaviside(self.z1, 0.5)"}, ("gate",)),
    ({"gate": "self.z1"}, ("gate", "dz1")),
    ({"gate": "(da1 > 0)"}, ("gate",)),
    ({"dW1": "(dz1.T @ X)"}, ("dW1",)),
    ({"db1": "dz1"}, ("db1",)),
    ({"db1": "da1.sum(0)"}, ("db1",)),
)


def backward(wrong: dict[str, str], divided: tuple[str, ...], *, by: str = N) -> str:
    """A body of backward, with some arrays wrong and some divided."""
    lines = []
    for name, right in RIGHT.items():
        text = wrong.get(name, right)
        lines.append(f"{name} = ({text}){by}" if name in divided else f"{name} = {text}")
    return "\n".join([*lines, "return dict(W1=dW1, b1=db1, W2=dW2, b2=db2)"])


def in_one_line(wrong: dict[str, str], divided: tuple[str, ...]) -> str:
    """The same with dz2 and dz1 alone assigned, as a short script does it."""
    text = {
        name: f"({wrong.get(name, right)}{')' + N if name in divided else ')'}"
        for name, right in RIGHT.items()
    }
    dz1 = text["dz1"].replace("gate", text["gate"]).replace("da1", text["da1"])
    if "da1" in text["gate"] + text["db1"]:
        return backward(wrong, divided)
    grads = ", ".join(f"{name[1:]}={text[name]}" for name in ("dW1", "db1", "dW2", "db2"))
    return f"dz2 = {text['dz2']}\ndz1 = {dz1}\nreturn dict({grads})"


def expect_consistent(found: dict[str, Any]) -> None:
    """Every array whose sources are right: its formula applied to them is what is expected."""
    shown = {one["name"]: one for one in found["arrays"]}
    values = {
        name: np.array(one["expected"] if one["got"] is None else one["got"], float)
        for name, one in shown.items()
    }
    n = len(values["X"])
    for name, of in FORMULAS.items():
        one = shown[name]
        if any(shown[source]["status"] != "right" for source in one["from"]):
            continue
        right = one["formula"].split(" = ")[1]
        factor = 1 / n if right.startswith("1/n ") else n if right.startswith("n ") else 1
        expected = factor * of(*(values[source] for source in one["from"]))
        assert np.allclose(one["expected"], expected, rtol=1e-5, atol=1e-6), (name, one)
        if one["status"] == "right":
            assert np.allclose(values[name], expected, rtol=1e-5, atol=1e-6), (name, one)
        elif one["got"] is not None and one["gotShape"] == one["shape"]:
            assert one["differ"], (name, one)
    first = next((one["name"] for one in found["arrays"] if one["status"] != "right"), None)
    assert first == (found["lit"] and found["lit"]["name"])


@pytest.mark.parametrize("place", sampled(PLACES, every=3))
def test_what_is_expected_follows_from_what_is_shown(place: str) -> None:
    for write, mistakes in (
        (backward, OF_A_FACTOR + OF_A_FORMULA),
        (in_one_line, OF_A_FORMULA),
    ):
        assert looked_at(**{"1_6": write({}, PLACES[place])})["lit"] is None
        for wrong, names in mistakes:
            code = write(wrong, PLACES[place])
            found = looked_at(**{"1_6": code})
            assert found["lit"] is not None, code
            assert found["lit"]["name"] in names, (code, found["lit"])
            expect_consistent(found)


def test_sums_and_means_in_any_mix_are_told_apart() -> None:
    for chosen in itertools.product((False, True), repeat=4):
        means = tuple(itertools.compress(("dW2", "db2", "dW1", "db1"), chosen))
        for on_the_way in ("", "dz2", "da1", "dz1"):
            found = looked_at(**{"1_6": backward({}, (on_the_way, *means))})
            often = [(name in means) + (on_the_way == "dz2") for name in SECOND]
            often += [(name in means) + (on_the_way != "") for name in ("dW1", "db1")]
            assert (found["lit"] is None) == (often in ([0] * 4, [1] * 4)), (on_the_way, means)
            expect_consistent(found)


@pytest.mark.parametrize(("divided", "lit", "words"), [
    (("dW2", "db2", "dW1"), "db1", "db1 is summed over the batch, the others are means."),
    (("dW2",), "dW2", "dW2 is the mean over the batch, the others are summed."),
    (("dW2", "dW1"), "dW2", "dW2 and dW1 are means over the batch, db2 and db1 are summed."),
    (("dW2", "db2"), "dW1", "dW1 and db1 are summed over the batch, dW2 and db2 are means."),
    (("da1",), "da1", "da1 is divided by the number of images, and dz2 is not. dW1 and db1 are"),
    (("da1", "dW1", "db1"), "da1", "dW2 and db2 are summed over the batch, so the others have to"),
    (("dz2", "dW1"), "dW1", "It is divided by the number of images twice."),
])  # fmt: skip
def test_a_sentence_says_which_are_sums(divided: tuple[str, ...], lit: str, words: str) -> None:
    found = looked_at(**{"1_6": backward({}, divided)})
    shown = array(found, lit)
    assert found["lit"]["name"] == lit
    assert words in found["lit"]["sentence"]
    assert shown["got"] != shown["expected"]
    assert len(shown["differ"]) >= np.count_nonzero(shown["expected"])


def test_a_mean_of_biases_beside_a_sum_is_shown_with_the_other() -> None:
    wrong = {"db2": "dz2.mean(0)", "db1": "dz1.sum(axis=0)"}
    db1 = array(looked_at(**{"1_6": backward(wrong, ("dW2", "dW1"))}), "db1")
    assert db1["expected"] == pytest.approx([number / 2 for number in db1["got"]])
    assert (db1["status"], db1["formula"]) == ("wrong", "db1 = 1/n Σᵢ dz1ᵢ, over the images")


def test_a_number_in_place_of_the_batch_size_is_named() -> None:
    found = looked_at(**{"1_6": backward({}, ("dz2",), by=" / 2")})
    assert found["lit"]["name"] == "dz2"
    assert "divided by 2, but the batch has 1 image." in found["lit"]["sentence"]
    found = looked_at(**{"1_6": backward({}, PLACES["in the gradients"], by=" / 64")})
    assert (found["lit"]["name"], found["convention"]) == ("dW2", "mean")
    expect_consistent(found)


@pytest.mark.parametrize(("gate", "words"), [
    ("np.heaviside(self.z1, 0.5)", "da1[0, 2] times 0.5, expected times 0, because z1[0, 2] is 0."),
    ("1 / (1 + np.exp(-self.z1))", "da1[0, 0] times 0.8439, expected times 1, because z1[0, 0]"),
    ("1", "dz1 is da1 as it is, but where z1 is not above 0 it has to be 0."),
])  # fmt: skip
def test_an_odd_slope_is_said_by_what_it_does(gate: str, words: str) -> None:
    lit = looked_at(**{"1_6": backward({"gate": gate}, PLACES["in the gradients"])})["lit"]
    assert lit["name"] == "gate"
    assert words in lit["sentence"]


def test_numbers_without_bounds_are_shown() -> None:
    for number in ("np.nan", "np.inf", "1e200", "1e-320"):
        wrong = {"dz2": f"(self.a2 - y_true) * {number}"}
        assert looked_at(**{"1_6": backward(wrong, ("dW2",))})["lit"]["name"] == "dz2"
