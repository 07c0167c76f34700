"""`python utils.py --checklist` at every stage of a submission."""

import os
import stat
import threading
import zipfile
from pathlib import Path

import pytest

import utils
from assignment.checklist import pack
from assignment.fingerprint import source_fingerprint
from tests.support import run, write_workplace


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    """A workplace with solutions and freshly written plots."""
    folder = write_workplace(tmp_path / "work", with_solutions=True)
    for script in ("pytorch_ann", "pytorch_cnn"):
        fingerprint = source_fingerprint((folder / f"{script}.py").read_text())
        path = folder / f"{script}_train_val_metrics.png"
        utils.plot_history(
            utils.History([1.0], [1.0], [0.5], [0.5]), path, script=script, fingerprint=fingerprint
        )
    return folder


def make_older(path: Path) -> None:
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime - 1000))


def test_a_finished_submission_is_packed(finished: Path) -> None:
    ran = run("utils.py", "--checklist", cwd=finished)
    assert ran.returncode == 0, ran.stdout
    with zipfile.ZipFile(finished / "submission.zip") as archive:
        assert sorted(archive.namelist()) == sorted(
            [
                "numpy_ann.py",
                "pytorch_ann.py",
                "pytorch_cnn.py",
                "pytorch_ann_train_val_metrics.png",
                "pytorch_cnn_train_val_metrics.png",
            ]
        )


def test_fresh_stubs_are_not_packed(tmp_path: Path) -> None:
    folder = write_workplace(tmp_path / "work", with_solutions=False)
    ran = run("utils.py", "--checklist", cwd=folder)
    assert ran.returncode == 1
    assert "numpy_ann.py is not finished: TODO 1.2: relu in numpy_ann.py; TODO 1.3" in ran.stdout
    assert "pytorch_ann.py is not finished: TODO 2.5; TODO 2.1" in ran.stdout
    assert "pytorch_cnn_train_val_metrics.png is missing: run python pytorch_cnn.py" in ran.stdout
    assert not (folder / "submission.zip").exists()


def test_a_script_that_cannot_be_imported_is_named(finished: Path) -> None:
    (finished / "numpy_ann.py").write_text("import numpy\nnumpy.nothing\n")
    ran = run("utils.py", "--checklist", cwd=finished)
    assert ran.returncode == 1
    assert "numpy_ann.py cannot be imported: numpy_ann.py, line 2" in ran.stdout


def test_a_file_that_is_no_png_is_refused(finished: Path) -> None:
    (finished / "pytorch_ann_train_val_metrics.png").write_bytes(b"GIF89a")
    assert "is not a readable PNG" in run("utils.py", "--checklist", cwd=finished).stdout


def test_a_plot_older_than_a_changed_script_is_stale(finished: Path) -> None:
    script = finished / "pytorch_ann.py"
    script.write_text(script.read_text().replace("EPOCHS = 8", "EPOCHS = 9"))
    make_older(finished / "pytorch_ann_train_val_metrics.png")
    assert (
        "is older than pytorch_ann.py: run python pytorch_ann.py again"
        in run("utils.py", "--checklist", cwd=finished).stdout
    )


def test_writing_the_judgement_afterwards_does_not_make_the_plot_stale(finished: Path) -> None:
    script = finished / "pytorch_ann.py"
    script.write_text(script.read_text().replace('"generalizing"', '"overfitting"'))
    make_older(finished / "pytorch_ann_train_val_metrics.png")
    assert run("utils.py", "--checklist", cwd=finished).returncode == 0


def test_a_written_notebook_is_packed_in_place_of_a_stub(finished: Path) -> None:
    from grader.handout.notebooks import notebook

    (finished / "numpy_ann.ipynb").write_text(notebook((finished / "numpy_ann.py").read_text()))
    (finished / "numpy_ann.py").write_text(
        'def relu(z):\n    raise NotImplementedError("TODO 1.2: relu in numpy_ann.py")\n'
    )
    assert run("utils.py", "--checklist", cwd=finished).returncode == 0
    with zipfile.ZipFile(finished / "submission.zip") as archive:
        assert "numpy_ann.ipynb" in archive.namelist()
        assert "numpy_ann.py" not in archive.namelist()


def test_fingerprint_ignores_judgement_comments_and_docstrings_only() -> None:
    source = 'JUDGEMENT = "TODO 2.5"\ndef f(x):\n    """Doc."""\n    return x\n'
    same = (
        'JUDGEMENT = "generalizing"  # now\ndef f(x):\n    """Other."""\n    # why\n    return x\n'
    )
    assert source_fingerprint(source) == source_fingerprint(same)
    assert source_fingerprint(source) != source_fingerprint(source.replace("return x", "return -x"))


def test_packing_follows_a_link_and_keeps_the_mode(finished: Path, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere.zip"
    target.write_bytes(b"stale")
    target.chmod(0o640)
    (finished / "submission.zip").symlink_to(target)
    assert pack(finished).is_symlink()
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    with zipfile.ZipFile(target) as archive:
        assert archive.testzip() is None


def test_packing_into_a_pipe_leaves_the_pipe(finished: Path) -> None:
    pipe, got = finished / "submission.zip", list[bytes]()
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    pack(finished)
    reader.join(timeout=10)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert got[0].startswith(b"PK")


def test_a_folder_in_place_of_the_archive_gives_one_line(finished: Path) -> None:
    (finished / "submission.zip").mkdir()
    ran = run("utils.py", "--checklist", cwd=finished)
    assert ran.returncode == 2
    assert ran.stderr.startswith("error: ")
    assert ran.stderr.count("\n") == 1
