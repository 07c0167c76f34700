"""The students' folder: what it holds, what it never replaces, and that it works alone."""

import os
import re
import shutil
import stat
import subprocess
import sys
import threading
import tomllib
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from grader.errors import HandoutError
from grader.handout.folder import MANIFEST, write_handout
from grader.handout.stubs import reference_source, solved
from grader.rubric import load_rubric
from tests.support import ROOT, run, sampled


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A handout that a test may change."""
    return write_handout(tmp_path, with_data=False)[0]


def test_the_folder_holds_what_students_need_and_no_grader(handout: Path) -> None:
    names = {str(path.relative_to(handout)) for path in handout.rglob("*") if path.is_file()}
    assert {
        "numpy_ann.py",
        "numpy_ann.ipynb",
        "utils.py",
        "README.md",
        "requirements.txt",
        "environment.yml",
    } <= names
    assert "data/FashionMNIST/raw/train-images-idx3-ubyte.gz" in names
    assert "tests/test_numpy_ann.py" in names
    text = "".join(
        path.read_text()
        for path in handout.rglob("*")
        if path.suffix in (".py", ".md", ".txt", ".ipynb", ".yml")
    )
    assert {
        "assignment/rubric.toml",
        "assignment/hints.toml",
        "assignment/checks/numpy/public_cases.json",
        "assignment/checks/numpy/backward.py",
        "assignment/handles.py",
        "assignment/observing/probes.py",
    } <= names
    assert "grader" not in text.replace("grader error", "")
    assert "SOLUTION" not in text


def test_texts_speak_of_what_is_in_the_handout(handout: Path) -> None:
    data = (handout / "data" / "README.md").read_text()
    assert "FashionMNIST/raw/train-images" in data
    assert not re.search(r"(?<!Fashion-)(?<!Fashion)\bMNIST|playground", data)
    environment = (handout / "environment.yml").read_text()
    assert "pyproject" not in environment
    entries = set(re.findall(r"^  - (.*)$", environment.replace("pytorch>", "torch>"), re.M))
    assert set((handout / "requirements.txt").read_text().split()) <= entries


def test_the_zip_unpacks_to_the_folder(written: Path) -> None:
    with zipfile.ZipFile(written.with_suffix(".zip")) as archive:
        assert archive.testzip() is None
        packed = {name.split("/", 1)[1] for name in archive.namelist()}
    files = {str(path.relative_to(written)) for path in written.rglob("*") if path.is_file()}
    assert packed == files - {MANIFEST}


def test_without_data_the_scripts_say_where_to_get_it(tmp_path: Path) -> None:
    folder, _ = write_handout(tmp_path, with_data=False)
    assert not list(folder.rglob("*.gz"))
    (folder / "numpy_ann.py").write_text(solved(reference_source("numpy_ann"), "numpy_ann.py"))
    ran = run("numpy_ann.py", cwd=folder)
    assert ran.returncode == 2
    assert "python utils.py --download" in ran.stderr
    readme = (folder / "README.md").read_text()
    assert "came without it, `python utils.py --download` fetches" in readme


def test_the_handouts_first_command(handout: Path) -> None:
    ran = run("numpy_ann.py", cwd=handout)
    assert ran.returncode == 1
    assert "Next: write 1.2 relu, then run python numpy_ann.py again." in ran.stdout


def test_a_solution_in_a_helper_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import grader.handout.folder

    project = tmp_path / "project"
    project.mkdir()
    for name in ("README.md", "requirements.txt", "environment.yml", "data", "tests", "assignment"):
        (project / name).symlink_to(ROOT / name)
    (project / "utils.py").write_text(
        (ROOT / "utils.py").read_text()
        + "\n# dW2 = self.a1.T @ dz2  # (h, k)\ndz1 = da1 * relu_derivative(self.z1)\n"
    )
    monkeypatch.setattr(grader.handout.folder, "ROOT", project)
    with pytest.raises(
        HandoutError, match=r"utils.py holds a line of the solution: 'dz1 = da1 \* relu_derivative"
    ):
        write_handout(tmp_path / "out", with_data=False)


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def add_a_file(folder: Path) -> str:
    (folder / "my_notes.txt").write_text("trial marks")
    return "my_notes.txt"


def add_a_link(folder: Path) -> str:
    (folder / "more").symlink_to(folder.parent)
    return "more"


def solve_a_script(folder: Path) -> str:
    source = solved(reference_source("numpy_ann"), "numpy_ann.py")
    (folder / "numpy_ann.py").write_text(source)
    return "numpy_ann.py"


def lose_the_manifest(folder: Path) -> str:
    (folder / MANIFEST).unlink()
    return "README.md"


@pytest.mark.parametrize(
    "change", sampled([add_a_file, add_a_link, solve_a_script, lose_the_manifest], every=2)
)
def test_a_folder_with_other_files_is_refused(written: Path, change: Callable[[Path], str]) -> None:
    name = change(written)
    before = snapshot(written.parent)
    with pytest.raises(HandoutError, match=rf"holds files .*\b{re.escape(name)}"):
        write_handout(written.parent, with_data=False)
    assert snapshot(written.parent) == before


def test_the_command_refuses_an_instructors_solution(written: Path) -> None:
    solve_a_script(written)
    before = snapshot(written.parent)
    ran = run("-P", "-m", "grader", "handout", "--no-data", "--out", written.parent)
    assert ran.returncode == 2
    assert "numpy_ann.py" in ran.stderr
    assert snapshot(written.parent) == before


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "fashion-network").write_text("mine")
    with pytest.raises(HandoutError, match="is not a folder"):
        write_handout(tmp_path, with_data=False)
    assert (tmp_path / "fashion-network").read_text() == "mine"


def test_an_earlier_handout_is_replaced(tmp_path: Path) -> None:
    """Also after its scripts have run, which leaves bytecode and unpacked data."""
    folder, archive = write_handout(tmp_path, with_data=True)
    run("-c", "import utils; utils.load_fashion_mnist(train_size=1)", cwd=folder)
    assert list(folder.rglob("*-ubyte"))
    before = archive.read_bytes()
    write_handout(tmp_path, with_data=False)
    assert not list(folder.rglob("*-ubyte*"))
    assert archive.read_bytes() != before
    assert sorted(path.name for path in tmp_path.iterdir()) == [folder.name, archive.name]


def test_links_are_followed(tmp_path: Path) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    out.mkdir()
    elsewhere.mkdir()
    (elsewhere / "old.zip").write_bytes(b"stale")
    (elsewhere / "old.zip").chmod(0o640)
    (out / "fashion-network").symlink_to(elsewhere / "folder")
    (out / "fashion-network.zip").symlink_to(elsewhere / "old.zip")
    for _ in range(2):
        folder, archive = write_handout(out, with_data=False)
    assert folder.is_symlink()
    assert archive.is_symlink()
    assert (elsewhere / "folder" / "numpy_ann.py").is_file()
    assert stat.S_IMODE((elsewhere / "old.zip").stat().st_mode) == 0o640
    with zipfile.ZipFile(elsewhere / "old.zip") as packed:
        assert "fashion-network/numpy_ann.py" in packed.namelist()


def test_a_pipe_in_place_of_the_zip_is_written_to(tmp_path: Path) -> None:
    pipe, got = tmp_path / "fashion-network.zip", list[bytes]()
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: got.append(pipe.read_bytes()))
    reader.start()
    write_handout(tmp_path, with_data=False)
    reader.join(timeout=10)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert got[0].startswith(b"PK")


def run_alone(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run Python with the installed packages; -S hides this project, which is a link among them."""
    packages = os.pathsep.join(path for path in sys.path if path.endswith("-packages"))
    return run("-S", *arguments, cwd=cwd, PYTHONPATH=packages)


