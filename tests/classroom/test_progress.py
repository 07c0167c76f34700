"""The progress of a batch: plain lines in a file, live on a terminal, safe for any name."""

import contextlib
import io
import os
import pty
import re
import threading

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
    assert first == "[1/2] ada�[31m x: 4 of 4; about 0 s left"
    assert second == "[2/2] bob: could not be marked (Lost)"
    assert (progress.done, progress.failed, progress.running) == (2, 1, [])


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
    assert "0 could not be marked · bob, cat" in text


def read_all(terminal: int, into: list[bytes]) -> None:
    with contextlib.suppress(OSError):  # what Linux says when nobody writes any more
        while chunk := os.read(terminal, 65536):
            into.append(chunk)
    os.close(terminal)
