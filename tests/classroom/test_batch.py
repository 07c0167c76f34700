"""A batch marks what is missing and nothing else, and rejects wrong commands with one line."""

import io
import multiprocessing.resource_tracker
import os
import re
import subprocess
import sys
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

import pytest

from grader.__main__ import main
from grader.classroom import keys
from grader.classroom.batch import Batch, alone, expect_working_sandbox
from grader.classroom.gradebook import Gradebook
from grader.classroom.intake import entries
from grader.classroom.job import Done, Task, mark
from grader.classroom.keys import SectionKeys, content_hash, to_mark
from grader.classroom.people import Student
from grader.classroom.progress import Progress
from grader.errors import CannotGrade
from grader.options import Options
from grader.rubric import Rubric, load_rubric
from grader.sandbox import process_tree
from grader.sandbox.levels import choose
from grader.selftest.cases import CaseOutcome
from grader.submission.reading import open_submission
from tests.classes import Pupil, write_class
from tests.classroom.support import batch, make_class, markings, rows
from tests.support import ROOT, write_submission

RUBRIC = load_rubric()


def changed(number: str, **fields: object) -> Rubric:
    return replace(
        RUBRIC,
        sections=tuple(replace(s, **fields) if s.number == number else s for s in RUBRIC.sections),
    )  # type: ignore[arg-type]


def keys_of_all(rubric: Rubric, options: Options) -> dict[str, str]:
    return SectionKeys(rubric, rubric.sections, options, "user").of("work", options)


def touched(rubric: Rubric, options: Options, before: Options | None = None) -> list[str]:
    """The sections whose keys change."""
    earlier, now = keys_of_all(RUBRIC, before or options), keys_of_all(rubric, options)
    return [number for number in now if now[number] != earlier[number]]


ALL = [section.number for section in RUBRIC.sections]
PLAIN = Options(seed=1)


@pytest.mark.parametrize(("rubric", "expected"), [
    (changed("1.6", points=1), []),
    (changed("1.6", hints=("Look again.",) * 3), ["1.6"]),
    (changed("1.2", hints=("Look again.",) * 3), ["1.2", "1.3", "1.5", "1.6"]),  # those that need it
    (changed("1.6", credit="all or nothing"), ["1.6"]),
    (changed("3.6", bar=0.9), ["3.5", "3.6", "3.7"]),
    (replace(RUBRIC, judgement=replace(RUBRIC.judgement, gap=RUBRIC.judgement.level)),
     ["2.5", "2.7", "3.5", "3.7"]),
    (replace(RUBRIC, training=replace(RUBRIC.training, margin=0.5)),
     ["1.7", "2.5", "2.6", "2.7", "3.5", "3.6", "3.7"]),
    (replace(RUBRIC, limits=replace(RUBRIC.limits, call_seconds=1)), ALL),
    (replace(RUBRIC, limits=replace(
        RUBRIC.limits, train_seconds=RUBRIC.limits.train_seconds | {"numpy_ann": 1})), ["1.7"]),
])  # fmt: skip
def test_a_changed_rubric_touches_what_it_says_and_no_more(
    rubric: Rubric, expected: list[str]
) -> None:
    assert touched(rubric, PLAIN) == expected


@pytest.mark.parametrize(("options", "expected"), [
    (replace(PLAIN, seed=2), ALL),
    (replace(PLAIN, train_size=1000), ["1.7", "2.5", "2.6", "2.7", "3.5", "3.6", "3.7"]),
    (replace(PLAIN, skip_training=True), ["1.7", "2.5", "2.6", "2.7", "3.5", "3.6", "3.7"]),
    (replace(PLAIN, only=("1.2", "1.3")), ["1.7", "2.5", "2.6", "2.7", "3.5", "3.6", "3.7"]),
    (replace(PLAIN, sandbox="bubblewrap"), []),
])  # fmt: skip
def test_options_touch_the_sections_that_look_at_them(
    options: Options, expected: list[str]
) -> None:
    assert touched(RUBRIC, options, PLAIN) == expected


def test_sections_that_read_curves_are_marked_with_the_training() -> None:
    assert to_mark(RUBRIC, ["1.2", "2.7"], PLAIN) == ("1.2", "2.6", "2.7")
    assert to_mark(RUBRIC, ["1.2", "2.7"], replace(PLAIN, skip_training=True)) == ("1.2", "2.7")


