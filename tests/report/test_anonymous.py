"""An anonymous report: stable pseudonyms, and nothing that names anybody in any file."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from grader.classroom.gradebook import Gradebook
from grader.classroom.people import HandedIn, Origin, Student
from grader.classroom.pseudonyms import disguised, pseudonyms, secret_of
from grader.classroom.reports.build import build
from grader.errors import CannotGrade
from grader.results import Frame, Note, Smallest, Status, Verdict
from grader.submission.reading import Submission
from tests.classes import Pupil, network, write_class
from tests.pictures import plot
from tests.support import run

NAMES = ("Zephyrine", "Quillfeather", "Ödön", "Wrzesniewski")
IDS = ("zq7734411", "ow8825522", "missing99", "stranger4")
OTHERS = ("zephy@example.org", "Tutorium Mayer", "Prof. Krakatoa", "krakatoa", "office hours",
          "zq_solution", "Team Obelix", "zephyrines.zip")  # fmt: skip
SECRETS = (*NAMES, *IDS, *OTHERS)
SAID = "zephyrine was here, zq7734411"


def verdict(text: str = SAID) -> Verdict:
    """A failure in which the student's words stand in every field."""
    return Verdict(
        Status.FAILED,
        got=f"relu is “{text}”",
        expected="0",
        where="in zq_solution of Zephyrine",
        hints=("look at relu", f"see {text}"),
        trace=(Frame("numpy_ann.py", 3, "zq7734411", f"raise ValueError('{text}')"),),
        exception=f"ValueError: {text}",
        smallest=Smallest("input", "relu([-1.0])", f"“{text}” of ZEPHYRINE"),
        notes=(f"a note on {text}",),
        printed=text,
    )


@pytest.fixture
def book(tmp_path: Path) -> Path:
    note = Note("embedded-data", "numpy_ann", "the text “zq7734411”, by Zephyrine")
    files = Verdict(Status.FAILED, got="the files lie in zephyrines.zip/Ödön")
    pupils = [
        Pupil("zq7734411", "Zephyrine Quillfeather", {"0.1": files, "1.2": verdict()},
              ("relu-leaky",), accuracy=0.8, plots={"pytorch_ann": plot()}, notes={"1.3": (note,)},
              network=network()),
        Pupil("ow8825522", "Ödön Wrzesniewski", problem="zephyrines.zip is damaged"),
        Pupil("stranger4", "Stranger Four", {"1.6": verdict()}),
        Pupil("stranger44", "Ödön", problem="zephyrines.zip of Ödön is damaged"),
    ]  # fmt: skip
    path = write_class(tmp_path / "grades.db", pupils)
    with Gradebook(path) as gradebook:
        gradebook.keep_roster([
            Student("zq7734411", "Zephyrine Quillfeather", "zephy@example.org", "Tutorium Mayer"),
            Student("missing99", "Missing Wrzesniewski", "m@example.org", "Tutorium Mayer"),
        ])  # fmt: skip
        origin = Origin("moodle", "Zephyrine_12", ("zephyrines.zip",), "Team Obelix")
        late = HandedIn(datetime(2026, 12, 3, tzinfo=UTC), None, "the worksheet")
        work = gradebook.last_work("zq7734411")
        gradebook.hand_in([Student("zq7734411", "Zephyrine Quillfeather")], work, None,
                          handed_in=late, origin=origin)  # fmt: skip
        # who has several attempts stands in the table of attempts too
        second = Submission("zq7734411", {}, {}, {})
        gradebook.hand_in([Student("ow8825522", "Ödön Wrzesniewski")], work, second)
        gradebook.hand_in([Student("ow8825522", "Ödön Wrzesniewski")], "work of stranger4", second)
        gradebook.decide("zq7734411", "points", section="1.2", points=1.0, who="Prof. Krakatoa",
                         reason="Zephyrine came to my office hours")  # fmt: skip
        gradebook.decide("stranger4", "comment", comment="ask krakatoa", who="Prof. Krakatoa")
    course = "due = 2026-12-01T12:00:00+01:00\n[extensions]\nkrakatoa = 2026-12-09\n"
    (tmp_path / "course.toml").write_text('zone = "UTC"\n' + course)
    return path


def anonymous(book: Path, folder: str = "anonymous") -> Path:
    out = book.parent / folder
    with Gradebook(book) as gradebook:
        build(gradebook, out, anonymous=True)
    return out


def found_in(out: Path) -> dict[str, list[str]]:
    """The secrets in each file or its name, without regard to case."""
    found = {}
    for path in (path for path in out.rglob("*") if path.is_file()):
        text = f"{path.relative_to(out)}\n{path.read_bytes().decode()}".lower()
        found[path.name] = [secret for secret in SECRETS if secret.lower() in text]
    return {name: secrets for name, secrets in found.items() if secrets}


def test_the_search_finds_them_in_a_report_with_names(book: Path) -> None:
    with Gradebook(book) as gradebook:
        build(gradebook, book.parent / "named")
    everywhere = {secret for some in found_in(book.parent / "named").values() for secret in some}
    # the platform's names of places are in no report
    assert everywhere >= set(SECRETS) - {"zephy@example.org", "Team Obelix"}


