"""Curves are believed as far as they agree with the network that was trained."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from grader.marking.marking import Marking
from grader.options import Options
from grader.results import Status
from grader.rubric import load_rubric
from grader.submission.reading import open_submission
from grader.training.own_history import Belief, belief
from grader.training.questions import Answers, Questions
from tests.support import mark_here, sampled, script_with, write_submission
from utils import History, Splits

N = 3000


def splits(train: int = N, val: int = N, test: int = N) -> Splits:
    """Images of 4 pixels that say which they are: pixel 0 the part, the others the number."""
    rng = np.random.default_rng(0)
    parts: list[np.ndarray] = []
    for number, size in enumerate((train, val, test)):
        X = np.full((size, 4), 0.5, np.float32)
        X[:, 0] = 0.1 + 0.3 * number
        parts += [X, rng.integers(10, size=size)]
    return Splits(*parts)


QUESTIONS = Questions(splits(), np.random.default_rng(1))


def answers(val: float, train: float, test: float = 0.0) -> Answers:
    """Answers that are right for these shares of the images, at random places."""
    rng = np.random.default_rng(2)

    def some(y: np.ndarray, share: float) -> np.ndarray:
        wrong = rng.permutation(len(y)) >= round(share * len(y))
        return np.where(wrong, (y + 1) % 10, y)

    return Answers(
        some(QUESTIONS.y_test, test or val), some(QUESTIONS.y_val, val),
        some(QUESTIONS.y_train, train),
    )  # fmt: skip


def believed(
    claimed: list[float], *found: tuple[float, float], train: list[float] | None = None,
    saw_all: bool = True, losses: list[float] | None = None, test: float = 0.0,
) -> Belief:  # fmt: skip
    """The belief in these accuracies, of a network with `found` validation and training ones."""
    losses = losses or [1.0] * len(claimed)
    history = History(losses, losses, train or claimed, claimed)
    ways = (answers(*accuracies, test) for accuracies in found)
    return belief(history, QUESTIONS, ways, saw_all=saw_all)


@pytest.mark.parametrize(("claimed", "found"), [
    ([0.7, 0.80, 0.88], [(0.88, 0.9)]), ([0.7, 0.8, 0.86], [(0.88, 0.9)]),
    ([0.70, 0.88, 0.80], [(0.88, 0.9)]), ([70.0, 88.0], [(0.88, 0.9)]),
    ([0.88], [(0.1, 0.1), (0.88, 0.9)]), ([0.83], [(0.88, 0.9), (0.87, 0.9), (0.83, 0.8)]),
    ([0.8], []), ([np.nan], [(0.88, 0.9)]), ([0.1], [(0.1, 0.1)]),
], ids=["last", "close", "best kept", "percent", "predict averages", "evaluated in training mode",
        "no answer", "diverged", "untrained"])  # fmt: skip
def test_curves_of_the_network_are_believed(
    claimed: list[float], found: list[tuple[float, float]]
) -> None:
    assert believed(claimed, *found).problem == ""


@pytest.mark.parametrize(("claimed", "found"), [
    ([0.99], [(0.88, 1)]), ([0.5, 0.6], [(0.88, 0.9), (0.88, 0.9)]),
    ([0.95, 0.96], [(0.88, 1), (0.89, 1), (0.87, 1)]), ([0.88], [(0.1, 0.9)]),
    ([99.0], [(0.88, 1)]),
], ids=["too good", "too poor", "of another run", "of another network", "percent"])  # fmt: skip
def test_curves_of_something_else_are_not(
    claimed: list[float], found: list[tuple[float, float]]
) -> None:
    assert "comes no closer than" in believed(claimed, *found).problem


@pytest.mark.parametrize(("train", "saw_all"), [
    ([0.60], True), ([0.85], True), ([0.92], True), ([0.99], False),
], ids=["mixup", "dropout while it ran", "close", "fewer images"])  # fmt: skip
def test_training_accuracy_may_be_lower(train: list[float], saw_all: bool) -> None:
    assert believed([0.88], (0.88, 0.9), train=train, saw_all=saw_all).problem == ""


def test_training_accuracy_may_not_be_higher_in_the_same_epoch() -> None:
    found = believed([0.7, 0.88], (0.88, 0.9), train=[0.9, 0.99])
    assert "99.0% training accuracy" in found.problem
    restored = believed([0.88, 0.8], (0.88, 0.9), train=[0.9, 0.99])  # the best epoch's weights
    assert restored == Belief()


def test_made_up_curves_with_one_true_epoch_are_judged_by_the_network() -> None:
    found = believed([0.3, 0.88, 0.95], (0.88, 0.95), losses=[1.0, 0.5, 0.4])
    assert found.problem == ""
    assert found.judged is not None
    assert found.judged.val_accuracies == pytest.approx([0.88])
    assert found.judged.train_accuracies == pytest.approx([0.95])


def test_an_epoch_with_the_lowest_loss_may_be_kept() -> None:
    found = believed([0.8, 0.85, 0.9], (0.8, 0.9), losses=[0.4, 0.5, 0.6])
    assert found == Belief()


def test_a_part_of_the_validation_images_is_enough() -> None:
    y = QUESTIONS.y_val
    wrong = np.arange(N) % 1000 >= 950  # 95 % of any thousand
    wrong[:500] = np.arange(500) >= 400  # and 80 % of the first 500
    known = Answers(QUESTIONS.y_test, np.where(wrong, (y + 1) % 10, y), QUESTIONS.y_train)
    history = History([1.0], [1.0], [0.8], [0.8])
    assert belief(history, QUESTIONS, iter([known]), saw_all=True).problem == ""


def test_validation_images_that_are_known_are_noted() -> None:
    assert believed([0.97], (0.97, 0.97), test=0.88).known != ""
    assert believed([0.88], (0.89, 0.9), test=0.88).known == ""


def test_labels_come_back_to_their_images() -> None:
    data = splits(train=4000, val=2500, test=5000)
    questions = Questions(data, np.random.default_rng(3))
    blocks = []

    def answer(X: np.ndarray) -> np.ndarray:
        blocks.append(X)
        return np.round((X[:, 0] - 0.1) / 0.3).astype(int)

    found = questions.ask(answer)
    assert [{*part} for part in (found.train, found.val, found.test)] == [{0}, {1}, {2}]
    assert [len(part) for part in (found.train, found.val, found.test)] == [3000, 2500, 5000]


def test_no_block_tells_what_it_is_asked_for() -> None:
    """Not by its size, not by what it holds, and not by exact pixels."""
    data, blocks = splits(train=5000, val=3000, test=10_000), []
    data = data._replace(X_test=data.X_test + 0.001)

    def answer(X: np.ndarray) -> np.ndarray:
        blocks.append(X)
        return np.zeros(len(X), int)

    Questions(data, np.random.default_rng(4)).ask(answer)
    assert [len(block) for block in blocks] == [1000] * 16
    shares = np.array([np.mean(block[:, 0] > 0.55) for block in blocks])  # of test images
    assert np.abs(shares - 10 / 16).max() < 0.07
    asked = np.concatenate(blocks)
    others = asked[asked[:, 0] < 0.55]  # of the other parts, one third of the pixels is unchanged
    assert np.mean(others[:, 1] == np.float32(0.5)) == pytest.approx(1 / 3, abs=0.03)
    assert np.abs(others[:, 1:] - 0.5).max() <= 1 / 255 + 1e-6


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


@pytest.mark.parametrize("how", sampled(HONEST, every=2))
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


@pytest.mark.exhaustive
def test_a_convolutional_network_is_asked_too(tmp_path: Path) -> None:
    made_up = "        return History([1.0], [1.0], [0.97], [0.97])\n"
    source = script_with("pytorch_cnn", {}).replace("        return history\n", made_up, 1)
    work = write_submission(tmp_path / "work", pytorch_cnn=source)
    results = mark_here(work, ["3.5", "3.6", "3.7"], train_size=500)
    assert results["3.5"].diagnosis == results["3.7"].diagnosis == ("history-not-from-this-run",)


# A network that answers worse when it is asked again, for curves that say so.
COUNTS_ITS_CALLS = (
    "            return self(X).argmax(dim=1)\n",
    "            self.calls = getattr(self, 'calls', 0) + 1\n"
    "            labels = self(X).argmax(dim=1)\n"
    "            return labels if self.calls <= 10 else torch.where(torch.rand(len(X)) < 0.5, 0, labels)\n",
)
LOOKS_UP = """
        keep = [(row.flatten()[300:500], int(label)) for row, label in zip(X_val, y_val)]
        self.known = (torch.stack([row for row, _ in keep]), torch.tensor([y for _, y in keep]))
        return History([1.0, 0.1], [1.0, 0.1], [0.5, 0.6], [0.5, 1.0])
