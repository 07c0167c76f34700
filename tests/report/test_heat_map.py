"""The cells of the class page: colours, symbols and words, and what a filter finds."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from grader.classroom.gradebook import Gradebook
from grader.classroom.people import Student
from grader.classroom.reports.assignment import assignment_of, person_of
from grader.classroom.reports.build import build
from grader.classroom.reports.heat_map import SYMBOLS, Cell, StudentRow, row
from grader.classroom.reports.names import folded, search_text
from tests.classes import HOSTILE, WRONG, Pupil, write_class, write_report

PARTLY = replace(WRONG, credit=0.25)
PUPILS = [
    Pupil("ada", lost={"1.2": WRONG, "1.6": PARTLY}, diagnosis=("relu-leaky",)),
    Pupil("bob", errors=("1.3",), missing=("1.4",)),
    Pupil("cleo", problem="work.zip is damaged"),
    Pupil("dora", lost={"1.2": "TODO 1.2"}, diagnosis=("not-written",)),
]


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = write_class(tmp_path_factory.mktemp("class") / "grades.db", PUPILS)
    with Gradebook(path) as gradebook:
        gradebook.keep_roster([Student("ada", "Ada", group="Red"), Student("emil", "Emil")])
        gradebook.decide("bob", "points", section="1.2", points=2.0, reason="appeal", who="me")
        gradebook.decide("ada", "excuse", section="2.1", reason="ill", who="me")
    return path


def row_of(book: Path, student: str) -> StudentRow:
    with Gradebook(book) as gradebook:
        assignment = assignment_of(gradebook)
        person = person_of(gradebook, gradebook.expect_student(student), assignment)
        return row(person, assignment)


def cell_of(book: Path, student: str, number: str) -> Cell:
    with Gradebook(book) as gradebook:
        numbers = list(assignment_of(gradebook).points)
    return row_of(book, student).cells[numbers.index(number)]


@pytest.mark.parametrize(("student", "number", "look", "words"), [
    ("ada", "1.3", "k5", "passed"),
    ("ada", "1.2", "k0", "failed"),
    ("ada", "1.6", "k2", "partly right"),
    ("ada", "2.1", "none", "excused"),
    ("bob", "1.2", "k3", "changed by a person"),
    ("bob", "1.3", "k5", "grader error"),
    ("bob", "1.4", "none", "not marked yet"),
    ("cleo", "1.2", "k0", "could not be read"),
    ("dora", "1.2", "k0", "not written"),
])  # fmt: skip
def test_a_cell_has_a_colour_a_symbol_and_words(
    book: Path, student: str, number: str, look: str, words: str
) -> None:
    cell = cell_of(book, student, number)
    assert (cell.look, cell.symbol) == (look, SYMBOLS[words])
    assert cell.words.startswith(f"{number} {words}")


def test_every_outcome_has_a_symbol_of_its_own() -> None:
    assert len(set(SYMBOLS.values())) == len(SYMBOLS)


def test_a_cell_leads_to_its_section_on_the_students_page(tmp_path: Path) -> None:
    report = write_report(tmp_path, PUPILS)
    page = (report / "index.html").read_text(encoding="utf-8")
    links = set(re.findall(r'href="(students/[^"#]*)(?:#([^"]*))?"', page))
    assert len({anchor for _, anchor in links if anchor}) == 3
    for path, anchor in links:
        target = (report / path).read_text(encoding="utf-8")
        assert not anchor or f'id="{anchor}"' in target


def test_those_who_handed_nothing_in_have_a_row_without_a_page(book: Path) -> None:
    found = row_of(book, "emil")
    assert (found.stem, found.mark, found.state) == ("", None, "nothing handed in")
    assert {cell.symbol for cell in found.cells} == {""}


@pytest.mark.parametrize(("student", "tags"), [
    ("ada", {"1.2", "1.6", "relu-leaky", "excused", "changed"}),
    ("bob", {"1.2", "changed", "error"}),
    ("cleo", {"unreadable"}),
    ("dora", {"1.2", "not-written"}),
    ("emil", {"missing"}),
])  # fmt: skip
def test_a_filter_finds_what_happened(book: Path, student: str, tags: set[str]) -> None:
    assert set(row_of(book, student).tags.split()) == tags


@pytest.mark.parametrize(("typed", "name"), [
    ("muller", "Müller"), ("mueller", "Müller"), ("MÜLLER", "Müller"), ("muller", "Mu\u0308ller"),
    ("gross", "Groß"), ("soren", "Søren"), ("soeren", "Søren"), ("lukasz", "ŁUKASZ"),
    ("nguyen", "Nguyễn"), ("emilie du", "Émilie  du Châtelet"), ("李", "李"), ("ilker", "İlker"),
])  # fmt: skip
def test_a_name_is_found_without_case_and_accents(typed: str, name: str) -> None:
    assert folded(typed) in search_text(name)


def test_columns_that_say_nothing_are_not_shown(tmp_path: Path) -> None:
    write_report(tmp_path, [Pupil("ada"), Pupil("bob")])
    page = (tmp_path / "report" / "index.html").read_text(encoding="utf-8")
    head = re.findall(
        r'<th scope="col" aria-sort="none".*?<button type="button">([^<]*)', page, re.S
    )
    assert head[:2] == ["Student", "Mark"]
    assert all(re.fullmatch(r"\d\.\d", number) for number in head[2:])


def test_a_decided_mark_and_a_group_are_shown(book: Path) -> None:
    with Gradebook(book) as gradebook:
        build(gradebook, book.parent / "report")
    page = (book.parent / "report" / "index.html").read_text(encoding="utf-8")
    assert "<option>Red</option>" in page
    assert "5 students: 2 marked, 1 unreadable, 1 not marked yet, 1 has not handed in" in page


def test_hostile_words_stay_attributes(tmp_path: Path) -> None:
    hostile = [Pupil(HOSTILE, HOSTILE, {"1.2": HOSTILE}, (HOSTILE, 'x" onclick="y'))]
    report = write_report(tmp_path, hostile)
    page = (report / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"<(img|script)[ >](?!\"use strict)", page.replace('<script>"use', ""))
    assert 'onclick="' not in page
