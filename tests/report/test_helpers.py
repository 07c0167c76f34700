"""Helpers compute for a report in several processes: the result is that of one process."""

import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.__main__ import main
from grader.classroom.gradebook import Gradebook
from grader.classroom.reports import build
from grader.classroom.reports.helpers import AHEAD, Helpers, helping
from grader.errors import CannotGrade
from tests.classes import HOSTILE, Pupil, network, write_class

ORPHANED = """
import time
from grader.classroom.reports.helpers import helping

if __name__ == "__main__":
    with helping(2) as helpers:
        for _, seconds in helpers.map(time.sleep, [0, 0, 600, 600]):
            print("slept", flush=True)
"""


@pytest.fixture(scope="module")
def two() -> Iterator[Helpers]:
    with helping(2) as helpers:
        yield helpers


def taken(items: range, record: list[int]) -> Iterator[int]:
    for item in items:
        record.append(item)
        yield item


def test_results_come_in_order_and_items_are_taken_few_ahead(two: Helpers) -> None:
    record: list[int] = []
    for done, (item, result) in enumerate(two.map(math.factorial, taken(range(100), record))):
        assert (item, result) == (done, math.factorial(done))
        assert len(record) <= done + 1 + 2 * AHEAD


def test_without_processes_one_item_is_taken_at_a_time() -> None:
    record: list[int] = []
    for item, result in Helpers().map(math.factorial, taken(range(9), record)):
        assert result == math.factorial(item)
        assert len(record) == item + 1


def test_what_the_function_raises_is_raised_here(two: Helpers) -> None:
    with pytest.raises(ValueError, match="not defined for negative"):
        list(two.map(math.factorial, [3, -1]))
    assert list(two.map(math.factorial, [3])) == [(3, 6)]


def test_a_killed_process_is_one_clear_line() -> None:
    with helping(2) as helpers, pytest.raises(CannotGrade, match=r"was killed.*--jobs 1"):
        list(helpers.map(os._exit, [1] * 20))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere they end with their task")
def test_helpers_end_with_their_parent(tmp_path: Path) -> None:
    (tmp_path / "orphaned.py").write_text(ORPHANED)
    command = [sys.executable, tmp_path / "orphaned.py"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "slept\n"
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    deadline = time.monotonic() + 20
    while any(Path(f"/proc/{pid}").exists() for pid in children):
        assert time.monotonic() < deadline, "a helper outlived the report"
        time.sleep(0.05)
    assert len(children) >= 2


def test_an_interrupted_report_says_what_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(files: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(build, "write_files", interrupted)
    monkeypatch.setattr("signal.signal", lambda number, handler: None)
    book = write_class(tmp_path / "grades.db", [Pupil("1")])
    assert main(["report", str(book), "--out", str(tmp_path / "report")]) == 2
    assert capsys.readouterr().err == (
        f"error: interrupted; files in {tmp_path / 'report'} are whole, but not all are there: "
        "run the command again\n"
    )


def test_several_processes_write_what_one_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "SMALL", 1)
    monkeypatch.setattr("grader.classroom.reports.copies.MOST", 2)  # looks for equal scripts only
    pupils = [
        Pupil("1", "Ada", accuracy=0.8, network=network()),
        Pupil(HOSTILE, HOSTILE, lost={"1.2": "wrong"}),
        Pupil("3", "Blaise", missing=("1.6",)),
        Pupil("4", "Carl", problem="no scripts in it"),
        *(Pupil(f"{number}", f"Dora {number}", accuracy=0.7) for number in range(5, 20)),
    ]
    with Gradebook(write_class(tmp_path / "grades.db", pupils)) as gradebook:
        for jobs in (1, 2):
            build.build(gradebook, tmp_path / str(jobs), jobs=jobs)
    one, several = (
        {path.relative_to(top): path.read_bytes() for path in top.rglob("*") if path.is_file()}
        for top in (tmp_path / "1", tmp_path / "2")
    )
    assert one == several
    assert len(one) > 3 * len(pupils)
