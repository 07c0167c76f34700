"""The rest of utils.py: mini-batches, History, plots, gradients, devices, the comparison behind the checks."""

import doctest
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import utils
from assignment.checklist import source_fingerprint
from assignment.expect import CheckFailed, expect_array, expect_gradients, numerical_gradient
from utils import History, minibatches


def test_examples_in_docstrings() -> None:
    assert doctest.testmod(utils).failed == 0


@given(n=st.integers(1, 50), batch_size=st.integers(1, 60), seed=st.integers(0, 99))
def test_minibatches_cover_each_image_once(n: int, batch_size: int, seed: int) -> None:
    X = np.arange(n)
    batches = list(minibatches(X, -X, batch_size, np.random.default_rng(seed)))
    assert sorted(np.concatenate([x for x, _ in batches])) == list(X)
    assert all((x == -y).all() for x, y in batches)
    assert all(len(x) == batch_size for x, _ in batches[:-1])


def test_minibatches_of_tensors_are_tensors() -> None:
    (X_batch, y_batch), *_ = minibatches(
        torch.arange(6), torch.arange(6), 4, np.random.default_rng(0)
    )
    assert isinstance(X_batch, torch.Tensor)
    assert torch.equal(X_batch, y_batch)


@pytest.fixture
def history() -> History:
    return History([1.0, 0.5], [1.1, 0.7], [0.6, 0.8], [0.55, 0.75])


def test_plot_carries_its_history_and_shows_both_curves(history: History, tmp_path: Path) -> None:
    path = tmp_path / "plot.png"
    figure = utils.plot_history(
        history, path, title="a title", bar=0.7, script="numpy_ann", fingerprint="f"
    )
    with Image.open(path) as image:
        carried = json.loads(image.text["History"])
    assert carried == {"script": "numpy_ann", "fingerprint": "f", **vars(history)}
    losses, accuracies = figure.axes
    assert [line.get_label() for line in losses.lines] == ["training", "validation"]
    assert [line.get_label() for line in accuracies.lines] == ["training", "validation", "bar: 70%"]
    assert (losses.get_xlabel(), losses.get_ylabel()) == ("epoch", "loss (nats)")
    assert accuracies.get_ylabel() == "accuracy (%)"
    assert losses.get_legend() is not None


def test_numerical_gradient_of_a_cubic() -> None:
    x = np.array([[1.0, -2.0], [0.5, 3.0]])
    before = x.copy()
    gradient = numerical_gradient(lambda: float((x**3).sum()), x)
    assert np.allclose(gradient, 3 * before**2, atol=1e-8)
    assert np.array_equal(x, before)


def test_choose_device_refuses_what_is_absent() -> None:
    assert utils.choose_device("cpu") == "cpu"
    with pytest.raises(
        ValueError, match=r"device 'abacus' is not available here, expected auto or one of: .*cpu"
    ):
        utils.choose_device("abacus")


def test_first_difference_is_named() -> None:
    z = np.array([[10.0, 20.0], [30.0, 40.0]])
    with pytest.raises(CheckFailed) as caught:
        expect_array(
            "r",
            np.array([[1, 2], [9, 4]]),
            np.array([[1.0, 2.0], [3.0, 4.0]]),
            hint="look",
            where={"z": z},
        )
    failure = caught.value
    assert (failure.got, failure.expected, failure.hints) == ("r[1, 0] is 9", "3", ("look",))
    assert failure.where == "z[1, 0] is 30 (1 of 4 values differ)"


@pytest.mark.parametrize(("got", "kind"), [
    (None, "wrong-type"), ([1.0], "wrong-type"), (np.array(["a"]), "wrong-type"), (np.array([1j]), "wrong-type"),
    (np.ones((1, 1)), "wrong-shape"), (np.array([np.nan]), "not-finite"), (np.array([np.inf]), "not-finite"),
    (np.array([2.0]), ""),
])  # fmt: skip
def test_kinds_of_wrong_arrays(got: object, kind: str) -> None:
    with pytest.raises(CheckFailed) as caught:
        expect_array("r", got, np.array([1.0]))
    assert caught.value.kind == kind


MEAN = {
    "W1": np.array([[1.0, 2.0]]),
    "b1": np.array([3.0, 1.0]),
    "W2": np.array([[4.0], [5.0]]),
    "b2": np.array([6.0]),
}


@pytest.mark.parametrize("factor", [1.0, 8.0])
def test_both_batch_conventions_are_right(factor: float) -> None:
    expect_gradients({name: factor * value for name, value in MEAN.items()}, MEAN, n=8)


def test_bias_gradients_may_be_rows_and_keys_may_be_more() -> None:
    expect_gradients({**MEAN, "b1": MEAN["b1"][None], "b2": MEAN["b2"][None], "X": 1}, MEAN, n=8)


@pytest.mark.parametrize(("change", "message", "hint"), [
    ({"W1": 8 * MEAN["W1"]}, "W1 is right .sum over the batch.*; b1 is right .mean", "some gradients are summed"),
    ({"W1": 3 * MEAN["W1"]}, "W1 is wrong .the mean's gradient times 3.; b1 is right", ""),
    ({"W1": MEAN["W1"].T}, "has shape .2, 1., expected .1, 2., that of W1", "it is transposed"),
    ({"b1": np.ones((8, 2))}, "has shape .8, 2., expected .2,., that of b1", "sum over the images"),
    ({"W2": np.full((2, 1), np.nan)}, "not finite", ""),
    ({"W2": None}, "is None", ""),
])  # fmt: skip
def test_wrong_gradients_are_told_apart(change: dict[str, object], message: str, hint: str) -> None:
    with pytest.raises(CheckFailed, match=message) as caught:
        expect_gradients({**MEAN, **change}, MEAN, n=8)
    assert hint in "".join(caught.value.hints)


def test_a_missing_key_and_no_dict_are_named() -> None:
    with pytest.raises(CheckFailed, match=r"key 'W2' is missing, got .'W1'"):
        expect_gradients({"W1": MEAN["W1"], "b1": MEAN["b1"]}, MEAN, n=8)
    with pytest.raises(CheckFailed, match="returned a tuple, expected a dict"):
        expect_gradients((1, 2), MEAN, n=8)


def test_fingerprint_ignores_judgement_comments_and_docstrings_only() -> None:
    source = 'JUDGEMENT = "TODO 2.5"\ndef f(x):\n    """Doc."""\n    return x\n'
    same = (
        'JUDGEMENT = "generalizing"  # now\ndef f(x):\n    """Other."""\n    # why\n    return x\n'
    )
    assert source_fingerprint(source) == source_fingerprint(same)
    assert source_fingerprint(source) != source_fingerprint(source.replace("return x", "return -x"))
