"""A class is read as each platform hands it out: every student found, with the right name and the right files."""

import io
import zipfile
from pathlib import Path

import pytest

from grader.classroom.intake import Entry, entries
from grader.errors import CannotGrade, SubmissionError
from tests.support import write_submission

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


@both
def test_a_folder_an_archive_or_loose_files_for_each_student(tmp_path: Path, form: str) -> None:
    path = lay_out(tmp_path, {
        "ada/numpy_ann.py": PY, "ada/pytorch_ann.py": ANN, "bob.zip": zipped({"work/numpy_ann.py": PY, "work/pytorch_ann.py": ANN}),
        "eve_numpy_ann.py": PY, "eve_pytorch_ann.py": ANN, ".DS_Store": b"", "__MACOSX/ada/._numpy_ann.py": b"", "grades.xlsx": b"",
    }, form)  # fmt: skip
    assert read(path) == {"ada <ada>": WHOLE, "bob <bob>": WHOLE, "eve <eve>": WHOLE}


@both
def test_moodles_folders(tmp_path: Path, form: str) -> None:
    path = lay_out(tmp_path, {
        "Ada Lovelace_1234567_assignsubmission_file/numpy_ann.py": PY,
        "Ada Lovelace_1234567_assignsubmission_file/pytorch_ann.py": ANN,
        "Jean_Luc O'Neill_7654321_assignsubmission_file_/my work.ZIP": zipped({"a/b/numpy_ann.py": PY, "a/b/pytorch_ann.py": ANN}),
    }, form)  # fmt: skip
    assert read(path) == {"Ada Lovelace <1234567>": WHOLE, "Jean_Luc O'Neill <7654321>": WHOLE}


@both
def test_moodles_files_in_one_place(tmp_path: Path, form: str) -> None:
    path = lay_out(tmp_path, {
        "Ada Lovelace_1234567_assignsubmission_file_numpy_ann.py": PY,
        "Ada Lovelace_1234567_assignsubmission_file_pytorch_ann.py": ANN,
        "Bob_7654321_assignsubmission_file_work.tgz": b"not gzip",
    }, form)  # fmt: skip
    found = read(path)
    assert found["Ada Lovelace <1234567>"] == WHOLE
    assert "work.tgz cannot be read" in str(found["Bob <7654321>"])


@both
def test_canvas_names_lateness_and_numbered_copies(tmp_path: Path, form: str) -> None:
    path = lay_out(tmp_path, {
        "lovelaceada_1234_900001_numpy_ann.py": b"old", "lovelaceada_1234_900002_numpy_ann-1.py": b"older",
        "lovelaceada_1234_900003_numpy_ann-12.py": PY, "lovelaceada_1234_900004_pytorch_ann.py": ANN,
        "turingalan_LATE_99_900005_numpy_ann.py": PY, "turingalan_LATE_99_900006_pytorch_ann.py": ANN,
        "hoppergrace_77_900007_assignment-2.zip": zipped({"numpy_ann.py": PY, "pytorch_ann.py": ANN}),
    }, form)  # fmt: skip
    assert read(path) == {"lovelaceada <1234>": WHOLE, "turingalan <99>": WHOLE, "hoppergrace <77>": WHOLE}


METADATA = b"""---
submission_101:
  :submitters:
  - :name: Ada Lovelace
    :sid: '0042'
    :email: ada@school.example
  :created_at: 2026-11-18 20:15:01.000000000 Z
  :score: 0.0
submission_102:
  :submitters:
  - :name: Bob
    :sid:
    :email: bob@school.example
  - :name: Eve
    :sid: e1
    :email: eve@school.example
submission_103:
  :submitters:
  - :name: Gone
    :sid: g
"""


@both
def test_gradescopes_export_with_a_group_and_a_missing_folder(tmp_path: Path, form: str) -> None:
    path = lay_out(tmp_path, {
        "assignment_7_export/submission_metadata.yml": METADATA,
        "assignment_7_export/submission_101/numpy_ann.py": PY, "assignment_7_export/submission_101/pytorch_ann.py": ANN,
        "assignment_7_export/submission_102/src/numpy_ann.py": PY, "assignment_7_export/submission_102/src/pytorch_ann.py": ANN,
    }, form)  # fmt: skip
    found = read(path)
    assert found["Ada Lovelace <0042>"] == found["Bob <bob@school.example> + Eve <e1>"] == WHOLE
    assert "its folder is missing" in str(found["Gone <g>"])


