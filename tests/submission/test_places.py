"""Where in a submission the five files are, with whatever else lies beside them."""

import shutil
import zipfile
from pathlib import Path

import pytest

from grader.errors import SubmissionError
from grader.submission.reading import open_submission
from tests.submission.support import tarred, zipped

PLOT = "pytorch_ann_train_val_metrics.png"


def fewer(folder: Path, target: Path, *left_out: str) -> None:
    shutil.copytree(folder, target)
    for name in left_out:
        (target / name).unlink()


def test_a_place_wins_over_those_with_fewer(folder: Path) -> None:
    relu = (folder / "numpy_ann.py").read_bytes()
    fewer(folder, folder / "old", PLOT)
    (folder / "old" / "numpy_ann.py").write_text("x = 1")
    taken = open_submission(folder)
    assert taken.scripts["numpy_ann"] == relu
    assert taken.notes == ("The files were read from the top, not from old/, which has fewer.",)


def test_a_place_below_wins_if_it_holds_more(folder: Path, tmp_path: Path) -> None:
    both = tmp_path / "both"
    fewer(folder, both / "draft", PLOT)
    shutil.copytree(folder, both / "draft" / "final")
    assert "read from draft/final/, not from draft/" in open_submission(both).notes[0]


def test_equals_are_refused_by_name(folder: Path, tmp_path: Path) -> None:
    both = tmp_path / "both"
    fewer(folder, both / "a", PLOT)
    fewer(folder, both / "b", "numpy_ann.py")
    with pytest.raises(SubmissionError, match=r"more than one place \(a/, b/\)"):
        open_submission(both)


def test_a_full_folder_is_read(folder: Path) -> None:
    """30 MB, 300 small files, environments and caches with links, and an older copy."""
    (folder / "data.bin").write_bytes(bytes(30_000_000))
    fewer(folder, folder / "old", PLOT, "data.bin")
    for number in range(300):
        (folder / f"note-{number}.txt").write_text("x")
    for cache in (".venv", ".git", ".mypy_cache", "__pycache__", ".ipynb_checkpoints"):
        fewer(folder, folder / cache, "data.bin")
    environment = folder / "my-environment"
    (environment / "lib").mkdir(parents=True)
    (environment / "pyvenv.cfg").touch()
    (environment / "lib64").symlink_to("lib")
    for number in range(11_000):
        (environment / "lib" / f"{number}.py").touch()
    (environment / "lib" / "numpy_ann.py").touch()
    assert open_submission(folder).missing == []


@pytest.mark.parametrize("name", [".venv", "env"])
def test_an_environment_in_an_archive_does_not_count(
    folder: Path, tmp_path: Path, name: str
) -> None:
    archive = zipped(folder, tmp_path / "work.zip")
    with zipfile.ZipFile(archive, "a") as stream:
        link = zipfile.ZipInfo(f"{name}/lib64")
        link.external_attr = 0o120777 << 16
        stream.writestr(link, "lib")
        stream.writestr(f"{name}/pyvenv.cfg", "")
        stream.writestr(f"{name}/numpy_ann.py", "x = 1")
        for number in range(10_100):
            stream.writestr(f"{name}/{number}.py", "")
    assert open_submission(archive).missing == []


@pytest.mark.parametrize("outer", [zipped, tarred])
@pytest.mark.parametrize("inner", ["work.zip", "work.tgz"])
def test_an_archive_inside_an_archive_is_opened(
    folder: Path, tmp_path: Path, outer: object, inner: str
) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (zipped if inner.endswith("zip") else tarred)(folder, inside / inner, "ada/")
    with zipfile.ZipFile(inside / "other.zip", "w") as stream:
        stream.writestr("notes.txt", "none of the five")
    end = "outer.zip" if outer is zipped else "outer.tgz"
    assert open_submission(outer(inside, tmp_path / end)).missing == []  # type: ignore[operator]
    assert open_submission(inside).missing == []


def test_files_beside_an_archive_count_before_it(folder: Path) -> None:
    zipped(folder, folder.parent / "submission.zip")
    shutil.move(folder.parent / "submission.zip", folder)
    (folder / "numpy_ann.py").write_text("x = 1\n")
    assert open_submission(folder).scripts["numpy_ann"] == b"x = 1\n"


def test_two_archives_with_the_files_are_refused_by_name(folder: Path, tmp_path: Path) -> None:
    both = tmp_path / "both"
    both.mkdir()
    for name in ("a.zip", "b.zip"):
        zipped(folder, both / name)
    with pytest.raises(SubmissionError, match=r"several archives \(a\.zip, b\.zip\)"):
        open_submission(both)


def test_an_archive_three_deep_is_not_opened(folder: Path, tmp_path: Path) -> None:
    work = zipped(folder, tmp_path / "0.zip")
    for depth in range(1, 4):
        with zipfile.ZipFile(tmp_path / f"{depth}.zip", "w") as stream:
            stream.write(work, work.name)
        work = tmp_path / f"{depth}.zip"
    assert open_submission(tmp_path / "1.zip").missing == []
    with pytest.raises(SubmissionError, match=r"none of the checklist's.*found: 1\.zip"):
        open_submission(work)