def test_the_same_files_under_another_name_are_the_same_work(tmp_path: Path) -> None:
    one, two = (open_submission(write_submission(tmp_path / name)) for name in ("ada", "bob"))
    assert content_hash(one) == content_hash(two)
    moved = replace(one, scripts=one.scripts | {"numpy_ann": one.scripts["numpy_ann"] + b"\n"})
    assert content_hash(moved) != content_hash(one)


def test_a_process_with_another_grader_refuses(tmp_path: Path) -> None:
    task = Task(
        "w",
        open_submission(write_submission(tmp_path / "ada")),
        ("1.2",),
        RUBRIC,
        PLAIN,
        "none",
        "another",
        1,
    )
    with pytest.raises(CannotGrade, match="expected the same checkout"):
        mark(task)


def test_the_graders_version_is_that_of_its_marking_code() -> None:
    version = keys.grader_version()
    assert re.fullmatch("[0-9a-f]{64}", version)
    read = {path.name for path in keys.marking_files()}
    assert {
        "marking.py",
        "entry.py",
        "protocol.py",
        "perturbation.py",
        "utils.py",
        "step.py",
        "numpy_ann.py",
        "stand_ins.py",
    } <= read
    assert not read & {
        "batch.py",
        "gradebook.py",
        "__main__.py",
        "terminal.py",
        "handout.py",
        "student_page.py",
        "findings.py",
    }
    assert all(
        (keys.GRADER / name).exists() for name in keys.NOT_MARKING
    )  # nothing was moved away unnoticed


def test_a_class_is_marked_once_and_a_newer_attempt_again(tmp_path: Path) -> None:
    submissions, book = (
        make_class(tmp_path / "class", "ada bob cat", wrong="cat"),
        tmp_path / "grades.db",
    )
    (submissions / "nil").mkdir()
    first = batch(submissions, book)
    assert first.returncode == 2
    assert "Submissions: 3 marked now, 1 could not be read.\n" in first.stdout
    assert "\n4 students: 3 marked, 1 unreadable. Next: grader report " in first.stdout
    assert "nil: nil/ holds none of the checklist's files" in first.stderr
    assert re.search(r"^\[\d/3\] cat: 0 of 4, lost 1\.2, \d+ s", first.stderr, re.MULTILINE)
    assert "3 marked before, 1 could not be read.\n" in batch(submissions, book).stdout
    (submissions / "cat" / "numpy_ann.py").write_text(
        (submissions / "ada" / "numpy_ann.py").read_text()
    )
    (submissions / "nil").rmdir()
    fixed = batch(submissions, book)
    assert fixed.returncode == 0
    assert "Submissions: 2 marked before.\n" in fixed.stdout  # cat's is now the same as ada's
    assert "4 students: 3 marked (2 different submissions), 1 unreadable." in fixed.stdout
    assert markings(book) == [1] * 3
    assert rows(book, "select count(*) from attempts where student = 'cat'") == [(2,)]


def test_regrade_marks_again_and_an_interrupted_one_goes_on(tmp_path: Path) -> None:
    submissions, book = make_class(tmp_path / "class", "ada bob cat"), tmp_path / "grades.db"
    batch(submissions, book)
    assert "1 marked now.\n" in batch(submissions, book, "--regrade", "--only=bob").stdout
    assert sorted(markings(book)) == [1, 1, 2]
    with Gradebook(
        book
    ) as gradebook:  # as an interrupted regrading of everybody leaves it: two results later
        gradebook.set_meta(regrade={"only": [], "after": gradebook.last_result() - 1})
    assert "2 marked now, 1 marked before.\n" in batch(submissions, book, "--regrade").stdout
    assert sorted(markings(book)) == [2, 2, 2]
    assert "3 marked now.\n" in batch(submissions, book, "--regrade").stdout


