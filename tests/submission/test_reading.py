"""Every accepted form of a submission gives the same files."""

import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from assignment.size_limits import MAX_SCRIPT
from grader.errors import SubmissionError
from grader.handout.notebooks import notebook
from grader.handout.stubs import reference_source, solved
from grader.submission.reading import CHECKLIST, open_submission
from tests.submission.support import tarred, zipped

FORMS: dict[str, Callable[[Path, Path], Path]] = {
    "folder": lambda folder, tmp: folder,
    "folder, two down": lambda folder, tmp: Path(
        shutil.copytree(folder, tmp / "a" / "b" / "c")
    ).parents[1],
    "zip": lambda folder, tmp: zipped(folder, tmp / "work.zip"),
    "ZIP": lambda folder, tmp: zipped(folder, tmp / "work.ZIP"),
    "zip, one down": lambda folder, tmp: zipped(folder, tmp / "work.zip", "ada-lovelace/"),
    "zip, with a dot": lambda folder, tmp: zipped(folder, tmp / "work.zip", "./"),
    "tar.gz": lambda folder, tmp: tarred(folder, tmp / "work.tar.gz"),
    "TGZ, one down": lambda folder, tmp: tarred(folder, tmp / "work.TGZ", "ada/"),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_five_files(folder: Path, tmp_path: Path, form: str) -> None:
    taken = open_submission(FORMS[form](folder, tmp_path))
    assert taken.missing == []
    assert taken.problems == {}
    for name, source in taken.scripts.items():
        assert source == (folder / f"{name}.py").read_bytes()
    for name, content in taken.plots.items():
        assert content == (folder / f"{name}_train_val_metrics.png").read_bytes()


def test_rubbish_of_operating_systems_is_ignored(folder: Path, tmp_path: Path) -> None:
    archive = zipped(folder, tmp_path / "work.zip", "ada/")
    with zipfile.ZipFile(archive, "a") as stream:
        stream.writestr("__MACOSX/ada/._numpy_ann.py", "x")
        stream.writestr("__MACOSX/ada/numpy_ann.py", "x")
        stream.writestr("ada/.DS_Store", "x")
        stream.writestr("ada/__pycache__/numpy_ann.cpython-311.pyc", "x")
        stream.writestr("ada/utils.py", "raise SystemExit")
        stream.writestr("ada/weights.npz", "x")
    assert open_submission(archive).missing == []


def test_two_places_are_refused_by_name(folder: Path, tmp_path: Path) -> None:
    both = tmp_path / "both"
    shutil.copytree(folder, both / "final")
    shutil.copytree(folder, both / "old")
    with pytest.raises(
        SubmissionError, match=r"more than one place \(final/, old/\), expected one"
    ):
        open_submission(both)
    shutil.copytree(folder, both, dirs_exist_ok=True)
    with pytest.raises(SubmissionError, match=r"\(final/, old/, the top\)"):
        open_submission(both)


def test_a_missing_script_is_listed(folder: Path) -> None:
    (folder / "pytorch_cnn.py").unlink()
    assert open_submission(folder).missing == ["pytorch_cnn.py"]


def test_notebooks_count_as_scripts(folder: Path) -> None:
    for name in ("numpy_ann", "pytorch_ann", "pytorch_cnn"):
        (folder / f"{name}.py").unlink()
        (folder / f"{name}.ipynb").write_text(
            notebook(solved(reference_source(name), f"{name}.py"))
        )
    taken = open_submission(folder)
    assert taken.missing == []
    assert b"def relu" in taken.scripts["numpy_ann"]


def test_of_a_stub_and_a_written_notebook_the_notebook_counts(folder: Path) -> None:
    written = solved(reference_source("numpy_ann"), "numpy_ann.py")
    (folder / "numpy_ann.ipynb").write_text(notebook(written))
    assert open_submission(folder).problems == {
        "numpy_ann.ipynb": "is ignored, because numpy_ann.py is there too"
    }
    (folder / "numpy_ann.py").write_text(
        'def relu(z):\n    raise NotImplementedError("TODO 1.2")\n'
    )
    assert open_submission(folder).problems == {
        "numpy_ann.py": "is ignored, because numpy_ann.ipynb is there too"
    }


def test_an_oversized_script_is_not_taken(folder: Path) -> None:
    (folder / "numpy_ann.py").write_text("#" * (MAX_SCRIPT + 1))
    taken = open_submission(folder)
    assert taken.missing == ["numpy_ann.py"]
    assert "larger than 200 kB" in taken.problems["numpy_ann.py"]
    (folder / "numpy_ann.py").write_text("#" * MAX_SCRIPT)
    assert open_submission(folder).missing == []


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_only_regular_files_are_opened(folder: Path, tmp_path: Path, kind: str) -> None:
    target = folder / "numpy_ann.py"
    target.unlink()
    if kind == "link":
        target.symlink_to("/etc/hostname")
    elif kind == "pipe":
        os.mkfifo(target)
    else:
        target.mkdir()
    assert open_submission(folder).missing == ["numpy_ann.py"]


def test_the_checklist_names_five_files() -> None:
    assert len(CHECKLIST) == 5
