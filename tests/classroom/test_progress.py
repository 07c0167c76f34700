"""The progress of a batch: plain lines in a file, live on a terminal, safe for any name."""

import contextlib
import io
import os
import pty
import re
import threading
from datetime import datetime, timedelta

import pytest

from grader.classroom.progress import Progress, duration


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(3, "3 s"), (89, "89 s"), (100, "2 min"), (5340, "89 min"), (6000, "1 h 40 min")],
)
def test_durations_are_in_the_units_that_fit(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_plain_lines_say_who_how_and_how_long() -> None:
    stream = io.StringIO()
    progress = Progress(2, stream)
    progress.begin("ada\x1b[31m\nx")
    progress.begin("bob")
    progress.end("ada\x1b[31m\nx", "4 of 4")
    progress.end("bob", "could not be marked (Lost)", failed=True)
    progress.close()
    first, second = stream.getvalue().splitlines()
    assert first == "[1/2] ada�[31m x: 4 of 4"
    assert second == "[2/2] bob: could not be marked (Lost)"
    assert (progress.done, progress.failed, progress.running) == (2, 1, [])


class Clock:
    """A clock that tests move; it starts on a Sunday at 14:00."""

    def __init__(self) -> None:
        self.passed = 0.0

    def seconds(self) -> float:
        return self.passed

    def now(self) -> datetime:
        return datetime(2026, 11, 29, 14) + timedelta(seconds=self.passed)


def progress_of(total: int, jobs: int, clock: Clock) -> tuple[Progress, io.StringIO]:
    stream = io.StringIO()
    return Progress(total, stream, jobs=jobs, now=clock.now, seconds=clock.seconds), stream


def mark_some(progress: Progress, clock: Clock, count: int, seconds: float) -> None:
    for _ in range(count):
        progress.begin("ada")
        clock.passed += seconds
        progress.end("ada", "4 of 4")


def test_lines_say_the_rate_and_the_end() -> None:
    clock = Clock()
    progress, stream = progress_of(100, 1, clock)
    mark_some(progress, clock, 40, 36)
    lines = stream.getvalue().splitlines()
    assert lines[1] == "[2/100] ada: 4 of 4"  # too few to tell
    assert lines[2] == "[3/100] ada: 4 of 4; 100 an hour, done about 15:00"
    assert lines[39] == "[40/100] ada: 4 of 4; 100 an hour, done about 15:00"


@pytest.mark.parametrize("jobs", [1, 2, 8])
def test_the_first_estimate_is_close(jobs: int) -> None:
    clock = Clock()
    progress, _ = progress_of(300, jobs, clock)
    mark_some(progress, clock, 2 * jobs + 1, 60 / jobs)  # as jobs that started one after another
    assert 0.6 < progress._rate.an_hour / (60 * jobs) < 1.5  # type: ignore[operator]


def test_known_results_are_not_in_the_rate() -> None:
    clock = Clock()
    progress, stream = progress_of(100, 1, clock)
    for _ in range(50):
        progress.begin("bob")
        progress.end("bob", "marked before", known=True)
    assert "an hour" not in stream.getvalue()
    mark_some(progress, clock, 3, 36)
    assert stream.getvalue().splitlines()[-1].endswith("; 100 an hour, done about 14:30")


def test_the_rate_follows_a_slower_machine() -> None:
    clock = Clock()
    progress, _ = progress_of(1000, 1, clock)
    mark_some(progress, clock, 100, 10)
    assert progress._rate.an_hour == pytest.approx(360)
    mark_some(progress, clock, 60, 100)
    assert progress._rate.an_hour == pytest.approx(36)


def test_an_end_on_another_day_has_its_name() -> None:
    clock = Clock()
    progress, _ = progress_of(100, 1, clock)
    mark_some(progress, clock, 3, 600)
    assert progress.outlook == "6.0 an hour, done about Mon 06:40"


def test_what_was_put_off_comes_after_the_end() -> None:
    clock = Clock()
    progress, stream = progress_of(10, 1, clock)
    mark_some(progress, clock, 4, 36)
    progress.begin("eve")
    progress.postpone("eve", "not done after 72 s")
    assert stream.getvalue().splitlines()[-1] == "[4/10] eve: not done after 72 s"
    assert progress.outlook == "100 an hour, done about 14:05 and then 1 put off"
    mark_some(progress, clock, 5, 36)
    assert progress.outlook == "100 an hour, 1 put off left"
    progress.resume("eve")
    assert progress.running == ["eve"]


def test_a_silent_minute_ends_with_a_line() -> None:
    clock = Clock()
    progress, stream = progress_of(10, 1, clock)
    progress.begin("eve")
    for clock.passed in (30, 59, 61, 90, 122):
        progress.tick()
    assert stream.getvalue().splitlines() == ["[0/10] marking eve"] * 2


def test_a_terminal_sees_counts_and_the_students_being_marked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setenv("TERM", "xterm")
    ours, theirs = pty.openpty()
    shown: list[bytes] = []
    reader = threading.Thread(target=read_all, args=(ours, shown))
    reader.start()
    with os.fdopen(theirs, "w") as stream:
        progress = Progress(3, stream)
        for name in ("[bold]ada", "bob", "cat"):
            progress.begin(name)
        progress.end("[bold]ada", "4 of 4")
        progress.close()
    reader.join()
    text = re.sub(r"\x1b\[[\d;?]*\w", "", b"".join(shown).decode())
    assert "[1/3] [bold]ada: 4 of 4" in text
    assert "1/3" in text
    assert "bob, cat" in text


def read_all(terminal: int, into: list[bytes]) -> None:
    with contextlib.suppress(OSError):  # what Linux says when nobody writes any more
        while chunk := os.read(terminal, 65536):
            into.append(chunk)
    os.close(terminal)
