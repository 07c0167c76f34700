"""Attempts over time: what followed each message, counted by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.classroom.gradebook import Gradebook
from grader.classroom.keys import rubric_hash
from grader.classroom.people import Student
from grader.classroom.reports.assignment import assignment_of
from grader.classroom.reports.attempts import Attempts, Following, Message, attempts_of
from grader.classroom.reports.build import build
from grader.results import SectionResult, Verdict
from grader.rubric import RUBRIC_FILE
from grader.submission.reading import Submission
from tests.classes import PROVENANCE, RUBRIC, WRONG, Pupil

Lost = dict[str, str]  # section -> the mistake that was recognised, "" for none


def marked_report(name: str, lost: Lost, errors: tuple[str, ...] = ()) -> Pupil:
    verdicts: dict[str, str | Verdict] = {}
    for number, mistake in lost.items():
        verdicts[number] = Verdict(
            WRONG.status, got=WRONG.got, misconceptions=(mistake,) * bool(mistake)
        )
    return Pupil(name, lost=verdicts, errors=errors)


class Class:
    """A gradebook that attempts are handed in to, and marked."""

    def __init__(self, path: Path):
        self.path = path
        with Gradebook(path, create=True) as gradebook:
            digest = rubric_hash(RUBRIC)
            gradebook.keep_rubric(digest, RUBRIC_FILE.read_text(encoding="utf-8"))
            gradebook.set_meta(rubric=digest, sections=list(RUBRIC.by_number))
        self.works = 0

    def attempt(self, *names: str, errors: tuple[str, ...] = (), **lost: str) -> None:
        """Hand in and mark; sections are written as s1_2="relu-leaky"."""
        self.works += 1
        work = f"work {self.works}"
        by_number = {name[1:].replace("_", "."): mistake for name, mistake in lost.items()}
        report = marked_report(names[0], by_number, errors).report()
        with Gradebook(self.path) as gradebook:
            people = [Student(name, name.title()) for name in names]
            gradebook.hand_in(people, work, Submission(work, {}, {}, {}))
            keys = {number: f"{work} {number}" for number in RUBRIC.by_number}
            gradebook.record(work, report, keys, {}, PROVENANCE)

    def attempts(self) -> Attempts:
        with Gradebook(self.path) as gradebook:
            people = {one.id: one for one in gradebook.students()}
            return attempts_of(gradebook, assignment_of(gradebook), people, _as_it_is)

    def followings(self) -> dict[str, Following]:
        return {str(one.message): one for one in self.attempts().followings}


def _as_it_is(section: SectionResult) -> SectionResult:
    return section


@pytest.fixture
def some_class(tmp_path: Path) -> Class:
    return Class(tmp_path / "grades.db")


def test_what_follows_a_message_is_the_same_another_or_right(some_class: Class) -> None:
    for name, then in (("ada", {"s1_2": "relu-leaky"}), ("bob", {"s1_2": "relu-absolute"}),
                       ("cleo", {}), ("dora", {})):  # fmt: skip
        some_class.attempt(name, s1_2="relu-leaky")
        some_class.attempt(name, **then)
    some_class.attempt("emil", s1_2="relu-leaky")  # and nothing after it
    found = some_class.followings()
    assert set(found) == {"1.2 relu-leaky"}
    leaky = found["1.2 relu-leaky"]
    assert (leaky.again, leaky.same, leaky.other, leaky.right) == (4, 1, 1, 2)


def test_a_student_counts_once_for_a_message(some_class: Class) -> None:
    for _ in range(4):
        some_class.attempt("ada", s1_2="relu-leaky")
    some_class.attempt("ada")
    leaky = some_class.followings()["1.2 relu-leaky"]
    assert (leaky.same, leaky.right) == (1, 0)


def test_a_team_counts_once(some_class: Class) -> None:
    some_class.attempt("ada", "bob", s1_2="relu-leaky")
    some_class.attempt("ada", "bob")
    attempts = some_class.attempts()
    assert [one.again for one in attempts.followings] == [1]
    assert [[author.name for author in one.students] for one in attempts.trajectories] == [
        ["Ada", "Bob"]
    ]


def test_a_hint_that_does_not_help_needs_enough_students() -> None:
    message = Message("1.2", id="relu-leaky")
    assert not Following(message, same=4).is_no_help
    assert Following(message, same=3, right=2).is_no_help
    assert not Following(message, same=2, right=3).is_no_help


def test_an_unrecognised_mistake_is_known_by_its_kind(some_class: Class) -> None:
    some_class.attempt("ada", s1_2="")
    some_class.attempt("ada", s1_2="")
    (kind,) = some_class.followings()
    assert kind == "1.2 relu(z)[#, #] is #"


def test_what_is_not_written_yet_is_no_message(some_class: Class) -> None:
    some_class.attempt("ada", s1_2="not-written")
    some_class.attempt("ada", s1_2="not-written")
    assert not some_class.followings()


def test_a_grader_error_is_no_answer_to_a_message(some_class: Class) -> None:
    some_class.attempt("ada", s1_2="relu-leaky")
    some_class.attempt("ada", errors=("1.2",))
    assert not some_class.followings()
    some_class.attempt("ada")
    assert some_class.followings()["1.2 relu-leaky"].right == 1


def test_points_go_up_and_say_after_which_message(some_class: Class) -> None:
    some_class.attempt("ada", s1_2="relu-leaky", s1_6="backward-sign")
    some_class.attempt("ada", s1_6="backward-sign")
    (one,) = some_class.attempts().trajectories
    assert (one.points, one.gain) == ((82, 86), 4)
    assert list(map(str, one.solved)) == ["1.2 relu-leaky"]
    assert list(map(str, one.left)) == ["1.6 backward-sign"]


def test_the_class_page_names_a_hint_that_does_not_help(some_class: Class) -> None:
    for number in range(6):
        some_class.attempt(f"s{number}", s1_2="relu-leaky")
        some_class.attempt(f"s{number}", s1_2="relu-leaky")
    with Gradebook(some_class.path) as gradebook:
        build(gradebook, some_class.path.parent / "report")
    page = (some_class.path.parent / "report" / "index.html").read_text(encoding="utf-8")
    assert "This hint does not help" in page
    assert "6 of 6 show it again" in page


def test_one_attempt_each_shows_no_attempts(some_class: Class) -> None:
    some_class.attempt("ada", s1_2="relu-leaky")
    with Gradebook(some_class.path) as gradebook:
        build(gradebook, some_class.path.parent / "report")
    page = (some_class.path.parent / "report" / "index.html").read_text(encoding="utf-8")
    assert "Attempts over time" not in page
