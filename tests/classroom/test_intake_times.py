"""When a submission was handed in is read from each format, with how it is known."""

import io
import json
import os
import struct
import zipfile
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from grader.classroom.intake import Entry, entries
from grader.classroom.people import HandedIn
from grader.classroom.times import iso_time, time_in_words
from tests.classroom.folders import PY, lay_out, opened
from tests.classroom.test_intake import METADATA

BERLIN = ZoneInfo("Europe/Berlin")
both = pytest.mark.parametrize("form", ["folder", "zip"])


def by_id(path: Path, **known: object) -> dict[str, Entry]:
    with entries(path, **known) as found:  # type: ignore[arg-type]
        return {entry.students[0].id: entry for entry in found}


def contents(path: Path, **known: object) -> dict[str, dict[str, bytes] | str]:
    """The scripts of each entry by its first student's id, or what is wrong."""
    with entries(path, **known) as found:  # type: ignore[arg-type]
        return {entry.students[0].id: opened(entry) for entry in found}


@both
def test_canvas_marks_lateness_in_the_names(tmp_path: Path, form: str) -> None:
    files = {
        "lovelaceada_LATE_1_90_numpy_ann.py": PY,
        "lovelaceada_LATE_1_91_plot.png": b"",
        "bobb_2_92_numpy_ann.py": PY,
        "LATE_anon_AbC12_93_numpy_ann.py": PY,
    }
    found = by_id(lay_out(tmp_path, files, form))
    assert {key: entry.handed_in.is_late for key, entry in found.items()} == {
        "1": True, "2": False, "anon_AbC12": True
    }  # fmt: skip
    assert all(one.handed_in.at is None and one.handed_in.source for one in found.values())
    origin = found["1"].origin
    assert (origin.platform, origin.place) == ("canvas", "lovelaceada_LATE_1")
    assert set(origin.files) == {
        "lovelaceada_LATE_1_90_numpy_ann.py",
        "lovelaceada_LATE_1_91_plot.png",
    }


@both
def test_gradescope_lists_time_and_address(tmp_path: Path, form: str) -> None:
    files = {
        "export/submission_metadata.yml": METADATA,
        "export/submission_101/numpy_ann.py": PY,
        "export/submission_102/a/numpy_ann.py": PY,
    }
    found = by_id(lay_out(tmp_path, files, form))
    at = datetime(2026, 11, 18, 20, 15, 1, tzinfo=UTC)
    assert found["0042"].handed_in == HandedIn(at, None, "Gradescope's submission metadata")
    assert found["0042"].students[0].email == "ada@school.example"
    assert found["0042"].origin.files == ("submission_101/numpy_ann.py",)
    assert found["bob@school.example"].handed_in == HandedIn()


def test_a_folder_has_the_newest_time_of_the_checklists_files(tmp_path: Path) -> None:
    path = lay_out(
        tmp_path,
        {"ada/numpy_ann.py": PY, "ada/Pytorch_ANN (1).py": PY, "ada/notes.txt": b"",
         "bob.zip": b"", "eve_numpy_ann.py": PY},
        "folder",
    )  # fmt: skip
    for name, seconds in {
        "ada/numpy_ann.py": 1_800_000_000, "ada/Pytorch_ANN (1).py": 1_800_000_100,
        "ada/notes.txt": 1_900_000_000, "bob.zip": 1_800_000_200, "eve_numpy_ann.py": 0,
    }.items():  # fmt: skip
        os.utime(path / name, (seconds, seconds))
    found = by_id(path)
    assert found["ada"].handed_in == HandedIn(
        datetime.fromtimestamp(1_800_000_100, UTC), None, "file times, which a student can set"
    )
    assert found["bob"].handed_in.at == datetime.fromtimestamp(1_800_000_200, UTC)
    assert found["eve"].handed_in == HandedIn()  # 1970 is no time


def test_a_zips_times_are_read_in_the_courses_zone(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(zipfile.ZipInfo("ada/numpy_ann.py", (2026, 7, 1, 23, 30, 0)), PY)
        exact = zipfile.ZipInfo("bob/numpy_ann.py", (2026, 7, 1, 23, 30, 0))
        exact.extra = struct.pack("<HHBi", 0x5455, 5, 1, 1_800_000_000)
        archive.writestr(exact, PY)
        broken = zipfile.ZipInfo("eve/numpy_ann.py", (1980, 0, 0, 0, 0, 0))
        broken.extra = struct.pack("<HHB", 0x5455, 1, 1)
        archive.writestr(broken, PY)
    (tmp_path / "class.zip").write_bytes(stream.getvalue())
    found = by_id(tmp_path / "class.zip", zone=BERLIN)
    ada = found["ada"].handed_in
    assert ada.at == datetime(2026, 7, 1, 21, 30, tzinfo=UTC)
    assert ada.source == "file times, which a student can set, read as Europe/Berlin"
    assert found["bob"].handed_in.at == datetime.fromtimestamp(1_800_000_000, UTC)
    assert found["eve"].handed_in.at is None


def test_what_fetch_noted_is_the_time(tmp_path: Path) -> None:
    note = {"at": "2026-11-20T20:00:00+00:00", "source": "GitHub's push times", "commit": "abc"}
    files = {
        "ada/numpy_ann.py": PY, "ada.handed_in": json.dumps(note).encode(),
        "bob/numpy_ann.py": PY, "bob.handed_in": b"[1]", "roster.csv": b"",
    }  # fmt: skip
    found = by_id(lay_out(tmp_path, files, "folder"))
    at = datetime(2026, 11, 20, 20, tzinfo=UTC)
    assert found["ada"].handed_in == HandedIn(at, None, "GitHub's push times")
    assert found["ada"].origin.commit == "abc"
    assert found["bob"].handed_in == HandedIn()
    assert found["bob"].remarks == ["bob.handed_in cannot be read, so its time is not known"]
    assert set(found) == {"ada", "bob"}


@pytest.mark.parametrize(("text", "expected"), [
    ("Monday, 1 January 2024, 10:05 AM", (2024, 1, 1, 10, 5)),
    ("Monday, January 1, 2024, 12:05 AM", (2024, 1, 1, 0, 5)),
    ("Friday, 20 November 2026, 23:59", (2026, 11, 20, 23, 59)),
    ("Nov 26, 2025 933 PM", (2025, 11, 26, 21, 33)),
    ("Sept 1, 2025 1200 PM", (2025, 9, 1, 12, 0)),
    ("Montag, 1. Januar 2024, 10:05", None),
    ("31 February 2024, 10:05", None),
    ("1 January 2024, 13:05 PM", None),
    ("Ma 1, 2024 933 PM", None),
])  # fmt: skip
def test_times_in_words(text: str, expected: tuple[int, ...] | None) -> None:
    found = time_in_words(text)
    assert found == (datetime(*expected) if expected else None)  # type: ignore[arg-type]


@pytest.mark.parametrize(("text", "expected"), [
    ("2026-11-18 20:15:01.000000000 Z", datetime(2026, 11, 18, 20, 15, 1, tzinfo=UTC)),
    ("2018-07-01T14:22:32.365935-07:00",
     datetime(2018, 7, 1, 14, 22, 32, tzinfo=timezone(-timedelta(hours=7)))),
    ("2026-07-01 12:00:00", datetime(2026, 7, 1, 10, tzinfo=UTC)),
    ("2026-13-01 12:00:00", None),
    ("yesterday", None),
])  # fmt: skip
def test_times_in_iso_format(text: str, expected: datetime | None) -> None:
    assert iso_time(text, BERLIN) == expected
