"""Training is seeded, repeated near a bar, limited in time; what goes wrong in it is named.

Judgements follow its curves.
"""

from pathlib import Path

import pytest

from assignment.expect import CheckFailed
from grader.__main__ import main
from grader.checks.judgement import accepted_judgements
from grader.commands.calibrate import BEGIN, END, Calibration, replace_table, table
from grader.errors import StudentFault
from grader.marking import trainings
from grader.marking.marking import Marking
from grader.options import Options
from grader.report.text import feedback
from grader.rubric import load_rubric
from grader.submission.reading import open_submission
from grader.training.run import TrainingOutcome, expect_bar
from tests.support import mark, mark_here, script_with, write_submission
from utils import History

RUBRIC = load_rubric()


def marking_with(
    tmp_path: Path, accuracies: list[float], monkeypatch: pytest.MonkeyPatch
) -> tuple[Marking, list[int]]:
    """A marking whose trainings reach the given accuracies in turn, and the seeds that they got."""
    seeds: list[int] = []

    def train(student: object, *, seed: int, **rest: object) -> TrainingOutcome:
        seeds.append(seed)
        return TrainingOutcome(accuracies[len(seeds) - 1], None, 1.0)

    monkeypatch.setattr(trainings, "train", train)
    return Marking(
        open_submission(write_submission(tmp_path / "work")), RUBRIC, Options(seed=5)
    ), seeds


@pytest.mark.parametrize(("accuracies", "median", "runs"), [
    ([0.85], 0.85, 1), ([0.70], 0.70, 1), ([0.765, 0.78, 0.775], 0.775, 3),
    ([0.775, 0.74, 0.76], 0.76, 3),
])  # fmt: skip
def test_near_the_bar_the_median_of_three_counts(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    accuracies: list[float],
    median: float,
    runs: int,
) -> None:
    marking, seeds = marking_with(tmp_path, accuracies, monkeypatch)
    section = RUBRIC.by_number["1.7"]
    run = marking.context.run(section)
    assert run.accuracy == median
    assert len(set(seeds)) == len(seeds) == runs
    result = marking.mark(section)
    marking.close()
    assert ("median of" in feedback(result)) == (runs > 1)


def test_a_failed_training_is_not_tried_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marking, seeds = marking_with(tmp_path, [], monkeypatch)

    def fail(*args: object, **rest: object) -> TrainingOutcome:
        seeds.append(0)
        raise StudentFault("no", kind="train-crashed")

    monkeypatch.setattr(trainings, "train", fail)
    for _ in range(2):
        with pytest.raises(StudentFault):
            marking.context.run(RUBRIC.by_number["1.7"])
    assert len(seeds) == 1


def curves(train: list[float], val: list[float], losses: list[float]) -> History:
    return History(losses, losses, train, val)


@pytest.mark.parametrize(("history", "words"), [
    (curves([0.85, 0.90], [0.85, 0.89], [0.5, 0.4]), {"generalizing"}),
    (curves([0.85, 0.99], [0.85, 0.88], [0.5, 0.6]), {"overfitting"}),
    (curves([0.85, 0.93], [0.85, 0.89], [0.5, 0.4]), {"generalizing", "overfitting"}),
    (curves([0.50, 0.60], [0.50, 0.60], [1.5, 1.4]), {"underfitting"}),
    (curves([0.80, 0.83], [0.80, 0.83], [0.7, 0.6]), {"underfitting", "generalizing"}),
    (curves([0.85, 0.90], [0.85, 0.89], [0.4, 0.5]), {"overfitting"}),
], ids=["good", "gap", "some gap", "poor", "mediocre", "rising loss"])  # fmt: skip
def test_judgements_that_curves_allow(history: History, words: set[str]) -> None:
    assert accepted_judgements(history, 0.80, RUBRIC.judgement)[0] == words


@pytest.mark.exhaustive
def test_a_judgement_against_the_curves_is_wrong(tmp_path: Path) -> None:
    work = write_submission(tmp_path / "work", {"2.5": 'JUDGEMENT = "Underfitting"'})
    marked = mark(work, "--only", "2.5,2.6", "--device", "cpu", "--seed", "3")
    assert marked.failed == ["2.5"]
    assert (
        "the curves of this training say otherwise: training accuracy 9"
        in marked.section("2.5")["output"]
    )
    seconds = {test["number"]: test["extra_data"]["seconds"] for test in marked.results["tests"]}
    assert seconds["2.6"] > seconds["2.5"]  # the training is counted where the accuracy is marked


def test_calibration_table() -> None:
    measured = [
        Calibration("numpy_ann", 0.77, (0.86, 0.88)),
        Calibration("pytorch_ann", 0.80, (0.79, 0.81, 0.80)),
    ]
    text = table(measured)
    assert "| numpy_ann | 77% | 87.00% | 1.41% | 86.00% | below 1 in a million | 2 |" in text
    assert "| pytorch_ann | 80% | 80.00% | 1.00% | 79.00% | 0.5 | 3 |" in text
    document = f"before\n{BEGIN}\nold\n{END}\nafter"
    assert replace_table(document, text) == f"before\n{BEGIN}\n{text}\n{END}\nafter"
    with pytest.raises(ValueError, match="the document has no"):
        replace_table("none", text)