def test_a_list_that_is_no_list_is_one_line(tmp_path: Path) -> None:
    path = lay_out(tmp_path, {"submission_metadata.yml": b"[1, 2", "submission_1/numpy_ann.py": PY}, "folder")
    with (
        pytest.raises(CannotGrade, match=r"submission_metadata\.yml cannot be read .* expected Gradescope's list"),
        entries(path),
    ):
        pass


@pytest.mark.parametrize(("files", "problem"), [
    ({"ada/numpy_ann.py": PY, "ada.zip": b""}, "ada is there more than once (ada.zip, ada/)"),
    ({"ada/a.zip": b"", "ada/b.zip": b""}, "holds several archives (a.zip, b.zip)"),
    ({"ada/notes.txt": b""}, "holds none of the checklist's files"),
    ({"ada/v1/numpy_ann.py": PY, "ada/v2/numpy_ann.py": PY}, "in more than one place (v1/, v2/)"),
    ({"ada.zip": b"PK"}, "ada.zip cannot be read"),
])  # fmt: skip
def test_one_bad_submission_hurts_no_other(tmp_path: Path, files: dict[str, bytes], problem: str) -> None:
    found = read(lay_out(tmp_path, {**files, "bob/numpy_ann.py": PY, "bob/pytorch_ann.py": ANN}, "folder"))
    assert problem in str(found["ada <ada>"])
    assert found["bob <bob>"] == WHOLE


@both
def test_one_folder_around_a_class_is_not_taken_for_a_student(tmp_path: Path, form: str) -> None:
    inside = {"hand-ins/ada/numpy_ann.py": PY, "hand-ins/bob/numpy_ann.py": PY, "hand-ins/readme.txt": b""}
    assert list(read(lay_out(tmp_path, inside, form))) == ["ada <ada>", "bob <bob>"]


def test_a_class_of_one_keeps_the_students_name(tmp_path: Path) -> None:
    assert list(read(lay_out(tmp_path, {"ada/work/numpy_ann.py": PY, "ada/work/data/x.gz": b""}, "folder"))) == [
        "ada <ada>"
    ]


def test_who_could_not_be_fetched_is_named_and_not_marked(tmp_path: Path) -> None:
    path = lay_out(
        tmp_path, {"ada/numpy_ann.py": PY, "cy.problem": b"git fetch: not found\n::error::\x1b[2J"}, "folder"
    )
    with entries(path) as found:
        assert [(entry.students[0].id, entry.is_missing) for entry in found] == [("ada", False), ("cy", True)]
    assert read(path)["cy <cy>"] == "not fetched: git fetch: not found ::error::�[2J"


def test_an_empty_folder_is_a_student_who_handed_in_nothing(tmp_path: Path) -> None:
    (tmp_path / "class" / "ada").mkdir(parents=True)
    assert "holds none of the checklist's files" in str(read(tmp_path / "class")["ada <ada>"])


def test_links_out_of_a_submission_are_not_followed(tmp_path: Path) -> None:
    write_submission(tmp_path / "elsewhere")
    (tmp_path / "class" / "ada").mkdir(parents=True)
    (tmp_path / "class" / "ada" / "numpy_ann.py").symlink_to(tmp_path / "elsewhere" / "numpy_ann.py")
    (tmp_path / "class" / "eve").symlink_to(tmp_path / "elsewhere")
    assert list(read(tmp_path / "class")) == ["ada <ada>"]
    assert "holds none" in str(read(tmp_path / "class")["ada <ada>"])


@pytest.mark.parametrize(("name", "content", "message"), [
    ("none", None, "does not exist"), ("class.zip", b"PK", "cannot be read"), ("class.rar", b"", "is neither a folder"),
    ("class.zip", zipped({}), "holds no submission"),
])  # fmt: skip
def test_what_is_no_class_is_one_line(tmp_path: Path, name: str, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(CannotGrade, match=message), entries(tmp_path / name):
        pass
