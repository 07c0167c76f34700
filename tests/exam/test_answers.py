"""Tests of grader/exam/answers.py, record.py, sheets.py and pages.py, without marking."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from grader.errors import CannotGrade
from grader.exam import folder, pages, record, sheets
from grader.exam.answers import (
    FIXED,
    NO_MARK,
    NOTHING,
    OTHER,
    THERE,
    UNCHANGED,
    Answer,
    answer,
    nothing,
)
from grader.exam.finding import Mistake
from grader.exam.making import MARK, Paper, PutIn, Settings, digest, marked
from grader.exam.record import Exam
from grader.results import SectionResult, Status, Verdict
from grader.rubric import load_rubric
from grader.rules import Weights
from tests.support import run, script_with

ORIGINAL = b"import numpy as np\n\n\ndef relu(z):\n    return np.maximum(z, 0)\n" + b"x = 1\n" * 20
WRONG = ORIGINAL.replace(b"maximum", b"minimum")
NAME = "<script>alert('Bob')</script>"
MISTAKE = Mistake(
    "relu-negated", "1.2", "relu", 5, "return np.minimum(z, 0)", "return np.maximum(z, 0)",
    "other function",
)  # fmt: skip


def paper(student: str, extra: bytes = b"") -> Paper:
    return Paper(
        student, NAME, {"numpy_ann": marked(WRONG + extra)},
        (PutIn(MISTAKE, "numpy_ann", "easy", "easy"),), ("1.2", "1.3"),
        {"numpy_ann": [digest(ORIGINAL + extra)]},
    )  # fmt: skip


EXAM = Exam(
    Settings(1, 7, ("numpy_ann",)),
    (paper("ada"), paper("=cmd()", b"y = 2\n"), Paper("eve", "Eve", problem="none passed")),
    {"ada": "ada", "=cmd()": "bob"},
)


def result(number: str, *ids: str, status: Status = Status.FAILED) -> SectionResult:
    return SectionResult(number, "", 1.0, 0.0, Verdict(status, misconceptions=ids), "numpy_ann")


def judged(source: bytes | None, *results: SectionResult) -> Answer:
    scripts = {} if source is None else {"numpy_ann": source}
    return answer(EXAM.papers[0], EXAM, scripts, {one.number: one for one in results})


def test_what_became_of_each_mistake() -> None:
    passed = result("1.2", status=Status.PASSED)
    exact = judged(marked(ORIGINAL), passed)
    assert [fix.state for fix in exact.fixes] == [FIXED]
    assert exact.remarks == exact.broken == ()
    still = judged(marked(WRONG + b"z = 3\n"), result("1.2", "relu-negated"), result("1.3"))
    assert (still.fixes[0].state, still.broken, still.remarks) == (THERE, ("1.3",), ())
    other = judged(marked(WRONG + b"z = 3\n"), result("1.2", "relu-leaky"))
    assert (other.fixes[0].state, other.fixes[0].found) == (OTHER, ("relu-leaky",))
    assert judged(marked(WRONG + b"z = 3\n"), result("1.2", status=Status.ERROR)).fixed == 0


def test_a_mistake_that_fails_two_sections_costs_once() -> None:
    own = EXAM.papers[0]
    (one,) = own.mistakes
    both = replace(own, mistakes=(replace(one, mistake=replace(MISTAKE, also=("1.3",))),))
    failed = {number: result(number, "relu-negated") for number in ("1.2", "1.3")}
    for paper, broken in ((own, ("1.3",)), (both, ())):
        assert answer(paper, EXAM, {"numpy_ann": marked(WRONG)}, failed).broken == broken


@pytest.mark.parametrize(("source", "said"), [
    (marked(WRONG), UNCHANGED),
    (marked(WRONG).replace(b"\n", b"\r\n"), UNCHANGED),
    (ORIGINAL, NO_MARK),
    (marked(ORIGINAL + b"y = 2\n"), "is a file of =cmd(), line for line"),
    (b"def relu(z):\n    return z * (z > 0)\n", "is another script"),
    (None, "was not handed in"),
])  # fmt: skip
def test_odd_files_are_named_in_one_sentence(source: bytes | None, said: str) -> None:
    (remark,) = judged(source, result("1.2")).remarks
    assert said in remark


def test_an_exam_is_read_as_it_was_written(tmp_path: Path) -> None:
    record.write(tmp_path, EXAM)
    assert record.read(tmp_path) == EXAM
    older = json.loads((tmp_path / record.FILE).read_text())
    for mistake in (one for student in older["students"] for one in student["mistakes"]):
        del mistake["also"]
    (tmp_path / record.FILE).write_text(json.dumps(older))
    assert record.read(tmp_path) == EXAM
    (tmp_path / record.FILE).write_text("{}")
    with pytest.raises(CannotGrade, match="expected the folder that `grader exam` wrote"):
        record.read(tmp_path)


def test_folders_hold_no_hint_no_cure_and_nothing_of_others(tmp_path: Path) -> None:
    folder.write(tmp_path / "exam", EXAM, load_rubric())
    own = tmp_path / "exam" / folder.STUDENTS / "ada"
    assert {path.name for path in own.parent.iterdir()} == {"ada", "bob"}
    files = {path.name for path in own.iterdir()}
    assert files == {"numpy_ann.py", "utils.py", "assignment", folder.SHEET}
    assert MARK in (own / "numpy_ann.py").read_text()
    told = (own / folder.SHEET).read_text()
    assert "1 mistake has been put in, in numpy_ann.py" in told
    for text in (told, (own / "assignment" / "hints.toml").read_text()):
        assert MISTAKE.cure not in text
        assert sheets.what_is_wrong(MISTAKE.id) not in text
    wrong = script_with("numpy_ann", {"1.4": "return np.sum(y_true * np.log(y_pred + 1e-12))"})
    (own / "numpy_ann.py").write_text(wrong)
    checked = run("numpy_ann.py", "--check", cwd=own)
    assert "expected" in checked.stdout
    assert "Hint" not in checked.stdout + run("numpy_ann.py", "--hint", "1.4", cwd=own).stdout
    with pytest.raises(CannotGrade, match="is not empty"):
        folder.write(tmp_path / "exam", EXAM, load_rubric())


def test_names_are_data_on_pages_and_in_tables(tmp_path: Path) -> None:
    answers = [judged(marked(WRONG), result("1.2", "relu-negated")), nothing(EXAM.papers[1])]
    files = [*sheets.write(tmp_path, EXAM, load_rubric()),
             *pages.write(tmp_path, EXAM, answers, "Exam", None)]  # fmt: skip
    for path in files:
        text = path.read_text(encoding="utf-8-sig")
        if path.suffix == ".html":
            assert NAME not in text
            assert "&lt;script&gt;" in text
        else:
            rows = list(csv.reader(io.StringIO(text)))
            assert rows[2][0] == "'=cmd()"
    assert "0 of 1 fixed" in pages.lines(answers)[0]
    assert NOTHING in pages.lines(answers)[1]


def test_weights_make_one_mark_of_submission_and_exam(tmp_path: Path) -> None:
    own = replace(EXAM.papers[0], hand_in=0.9)
    passed = [result(n, status=Status.PASSED) for n in ("1.2", "1.3")]
    both = {one.number: one for one in passed}
    fixed = answer(own, EXAM, {"numpy_ann": marked(ORIGINAL)}, both)
    broken = answer(own, EXAM, {"numpy_ann": marked(ORIGINAL)}, both | {"1.3": result("1.3")})
    weights = Weights(hand_in=0.4, exam=0.6)
    pages.write(tmp_path, EXAM, [fixed, broken, nothing(own)], "Exam", weights)
    rows = list(csv.DictReader(io.StringIO((tmp_path / pages.TABLE).read_text("utf-8-sig"))))
    assert [float(row["submission %"]) for row in rows] == [90.0] * 3
    assert [float(row["exam %"]) for row in rows] == [100.0, 0.0, 0.0]
    assert [float(row["mark %"]) for row in rows] == [96.0, 36.0, 36.0]
    assert "96.0 %" in (tmp_path / pages.PAGE).read_text()


def test_the_summary_says_who_differs() -> None:
    easy = EXAM.papers[0].mistakes[0]
    hard = replace(EXAM.papers[1], mistakes=(replace(easy, difficulty="hard"),))
    said = sheets.summary(replace(EXAM, papers=(EXAM.papers[0], hard)))
    assert {"1 of 2 students: 1 easy", "1 of 2 students: 1 hard"} <= set(said)
    assert hard.remark == "difficulty: hard for easy"
    assert "neighbours with the same: 1" in said[-1]


def test_ids_that_are_no_file_names_get_folders_of_their_own() -> None:
    ids = ["ada", "Bob", "bob", "../x", "team:Rot", "con<"]
    names = folder.folder_names([Paper(one, "Ada") for one in ids])
    assert names["ada"] == "ada"
    assert len({name.casefold() for name in names.values()}) == len(ids)
    assert not any(set(name) & set('/\\:<>"') for name in names.values())