def test_a_single_seed_says_nothing_about_others() -> None:
    (row,) = table([Calibration("numpy_ann", 0.77, (0.88,))]).split("\n")[2:]
    assert row == "| numpy_ann | 77% | 88.00% | – | 88.00% | – | 1 |"


@pytest.mark.parametrize(("options", "said"), [
    (["--write", "plain.md"], "into plain.md (the document has no <!-- calibration: begin -->"),
    (["--write", "missing.md"], "into missing.md (No such file or directory), expected a document"),
    (["--train-size", "-5"], "--train-size is '-5', expected a whole number from 1 to 54000"),
    (["--seeds", "0"], "--seeds is '0', expected a whole number from 1 to"),
    (["--first-seed", "-1"], "--first-seed is '-1', expected a whole number from 0 to"),
    (["--device", "gpu"], "--device is 'gpu', expected auto, cpu, cuda or mps"),
])  # fmt: skip
def test_wrong_options_of_calibrate_are_named_before_training(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    said: str,
) -> None:
    monkeypatch.setattr("grader.commands.calibrate.calibrate", lambda *_: pytest.fail("trained"))
    monkeypatch.chdir(tmp_path)
    Path("plain.md").write_text("# no table\n")
    assert main(["calibrate", *options]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


def test_calibrate_writes_its_table_into_the_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured = [Calibration("numpy_ann", 0.77, (0.86, 0.88))]
    monkeypatch.setattr("grader.commands.calibrate.calibrate", lambda *_: measured)
    document = tmp_path / "document.md"
    document.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    assert main(["calibrate", "--write", str(document)]) == 0
    assert document.read_text() == f"before\n{BEGIN}\n{table(measured)}\n{END}\nafter\n"


def test_a_bar_missed_is_wrong() -> None:
    section = RUBRIC.by_number["3.6"]
    expect_bar(TrainingOutcome(0.85, None, 1.0), section)
    with pytest.raises(CheckFailed, match=f"expected at least {section.bar:.0%}"):
        expect_bar(TrainingOutcome(section.bar - 1e-4, None, 1.0), section)


def test_a_network_that_never_comes_back_has_diverged() -> None:
    """Steps so long that every unit is off leave a finite loss, that of certainty in one class."""
    section = RUBRIC.by_number["1.7"]
    for loss, accuracy, kind in (
        (24.9, 0.1, "train-diverged"),
        (2.3, 0.1, "train-below-bar"),
        (24.9, 0.6, "train-below-bar"),
    ):
        run = TrainingOutcome(accuracy, History([loss], [loss], [accuracy], [accuracy]), 1.0)
        with pytest.raises(CheckFailed) as caught:
            expect_bar(run, section)
        assert caught.value.kind == kind


def failure_of(number: str, **fields: object) -> CheckFailed:
    run = TrainingOutcome(0.1, None, 1.0, **fields)
    with pytest.raises(CheckFailed) as caught:
        expect_bar(run, RUBRIC.by_number[number])
    return caught.value


@pytest.mark.parametrize("number", ["1.7", "2.6", "3.6"])
def test_what_is_odd_about_a_network_is_named_before_the_bar(number: str) -> None:
    one_class = failure_of(number, classes=1)
    assert one_class.kind == "train-one-class"
    assert "every test image gets the same label" in one_class.got
    unmoved = failure_of(number, moved=False)
    assert unmoved.kind == "train-below-bar"
    assert "exactly those from before" in unmoved.got
    both = failure_of(number, moved=False, classes=1)
    assert both.kind == "train-one-class"
    assert "exactly those from before" in both.got


def test_a_network_without_backward_fails_whatever_its_accuracy() -> None:
    run = TrainingOutcome(0.95, None, 1.0, backward_problem="backward returned only zeros")
    with pytest.raises(CheckFailed) as caught:
        expect_bar(run, RUBRIC.by_number["1.7"])
    assert caught.value.kind == "train-without-backward"


@pytest.mark.parametrize(("script", "old", "new"), [
    ("numpy_ann", "                self.update(", "                0 and self.update("),
    ("pytorch_ann", "        optimizer.step()\n", "        pass\n"),
])  # fmt: skip
def test_a_network_that_has_not_moved_is_named(
    tmp_path: Path, script: str, old: str, new: str
) -> None:
    source = script_with(script, {})
    assert old in source
    work = write_submission(tmp_path / "work", **{script: source.replace(old, new, 1)})
    number = "1.7" if script == "numpy_ann" else "2.6"
    result = mark_here(work, [number], train_size=500)[number]
    assert result.diagnosis == ("train-below-bar",)
    assert "the weights after fit are exactly those from before" in result.verdict.got
