"""The command `questions` as instructors call it: one submission, a class, and what goes wrong."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from xml.etree import ElementTree

import pytest

from grader.__main__ import main
from grader.classroom.asking import class_questions
from grader.classroom.asking.job import AskTask, student_seed
from grader.classroom.asking.pool import AskPool
from grader.classroom.gradebook import Gradebook
from grader.classroom.people import Student
from grader.classroom.reports.assignment import assignment_of
from grader.options import Options
from grader.questions.question_set import QuestionSet, question_set_from
from grader.submission.record import Submission
from tests.classes import HOSTILE, RUBRIC, Pupil, write_class
from tests.questions.gift import read
from tests.questions.support import asked, question
from tests.similarity.support import SOLVED
from tests.support import write_submission

PART_1 = {"numpy_ann": SOLVED["numpy_ann"]}


def test_one_submission_is_marked_and_asked_about(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    submission = write_submission(tmp_path / "ada", pytorch_ann=None, pytorch_cnn=None)
    files = {
        name: tmp_path / f"{name}.out"
        for name in ("html", "form", "sheet", "gift", "moodle-xml", "qti")
    }
    given = [f"--{name}={path}" for name, path in files.items()]
    command = ["questions", str(submission), "--skip-training", "--count=2", "--seed=5", *given]
    assert main([*command, f"--out={tmp_path / 'questions.json'}"]) == 0
    assert capsys.readouterr().out == "2 of 2 questions; seed 5\n"
    made = question_set_from((tmp_path / "questions.json").read_text())
    assert (made.submission, made.seed, len(made.questions)) == ("ada", 5, 2)
    assert all(path.stat().st_size > 1000 for path in files.values())
    assert len(read(files["gift"].read_text())) == 2
    assert len(ElementTree.fromstring(files["moodle-xml"].read_text())) == 3


def index(out: Path) -> dict[str, dict[str, str]]:
    with (out / "index.csv").open(encoding="utf-8-sig", newline="") as stream:
        return {row["name"]: row for row in csv.DictReader(stream)}


def test_a_class_is_asked_once_and_everybody_differently(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pupils = [Pupil("1001", "Ada", scripts=PART_1), Pupil("1002", "Bob", problem="damaged"),
              Pupil("1003", HOSTILE, scripts=PART_1), Pupil("1004", "Eve", missing=tuple(RUBRIC.by_number))]  # fmt: skip
    book, out = write_class(tmp_path / "grades.db", pupils), tmp_path / "questions"
    with Gradebook(book) as gradebook:  # the same work as Ada
        work = gradebook.submission("work of 1001")
        gradebook.hand_in([Student("1001", "Ada"), Student("1005", "Tim")], "work of 1001", work)
    command = ["questions", "--gradebook", str(book), "--out", str(out), "--count=2", "--jobs=2"]
    assert main(command) == 1
    captured = capsys.readouterr()
    assert "Bob: the submission cannot be read: damaged" in captured.err
    assert "Eve: not marked yet" in captured.err
    assert captured.out.endswith("index.csv: 6 questions for 3 of 5 students\n")
    rows = index(out)
    sets = {
        row["id"]: question_set_from((out / row["key"]).read_text())
        for row in rows.values()
        if row["key"]
    }
    assert {one.submission for one in sets.values()} == {"1001", "1003", "1005"}
    assert len({one.seed for one in sets.values()}) == 3
    assert len({q.id for one in sets.values() for q in one.questions}) == 6
    assert {row["without"] for row in rows.values() if not row["key"]} == {
        "the submission cannot be read: damaged", "not marked yet",
    }  # fmt: skip
    entries = read((out / "moodle.gift.txt").read_text(encoding="utf-8"))
    assert len({entry.category for entry in entries}) == 3
    assert (out / "sheets.html").read_text(encoding="utf-8").count('class="sheet key"') == 3
    # again: nothing is drawn, and the files are the same
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    monkeypatch.setattr(class_questions, "AskPool", None)
    assert main(command) == 1
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


WRONG = {
    "nothing": ([], "nothing was given"),
    "both": (["x", "--gradebook=g"], "both was given"),
    "no file": (["x"], "no file to write was named"),
    "a class's option": (["x", "--out=q.json", "--only=ada"], "--only is for a class"),
    "an option of one": (["--gradebook=g", "--out=q", "--gift=f"], "--gift is for one submission"),
    "no folder": (["--gradebook=g"], "--out was not given"),
    "count": (["x", "--out=q.json", "--count=0"], "--count is '0'"),
    "seed": (["x", "--out=q.json", "--seed=x"], "--seed is 'x'"),
    "not to be written": (["x", "--out=missing/q.json"], "--out is missing/q.json"),
    "no submission": (["missing", "--out=q.json", "--skip-training"], "missing"),
    "answers alone": (["x", "--answers=a"], "--answers was given without --gradebook"),
    "answers and more": (["--gradebook=g", "--answers=a", "--count=3"], "--count does not go with"),
    "no gradebook": (["--gradebook=g", "--answers=a"], "g does not exist"),
    "never asked": (["--gradebook=grades.db", "--answers=a"], "has no questions yet"),
    "a folder of others": (["--gradebook=grades.db", "--out=."], "holds other files"),
    "unknown": (["--gradebook=grades.db", "--out=new", "--only=nobody"], "--only is 'nobody'"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_wrong_calls_are_one_line_with_status_2(
    case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if "grades.db" in " ".join(WRONG[case][0]):
        write_class(tmp_path / "grades.db", [Pupil("1001", "Ada", scripts=PART_1)])
    given, said = WRONG[case]
    assert main(["questions", *given]) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.err.count("\n") == 1
    assert not captured.out


def dies_or_not(task: AskTask) -> QuestionSet:
    """Ends its process for "dies", and notes each of its tries."""
    if task.student == "dies":
        with (Path(str(task.options.data_dir)) / "tries").open("a") as tries:
            tries.write("x")
        os._exit(3)
    if task.student == "raises":
        raise ValueError("no")
    return asked(task.student, question(), seed=task.seed)


def test_a_process_that_dies_costs_its_student_one_try(tmp_path: Path) -> None:
    nothing = Submission("", {}, {}, {})
    tasks = [
        AskTask(name, "work", nothing, Pupil(name).report(), RUBRIC, Options(0, data_dir=tmp_path), 1, 2)
        for name in ("well", "dies", "raises")
    ]  # fmt: skip
    pool = AskPool(1, dies_or_not)
    try:
        found = {task.student: outcome for task, outcome in pool.outcomes(tasks)}
    finally:
        pool.close(now=True)
    assert found["well"] == asked("well", question(), seed=2)
    assert "ProcessExpired" in type(found["dies"]).__name__
    assert (tmp_path / "tries").read_text() == "xx"
    assert isinstance(found["raises"], ValueError)


def test_failures_are_listed_and_kept_questions_stay(tmp_path: Path) -> None:
    book = write_class(tmp_path / "grades.db", [Pupil("1001", "Ada", scripts=PART_1)])
    with Gradebook(book) as gradebook:
        assignment = assignment_of(gradebook)
        seed = class_questions.class_seed(gradebook, None)
        assert seed == class_questions.class_seed(gradebook, None) != gradebook.meta("seed")
        settings = class_questions.Settings(1, seed)
        asking = class_questions.ClassQuestions(gradebook, RUBRIC, assignment, settings)
        (ada,) = asking.people()
        asking.failures["1001"] = "ProcessExpired: it died"
        one = asking.asked(ada)
        assert (one.questions, one.failed) == (None, True)
        assert one.reason == "drawing failed: ProcessExpired: it died"
    assert student_seed(1, "1001") != student_seed(1, "1002") != student_seed(2, "1002")
    assert json.loads(asked().to_json())["submission"] == "ada"
