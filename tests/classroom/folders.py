"""Class folders and zips with given files, and what intake reads from them."""

import io
import zipfile
from pathlib import Path

import pytest

from grader.classroom.intake import Entry, entries
from grader.errors import SubmissionError

PY, ANN, CNN = b"x = 1\n", b"y = 2\n", b"z = 3\n"


def zipped(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def lay_out(tmp_path: Path, files: dict[str, bytes], form: str) -> Path:
    """The files as a folder, or as a zip."""
    if form == "zip":
        (tmp_path / "class.zip").write_bytes(zipped(files))
        return tmp_path / "class.zip"
    for name, content in files.items():
        (tmp_path / "class" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "class" / name).write_bytes(content)
    return tmp_path / "class"


def read(path: Path) -> dict[str, dict[str, bytes] | str]:
    """What each student handed in: the scripts, or what is wrong."""
    found: dict[str, dict[str, bytes] | str] = {}
    with entries(path) as all_entries:
        for entry in all_entries:
            key = " + ".join(f"{student.name} <{student.id}>" for student in entry.students)
            found[key] = opened(entry)
    return found


def opened(entry: Entry) -> dict[str, bytes] | str:
    try:
        return entry.open().scripts
    except SubmissionError as error:
        return str(error)


both = pytest.mark.parametrize("form", ["folder", "zip"])
WHOLE = {"numpy_ann": PY, "pytorch_ann": ANN}
