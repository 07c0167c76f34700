"""What is made to take memory or time is named within limits, and the rest of a class is read."""

import os
import time
from functools import partial
from pathlib import Path

import pytest

from grader.classroom.intake import entries
from grader.classroom.intake.entry import opened
from grader.errors import StudentFault, SubmissionError
from grader.submission import bounds, record
from grader.submission.plot_files import read_plot
from grader.submission.reading import open_submission
from tests.submission import bombs
from tests.support import sampled, script_with

LITTLE = 640_000_000  # bytes; three notebooks of dictionaries take 520 MB
EMPTY = record.Submission("ada", {}, {}, {})


@pytest.fixture
def limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MEMORY", LITTLE)


@pytest.mark.usefixtures("limited")
@pytest.mark.parametrize("bomb", [
    pytest.param(bomb, marks=pytest.mark.exhaustive if bomb in bombs.LONG else ())
    for bomb in bombs.READ
])  # fmt: skip
def test_a_bomb_is_refused_with_little_memory_and_time(tmp_path: Path, bomb: str) -> None:
    build, message = bombs.READ[bomb]
    with pytest.raises(SubmissionError) as caught:
        open_submission(build(tmp_path))
    assert message in str(caught.value)
    assert bounds.OVER not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("limited")
@pytest.mark.parametrize("bomb", sampled(bombs.NOTEBOOKS, every=2))
def test_a_bomb_of_a_notebook_costs_that_file(tmp_path: Path, bomb: str) -> None:
    work = bombs.NOTEBOOKS[bomb](tmp_path)
    for name in ("numpy_ann", "pytorch_ann"):
        (work / f"{name}.ipynb").unlink()
    (work / "numpy_ann.py").write_text(script_with("numpy_ann", {}))
    taken = open_submission(work)
    assert "numpy_ann" in taken.scripts
    assert "pytorch_cnn.ipynb" in taken.problems or not taken.scripts["pytorch_cnn"].strip()


def takes_memory() -> record.Submission:
    return record.Submission(str(len(bytearray(2 * LITTLE))), {}, {}, {})


def takes_time() -> record.Submission:
    while True:
        pass


def waits() -> record.Submission:
    time.sleep(60)
    return EMPTY


@pytest.mark.usefixtures("limited")
@pytest.mark.parametrize("reader", [takes_memory, takes_time, waits])
def test_whatever_takes_too_much_is_ended(
    monkeypatch: pytest.MonkeyPatch, reader: bounds.Reader
) -> None:
    monkeypatch.setattr(bounds, "SECONDS", 1)
    monkeypatch.setattr(bounds, "TIMEOUT", 10.0 if reader is takes_time else 2.0)
    begun = time.monotonic()
    with pytest.raises(SubmissionError, match=rf"ada\.zip {bounds.OVER}"):
        bounds.bounded_reading("ada.zip", reader)
    assert time.monotonic() - begun < 30


@pytest.mark.usefixtures("limited")
@pytest.mark.parametrize("reader", sampled([takes_memory, waits, os.abort, takes_time], every=2))
def test_one_that_takes_too_much_costs_no_other(
    monkeypatch: pytest.MonkeyPatch, reader: bounds.Reader
) -> None:
    monkeypatch.setattr(bounds, "SECONDS", 1)
    monkeypatch.setattr(bounds, "TIMEOUT", 10.0 if reader is takes_time else 2.0)
    monkeypatch.setattr(bounds, "GROUP", 3)
    names = ["ada", "bob", "cat", "dan", "eve"]
    for place in (0, 2, 4):
        readers: list[bounds.Reader] = [
            partial(record.Submission, name, {}, {}, {}) for name in names
        ]
        readers[place] = reader
        found = list(bounds.bounded_readings(zip(names, readers, strict=True)))
        assert f"{names[place]} {bounds.OVER}" in str(found.pop(place))
        assert [one.name for one in found if isinstance(one, record.Submission)] == [
            name for name in names if name != names[place]
        ]


def test_what_one_cannot_read_does_not_depend_on_those_before_it() -> None:
    before: list[str] = []

    def read(name: str) -> record.Submission:
        if before:
            raise SubmissionError("not alone")
        before.append(name)
        return record.Submission(name, {}, {}, {})

    found = list(bounds.bounded_readings((name, partial(read, name)) for name in "abcd"))
    assert found == [record.Submission(name, {}, {}, {}) for name in "abcd"]


def test_a_reading_comes_back_whole() -> None:
    whole = record.Submission(
        "ada", {"numpy_ann": b"\xff\0"}, {"pytorch_ann": b"\x89PNG"}, {"a": "b"}, {"c": "d"},
        {"e": "f"}, ("note",), "all.ipynb",
    )  # fmt: skip
    assert bounds.bounded_reading("ada", lambda: whole) == whole
    assert list(bounds.bounded_readings([("ada", lambda: whole)] * 3)) == [whole] * 3


@pytest.mark.usefixtures("limited")
@pytest.mark.exhaustive
def test_the_rest_of_a_class_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "class"
    for student, bomb in (
        ("bob", "a zip's entry packed by LZMA"),
        ("cat", "a million entries in a zip"),
        ("dan", "a tar's global header"),
        ("eve", "a folder of 200,000 files"),
    ):
        (tmp_path / student).mkdir()
        built = bombs.READ[bomb][0](tmp_path / student)
        (folder / student).mkdir(parents=True)
        built.rename(folder / student / built.name)
    (folder / "ada").mkdir()
    (folder / "ada" / "numpy_ann.py").write_text(script_with("numpy_ann", {}))
    read, refused = [], []
    with entries(folder) as found:
        for entry, submission in zip(found, opened(found), strict=True):
            into = refused if isinstance(submission, SubmissionError) else read
            into.append(entry.students[0].id)
    assert (read, refused) == (["ada"], ["bob", "cat", "dan", "eve"])


@pytest.mark.parametrize("bomb", bombs.PICTURES)
def test_a_bomb_of_a_picture_is_refused(bomb: str) -> None:
    build, kind = bombs.PICTURES[bomb]
    with pytest.raises(StudentFault) as caught:
        read_plot("plot.png", build())
    assert caught.value.kind == kind


def test_a_large_picture_takes_little_memory() -> None:
    content = bombs.with_chunks([], (6000, 3900), "RGBA")

    def read() -> record.Submission:
        return record.Submission(str(read_plot("plot.png", content)[0].shape), {}, {}, {})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bounds, "MEMORY", 400_000_000)
        assert bounds.bounded_reading("plot.png", read).name == "(1300, 2000, 3)"
