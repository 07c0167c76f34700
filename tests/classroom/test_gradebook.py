"""Gradebooks of earlier versions open: their texts are shown as they are, their marks stay."""

from __future__ import annotations

import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grader.classroom.database import VERSION
from grader.classroom.gradebook import Gradebook
from grader.classroom.people import HandedIn, Origin, Student
from grader.classroom.question_log import Answered
from grader.classroom.reports.build import build
from grader.errors import CannotGrade
from grader.results import Status
from grader.rubric import load_rubric
from grader.submission.record import Submission
from tests.classes import PROVENANCE, Pupil, network, write_class
from tests.classroom.support import rows
from tests.support import ROOT, sampled

HERE = Path(__file__).parent
OPEN = "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path; "
OPEN += "from grader.classroom.gradebook import Gradebook; Gradebook(Path(sys.argv[2])).close()"
DECIDE = "import sys; sys.path.insert(0, sys.argv[1]); from grader.__main__ import main; "
DECIDE += "[main(['decide', sys.argv[2], 'ada', '--total', str(n), '--reason', 'r' * 99]) for n in range(100)]"


def old(version: int, folder: Path) -> Path:
    return Path(
        shutil.copyfile(HERE / f"gradebook_version_{version}.sqlite", folder / f"old{version}.db")
    )


def test_old_results_keep_marks_and_texts(tmp_path: Path) -> None:
    rubric = load_rubric()
    points = {n: rubric.by_number[n].points for n in ("0.1", "1.2", "1.4", "1.6", "2.7")}
    with Gradebook(old(1, tmp_path)) as gradebook:
        assert gradebook.meta("version") == VERSION
        ada, bob, eve = (gradebook.standing(s, points, rubric.bars) for s in gradebook.students())
    assert ada.report.score == sum(points.values())
    assert {s.number for s in bob.report.sections if s.status is Status.FAILED} == {"1.2", "1.4"}
    assert {s.number for s in eve.report.sections if s.points == 0} == {"0.1", "1.6", "2.7"}
    relu, entropy = (s.verdict for s in bob.report.sections if s.status is Status.FAILED)
    assert relu.misconceptions == ("relu-absolute",)
    assert relu.notes[0].startswith("relu(z)[0, ")
    assert "ValueError: no, expected more" in entropy.notes[0]


def test_the_second_version_keeps_marks_and_people(tmp_path: Path) -> None:
    rubric = load_rubric()
    points = {number: section.points for number, section in rubric.by_number.items()}
    with Gradebook(old(2, tmp_path)) as gradebook:
        found = [gradebook.standing(s, points, rubric.bars) for s in gradebook.students()]
        assert gradebook.log() == []
        assert gradebook.roster() == []
    assert {one.student.name: one.report.score for one in found} == {
        "ada": 86, "bob": 96, "eve": 0, "Jürgen Müller": 100,
    }  # fmt: skip
    assert all(one.handed_in == HandedIn() and one.origin == Origin() for one in found)


def test_the_third_version_keeps_people_and_decisions(tmp_path: Path) -> None:
    rubric = load_rubric()
    points = {number: section.points for number, section in rubric.by_number.items()}
    with Gradebook(old(3, tmp_path)) as gradebook:
        found = [gradebook.standing(s, points, rubric.bars) for s in gradebook.students()]
        assert [one.decision.points for one in gradebook.log()] == [2.0]
        assert [one.id for one in gradebook.roster()] == ["ada", "zeno"]
        assert gradebook.question_sets("ada") == []
    assert [one.report.score for one in found] == [100, 96, 0]
    assert [one.answered for one in found] == [None] * 3
    assert found[0].handed_in.at is not None


def test_the_fourth_version_keeps_questions_and_has_no_networks(tmp_path: Path) -> None:
    rubric = load_rubric()
    points = {number: section.points for number, section in rubric.by_number.items()}
    with Gradebook(old(4, tmp_path)) as gradebook:
        found = [gradebook.standing(s, points, rubric.bars) for s in gradebook.students()]
        assert len(gradebook.question_sets("ada")) == 1
        assert found[0].answered == Answered(right=1, given=1, asked=2)
        assert gradebook.network(found[0].work, "numpy_ann") is None
    assert [one.report.score for one in found] == [100, 96, 0]


def test_the_network_of_the_attempt_that_counts_is_kept(tmp_path: Path) -> None:
    rubric, first, second = load_rubric(), network(3), network(5)
    report = Pupil("ada", accuracy=0.8).report()
    with Gradebook(tmp_path / "grades.db", create=True) as gradebook:
        for work, made in (("one", first), ("two", second)):
            gradebook.hand_in([Student("ada", "Ada")], work, Submission("ada", {}, {}, {}))
            keys = {number: f"{work} {number}" for number in rubric.by_number}
            networks = {"numpy_ann": made}
            gradebook.record(work, report, keys, {}, PROVENANCE, networks=networks)
        assert gradebook.network("two", "numpy_ann") == second
        assert gradebook.network("one", "numpy_ann") is None  # no longer the last
        assert gradebook.network("two", "pytorch_ann") is None
        gradebook.record("two", report, {}, {}, PROVENANCE)  # without one this time
        assert gradebook.network("two", "numpy_ann") is None
        gradebook.keep_network("two", "numpy_ann", 0.79, second)
        assert gradebook.network("two", "numpy_ann") is None  # of another training than is shown
        gradebook.forget("ada")
    assert rows(tmp_path / "grades.db", "select * from networks") == []


