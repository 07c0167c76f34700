"""`grader exam` and `grader batch --exam`, from a class to the results."""

import json
import shutil
from pathlib import Path

import pytest

from grader.__main__ import main
from grader.exam.making import MARK
from tests.classes import Pupil, write_class
from tests.support import script_with


def handed_in(folder: Path, **scripts: str) -> None:
    for student, source in scripts.items():
        (folder / student).mkdir(parents=True)
        (folder / student / "numpy_ann.py").write_text(source)


def other_exam(exam: Path) -> Path:
    """The same exam, but for its seed."""
    other = exam.with_name("other")
    shutil.copytree(exam, other)
    record = other / "exam.json"
    record.write_text(record.read_text().replace('"seed": 9', '"seed": 8'))
    return other


def test_a_class_is_examined_and_marked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    right = script_with("numpy_ann", {})
    scripts = {"numpy_ann": right.encode()}
    pupils = [Pupil("ada", scripts=scripts), Pupil("bob", scripts=scripts),
              Pupil("eve", scripts={"numpy_ann": b"def relu(z: return"},
                    lost=dict.fromkeys(("1.2", "1.3", "1.4", "1.5", "1.6"), "not parsed")),
              Pupil("zoe", problem="no archive")]  # fmt: skip
    book, exam = str(write_class(tmp_path / "grades.db", pupils)), tmp_path / "exam"
    options = ["--script", "numpy_ann", "--seed", "9", "--jobs", "1", "--mistakes", "2"]
    assert main(["exam", "--gradebook", book, "--out", str(exam), *options]) == 1
    said = capsys.readouterr().out
    assert "2 of 2 students: 1 easy, 1 medium" in said
    assert "neighbours with the same: 0" in said
    assert "no exam: eve: no section of these scripts passed" in said
    assert "no exam: zoe: the submission could not be read" in said

    papers = {one["id"]: one for one in json.loads((exam / "exam.json").read_text())["students"]}
    answers = tmp_path / "answers"
    handed_in(answers, ada=f"{right}\n{MARK}\n")  # an exact fix
    shutil.copytree(exam / "students" / "bob", answers / "bob")
    book = str(tmp_path / "exam.db")
    marking = ["batch", str(answers), "--exam", str(exam), "--gradebook", book, "--jobs", "1"]
    assert main(marking) == 1
    lines = capsys.readouterr().out.splitlines()
    (ada,) = [line for line in lines if line.startswith("  ada")]
    (bob,) = [line for line in lines if line.startswith("  bob")]
    assert ada.split(maxsplit=1)[1] == "2 of 2 fixed"
    for mistake in papers["bob"]["mistakes"]:
        assert f"{mistake['section']} {mistake['id']} still there" in bob
    assert "newly broken" not in bob
    assert "bob" in (exam / "results.csv").read_text(encoding="utf-8-sig")

    the_class = str(tmp_path / "grades.db")
    for wrong, said in (
        (["--exam", str(exam), "--gradebook", the_class], "holds the class's own submissions"),
        (["--gradebook", book], "holds answers to an exam"),
        (["--exam", str(other_exam(exam)), "--gradebook", book], "answers to another exam"),
    ):
        assert main(["batch", str(answers), *wrong, "--jobs", "1"]) == 2
        assert said in capsys.readouterr().err


@pytest.mark.parametrize(("options", "said"), [
    (["--mistakes", "9"], "--mistakes is '9', expected a whole number from 1 to 4"),
    (["--script", "numpy"], "did you mean numpy_ann"),
    (["--gradebook", "nowhere.db"], "nowhere.db"),
])  # fmt: skip
def test_wrong_options_end_with_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], said: str
) -> None:
    given = ["exam", "--gradebook", str(tmp_path / "no.db"), "--out", str(tmp_path / "out")]
    assert main([*given, *options]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("error:") == 1
