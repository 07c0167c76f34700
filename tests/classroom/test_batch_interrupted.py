"""However a batch is interrupted, nothing is lost, marked twice, or left running."""

import resource
import shutil
import signal
import sqlite3
import subprocess
from pathlib import Path

import pytest

from tests.classroom.support import (
    batch,
    begin,
    command,
    descendants,
    is_alive,
    kill_all,
    make_class,
    marked_some,
    markings,
    rows,
    until,
)

NAMES = "ada bob cat dan eve fay"
SLOW = 0.5


@pytest.fixture
def submissions(tmp_path: Path) -> Path:
    return make_class(tmp_path / "class", NAMES, seconds=SLOW, wrong="cat")


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return tmp_path / "grades.db"


def marks(book: Path) -> dict[str, str]:
    """What counts, by student."""
    query = """select student, status from attempts join marks on marks.work = attempts.work
        join results on results.id = marks.result order by student"""
    return dict(rows(book, query))  # type: ignore[arg-type]


RIGHT = {name: "failed" if name == "cat" else "passed" for name in NAMES.split()}


def expect_finished(submissions: Path, book: Path) -> None:
    """The same command goes on, marks the rest, and each exactly once."""
    before = rows(book, "select work, result from marks")
    again = batch(submissions, book)
    assert again.returncode == 1, again.stderr
    assert marks(book) == RIGHT
    assert markings(book) == [1] * 6
    assert set(before) <= set(
        rows(book, "select work, result from marks")
    )  # what was there counts still


@pytest.mark.exhaustive
def test_sigkill_of_the_batch(
    submissions: Path, book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    running = begin(submissions, book)
    until(marked_some(book, 2))
    below = descendants(running.pid)
    running.kill()
    running.communicate()
    assert below
    until(lambda: not any(map(is_alive, below)), 10)
    assert 2 <= len(markings(book)) < 6
    assert list((tmp_path / "temporary").glob("marking-*"))
    expect_finished(submissions, book)
    assert not list((tmp_path / "temporary").glob("*-*"))  # the next run removes what was left


@pytest.mark.exhaustive
def test_sigkill_of_a_pool_process_and_its_children(submissions: Path, book: Path) -> None:
    running = begin(submissions, book)
    until(marked_some(book, 1))
    until(lambda: len(descendants(running.pid)) > 3)
    kill_all(descendants(running.pid))
    _, errors = running.communicate(timeout=60)
    assert running.returncode == 1, errors  # tried again, with a new process
    assert marks(book) == RIGHT
    assert markings(book) == [1] * 6


@pytest.mark.parametrize(
    "number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.exhaustive)]
)
def test_sigterm_and_ctrl_c_report_the_progress(
    submissions: Path, book: Path, number: signal.Signals
) -> None:
    running = begin(submissions, book)
    until(marked_some(book, 2))
    below = descendants(running.pid)
    running.send_signal(number)
    _, errors = running.communicate(timeout=30)
    assert running.returncode == 2
    assert "of 6 submissions are marked" in errors.splitlines()[-1]
    until(lambda: not any(map(is_alive, below)), 10)
    expect_finished(submissions, book)


@pytest.mark.exhaustive
def test_a_power_cut_leaves_only_whole_results(
    submissions: Path, book: Path, tmp_path: Path
) -> None:
    """Copies of the file and its log at some moment, with the log cut as after a power failure."""
    running = begin(submissions, book)
    until(marked_some(book, 3))
    for copy in (book, book.with_name("grades.db-wal")):
        shutil.copy(copy, tmp_path / f"cut-{copy.name}")
    kill_all([running.pid, *descendants(running.pid)])
    running.communicate()
    log = (tmp_path / "cut-grades.db-wal").read_bytes()
    for end in (len(log), len(log) - 1, len(log) // 2 + 13, 100, 0):
        (tmp_path / "cut.db").write_bytes((tmp_path / "cut-grades.db").read_bytes())
        (tmp_path / "cut.db-wal").write_bytes(log[:end])
        connection = sqlite3.connect(tmp_path / "cut.db")
        assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
        if connection.execute("select 1 from sqlite_master").fetchone():
            loose = "select count(*) from marks where result not in (select id from results)"
            assert connection.execute(loose).fetchone() == (0,)
        connection.close()
    shutil.copy(tmp_path / "cut-grades.db", book)
    (tmp_path / "grades.db-wal").write_bytes(log[: len(log) * 2 // 3])
    assert batch(submissions, book).returncode == 1
    assert marks(book) == RIGHT


def test_a_full_disk_keeps_stored_results(tmp_path: Path, book: Path) -> None:
    submissions = make_class(tmp_path / "class", NAMES, wrong="cat")
    begun = subprocess.run(
        command(submissions, book),
        capture_output=True,
        text=True,
        timeout=60,
        preexec_fn=lambda: resource.setrlimit(
            resource.RLIMIT_FSIZE, (180_000, resource.RLIM_INFINITY)
        ),
    )
    assert begun.returncode == 2
    assert "a limit of file sizes (ulimit -f)" in begun.stderr.splitlines()[-1]
    expect_finished(submissions, book)


@pytest.mark.exhaustive
def test_a_second_batch_is_refused(submissions: Path, book: Path) -> None:
    running = begin(submissions, book)
    until(marked_some(book, 1))
    running.send_signal(signal.SIGSTOP)  # on a busy machine it might end before the second begins
    second = batch(submissions, book)
    running.send_signal(signal.SIGCONT)
    assert second.returncode == 2
    assert second.stderr.splitlines()[-1].startswith("error: another batch is writing")
    assert running.wait(60) == 1
    running.communicate()
    assert markings(book) == [1] * 6


@pytest.mark.exhaustive
def test_a_submission_that_ends_processes_hurts_no_other(submissions: Path, book: Path) -> None:
    script = submissions / "bob" / "numpy_ann.py"
    script.write_text(script.read_text() + "import os; os._exit(0)\n")
    assert batch(submissions, book).returncode == 1
    assert marks(book) == RIGHT | {"bob": "failed"}


@pytest.mark.exhaustive
def test_a_student_removed_meanwhile_is_marked_too(submissions: Path, book: Path) -> None:
    running = begin(submissions, book)
    until(marked_some(book, 1))
    shutil.rmtree(submissions)  # all was read before the first was marked
    assert running.wait(60) == 1
    running.communicate()
    assert marks(book) == RIGHT
