"""`python utils.py --checklist` at every stage of a submission."""

import errno
import os
import stat
import threading
import zipfile
from pathlib import Path

import pytest

import utils
from assignment import checklist, command_line
from assignment.checklist import Finding, marked_how_far, pack
from assignment.fingerprint import source_fingerprint
from assignment.plot_checks import plot_problem
from assignment.size_limits import MAX_NOTEBOOK, MAX_PLOT, MAX_SCRIPT
from grader.handout.notebooks import notebook
from tests.support import RUBRIC, points, run, sampled, script_with, write_workplace


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


@pytest.fixture
def solved_alone(tmp_path: Path) -> Path:
    """A folder with a solved part 2."""
    (tmp_path / "pytorch_ann.py").write_text(script_with("pytorch_ann", {}))
    return tmp_path


@pytest.mark.parametrize(("name", "content", "said"), [
    ("numpy_ann.py", "#" * (MAX_SCRIPT + 1), "is larger than 200 kB"),
    ("numpy_ann.ipynb", notebook("#" * (MAX_SCRIPT + 1)), "is larger than 200 kB"),
    ("numpy_ann.ipynb", " " * MAX_NOTEBOOK + "{}", "is larger than 20,000 kB, the limit for such a "
     "file: clear its outputs"),
    ("numpy_ann.py", "#" * MAX_SCRIPT, ""),
], ids=["script", "code", "notebook", "just fits"])  # fmt: skip
def test_a_file_that_marking_would_not_read_is_named(
    tmp_path: Path, name: str, content: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checklist, "check_scripts", lambda sources: {})  # quicker
    (tmp_path / name).write_text(content)
    problem = checklist.checklist(tmp_path)[0].problem
    assert problem.startswith(said) if said else problem == ""


def test_a_plot_that_marking_would_not_read_is_named(solved_alone: Path) -> None:
    path = plot(solved_alone, "pytorch_ann")
    os.truncate(path, MAX_PLOT + 1)
    problem = plot_problem(path, solved_alone / "pytorch_ann.py")
    assert problem.startswith("is larger than 20,000 kB, the limit for such a file: run python")


def make_older(path: Path) -> None:
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime - 1000))


def test_a_finished_submission_is_packed(finished: Path) -> None:
    ran = run("utils.py", "--checklist", cwd=finished)
    assert ran.returncode == 0, ran.stdout
    assert "its run ended at 50.0% validation accuracy; the bar of the test" in ran.stdout
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


@pytest.mark.exhaustive
def test_fresh_stubs_are_not_packed(tmp_path: Path) -> None:
    folder = write_workplace(tmp_path / "work", with_solutions=False)
    ran = run("utils.py", "--checklist", cwd=folder)
    assert ran.returncode == 1
    assert "numpy_ann.py is not finished: TODO 1.2: relu in numpy_ann.py; TODO 1.3" in ran.stdout
    assert "pytorch_ann.py is not finished: TODO 2.5; TODO 2.1" in ran.stdout
    assert "pytorch_cnn_train_val_metrics.png is missing: run python pytorch_cnn.py" in ran.stdout
    assert f"Nothing is written in {folder}." in ran.stdout  # but in Colab, perhaps
    assert not (folder / "submission.zip").exists()


def test_only_a_folder_of_stubs_counts_as_not_written(tmp_path: Path) -> None:
    folder = write_workplace(tmp_path / "work", with_solutions=False)
    stub = (folder / "pytorch_cnn.py").read_text()
    (folder / "pytorch_cnn.py").unlink()
    assert checklist.nothing_written(folder) == ""  # a file is missing: that is said
    (folder / "pytorch_cnn.ipynb").write_text(notebook(stub))
    assert "download each notebook" in checklist.nothing_written(folder)
    (folder / "numpy_ann.py").write_text(script_with("numpy_ann", {"1.2": "return z"}))
    assert checklist.nothing_written(folder) == ""


def plot(folder: Path, stem: str, **about: object) -> Path:
    """A plot beside a script, drawn by its present version unless `about` says otherwise."""
    source = (folder / f"{stem}.py").read_bytes()
    path = folder / f"{stem}_train_val_metrics.png"
    history = utils.History([1.0], [1.0], [0.9], [0.9])
    known: dict = {"script": stem, "fingerprint": source_fingerprint(source), **about}
    utils.plot_history(history, path, **known)
    return path


@pytest.mark.parametrize(("about", "said"), sampled([
    ({}, ""),
    ({"fingerprint": "2-0123456789abcdef"}, "was drawn by pytorch_ann.py as it was before a change"),
    ({"fingerprint": "0123456789abcdef"}, ""),  # of the first form, which depended on the version
    ({"script": "pytorch_cnn"}, "was written by pytorch_cnn.py"),
    ({"options": {"epochs": 2, "train_size": 500}},
     "shows a quick try with --epochs 2, --train-size 500: run python pytorch_ann.py again, "
     "without options"),
], every=2))  # fmt: skip
def test_a_plot_belongs_to_a_full_run_of_this_script(
    solved_alone: Path, about: dict, said: str
) -> None:
    path = plot(solved_alone, "pytorch_ann", **about)
    problem = plot_problem(path, solved_alone / "pytorch_ann.py")
    assert said in problem if said else not problem


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "{",
        "[" * 100_000,
        '{"train_losses": 3}',
        '{"train_losses": [1], "val_losses": [1, 2], "train_accuracies": [1], "val_accuracies": [1]}',
        '{"train_losses": [], "val_losses": [], "train_accuracies": [], "val_accuracies": []}',
        '{"train_losses": [NaN], "val_losses": [1], "train_accuracies": [1], "val_accuracies": [1]}',
    ],
    ids=["empty", "no curves", "list", "cut off", "deep", "number", "lengths", "no epoch", "nan"],
)
def test_a_plot_with_a_broken_history_is_refused(solved_alone: Path, text: str) -> None:
    from matplotlib.figure import Figure

    path = solved_alone / "pytorch_ann_train_val_metrics.png"
    Figure().savefig(path, metadata={"History": text})
    assert "carries a history that is broken" in plot_problem(path, solved_alone / "pytorch_ann.py")


