"""A damaged, empty or unreadable submission is named, and costs no other student anything."""

import io
import os
import zipfile
from pathlib import Path
from typing import Any

import pytest

from grader.classroom.intake import entries
from grader.errors import CannotGrade
from tests.classroom.folders import ANN, PY, WHOLE, both, lay_out, read, zipped
from tests.support import write_submission


def test_a_list_that_is_no_list_is_one_line(tmp_path: Path) -> None:
    path = lay_out(
        tmp_path, {"submission_metadata.yml": b"[1, 2", "submission_1/numpy_ann.py": PY}, "folder"
    )
    with (
        pytest.raises(
            CannotGrade,
            match=r"submission_metadata\.yml cannot be read .* expected Gradescope's list",
        ),
        entries(path),
    ):
        pass


@pytest.mark.parametrize(("files", "problem"), [
    ({"ada/numpy_ann.py": PY, "ada.zip": b""}, "ada occurs more than once (ada.zip, ada/)"),
    ({"ada/a.zip": b"", "ada/b.zip": b""}, "holds several archives (a.zip, b.zip)"),
    ({"ada/notes.txt": b""}, "holds none of the checklist's files"),
    ({"ada/v1/numpy_ann.py": PY, "ada/v2/numpy_ann.py": PY}, "in more than one place (v1/, v2/)"),
    ({"ada.zip": b"PK"}, "ada.zip cannot be read"),
])  # fmt: skip
def test_one_bad_submission_hurts_no_other(
    tmp_path: Path, files: dict[str, bytes], problem: str
) -> None:
    found = read(
        lay_out(tmp_path, {**files, "bob/numpy_ann.py": PY, "bob/pytorch_ann.py": ANN}, "folder")
    )
    assert problem in str(found["ada <ada>"])
    assert found["bob <bob>"] == WHOLE


def test_a_submission_not_fetched_is_reported_and_not_marked(tmp_path: Path) -> None:
    path = lay_out(
        tmp_path,
        {"ada/numpy_ann.py": PY, "cy.problem": b"git fetch: not found\n::error::\x1b[2J"},
        "folder",
    )
    with entries(path) as found:
        assert [(entry.students[0].id, entry.is_missing) for entry in found] == [
            ("ada", False),
            ("cy", True),
        ]
    assert read(path)["cy <cy>"] == "not fetched: git fetch: not found ::error::�[2J"


def test_an_empty_folder_is_a_student_without_files(tmp_path: Path) -> None:
    (tmp_path / "class" / "ada").mkdir(parents=True)
    assert "holds none of the checklist's files" in str(read(tmp_path / "class")["ada <ada>"])


def test_a_report_is_no_submission(tmp_path: Path) -> None:
    own = {"adam/numpy_ann.py": PY, "adam/manifest.json": b'{"files": ["a.html"]}'}
    nested = {"eve/numpy_ann.py": PY, "eve/manifest.json": b"[" * 100_000}
    path = lay_out(tmp_path, {**own, **nested}, "folder")
    manifest = b'{"files": ["students/ada-0.html", "results/ada-0.json"]}'
    report = {"students/ada-0.html": b"", "results/ada-0.json": b"", "manifest.json": manifest}
    lay_out(tmp_path, {f"report/{name}": content for name, content in report.items()}, "folder")
    assert read(path) == {"adam <adam>": {"numpy_ann": PY}, "eve <eve>": {"numpy_ann": PY}}
    with pytest.raises(CannotGrade, match="holds a report"), entries(path / "report"):
        pass
    lay_out(tmp_path, report, "folder")
    with pytest.raises(CannotGrade, match="move the files of the report away"), entries(path):
        pass


