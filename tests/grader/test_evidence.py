"""What a report shows besides verdicts: wrong entries, curves, confusions, confident mistakes."""

from pathlib import Path

import numpy as np
import pytest

from grader.marking.marking import Marking
from grader.options import Options
from grader.results import Report
from grader.rubric import load_rubric
from grader.submission.reading import open_submission
from tests.support import mark_here, sampled, script_with, write_submission
from utils import load_fashion_mnist

NO_GATE = """
n = len(X)
dz2 = self.a2 - y_true
dz1 = dz2 @ self.W2.T
return {"W1": X.T @ dz1, "b1": dz1.sum(axis=0), "W2": self.a1.T @ dz2, "b2": dz2.sum(axis=0)}
"""


def test_wrong_entries_of_gradients_are_marked_one_by_one(tmp_path: Path) -> None:
    folder = write_submission(tmp_path / "ada", {"1.6": NO_GATE})
    compared = {
        entry.name: np.array(entry.wrong) for entry in mark_here(folder, ["1.6"])["1.6"].comparisons
    }
    assert {name: wrong.shape for name, wrong in compared.items()} == {
        "W1": (6, 4),
        "b1": (1, 4),
        "W2": (4, 3),
        "b2": (1, 3),
    }
    assert compared["W1"].any()
    assert compared["b1"].any()
    assert not compared["W2"].any()
    assert not compared["b2"].any()


def test_entries_are_compared_with_substitutes_for_earlier_sections(tmp_path: Path) -> None:
    leaky = "return np.where(z > 0, z, 0.01 * z)"
    folder = write_submission(tmp_path / "ada", {"1.2": leaky, "1.6": NO_GATE})
    compared = mark_here(folder, ["1.2", "1.6"])["1.6"].comparisons
    assert [any(map(any, entry.wrong)) for entry in compared] == [True, True, False, False]


def test_an_array_of_either_convention_is_shown_as_right(tmp_path: Path) -> None:
    gate = "dz1 = dz2 @ self.W2.T * relu_derivative(self.z1)"
    mixed = NO_GATE.replace("dz1 = dz2 @ self.W2.T", gate).replace(
        "dz1.sum(axis=0)", "dz1.mean(axis=0)"
    )
    result = mark_here(write_submission(tmp_path / "ada", {"1.6": mixed}), ["1.6"])["1.6"]
    assert (result.status, result.diagnosis) == ("failed", ("backward-mixed-scale",))
    assert not any(any(map(any, entry.wrong)) for entry in result.comparisons)


@pytest.mark.parametrize(
    "answer",
    sampled(
        [
            "None",
            "{}",
            '{"W1": "x", "b1": None, "W2": X[:0], "b2": float("nan") * self.b2}',
            "1 / 0",
        ],
        every=2,
    ),
)
def test_incomparable_answers_are_left_out_or_all_wrong(tmp_path: Path, answer: str) -> None:
    folder = write_submission(tmp_path / "ada", {"1.6": f"return {answer}"})
    assert all(
        all(map(all, entry.wrong)) for entry in mark_here(folder, ["1.6"])["1.6"].comparisons
    )


@pytest.mark.parametrize(
    "after",
    sampled(
        [
            "NumpyANN = lambda **_: 7",
            "NumpyANN = lambda **_: None",
            "class NumpyANN: pass",
            "def NumpyANN(): ...",
        ],
        every=2,
    ),
)
def test_what_is_no_network_has_nothing_to_compare(tmp_path: Path, after: str) -> None:
    source = script_with("numpy_ann", {}, after=after + "\n")
    result = mark_here(write_submission(tmp_path / "ada", numpy_ann=source), ["1.6"])["1.6"]
    assert (result.status, result.comparisons) == ("failed", ())


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    folder = write_submission(tmp_path_factory.mktemp("class") / "ada")
    marking = Marking(
        open_submission(folder),
        load_rubric(),
        Options(seed=5, only=("1.7", "2.6"), train_size=1000),
    )
    marking.mark_all()
    return marking.report()


@pytest.mark.parametrize("script", ["numpy_ann", "pytorch_ann"])
def test_a_training_is_shown_as_the_official_data_has_it(report: Report, script: str) -> None:
    shown, y_test = report.trainings[script], load_fashion_mnist().y_test
    confusion = np.array(shown.confusion)
    assert confusion.sum(axis=1).tolist() == [1000] * 10  # each class of the test set
    assert confusion.trace() / 10_000 == pytest.approx(report.accuracy[script])
    assert len(shown.mistakes) == 12
    assert all(
        y_test[mistake.image] == mistake.truth != mistake.taken_for for mistake in shown.mistakes
    )
    confidences = [mistake.confidence for mistake in shown.mistakes]
    assert confidences == sorted(confidences, reverse=True)
    assert confidences[0] > 0.5
    assert len(shown.curves["train_losses"]) == len(shown.curves["val_accuracies"]) > 0


def test_an_honest_training_is_not_noted(report: Report) -> None:
    assert report.notes == ()


def test_a_report_with_all_it_shows_survives_json(report: Report) -> None:
    assert Report.from_json(report.to_json()) == report


def test_a_failed_training_notes_earlier_failures_and_fewer_images(
    tmp_path: Path,
) -> None:
    wrong = write_submission(tmp_path / "ada", {"1.6": NO_GATE})
    notes = mark_here(wrong, ["1.6", "1.7"], train_size=200)["1.7"].verdict.notes
    assert "Fix 1.6 first: training runs on your own code." in notes
    assert any(note.startswith("This was a trial with 200 training images") for note in notes)
