"""A second attempt is marked with other hidden inputs than the first; first attempts are alike."""

import json
from pathlib import Path

import numpy as np
import pytest

from grader.checks.context import Context
from grader.classroom.gradebook import Gradebook
from grader.classroom.people import Student
from grader.options import Options
from grader.report.results_json import results
from grader.rubric import load_rubric
from grader.sandbox.budget import Clock
from grader.submission.reading import Submission
from tests.classroom.support import ABS, batch, make_class, rows
from tests.support import mark, script_with, write_submission

RUBRIC = load_rubric()


def inputs(seed: int, attempt: int) -> list[int]:
    options = Options(seed=seed, attempt=attempt)
    submission = Submission("ada", {}, {}, {})
    context = Context(submission, RUBRIC, options, {}, None, Clock())  # type: ignore[arg-type]
    return context.rng(RUBRIC.by_number["1.2"]).integers(10**9, size=8).tolist()


def test_hidden_inputs_follow_from_seed_and_attempt() -> None:
    assert inputs(5, 1) == inputs(5, 1)
    assert inputs(5, 2) == inputs(5, 2)
    drawn = [inputs(seed, attempt) for seed in (5, 6) for attempt in (1, 2, 3)]
    assert len(np.unique(drawn, axis=0)) == 6
    assert Options(seed=5).drawn_from == 5  # as before there were attempts


def hand_in(gradebook: Gradebook, work: str, *students: str, problem: str = "") -> None:
    content = None if problem else Submission(work, {"numpy_ann": work.encode()}, {}, {})
    people = [Student(name, name.title()) for name in students]
    gradebook.hand_in(people, work, content, problem)


def test_attempts_are_counted_where_a_work_came_first(tmp_path: Path) -> None:
    with Gradebook(tmp_path / "grades.db", create=True) as gradebook:
        for work in ("one", "two", "one", "three"):
            hand_in(gradebook, work, "ada")
        hand_in(gradebook, "first", "bob")
        hand_in(gradebook, "broken", "bob", problem="no zip")
        hand_in(gradebook, "second", "bob")
        hand_in(gradebook, "two", "cleo")  # a copy of ada's second
        hand_in(gradebook, "hers", "dora")
        hand_in(gradebook, "together", "cleo", "ada", "dora")
        found = {
            work: gradebook.attempt(work)
            for work in ("one", "two", "three", "first", "second", "hers", "together", "unknown")
        }
    assert found == {
        "one": 1, "two": 2, "three": 3, "first": 1, "second": 2, "hers": 1, "together": 4, "unknown": 1,
    }  # fmt: skip


def markings(gradebook: Path) -> list[tuple[int, int]]:
    found = rows(gradebook, "select seed, options from markings order by id")
    return [(int(seed), json.loads(str(options))["attempt"]) for seed, options in found]  # type: ignore[call-overload]


def test_a_class_marks_each_attempt_with_its_own_inputs(tmp_path: Path) -> None:
    submissions = make_class(tmp_path / "class", "ada bob", wrong="ada")
    gradebook = tmp_path / "grades.db"
    batch(submissions, gradebook)
    seeds = {seed for seed, _ in markings(gradebook)}
    assert len(seeds) == 1
    assert [attempt for _, attempt in markings(gradebook)] == [1, 1]

    first = rows(gradebook, "select result from results order by id")
    (submissions / "ada" / "numpy_ann.py").write_text(script_with("numpy_ann", ABS, after="# 2\n"))
    batch(submissions, gradebook)
    assert [attempt for _, attempt in markings(gradebook)] == [1, 1, 2]
    second = rows(gradebook, "select result from results order by id")
    said = [json.loads(str(text))["verdict"]["where"] for (text,) in second]
    assert said[-1] not in said[:-1]  # the first wrong element has another value
    assert second[:2] == first

    batch(submissions, gradebook, "--regrade")
    assert sorted(attempt for _, attempt in markings(gradebook)[3:]) == [1, 2]
    again = rows(gradebook, "select result from results order by id")
    assert json.loads(str(again[-1][0]))["verdict"] in [
        json.loads(str(text))["verdict"] for (text,) in second
    ]
    with Gradebook(gradebook) as opened:
        (ada, bob) = opened.students()
        points = {"1.2": 4.0}
        standing = {s.id: opened.standing(s, points, {}).report for s in (ada, bob)}
    assert {name: report.attempt for name, report in standing.items()} == {"ada": 2, "bob": 1}
    assert results(standing["ada"])["extra_data"]["attempt"] == 2


def test_the_option_reaches_inputs_and_results(tmp_path: Path) -> None:
    work = write_submission(tmp_path / "ada", ABS)
    said = {}
    for attempt in ("1", "2"):
        marked = mark(work, "--only=1.2", "--seed=3", f"--attempt={attempt}")
        assert marked.results["extra_data"]["attempt"] == int(attempt)
        said[attempt] = marked.section("1.2")["extra_data"]["verdict"]["where"]
    assert said["1"] != said["2"]
    without = mark(work, "--only=1.2", "--seed=3")
    assert without.results["extra_data"]["attempt"] == 1
    assert without.section("1.2")["extra_data"]["verdict"]["where"] == said["1"]


@pytest.mark.parametrize("attempt", ["0", "-1", "two"])
def test_an_attempt_is_a_whole_number(tmp_path: Path, attempt: str) -> None:
    marked = mark(write_submission(tmp_path / "ada"), "--only=1.2", f"--attempt={attempt}")
    assert marked.status == 2
    assert marked.err.startswith(f"error: --attempt is '{attempt}', expected a whole number")
