"""Curves are believed as far as they agree with the network that was trained."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from grader.results import Status
from grader.training import own_history
from grader.training.own_history import history_problem
from tests.support import mark_here, script_with, write_submission
from utils import History

N = 6000


def problem_of(claimed: list[float], monkeypatch: pytest.MonkeyPatch, *accuracies: float) -> str:
    """The problem of these validation accuracies, of a network with the given ones."""
    rng = np.random.default_rng(0)
    y = rng.integers(10, size=N)

    def answers(*args: object) -> Iterator[np.ndarray]:
        for accuracy in accuracies:
            wrong = rng.permutation(N) >= round(accuracy * N)
            yield np.where(wrong, (y + 1) % 10, y)

    monkeypatch.setattr(own_history, "_answers", answers)
    history = History([1.0] * len(claimed), [1.0] * len(claimed), claimed, claimed)
    return history_problem(None, history, np.zeros((N, 1)), y, 1.0)


@pytest.mark.parametrize(("claimed", "accuracies"), [
    ([0.7, 0.80, 0.88], (0.88,)), ([0.7, 0.8, 0.86], (0.88,)), ([0.70, 0.88, 0.80], (0.88,)),
    ([70.0, 88.0], (0.88,)), ([0.88], (0.1, 0.88)), ([0.83], (0.88, 0.87, 0.83)), ([0.8], ()),
    ([np.nan], (0.88,)), ([0.1], (0.1,)),
], ids=["last", "close", "best kept", "percent", "predict averages", "evaluated in training mode",
        "no answer", "diverged", "untrained"])  # fmt: skip
def test_curves_of_the_network_are_believed(
    monkeypatch: pytest.MonkeyPatch, claimed: list[float], accuracies: tuple[float, ...]
) -> None:
    assert problem_of(claimed, monkeypatch, *accuracies) == ""


@pytest.mark.parametrize(("claimed", "accuracies"), [
    ([0.99], (0.88,)), ([0.5, 0.6], (0.88, 0.88)), ([0.95, 0.96], (0.88, 0.89, 0.87)),
    ([0.88], (0.1,)), ([99.0], (0.88,)),
], ids=["too good", "too poor", "of another run", "of another network", "percent"])  # fmt: skip
def test_curves_of_something_else_are_not(
    monkeypatch: pytest.MonkeyPatch, claimed: list[float], accuracies: tuple[float, ...]
) -> None:
    assert "validation accuracy" in problem_of(claimed, monkeypatch, *accuracies)


def test_a_part_of_the_validation_images_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    y = np.zeros(N, int)
    labels = np.where(np.arange(N) % 1000 < 950, 0, 1)  # 95 % of any thousand
    labels[:500] = np.where(np.arange(500) < 400, 0, 1)  # and 80 % of the first 500
    monkeypatch.setattr(own_history, "_answers", lambda *_: iter([labels]))
    history = History([1.0], [1.0], [0.8], [0.8])
    assert history_problem(None, history, np.zeros((N, 1)), y, 1.0) == ""


# `replace` of the reference's script -> `with`
HONEST = {
    "tensors": (
        "self.evaluate(X_val, y_val))",
        "tuple(torch.tensor([v]) for v in self.evaluate(X_val, y_val)))",
    ),
    "best epoch kept": (
        "        return history\n",
        "        self.load_state_dict(first)\n        return history\n",
    ),
    "images of the training set kept aside": (
        "        history = History()\n",
        "        history = History()\n        X_val, y_val = X_train[-200:], y_train[-200:]\n"
        "        X_train, y_train = X_train[:-200], y_train[:-200]\n",
    ),
}


@pytest.mark.parametrize("how", HONEST)
def test_honest_ways_to_evaluate_lose_nothing(tmp_path: Path, how: str) -> None:
    old, new = HONEST[how]
    source = script_with("pytorch_ann", {})
    assert old in source
    source = source.replace(old, new, 1)
    if "first" in new and "state" in new:
        keep = "            history.print_last()\n"
        source = source.replace(
            keep, keep + "            if epoch == 1:\n                first = {k: v.clone() for "
            "k, v in self.state_dict().items()}\n", 1
        )  # fmt: skip
    work = write_submission(tmp_path / "work", pytorch_ann=source)
    results = mark_here(work, ["2.5", "2.6", "2.7"], train_size=1000)
    assert results["2.5"].status is Status.PASSED
    assert results["2.7"].status is Status.PASSED


def test_a_convolutional_network_is_asked_too(tmp_path: Path) -> None:
    made_up = "        return History([1.0], [1.0], [0.97], [0.97])\n"
    source = script_with("pytorch_cnn", {}).replace("        return history\n", made_up, 1)
    work = write_submission(tmp_path / "work", pytorch_cnn=source)
    results = mark_here(work, ["3.5", "3.6", "3.7"], train_size=500)
    assert results["3.5"].diagnosis == results["3.7"].diagnosis == ("history-not-from-this-run",)
