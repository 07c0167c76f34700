"""Equal scripts and near-copies on the class page: who, with a link to each person's page."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from grader.classroom.gradebook import Gradebook
from grader.classroom.people import Student
from grader.classroom.reports import copies
from grader.classroom.reports.copies import Copies, near_copies
from grader.classroom.reports.helpers import Helpers
from grader.submission.reading import Submission
from tests.classes import Pupil, write_report
from tests.similarity.support import SOLVED, with_own_number

NEAR = with_own_number(SOLVED, 7)
OTHER = {"numpy_ann": b"def relu(z):\n    return z.clip(0)\n\n\nprint('my own', relu(3))\n"}


def hand_in(path: Path, works: list[tuple[list[Student], dict[str, bytes]]]) -> None:
    with Gradebook(path, create=True) as gradebook:
        for students, scripts in works:
            work = Submission(students[0].id, scripts, {}, {})
            gradebook.hand_in(students, f"work of {students[0].id}", work)


def found(path: Path) -> Copies:
    with Gradebook(path) as gradebook:
        copied = near_copies(gradebook, Helpers())
    assert copied is not None
    return copied


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """Two of one name and a team with the same scripts, a near-copy, and another work."""
    ada, other_ada = Student("1", "Ada"), Student("2", "Ada")
    team = [Student("3", "Bob Stone"), Student("4", "Jürgen Müller")]
    hand_in(
        tmp_path / "grades.db",
        [
            ([ada], SOLVED),
            ([other_ada], SOLVED),
            (team, SOLVED),
            ([Student("5", "Zoe")], NEAR),
            ([Student("6", "Yann")], OTHER),
        ],
    )
    return tmp_path / "grades.db"


def test_a_group_names_people_and_teams(book: Path) -> None:
    (group,) = found(book).equal
    assert group.what.startswith("3 teams or students handed in the same three scripts")
    assert [[one.name for one in work] for work in group.works] == [
        ["Ada (1)"],
        ["Ada (2)"],
        ["Bob Stone", "Jürgen Müller"],
    ]
    assert group.works[2][1].stem.startswith("jurgen-muller-")


def test_a_pair_has_the_whole_group_on_its_side(book: Path) -> None:
    pair = next(pair for pair in found(book).pairs if pair.b_works[0][0].name == "Zoe")
    assert pair.a == "3 teams or students"
    assert len(pair.a_works) == 3
    assert not pair.b


def test_the_page_that_compares_shows_the_same_names(book: Path) -> None:
    source = found(book).source
    assert "<bdi>Bob Stone &amp; Jürgen Müller</bdi>" in source
    assert "3 teams or students (Ada (1), Ada (2), …) and Zoe" in source


def test_a_large_class_is_searched_for_equal_scripts_only(
    book: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "MOST", 3)
    copied = found(book)
    assert [len(group.works) for group in copied.equal] == [3]
    assert not copied.is_compared
    assert copied.pairs == ()
    assert "different submissions were not compared" in " ".join(copied.source.split())


def test_pseudonyms_take_the_place_of_names(book: Path) -> None:
    with Gradebook(book) as gradebook:
        copied = near_copies(
            gradebook, Helpers(), lambda one: replace(one, name=f"Student {one.id}")
        )
    assert copied is not None
    assert "Müller" not in copied.source
    assert copied.equal[0].works[2][0].stem.startswith("student-3-")


def test_two_works_are_the_least(tmp_path: Path) -> None:
    hand_in(tmp_path / "grades.db", [([Student("1", "Ada")], SOLVED)])
    with Gradebook(tmp_path / "grades.db") as gradebook:
        assert near_copies(gradebook, Helpers()) is None


def test_names_on_the_class_page_link_to_their_pages(tmp_path: Path) -> None:
    pupils = [
        Pupil("1", "Ada", scripts=SOLVED),
        Pupil("2", "Bob", scripts=SOLVED),
        Pupil("3", "Cem", scripts=NEAR),
    ]
    report = write_report(tmp_path, pupils)
    page = (report / "index.html").read_text(encoding="utf-8")
    section = page[page.index('id="copies"') : page.index('id="notes"')]
    assert "2 students handed in the same three scripts" in section
    assert "</a>, " in section
    linked = re.findall(r'href="(students/[^"]+)"><bdi>(\w+)</bdi>', section)
    assert {name for _, name in linked} == {"Ada", "Bob", "Cem"}
    assert all((report / place).is_file() for place, _ in linked)
