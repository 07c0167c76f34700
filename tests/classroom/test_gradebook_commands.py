"""The commands that read a gradebook: students are forgotten, near copies found, damage is one line."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from grader.__main__ import main
from grader.classroom import connection
from grader.classroom.gradebook import Gradebook
from grader.classroom.intake import entries
from grader.classroom.keys import content_hash
from grader.classroom.people import Student
from grader.classroom.pseudonyms import SECRET
from grader.errors import CannotGrade
from tests.classes import Pupil, write_class
from tests.classroom.support import batch, make_class, markings
from tests.support import ROOT


def test_a_forgotten_student_is_nowhere_in_the_file(tmp_path: Path) -> None:
    submissions, book = make_class(tmp_path / "class", "adalovelace bob"), tmp_path / "grades.db"
    (submissions / "twin").mkdir()
    (submissions / "twin" / "numpy_ann.py").write_text(
        (submissions / "bob" / "numpy_ann.py").read_text()
    )
    batch(submissions, book)
    assert main(["forget", str(book), "adalovelace"]) == 0
    assert all(b"adalovelace" not in path.read_bytes() for path in tmp_path.glob("grades.db*"))
    assert main(["forget", str(book), "bob"]) == 0
    assert markings(book) == [1]  # the twin's stays
    assert main(["forget", str(book), "bob"]) == 2


def test_forgetting_a_group_member_keeps_the_others_a_group(
    tmp_path: Path,
) -> None:
    submissions, book = make_class(tmp_path / "class", "ada"), tmp_path / "grades.db"
    with Gradebook(book, create=True) as gradebook, entries(submissions) as found:
        own = found[0].open()
        group = [Student(name, name) for name in ("zoewashere", "bob", "eve")]
        gradebook.hand_in(group, "work", replace(own, name="zoewashere"))
        gradebook.set_meta(regrade={"only": ["zoewashere"], "after": 0})
        gradebook.forget("zoewashere")
        assert gradebook.parties() == {"bob, eve": "work"}
        assert gradebook.meta("regrade") is None
    assert all(b"zoewashere" not in path.read_bytes() for path in tmp_path.glob("grades.db*"))


@pytest.mark.parametrize("options", [["similarity"], ["forget", "ada"], ["report", "--out=report"]])
def test_a_damaged_gradebook_is_one_line(
    tmp_path: Path,
    options: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    book = write_class(tmp_path / "grades.db", [Pupil("ada"), Pupil("bob")])
    content = book.read_bytes()
    book.write_bytes(content[:8192] + b"\xff" * (len(content) - 8192))
    assert main([options[0], str(book), *options[1:]]) == 2
    printed = capsys.readouterr().err
    assert printed.startswith(f"error: the gradebook {book} is damaged, or is none (")
    assert len(printed.splitlines()) == 1


def test_earlier_years_count_and_own_work_is_no_copy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    years = {"2026": "ada bob", "2025": "ada cat", "2024": "ada dan"}
    for year, names in years.items():
        submissions = make_class(tmp_path / year / "class", names)
        with (
            Gradebook(tmp_path / year / "grades.db", create=True) as gradebook,
            entries(submissions) as found,
        ):
            for entry in found:
                gradebook.hand_in(entry.students, f"{year} {entry.students[0].id}", entry.open())
    books = [str(tmp_path / year / "grades.db") for year in years]
    assert main(["similarity", books[0], "--earlier", books[1], "--earlier", books[2]]) == 0
    assert "2 submissions (1 different) and 4 of earlier years" in capsys.readouterr().out
    copied = make_class(tmp_path / "copied", "ada") / "ada" / "numpy_ann.py"
    with (
        Gradebook(Path(books[0])) as now,
        Gradebook(Path(books[1])) as before,
        entries(copied.parent.parent) as found,
    ):
        copied.write_text(
            copied.read_text() + "numbers = [4711, 'something that nobody else has written']\n" * 3
        )
        for gradebook in (now, before):
            gradebook.hand_in([Student("ada", "Ada")], "another", found[0].open())
    assert main(["similarity", books[0], "--earlier", books[1]]) == 0
    assert "ada and ada" not in capsys.readouterr().out


@pytest.mark.exhaustive
def test_a_console_without_unicode_shows_names_as_it_can(tmp_path: Path) -> None:
    submissions, book = (
        make_class(tmp_path / "class", "\u0141ukasz Zo\u00eb"),
        tmp_path / "grades.db",
    )
    batch(submissions, book)
    environment = os.environ | {"PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-P", "-m", "grader", "similarity", str(book)]
    ran = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment)
    assert (ran.returncode, ran.stderr) == (0, "")


def test_near_copies_are_found_across_groups_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    submissions, book = make_class(tmp_path / "class", "ada bob"), tmp_path / "grades.db"
    batch(submissions, book)
    with Gradebook(book) as gradebook, entries(submissions) as found:
        group = [Student("eve", "Eve"), Student("fay", "Fay")]
        own = next(entry for entry in found if entry.students[0].id == "ada").open()
        gradebook.hand_in(group, content_hash(own), own)
        assert set(gradebook.parties()) == {"ada", "bob", "eve, fay"}
    assert (
        main(
            ["similarity", str(book), "--earlier", str(book), "--out", str(tmp_path / "pairs.html")]
        )
        == 0
    )
    printed = capsys.readouterr().out
    assert "3 submissions (1 different) and 3 of earlier years" in printed
    assert "Eve & Fay and Eve & Fay" not in printed
    assert "ada" in (tmp_path / "pairs.html").read_text()


def test_forgetting_what_is_no_text_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_class(tmp_path / "grades.db", [Pupil("1")])
    assert main(["forget", str(tmp_path / "grades.db"), "\udcff"]) == 2
    assert "expected the id of a student who is" in capsys.readouterr().err


@pytest.mark.parametrize("version", [2, 4])
def test_reading_leaves_an_old_gradebook_as_it_is(
    version: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = Path(__file__).parent / f"gradebook_version_{version}.sqlite"
    book = Path(shutil.copyfile(old, tmp_path / "old.db"))
    os.utime(book, (10**9, 10**9))
    new = write_class(tmp_path / "new.db", [Pupil("ada"), Pupil("bob")])
    assert main(["log", str(book)]) == 0
    assert main(["report", str(book), "--out", str(tmp_path / "report")]) == 0
    assert main(["return", str(book), "--to", "folder", "--out", str(tmp_path / "pages")]) in (0, 1)
    main(["similarity", str(new), "--earlier", str(book)])
    assert "is damaged" not in capsys.readouterr().err
    assert (book.read_bytes(), book.stat().st_mtime) == (old.read_bytes(), 10**9)


def test_a_gradebook_in_a_protected_folder_is_read_without_a_file_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "backup").mkdir()
    book = write_class(tmp_path / "backup" / "grades.db", [Pupil("ada"), Pupil("bob")])
    before = book.read_bytes()
    book.parent.chmod(0o555)
    # root may write everywhere
    monkeypatch.setattr(connection, "_can_be_written", lambda path: False)
    with Gradebook(book, read_only=True) as gradebook:
        assert [student.id for student in gradebook.students()] == ["ada", "bob"]
        assert list(book.parent.iterdir()) == [book]
        with pytest.raises(CannotGrade, match="its folder must be writable"):
            gradebook.set_meta(seed=1)
    for command in (
        ["log"],
        ["report", "--out", str(tmp_path / "report")],
        ["return", "--to", "folder", "--out", str(tmp_path / "pages")],
    ):
        assert main([command[0], str(book), *command[1:]]) == 0
    assert list(book.parent.iterdir()) == [book]
    assert book.read_bytes() == before
    book.parent.chmod(0o755)


def test_an_anonymous_report_keeps_its_secret_in_the_gradebook(tmp_path: Path) -> None:
    book = write_class(tmp_path / "grades.db", [Pupil("ada")])
    found = []
    for name in ("first", "second"):
        assert main(["report", str(book), "--anonymous", "--out", str(tmp_path / name)]) == 0
        with Gradebook(book, read_only=True) as gradebook:
            found.append(gradebook.meta(SECRET))
    assert found[0]
    assert found[0] == found[1]