def test_no_file_names_anybody(book: Path) -> None:
    out = anonymous(book)
    assert found_in(out) == {}
    names = {path.name for path in out.iterdir()}
    assert names == {"index.html", "grades.csv", "sections.csv", "manifest.json",
                     "students", "networks", "results", "junit"}  # fmt: skip
    inside = (out / "networks" / next((out / "networks").iterdir()).name).read_text()
    assert re.search("<h1>Student [0-9a-f-]+: inside the network</h1>", inside)


def test_no_file_has_a_time(book: Path) -> None:
    out = anonymous(book)
    dated = [path for path in out.rglob("*.*") if re.search(r"20\d\d-\d\d-\d\d", path.read_text())]
    assert dated == []
    with (out / "grades.csv").open(encoding="utf-8-sig", newline="") as stream:
        assert "1.2: 1 points" in [row["changed"] for row in csv.DictReader(stream)]


def test_marks_and_mistakes_are_kept(book: Path) -> None:
    out = anonymous(book)
    with (out / "grades.csv").open(encoding="utf-8-sig", newline="") as stream:
        marks = sorted(row["score"] for row in csv.DictReader(stream))
    with Gradebook(book) as gradebook:
        build(gradebook, book.parent / "named")
    with (book.parent / "named" / "grades.csv").open(encoding="utf-8-sig", newline="") as stream:
        assert sorted(row["score"] for row in csv.DictReader(stream)) == marks
    page = (out / "index.html").read_text(encoding="utf-8")
    assert "relu-leaky" in page
    assert "changed by a person" in page
    assert "This page is anonymous" in page


def test_pages_say_that_plots_are_left_out(book: Path) -> None:
    pages = [path.read_text(encoding="utf-8") for path in anonymous(book).glob("students/*.html")]
    assert len(pages) == 4
    assert all("This page is anonymous" in page for page in pages)
    assert not any('class="plot"' in page or "No plot was submitted" in page for page in pages)


def test_pseudonyms_are_the_same_in_every_report(book: Path) -> None:
    first, second = anonymous(book, "first"), anonymous(book, "second")
    files = {path.relative_to(first): path.read_bytes() for path in first.rglob("*.*")}
    assert files == {path.relative_to(second): path.read_bytes() for path in second.rglob("*.*")}
    (other,) = re.findall(r"Student [0-9a-f-]+", _mine(book))
    with Gradebook(book) as gradebook:
        gradebook.hand_in([Student("aaa", "New")], "new", None, "no zip")
    assert _mine(book) == other


def _mine(book: Path) -> str:
    with Gradebook(book) as gradebook:
        students = gradebook.students()
        return disguised(secret_of(gradebook), students)["zq7734411"].name


def test_another_gradebook_has_other_pseudonyms(tmp_path: Path) -> None:
    names = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        path = write_class(tmp_path / folder / "grades.db", [Pupil("ada")])
        with Gradebook(path) as gradebook:
            names.append(pseudonyms(secret_of(gradebook), ["ada"])["ada"])
    assert names[0] != names[1]


def test_no_two_students_share_a_pseudonym(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [str(number) for number in range(5000)]
    assert len(set(pseudonyms(b"secret", ids).values())) == len(ids)
    # where the first digits are the same, more of them are taken
    monkeypatch.setattr(
        "grader.classroom.pseudonyms.code", lambda secret, kind, text: "7f3a92c1" + text * 56
    )
    assert pseudonyms(b"", ["1", "2"]) == {"1": "7f3a-92c1", "2": "7f3a-92c1-2222"}


def test_the_order_of_rows_gives_no_id_away(tmp_path: Path) -> None:
    ids = [f"s{number:02}" for number in range(40)]
    book = write_class(tmp_path / "grades.db", [Pupil(one) for one in ids])
    out = anonymous(book)
    with Gradebook(book) as gradebook:
        names = pseudonyms(secret_of(gradebook), ids)
    with (out / "grades.csv").open(encoding="utf-8-sig", newline="") as stream:
        shown = [row["id"] for row in csv.DictReader(stream)]
    assert shown == sorted(names.values()) != list(names.values())


@pytest.mark.parametrize("first", [True, False])
def test_a_folder_holds_one_kind_of_report(book: Path, first: bool) -> None:
    with Gradebook(book) as gradebook:
        build(gradebook, book.parent / "report", anonymous=first)
        before = (book.parent / "report" / "index.html").read_bytes()
        with pytest.raises(CannotGrade, match="write it to a folder of its own"):
            build(gradebook, book.parent / "report", anonymous=not first)
        build(gradebook, book.parent / "report", anonymous=first)
    assert (book.parent / "report" / "index.html").read_bytes() == before


def test_an_old_verdict_of_one_text_is_left_out(tmp_path: Path) -> None:
    old = replace(Verdict(Status.FAILED), notes=("Zephyrine said something",))
    book = write_class(tmp_path / "grades.db", [Pupil("zq7734411", "Z Q", lost={"1.2": old})])
    assert found_in(anonymous(book)) == {}


def test_the_command_writes_an_anonymous_report(book: Path) -> None:
    out = book.parent / "out"
    ran = run("-P", "-m", "grader", "report", book, "--out", out, "--anonymous")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert json.loads((out / "manifest.json").read_text())["anonymous"] is True