@pytest.mark.exhaustive
def test_a_regraded_mark_stays_and_the_assignment_too(
    tmp_path: Path,
) -> None:
    submissions, book = make_class(tmp_path / "class", "ada bob"), tmp_path / "grades.db"
    joined = "marks join results on results.id = marks.result"
    counts = f"select results.number, marks.result from {joined} order by 2"
    batch(submissions, book, "--jobs=1")  # ada's first
    assert (
        "1 marked now.\n" in batch(submissions, book, "--only=bob", "--regrade", "--seed=5").stdout
    )
    assert rows(book, counts) == [("1.2", 1), ("1.2", 3)]
    assert "2 marked before.\n" in batch(submissions, book).stdout
    assert rows(book, counts) == [("1.2", 1), ("1.2", 3)]
    for wrong in ("zoe", "bob"):  # sections as given last
        batch(submissions, book, f"--only={wrong}", "--sections=1.3")
        assert rows(book, "select value from meta where name = 'sections'") == [('["1.2"]',)]


@pytest.mark.parametrize(("options", "message"), [
    (["--only=zoe"], "--only is 'zoe', which"),
    (["--jobs=0"], "--jobs is '0', expected a whole number from 1 to 1000"),
    (["--sections=9.9"], "there is no section '9.9'"), (["--sandbox=hope"], "--sandbox is 'hope'"),
    (["--slurm", "--scheduler=tcp://a:1"], "expected one of them"), (["--seed=x"], "--seed is 'x'"),
    (["--device=tpu"], "--device is 'tpu'"), (["--slurm"], "--slurm needs"),
])  # fmt: skip
def test_wrong_commands_end_with_one_line(tmp_path: Path, options: list[str], message: str) -> None:
    ran = batch(make_class(tmp_path / "class", "ada"), tmp_path / "grades.db", *options)
    assert ran.returncode == 2
    assert message in ran.stderr.splitlines()[-1]
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize(
    "content",
    [b"no database at all, just some bytes that are long enough to be read", b"PK\3\4" * 300],
)
def test_a_file_that_is_no_gradebook_stays_as_it_is(tmp_path: Path, content: bytes) -> None:
    book = tmp_path / "grades.db"
    book.write_bytes(content)
    ran = batch(make_class(tmp_path / "class", "ada"), book)
    assert ran.returncode == 2
    assert ran.stderr.splitlines()[-1].startswith(
        f"error: the gradebook {book} is damaged, or is none ("
    )
    assert book.read_bytes() == content


def test_a_failed_self_test_stops_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    outcomes = [
        CaseOutcome("fine", "", "", "", 0.1),
        CaseOutcome("cheat", "nothing", "1.2", "earned 1.2", 0.1),
    ]
    monkeypatch.setattr("grader.selftest.cases.try_sandbox", lambda sandbox: iter(outcomes))
    with pytest.raises(
        CannotGrade, match=r"the self-test failed, so nothing was marked \(cheat: earned 1\.2\)"
    ):
        expect_working_sandbox(choose("auto"))