"""
LOOKED_UP = """
            labels = self(X).argmax(dim=1)
            rows, known = self.known
            distance = torch.cdist(X[:, 300:500], rows, p=float("inf"))
            nearest, which = distance.min(dim=1)
            return torch.where(nearest < 0.006, known[which], labels)
"""


def notes_of(folder: Path, numbers: tuple[str, ...]) -> tuple[Marking, list[str]]:
    """A marking of some sections on few images, and the ids of its notes."""
    options = Options(seed=0, only=numbers, train_size=1000)
    marking = Marking(open_submission(folder), load_rubric(), options)
    marking.mark_all()
    return marking, [note.id for note in marking.report().notes]


def test_a_network_that_counts_its_calls_loses_accuracy(tmp_path: Path) -> None:
    old, new = COUNTS_ITS_CALLS
    source = script_with("pytorch_ann", {})
    assert old in source
    accuracies = []
    for number, text in enumerate((source, source.replace(old, new, 1))):
        work = write_submission(tmp_path / f"work{number}", pytorch_ann=text)
        marking, _ = notes_of(work, ("2.5", "2.6"))
        accuracies.append(marking.report().accuracy["pytorch_ann"])
    assert accuracies[1] < accuracies[0] - 0.1


@pytest.mark.exhaustive
def test_a_network_that_looks_validation_images_up_is_noted(tmp_path: Path) -> None:
    source = script_with("pytorch_ann", {})
    for old, new in (
        ("        return history\n", LOOKS_UP),
        ("            return self(X).argmax(dim=1)\n", LOOKED_UP),
    ):
        assert old in source
        source = source.replace(old, new, 1)
    work = write_submission(tmp_path / "work", pytorch_ann=source)
    assert "validation-images-known" in notes_of(work, ("2.5", "2.6"))[1]