def test_this_project_is_hidden_from_the_tests_below(tmp_path: Path) -> None:
    assert "No module named" in run_alone("-c", "import assignment", cwd=tmp_path).stderr


def test_the_handout_works_alone(handout: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(handout, tmp_path / "student"))
    ran = run_alone("numpy_ann.py", cwd=folder)
    assert (ran.returncode, ran.stderr) == (1, "")
    assert "Next: write 1.2 relu" in ran.stdout
    ran = run_alone("numpy_ann.py", "--hint", cwd=folder)
    assert (ran.returncode, ran.stderr) == (1, "")
    assert "Hint 1 of 3, where to look:" in ran.stdout
    ran = run_alone("utils.py", "--checklist", cwd=folder)
    assert (ran.returncode, ran.stderr) == (1, "")
    assert "numpy_ann.py is not finished: TODO 1.2" in ran.stdout


def test_the_handout_reads_the_bars_of_its_own_rubric(handout: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(handout, tmp_path / "student"))
    (folder / "numpy_ann.py").write_text(solved(reference_source("numpy_ann"), "numpy_ann.py"))
    rubric = folder / "assignment" / "rubric.toml"
    text = rubric.read_text()
    bar = next(float(s["bar"]) for s in tomllib.loads(text)["section"] if s["number"] == "1.7")
    assert f"bar = {bar}" in text
    rubric.write_text(text.replace(f"bar = {bar}", "bar = 0.12"))
    ran = run_alone("numpy_ann.py", "--train-size", "500", "--epochs", "2", cwd=folder)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "bar 12%: met" in ran.stdout


def test_a_hint_with_a_line_of_the_solution_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rubric = load_rubric()
    telling = ("Look.", "It is wrong.", "Write dz1 = da1 * relu_derivative(self.z1) there.")
    sections = tuple(replace(section, hints=telling) for section in rubric.sections)
    monkeypatch.setattr(
        "grader.handout.folder.load_rubric", lambda: replace(rubric, sections=sections)
    )
    with pytest.raises(HandoutError, match=r"assignment/rubric.toml holds a line of the solution"):
        write_handout(tmp_path, with_data=False)
    assert list(tmp_path.iterdir()) == []