def test_links_out_of_a_submission_are_not_followed(tmp_path: Path) -> None:
    write_submission(tmp_path / "elsewhere")
    (tmp_path / "class" / "ada").mkdir(parents=True)
    (tmp_path / "class" / "ada" / "numpy_ann.py").symlink_to(
        tmp_path / "elsewhere" / "numpy_ann.py"
    )
    (tmp_path / "class" / "eve").symlink_to(tmp_path / "elsewhere")
    found = read(tmp_path / "class")
    assert "holds none" in str(found.pop("ada <ada>"))
    assert list(found) == ["eve <eve>"]
    assert "eve is a link or a device, which is never opened" in str(found["eve <eve>"])


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("none", None, "does not exist"),
        ("class.zip", b"PK", "cannot be read"),
        ("class.rar", b"", "is neither a folder"),
        ("class.zip", zipped({}), "holds no submission"),
    ],
)
def test_a_path_without_a_class_is_one_line(
    tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(CannotGrade, match=message), entries(tmp_path / name):
        pass


@both
def test_every_student_is_kept(tmp_path: Path, form: str) -> None:
    files = {
        "ada/__MACOSX/numpy_ann.py": PY,
        "bob/._x": b"",
        "cat.rar": b"",
        "dan/x.7z": b"",
        "eve/numpy_ann.py": PY,
    }
    path = lay_out(tmp_path, files, form)
    found = read(path)
    assert found.pop("eve <eve>") == {"numpy_ann": PY}
    assert [str(problem)[:17] for _, problem in sorted(found.items())] == [
        "ada/ holds none o",
        "bob/ holds none o",
        "cat.rar cannot be",
        "dan/ holds x.7z, ",
    ]


def test_an_empty_folder_in_a_zip_is_a_student_too(tmp_path: Path) -> None:
    found = read(
        lay_out(tmp_path, {"ada/": b"", "bob/": b"", "bob/numpy_ann.py": PY, ".": b""}, "zip")
    )
    assert found.pop("bob <bob>") == {"numpy_ann": PY}
    assert "holds none" in str(found["ada <ada>"])


def test_an_unreadable_folder_affects_only_its_student(tmp_path: Path) -> None:
    path = lay_out(tmp_path, {"bob/numpy_ann.py": PY}, "folder")
    (path / "ada" / "/".join("a" * 150)).mkdir(parents=True)
    (path / "bad").mkdir()
    (path / os.fsdecode(b"J\xe9")).mkdir()
    found = read(path)
    assert found["bob <bob>"] == {"numpy_ann": PY}
    assert "folders nested more than 100 deep" in str(found["ada <ada>"])
    assert "holds none" in str(found["J\u00e9 <J\u00e9>"])  # can be kept, written and shown


def test_an_unreadable_file_affects_only_its_student(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = lay_out(tmp_path, {"ada/numpy_ann.py": PY, "bob/numpy_ann.py": PY}, "folder")
    real = os.open

    def refuse(name: str, *options: Any, **more: Any) -> int:
        if "/ada/" in str(name):
            raise PermissionError(13, "Permission denied", str(name))
        return real(name, *options, **more)

    monkeypatch.setattr(os, "open", refuse)
    found = read(path)
    assert "ada/ cannot be read (Permission denied" in str(found["ada <ada>"])
    assert found["bob <bob>"] == {"numpy_ann": PY}


def test_an_archive_with_a_password_says_so(tmp_path: Path) -> None:
    locked = bytearray(zipped({"numpy_ann.py": PY}))
    locked[6] |= 1
    locked[locked.index(b"PK\1\2") + 8] |= 1
    found = read(lay_out(tmp_path, {"ada.zip": bytes(locked), "bob/numpy_ann.py": PY}, "folder"))
    assert found == {
        "ada <ada>": "the archive asks for a password ('numpy_ann.py'), expected one without",
        "bob <bob>": {"numpy_ann": PY},
    }


def test_damage_in_a_platforms_zip_affects_only_its_student(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ada/numpy_ann.py", PY * 100)
        archive.writestr("bob/numpy_ann.py", PY)
    content = bytearray(stream.getvalue())
    content[30 + len("ada/numpy_ann.py")] = 0xFF  # the first byte that is packed
    (tmp_path / "class.zip").write_bytes(content)
    found = read(tmp_path / "class.zip")
    assert "cannot be unpacked" in str(found["ada <ada>"])
    assert found["bob <bob>"] == {"numpy_ann": PY}
    (tmp_path / "class.zip").write_bytes(
        zipped({"ad\u00e9/x": b""}).replace("\u00e9".encode(), b"\xff\xfe")
    )
    with pytest.raises(CannotGrade, match="expected a whole zip"), entries(tmp_path / "class.zip"):
        pass
