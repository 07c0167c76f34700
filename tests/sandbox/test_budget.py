"""Calls that are each within their limit, and take too long together."""

import math
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from grader.errors import TimedOut
from grader.marking.marking import Marking
from grader.options import Options
from grader.results import SectionResult, Status
from grader.rubric import load_rubric
from grader.sandbox.budget import Budget, Clock
from grader.submission.reading import open_submission
from tests.sandbox.support import student_with
from tests.support import sampled, write_submission

SLEEP = "import time; time.sleep({})\nreturn np.maximum(z, 0)"


def test_what_a_call_takes_counts_in_every_budget_around_it() -> None:
    clock = Clock(10)
    with clock.step(8, "outer") as outer, clock.step(7, "inner") as inner:
        clock.current.charge(5, waited=1)
        with clock.step(100, "training", apart=True) as training:
            clock.current.charge(4)
            assert training.tightest() is clock.whole
    assert (inner.left, outer.left, training.left, clock.whole.left) == (2, 3, 96, 1)
    assert (inner.waited, clock.whole.waited) == (1, 1)
    assert clock.current is clock.whole


def test_a_budget_is_never_overdrawn() -> None:
    budget = Budget(1, "calls")
    budget.charge(5)
    assert budget.left == 0
    assert Clock().whole.left == math.inf


def mark(
    folder: Path, *numbers: str, train_seconds: float = 300, train_size: int = 500, **limits: float
) -> tuple[dict[str, SectionResult], float]:
    rubric = load_rubric()
    trainings = dict.fromkeys(rubric.limits.train_seconds, train_seconds)
    rubric = replace(rubric, limits=replace(rubric.limits, train_seconds=trainings, **limits))
    options = Options(seed=1, only=numbers, train_size=train_size)
    marking = Marking(open_submission(folder), rubric, options)
    started = time.monotonic()
    return marking.mark_all(), time.monotonic() - started


def test_calls_that_sleep_share_the_time_of_their_section(tmp_path: Path) -> None:
    """Each takes a fraction of its limit; the next sections have their own time."""
    work = write_submission(tmp_path / "work", {"1.2": SLEEP.format(0.5)})
    results, seconds = mark(work, "1.2", "1.3", "1.5", section_seconds=3)
    assert results["1.2"].diagnosis == ("time-limit",)
    assert "the calls of this section together took longer than 3 s" in results["1.2"].verdict.got
    assert results["1.3"].status is Status.PASSED
    assert results["1.5"].status is Status.PASSED  # with a right relu in place of the slow one
    assert seconds < 20


def test_an_import_that_sleeps_fails_as_slow_and_not_as_unreadable(tmp_path: Path) -> None:
    work = write_submission(tmp_path / "work")
    script = work / "numpy_ann.py"
    script.write_text(script.read_text() + "\nimport time; time.sleep(3)\n")
    results, _ = mark(work, "1.2", "1.4", section_seconds=1)
    for result in results.values():
        assert result.diagnosis == ("time-limit",), result.verdict


FIT_AND_PREDICT = {
    "fit": ("    def fit(", "    def fit(self, *args, **kwargs):\n        import time; "
            "time.sleep({fit})\n\n    def _fit("),
    "predict": ("    def predict(self, X", "    def predict(self, X):\n        import time; "
                "time.sleep({predict})\n        return np.zeros(len(X), int)\n\n"
                "    def _predict(self, X"),
}  # fmt: skip


@pytest.mark.parametrize(("fit", "predict"), sampled([(0, 1), (2.2, 0.2), (5, 0)], every=2))
def test_fit_and_all_calls_of_predict_share_one_limit(
    tmp_path: Path, fit: float, predict: float
) -> None:
    work = write_submission(tmp_path / "work")
    script = work / "numpy_ann.py"
    text = script.read_text()
    for old, new in FIT_AND_PREDICT.values():
        assert old in text
        text = text.replace(old, new.format(fit=fit, predict=predict), 1)
    script.write_text(text)
    results, seconds = mark(work, "1.7", train_seconds=3)
    assert results["1.7"].diagnosis == ("train-time-limit",)
    assert "took longer than 3 s" in results["1.7"].verdict.got
    assert seconds < 12


def test_the_whole_submission_has_a_limit(tmp_path: Path) -> None:
    work = write_submission(tmp_path / "work", {"1.2": SLEEP.format(0.3)})
    numbers = ["1.2", "1.3", "1.4", "1.5", "1.6", "1.7"]
    results, seconds = mark(work, *numbers, section_seconds=2, submission_seconds=3)
    assert results["1.2"].status is Status.FAILED
    assert results["1.7"].status is Status.FAILED
    assert "all calls of this submission took longer than 3 s" in results["1.7"].verdict.got
    assert seconds < 15


def test_a_training_near_its_bar_is_repeated_only_while_there_is_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from grader.marking import trainings

    work = write_submission(tmp_path / "work")
    runs = []

    def run(student: object, **settings: object) -> object:
        runs.append(settings["seed"])
        clock = student.clock  # type: ignore[attr-defined]
        clock.current.charge(100)
        return trainings.TrainingOutcome(0.775, None, 100)

    monkeypatch.setattr(trainings, "train", run)
    mark(work, "1.7", train_seconds=300)
    assert len(runs) == 2  # a third would have 100 s, and may need 150


def test_threads_of_its_own_do_not_excuse_a_slow_script() -> None:
    """Its main thread waits for a processor all the time, and nobody else has one."""
    code = """
        import threading
        import numpy as np

        X = np.ones((400, 400))

        def spin():
            while True:
                np.exp(X)

        def relu(z):
            for _ in range(60):
                threading.Thread(target=spin, daemon=True).start()
            spin()
    """
    student = student_with(textwrap.dedent(code), call_seconds=2)
    with pytest.raises(TimedOut):
        student.module.relu(np.zeros(3))
    assert not student.was_starved
    student.close()
