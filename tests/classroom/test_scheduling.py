"""Markings that take much longer than others are put off, and lose nothing by it."""

import subprocess
import sys
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from grader.classroom import scheduling
from grader.classroom.job import Done, Task
from grader.classroom.scheduling import FACTOR, FIRST, LONGER, SHORTEST, Patience, Schedule
from tests.classroom.support import QUICKLY, make_class, markings, rows
from tests.support import ROOT


@pytest.mark.parametrize(("taken", "limit"), [
    ([], FIRST),
    ([1.0], SHORTEST),
    ([30.0], 2 * 30),
    ([10.0, 20.0, 30.0, 40.0, 100.0, 50.0], 2 * 50),  # not by the slowest
    ([0.1] * 7 + [30.0] * 3, 2 * 30),  # nor by stubs, which are marked at once
])  # fmt: skip
def test_most_others_say_how_long_is_long(taken: list[float], limit: float) -> None:
    patience = Patience()
    for seconds in taken:
        patience.took(seconds)
    assert patience.seconds == limit


def test_where_nobody_ends_the_limit_grows() -> None:
    patience = Patience()
    patience.ran_out()
    patience.ran_out()
    assert patience.seconds == 4 * FIRST
    patience.took(30)
    assert patience.seconds == FACTOR * 30


class ByHand:
    """A pool whose tasks start and end when the test says so."""

    jobs = 2

    def __init__(self, *, ends: bool = True) -> None:
        self.futures: list[Future[Done]] = []
        self.ends = ends

    def submit(self, task: Task) -> Future[Done]:
        self.futures.append(Future())
        return self.futures[-1]

    def end(self, future: Future[Done]) -> bool:
        return self.ends

    def close(self, *, now: bool) -> None:
        pass


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    monkeypatch.setattr(scheduling, "POLL_SECONDS", 0.0)
    return SimpleNamespace(now=0.0)


def schedule_of(
    clock: SimpleNamespace, *put_off: int, ends: bool = True, started: int = 9
) -> tuple[Schedule[str], ByHand]:
    """A schedule of tasks a, b, …, of which the first ones run; one took 30 seconds before."""
    pool = ByHand(ends=ends)
    schedule = Schedule[str](pool, lambda: float(clock.now))
    schedule.patience.took(30)
    for name, times in zip("abcd", put_off, strict=False):
        schedule.submit(cast(Any, None), name, put_off=times)
    for future in pool.futures[:started]:
        future.set_running_or_notify_cancel()
    assert schedule.finished() == []
    return schedule, pool


def test_a_long_one_is_put_off_while_others_wait(clock: SimpleNamespace) -> None:
    schedule, pool = schedule_of(clock, 0, 0)
    clock.now = 59.0
    assert schedule.overdue([0]) == []
    pool.futures[1].set_result(cast(Any, None))
    assert [name for _, name in schedule.finished()] == ["b"]
    clock.now = 119.0
    assert schedule.overdue([0]) == [("a", 119.0)]
    assert len(schedule) == 0


def test_nobody_is_put_off_for_nothing(clock: SimpleNamespace) -> None:
    schedule, _ = schedule_of(clock, 0)
    clock.now = 1e6
    assert schedule.overdue([]) == []
    assert schedule.overdue([1, 2]) == []  # for one that was put off itself
    assert len(schedule) == 1


def test_who_waits_in_the_pool_counts_too(clock: SimpleNamespace) -> None:
    schedule, _ = schedule_of(clock, 0, 0, 0, started=2)
    clock.now = 61.0
    assert [name for name, _ in schedule.overdue([])] == ["a", "b"]


def test_who_was_put_off_has_longer_and_then_all(clock: SimpleNamespace) -> None:
    schedule, _ = schedule_of(clock, 1, 2)
    clock.now = 60.0 * LONGER
    assert schedule.overdue([1]) == []
    clock.now += 1
    assert [name for name, _ in schedule.overdue([0, 1])] == ["a"]
    clock.now = 1e6
    assert schedule.overdue([0]) == []


def test_a_pool_that_ends_nothing_keeps_all(clock: SimpleNamespace) -> None:
    schedule, _ = schedule_of(clock, 0, ends=False)
    clock.now = 1e6
    assert schedule.overdue([0]) == []
    assert len(schedule) == 1


@pytest.mark.exhaustive
def test_a_slow_submission_holds_up_nobody(tmp_path: Path) -> None:
    submissions = make_class(tmp_path / "class", "ada bob fay zoe")
    make_class(submissions, "cat", seconds=9)
    impatient = f"""
from grader.classroom import scheduling
scheduling.FIRST = scheduling.SHORTEST = 4
{QUICKLY}"""
    book = tmp_path / "grades.db"
    given = [str(submissions), f"--gradebook={book}", "--sections=1.2", "--jobs=1"]
    ran = subprocess.run(
        [sys.executable, "-P", "-c", impatient, str(ROOT), *given],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    order = [line.split()[1].rstrip(":") for line in ran.stderr.splitlines() if "[" in line]
    assert order == ["ada", "bob", "cat", "fay", "zoe", "cat"]
    assert "longer than most: put off until the others are" in ran.stderr
    assert markings(book) == [1] * 5
    assert rows(book, "select distinct status from results") == [("passed",)]