@pytest.mark.parametrize(("error", "message"), [
    (CannotGrade("the self-test failed"), "the self-test failed"),
    (KeyboardInterrupt(),
     "interrupted; 0 of 1 submissions are marked. Run the same command again to resume"),
])  # fmt: skip
def test_a_failed_or_interrupted_sandbox_test_ends_the_pool(
    error: BaseException,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fall(sandbox: object) -> None:
        assert set(process_tree.descendants(os.getpid())) - before
        raise error

    multiprocessing.resource_tracker.ensure_running()  # which stays as long as this process
    before = set(process_tree.descendants(os.getpid()))
    monkeypatch.setattr("grader.classroom.batch.expect_working_sandbox", fall)
    book = tmp_path / "grades.db"
    assert (
        main(
            [
                "batch",
                str(make_class(tmp_path / "class", "ada")),
                f"--gradebook={book}",
                "--sandbox=auto",
            ]
        )
        == 2
    )
    assert capsys.readouterr().err.splitlines()[-1] == f"error: {message}"
    assert set(process_tree.descendants(os.getpid())) == before
    assert markings(book) == []


def test_a_gradebook_by_another_name_is_the_same_one(tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(tmp_path / "grades.db")
    with (
        alone(tmp_path / "grades.db"),
        pytest.raises(CannotGrade, match="another batch"),
        alone(tmp_path / "link.db"),
    ):
        pass


class NoPool:
    """Fails the test when something is to be marked."""

    jobs = 1

    def submit(self, task: Task) -> Future[Done]:
        raise AssertionError(f"{task.work} was marked again")

    def end(self, future: Future[Done]) -> bool:
        return False

    def close(self, *, now: bool) -> None:
        pass


def test_what_somebody_else_has_marked_meanwhile_is_not_marked_again(tmp_path: Path) -> None:
    submissions, book = make_class(tmp_path / "class", "ada bob"), tmp_path / "grades.db"
    with Gradebook(book, create=True) as gradebook:
        options = Options(seed=gradebook.meta("seed"), only=("1.2",), sandbox="auto", device="auto")
        one = Batch(gradebook, RUBRIC, options, choose("auto"))
        jobs = one.take_in(submissions, [])
        assert "2 marked now.\n" in batch(submissions, book).stdout
        one.run(jobs, NoPool(), Progress(len(jobs)))
        assert (one.tally.known, one.tally.exit_status) == (2, 0)


def test_a_wrong_choice_of_gradebook_leaves_no_file(tmp_path: Path) -> None:
    ran = batch(make_class(tmp_path / "class", "ada"), tmp_path / "none" / "grades.db")
    assert ran.returncode == 2
    assert "expected a file in a folder that exists" in ran.stderr
    assert not (tmp_path / "none").exists()


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


class Lost:
    """A pool that marks all but one, whose process is always lost."""

    jobs = 1

    def submit(self, task: Task) -> Future[Done]:
        future: Future[Done] = Future()
        if b"# bob" in task.submission.scripts["numpy_ann"]:
            future.set_exception(RuntimeError("lost"))
        else:
            future.set_result(mark(task))
        return future

    def end(self, future: Future[Done]) -> bool:
        return False

    def close(self, *, now: bool) -> None:
        pass


@pytest.mark.exhaustive
def test_a_regrading_that_lost_a_submission_resumes_with_it(tmp_path: Path) -> None:
    submissions, book = make_class(tmp_path / "class", "ada bob"), tmp_path / "grades.db"
    assert "2 marked now.\n" in batch(submissions, book).stdout
    with Gradebook(book) as gradebook:
        again = Batch(
            gradebook, RUBRIC, Options(seed=gradebook.meta("seed"), only=("1.2",)), choose("auto")
        )
        again.run(again.take_in(submissions, [], regrade=True), Lost(), Progress(2, io.StringIO()))
    assert (again.tally.marked, again.tally.failed) == (1, 1)
    with Gradebook(book) as gradebook:
        assert list(gradebook.failures().values()) == ["RuntimeError: lost"]
    assert "1 marked now, 1 marked before.\n" in batch(submissions, book, "--regrade").stdout
    assert markings(book) == [2, 2]
    with Gradebook(book) as gradebook:
        assert gradebook.failures() == {}


def test_an_alias_that_was_of_no_use_is_said(tmp_path: Path) -> None:
    submissions = make_class(tmp_path / "class", "ada bob")
    script = submissions / "ada" / "numpy_ann.py"
    script.rename(script.with_name("homework.py"))
    aliases = ["--alias=homework.py=numpy_ann.py", "--alias=hw.py=pytorch_ann.py"]
    errors = batch(submissions, tmp_path / "grades.db", *aliases).stderr
    assert "note: --alias hw.py=pytorch_ann.py: no file of this name was read" in errors
    assert "--alias homework.py" not in errors


def test_an_interruption_before_anything_was_written_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(level: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("grader.sandbox.levels.choose", interrupt)
    assert main(["batch", str(tmp_path), f"--gradebook={tmp_path / 'grades.db'}"]) == 2
    assert capsys.readouterr().err == "error: interrupted; nothing was written\n"


def test_notes_survive_a_batch_and_a_report(tmp_path: Path) -> None:
    submissions, book = make_class(tmp_path / "class", "ada bob"), tmp_path / "grades.db"
    source = submissions / "ada" / "numpy_ann.py"
    source.write_text(f"{source.read_text()}\nimport base64\nW = {bytes(range(256)) * 20!r}\n")
    batch(submissions, book)
    for _ in range(2):  # marked now, and marked before
        assert main(["report", str(book), "--out", str(tmp_path / "report")]) == 0
        page = (tmp_path / "report" / "index.html").read_text()
        assert page.count("embedded-data: 1") == page.count("decodes-data: 1") == 1
        (student,) = (tmp_path / "report" / "students").glob("ada*")
        assert "decodes" not in student.read_text()
        assert "2 marked before" in batch(submissions, book).stdout