def test_a_plot_without_a_history_passes_unless_it_is_older(solved_alone: Path) -> None:
    from matplotlib.figure import Figure

    path, script = (
        solved_alone / "pytorch_ann_train_val_metrics.png",
        solved_alone / "pytorch_ann.py",
    )
    Figure().savefig(path)
    assert plot_problem(path, script) == ""
    make_older(path)
    assert "is older than pytorch_ann.py" in plot_problem(path, script)


def test_a_file_that_is_no_png_is_refused(solved_alone: Path) -> None:
    path = solved_alone / "pytorch_ann_train_val_metrics.png"
    path.write_bytes(b"GIF89a")
    assert "is not a readable PNG" in plot_problem(path, solved_alone / "pytorch_ann.py")


@pytest.mark.parametrize(("old", "new", "is_stale"), [
    ("EPOCHS = 8", "EPOCHS = 9", True), ('"generalizing"', '"overfitting"', False),
])  # fmt: skip
def test_a_change_makes_a_plot_stale_and_the_judgement_does_not(
    solved_alone: Path, old: str, new: str, is_stale: bool
) -> None:
    path, script = plot(solved_alone, "pytorch_ann"), solved_alone / "pytorch_ann.py"
    script.write_text(script.read_text().replace(old, new))
    for age in (-1000, 1000):  # whichever is newer
        os.utime(script, (path.stat().st_atime, path.stat().st_mtime + age))
        stale = "was drawn by pytorch_ann.py as it was before a change: run" in plot_problem(
            path, script
        )
        assert stale == is_stale


def test_a_quick_plot_does_not_stand_in_for_a_missing_one(solved_alone: Path) -> None:
    path = plot(solved_alone, "pytorch_ann")
    path.rename(path.with_name(f"{path.stem}_quick.png"))
    problem = plot_problem(path, solved_alone / "pytorch_ann.py")
    assert problem == "is missing: run python pytorch_ann.py without options"


def test_the_points_that_the_checks_vouch_for_add_up() -> None:
    findings = [
        Finding("numpy_ann.py", "is not right yet: 1.2", (), {"1.1": True, "1.2": False}),
        Finding("pytorch_ann_train_val_metrics.png", "", (), {"2.7": True}),
    ]
    said = marked_how_far(findings)
    numbers = [float(line.split()[0]) for line in said[:3]]
    assert sum(numbers) == RUBRIC.max_score
    assert numbers[0] == points("0.1", "2.7")
    assert numbers[2] == points("1.7", "2.6", "3.6")


def test_an_archive_that_cannot_be_written_gives_one_line(
    solved_alone: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(path: Path, content: bytes) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path) + "-x7")

    monkeypatch.setattr(checklist, "write_atomically", refuse)
    monkeypatch.setattr(command_line, "checklist", lambda folder: [])
    assert command_line.main(["--checklist", "--anyway", "--folder", str(solved_alone)]) == 2
    said = capsys.readouterr().err
    assert (
        said == f"error: {solved_alone / 'submission.zip'} cannot be written (Permission denied)\n"
    )


@pytest.mark.exhaustive
def test_a_written_notebook_is_packed_in_place_of_a_stub(finished: Path) -> None:
    (finished / "numpy_ann.ipynb").write_text(notebook((finished / "numpy_ann.py").read_text()))
    (finished / "numpy_ann.py").write_text(
        'def relu(z):\n    raise NotImplementedError("TODO 1.2: relu in numpy_ann.py")\n'
    )
    assert run("utils.py", "--checklist", cwd=finished).returncode == 0
    with zipfile.ZipFile(finished / "submission.zip") as archive:
        assert "numpy_ann.ipynb" in archive.namelist()
        assert "numpy_ann.py" not in archive.namelist()


def test_a_script_in_another_encoding_counts_before_an_untouched_notebook(finished: Path) -> None:
    script = finished / "numpy_ann.py"
    script.write_bytes(b"# f\xfcr\n" + script.read_bytes())
    stub = Path(__file__).parents[2] / "numpy_ann.py"
    for other in ("pytorch_ann.py", "pytorch_cnn.py"):  # quicker without
        (finished / other).unlink()
    (finished / "numpy_ann.ipynb").write_text(notebook(stub.read_text()))
    finding = checklist.checklist(finished)[0]
    assert finding.problem.startswith("is not in UTF-8 (byte 0xfc in line 1)")


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


def test_a_folder_in_place_of_the_archive_gives_one_line(
    solved_alone: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (solved_alone / "submission.zip").mkdir()
    monkeypatch.setattr(command_line, "checklist", lambda folder: [])
    assert command_line.main(["--checklist", "--folder", str(solved_alone)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert said.count("\n") == 1
