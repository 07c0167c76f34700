"""A plain folder: nothing that a student may have handed in vanishes without a word."""

import json
from pathlib import Path

import pytest

from grader.classroom.intake import entries
from grader.errors import CannotGrade
from tests.classroom.folders import PY, both, lay_out, read, zipped
from tests.classroom.test_intake import METADATA, MOODLE

BOOK = json.dumps({
    "nbformat": 4, "nbformat_minor": 5, "metadata": {},
    "cells": [{"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None,
               "source": "import numpy as np\n\ndef relu(z):\n    return np.maximum(z, 0)\n"}],
}).encode()  # fmt: skip
STRAYS = ["jan.py", "emil.pdf", "hugo.gz", "ida.zip.part", "numpy_ann.py", "kim.ipynb.txt"]
BESIDE = ["roster.csv", "grades.xlsx", "grades.db", "grades.db-wal", "grades.db.lock",
          "course.toml", "readme.txt", ".hidden", ".DS_Store", "Thumbs.db"]  # fmt: skip


def missing(path: Path) -> list[str]:
    """The ids of entries that are not marked, since nobody's."""
    with entries(path) as found:
        return [entry.students[0].id for entry in found if entry.is_missing]


@both
def test_files_that_name_no_student_are_listed(tmp_path: Path, form: str) -> None:
    files = {"ada/numpy_ann.py": PY, "bob.zip": zipped({"numpy_ann.py": PY})}
    path = lay_out(tmp_path, files | dict.fromkeys([*STRAYS, *BESIDE], b"x"), form)
    found = read(path)
    assert found.pop("ada <ada>") == found.pop("bob <bob>") == {"numpy_ann": PY}
    assert set(found) == {f"{name} <{name}>" for name in STRAYS}
    assert all("nor named like ada_numpy_ann.py" in str(problem) for problem in found.values())
    assert missing(path) == sorted(STRAYS)  # no mark, and no attempt


@both
def test_a_notebook_is_the_submission_of_its_name(tmp_path: Path, form: str) -> None:
    path = lay_out(tmp_path, {"carl.ipynb": BOOK, "Ida B.IPYNB": BOOK}, form)
    found = read(path)
    assert set(found) == {"carl <carl>", "Ida B <Ida B>"}
    assert all("def relu" in str(scripts) for scripts in found.values())
    with entries(path) as listed:
        assert all(entry.handed_in.at for entry in listed)


@pytest.mark.parametrize("download", [
    {f"Ada_1{MOODLE}/numpy_ann.py": PY},
    {"adal_1_90_numpy_ann.py": PY, "bob_2_91_numpy_ann.py": PY},
    {"submission_metadata.yml": METADATA, "submission_101/numpy_ann.py": PY},
])  # fmt: skip
def test_files_beside_a_platforms_are_listed_too(
    tmp_path: Path, download: dict[str, bytes]
) -> None:
    path = lay_out(tmp_path, download | dict.fromkeys(["jan.py", *BESIDE], b"x"), "folder")
    (path / "eve").symlink_to(tmp_path)
    assert {"jan.py", "eve"} <= set(missing(path))
    assert not set(BESIDE) & set(missing(path))


@both
@pytest.mark.parametrize("one", [
    {"code/numpy_ann.py": PY, "README.md": b""},
    {"code/numpy_ann.py": PY, "plots/pytorch_ann_train_val_metrics.png": b""},
    {"code/numpy_ann.py": PY, "jan.py": PY, "help/tools.py": PY},
    {"my_numpy_ann.py": PY, "my_pytorch_ann.py": PY},
])  # fmt: skip
def test_a_single_student_is_no_folder_around_a_class(
    tmp_path: Path, form: str, one: dict[str, bytes]
) -> None:
    files = {f"ada/{name}": content for name, content in one.items()}
    assert list(read(lay_out(tmp_path, files, form))) == ["ada <ada>"]


@both
def test_two_students_in_one_folder_are_a_class(tmp_path: Path, form: str) -> None:
    files = {
        "all/ada.zip": zipped({"numpy_ann.py": PY}), "all/carl.ipynb": BOOK, "all/eve/notes.txt": b"",
        "all/jan.py": PY, "all/roster.csv": b"",
    }  # fmt: skip
    assert list(read(lay_out(tmp_path, files, form))) == [
        "ada <ada>", "carl <carl>", "eve <eve>", "jan.py <jan.py>"
    ]  # fmt: skip


def test_links_in_the_only_submission_are_none(tmp_path: Path) -> None:
    path = lay_out(tmp_path, {"ada/numpy_ann.py": PY}, "folder")
    (path / "ada" / "data").symlink_to(tmp_path)
    assert read(path) == {"ada <ada>": {"numpy_ann": PY}}


def test_a_folder_of_nobodys_files_is_one_line(tmp_path: Path) -> None:
    path = lay_out(tmp_path, {"numpy_ann.py": PY, "readme.txt": b""}, "folder")
    (path / "eve").symlink_to(tmp_path)
    with pytest.raises(CannotGrade, match=r"notebook for each .*numpy_ann.* and 1 more"):
        read(path)