def test_a_network_stays_while_it_is_the_last_of_anybody(tmp_path: Path) -> None:
    report, made = Pupil("ada", accuracy=0.8).report(), {"numpy_ann": network(3)}
    ada, bob = Student("ada", "Ada"), Student("bob", "Bob")
    with Gradebook(tmp_path / "grades.db", create=True) as gradebook:
        for student, work in ((ada, "same"), (bob, "same"), (ada, "of ada"), (bob, "of bob")):
            gradebook.hand_in([student], work, Submission(student.id, {}, {}, {}))
            gradebook.record(work, report, {}, {}, PROVENANCE, networks=made)
            kept = [
                one
                for one in ("same", "of ada", "of bob")
                if gradebook.network(one, "numpy_ann") is not None
            ]
            assert kept == {"same": ["same"], "of ada": ["same", "of ada"]}.get(
                work, ["of ada", "of bob"]
            )


@pytest.mark.parametrize(
    ("version", "said"), [(1, "negative elements become 0, all others stay"), (2, "is 3")]
)
def test_an_old_gradebook_gives_a_report(version: int, said: str, tmp_path: Path) -> None:
    with Gradebook(old(version, tmp_path)) as gradebook:
        build(gradebook, tmp_path / "report")
    (page,) = (tmp_path / "report" / "students").glob("bob-*.html")
    assert said in page.read_text()


@pytest.mark.parametrize("version", sampled([1, 2, 3, 4], every=3))
def test_a_kill_leaves_the_old_version_or_the_new(version: int, tmp_path: Path) -> None:
    for milliseconds in range(150, 600, 50):
        book = old(version, tmp_path)
        running = subprocess.Popen([sys.executable, "-P", "-c", OPEN, str(ROOT), str(book)])
        time.sleep(milliseconds / 1000)
        running.send_signal(signal.SIGKILL)
        running.wait()
        with Gradebook(book) as gradebook:
            assert gradebook.meta("version") == VERSION
            assert len(gradebook.students()) in (3, 4)
            assert len(gradebook.log()) == (version >= 3)
            assert gradebook.students_asked() == ["ada"] * (version == 4)
            assert gradebook.network("work", "numpy_ann") is None
        for name in (book, Path(f"{book}-wal"), Path(f"{book}-shm")):
            name.unlink(missing_ok=True)


@pytest.mark.parametrize(("version", "students"), [(2, 4), (4, 3)])
def test_a_full_disk_keeps_the_old_version(version: int, students: int, tmp_path: Path) -> None:
    book = old(version, tmp_path)
    size = book.stat().st_size
    begun = subprocess.run(
        [sys.executable, "-P", "-c", OPEN, str(ROOT), str(book)],
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2048, size)),
    )
    assert begun.returncode
    assert "CannotGrade" in begun.stderr
    with Gradebook(book) as gradebook:  # with room again
        assert gradebook.meta("version") == VERSION
        assert len(gradebook.students()) == students


def test_a_kill_loses_no_decision_that_was_confirmed(tmp_path: Path) -> None:
    book = write_class(tmp_path / "grades.db", [Pupil("ada")])
    running = subprocess.Popen(
        [sys.executable, "-u", "-P", "-c", DECIDE, str(ROOT), str(book)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    confirmed = 0
    for line in running.stdout:
        confirmed += line.startswith("decision ")
        if confirmed == 7:
            running.kill()
            break
    running.communicate()
    kept = rows(book, "select points, reason from decisions order by id")
    assert len(kept) in (7, 8)
    assert kept == [(float(number), "r" * 99) for number in range(len(kept))]


def test_a_full_disk_records_no_half_decision(tmp_path: Path) -> None:
    book = write_class(tmp_path / "grades.db", [Pupil("ada")])
    begun = subprocess.run(
        [sys.executable, "-P", "-c", DECIDE, str(ROOT), str(book)],
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_FSIZE, (60_000, resource.RLIM_INFINITY)
        ),
    )
    errors = begun.stderr.splitlines()
    assert errors
    assert all("a limit of file sizes (ulimit -f)" in line for line in errors)
    confirmed = begun.stdout.count("is recorded")
    with Gradebook(book) as gradebook:
        assert len(gradebook.log("ada")) == confirmed < 100


def test_a_newer_gradebook_is_refused(tmp_path: Path) -> None:
    book = old(2, tmp_path)
    with sqlite3.connect(book) as database:
        database.execute("update meta set value = '6' where name = 'version'")
    with pytest.raises(CannotGrade, match="not a gradebook of this version"):
        Gradebook(book)


def test_the_roster_names_people_and_who_is_missing(tmp_path: Path) -> None:
    book = write_class(tmp_path / "grades.db", [Pupil("0429", name="lovelaceada"), Pupil("7")])
    roster = [
        Student("0429", "Ada Lovelace", "ada@uni.example", "Tue"),
        Student("429", "Jürgen Müller", "", "Wed"),
    ]
    with Gradebook(book) as gradebook:
        gradebook.keep_roster(roster)
        assert gradebook.students() == [roster[0], Student("7", "7")]
        assert gradebook.without_submission() == [roster[1]]
        assert gradebook.not_on_roster() == [Student("7", "7")]
        nothing = gradebook.standing(roster[1], {"1.2": 4}, {})
        assert (nothing.work, nothing.attempts, nothing.report.mark) == ("", 0, 0)
        gradebook.forget("429")
        assert gradebook.without_submission() == []
