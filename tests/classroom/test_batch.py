"""A batch marks what is missing and nothing else, and rejects wrong commands with one line."""

import io
import multiprocessing.resource_tracker
import os
import re
from concurrent.futures import Future
from pathlib import Path

import pytest

from grader.__main__ import main
from grader.classroom.batch import Batch, expect_working_sandbox
from grader.classroom.gradebook import Gradebook
from grader.classroom.job import Done, Task, mark
from grader.classroom.lock import alone
from grader.classroom.progress import Progress
from grader.errors import CannotGrade
from grader.options import Options
from grader.sandbox import process_tree
from grader.sandbox.levels import choose
from grader.selftest.cases import CaseOutcome
from tests.classroom.support import batch, make_class, markings, rows
from tests.support import RUBRIC, sampled


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


@pytest.mark.parametrize(("options", "message"), sampled([
    (["--only=zoe"], "--only is 'zoe', which"),
    (["--jobs=0"], "--jobs is '0', expected a whole number from 1 to 1000"),
    (["--sections=9.9"], "there is no section '9.9'"), (["--sandbox=hope"], "--sandbox is 'hope'"),
    (["--slurm", "--scheduler=tcp://a:1"], "expected one of them"), (["--seed=x"], "--seed is 'x'"),
    (["--device=tpu"], "--device is 'tpu'"), (["--slurm"], "--slurm needs"),
], every=3))  # fmt: skip
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


def test_marking_one_section_of_one_student_keeps_all_other_marks(tmp_path: Path) -> None:
    submissions, book = make_class(tmp_path / "class", "ada bob"), tmp_path / "grades.db"
    twin = submissions / "twin" / "numpy_ann.py"  # the same bytes, marked together with ada's
    twin.parent.mkdir()
    twin.write_text((submissions / "ada" / "numpy_ann.py").read_text())
    batch(submissions, book, "--sections=1.3")
    before = rows(book, "select work, number from marks order by work, number")
    ran = batch(submissions, book, "--only=ada", "--regrade")  # its --sections=1.2 is the last
    assert "1 marked now" in ran.stdout
    assert "not marked yet" not in ran.stdout
    assert rows(book, "select work, number from marks order by work, number") == before


def test_a_run_without_regrade_gives_up_an_unfinished_regrading(tmp_path: Path) -> None:
    submissions, book = make_class(tmp_path / "class", "ada bob"), tmp_path / "grades.db"
    batch(submissions, book)
    with Gradebook(book) as gradebook:  # as after a regrading that lost one of two

        def to_do(*, regrade: bool) -> tuple[int, list[str]]:
            options = Options(seed=gradebook.meta("seed"), only=("1.2",))
            one = Batch(gradebook, RUBRIC, options, choose("auto"))
            return len(one.take_in(submissions, [], regrade=regrade)), one.remarks

        gradebook.set_meta(regrade={"only": [], "after": gradebook.last_result() - 1})
        count, (remark,) = to_do(regrade=True)
        assert count == 1
        assert remark.startswith("this resumes a regrading that was interrupted or had failures")
        assert to_do(regrade=False) == (0, [])
        assert to_do(regrade=True) == (2, [])
