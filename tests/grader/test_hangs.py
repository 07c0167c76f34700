"""A call that hangs is waited for once; a busy machine costs nobody a section."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from grader.marking import runner
from grader.marking.alone import MachineLock
from grader.marking.marking import Marking
from grader.options import Options
from grader.results import Status
from grader.rubric import load_rubric
from grader.sandbox import process_tree, stack
from grader.submission.reading import open_submission
from tests.support import mark_here, script_with, write_submission

LOOP = "while True:\n    z = z + 0"


@pytest.fixture
def quick_glances(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process_tree, "processor_wait", lambda pid: 0.0)  # however busy it is here
    monkeypatch.setattr(stack, "GLANCE_FROM", 0.2)
    monkeypatch.setattr(stack, "GLANCE_INTERVAL", 0.02)


def test_a_hang_costs_one_wait_and_its_own_section(tmp_path: Path, quick_glances: None) -> None:
    work = write_submission(tmp_path / "work", {"1.2": LOOP})
    results = mark_here(work, ["1.2", "1.5", "1.6", "1.7"], call_seconds=3, train_size=500)
    assert [n for n, result in results.items() if result.status is Status.FAILED] == ["1.2", "1.7"]
    assert results["1.2"].diagnosis == ("time-limit",)
    assert results["1.2"].verdict.trace[-1].source in LOOP
    assert results["1.7"].diagnosis == ("train-time-limit",)
    assert "where an earlier call hung" in results["1.7"].verdict.got
    assert results["1.7"].verdict.trace[-1].function == "relu"


def test_wrong_answers_that_hang_when_probed_are_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wrong in the check, and an endless loop for the inputs of diagnosis and shrinking."""
    monkeypatch.setattr(runner, "EXPLAINING_PATIENCE", 0.05)
    calls = []
    shrinking = runner.smallest_failure
    monkeypatch.setattr(
        runner, "smallest_failure", lambda *rest: calls.append(rest) or shrinking(*rest)
    )
    code = "import sys\nif z.size in (1, 12):\n    while True: pass\nreturn z + 1"
    work = write_submission(tmp_path / "work", {"1.2": code})
    result = mark_here(work, ["1.2"])["1.2"]
    assert result.status is Status.FAILED
    assert calls == []
    assert "no answer" not in result.verdict.got


def starving(monkeypatch: pytest.MonkeyPatch, share: float) -> None:
    """The kernel says that workers waited for this share of the time."""
    started = time.monotonic()
    monkeypatch.setattr(
        process_tree, "processor_wait", lambda pid: share * (time.monotonic() - started)
    )


@pytest.mark.parametrize(("share", "status"), [(0.5, Status.PASSED), (0.1, Status.FAILED)])
def test_a_starved_call_is_repeated_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, share: float, status: Status
) -> None:
    starving(monkeypatch, share)
    calls = []
    checked = runner._checked

    def counted(*rest: object) -> object:
        calls.append(rest)
        return checked(*rest) if len(calls) == 1 else runner.Attempt(
            runner.Verdict(Status.PASSED, credit=1.0)
        )  # fmt: skip

    monkeypatch.setattr(runner, "_checked", counted)
    work = write_submission(tmp_path / "work", {"1.2": LOOP})
    rubric = load_rubric()
    rubric = replace(rubric, limits=replace(rubric.limits, call_seconds=1))
    options = Options(seed=0, only=("1.2",), skip_training=True)
    marking = Marking(open_submission(work), rubric, options)
    assert marking.mark_all()["1.2"].status is status
    assert len(calls) == (2 if status is Status.PASSED else 1)
    notes = [note.id for note in marking.report().notes]
    assert notes == (["busy-machine"] if status is Status.PASSED else [])


def test_a_starved_endless_loop_fails_after_its_repeat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    starving(monkeypatch, 0.5)
    work = write_submission(tmp_path / "work", {"1.2": LOOP})
    assert mark_here(work, ["1.2"], call_seconds=1)["1.2"].diagnosis == ("time-limit",)


@pytest.mark.exhaustive
def test_a_starved_training_is_repeated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    starving(monkeypatch, 0.5)
    # long enough for the call to begin on any machine, and too short for it to end
    slow = (
        "\ndef _slowly(self, *given, _fit=NumpyANN.fit, **rest):\n"
        "    import time; time.sleep(4)\n    return _fit(self, *given, **rest)\n"
        "NumpyANN.fit = _slowly\n"
    )
    work = write_submission(tmp_path / "work", numpy_ann=script_with("numpy_ann", {}, after=slow))
    trained = []
    from grader.marking import trainings

    train = trainings.train
    monkeypatch.setattr(
        trainings,
        "train",
        lambda student, **rest: (
            trained.append(1)
            or train(student, **rest | {"seconds": 2 if len(trained) == 1 else 300})
        ),
    )
    result = mark_here(work, ["1.7"], train_size=2000)["1.7"]
    assert len(trained) == 2
    assert result.diagnosis != ("train-time-limit",)


def test_a_stopped_and_resumed_worker_still_answers(tmp_path: Path) -> None:
    """As on a machine that gives it a tenth of a processor."""
    work = write_submission(tmp_path / "work")
    options = Options(seed=0, only=("1.6",), skip_training=True)
    marking = Marking(open_submission(work), load_rubric(), options)
    ended = threading.Event()

    def slow_down() -> None:
        while not ended.wait(0.002):
            process = marking.students["numpy_ann"]._process
            for number in (signal.SIGSTOP, signal.SIGCONT):
                if process is not None and process.alive:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(process.pid, number)
                time.sleep(0.02 if number == signal.SIGSTOP else 0.002)

    slowing = threading.Thread(target=slow_down)
    slowing.start()
    try:
        assert marking.mark_all()["1.6"].status is Status.PASSED
    finally:
        ended.set()
        slowing.join()


def test_who_is_alone_waits_for_the_others_and_keeps_them_waiting(tmp_path: Path) -> None:
    events: list[str] = []
    for name in ("__init__.py", "__main__.py"):
        (tmp_path / name).touch()
    first, second, third = (MachineLock(tmp_path) for _ in range(3))
    marks, may_end = threading.Event(), threading.Event()

    def mark_a_section() -> None:
        with second.among_others():
            marks.set()
            may_end.wait(10)
            events.append("the other ended")

    def mark_another() -> None:
        with third.among_others():
            events.append("the third began")

    threads = [threading.Thread(target=mark_a_section), threading.Thread(target=mark_another)]
    with first.among_others():
        threads[0].start()
        assert marks.wait(10)
        threading.Timer(0.2, may_end.set).start()
        with first.alone():
            threads[1].start()
            events.append("alone")
            threads[1].join(0.3)
            events.append("done")
    for thread in threads:
        thread.join(10)
    assert events == ["the other ended", "alone", "done", "the third began"]


def test_without_a_place_for_locks_marking_goes_on(tmp_path: Path) -> None:
    lock, done = MachineLock(tmp_path / "nowhere"), []
    with lock.among_others(), lock.alone():
        done.append(True)
    assert done
