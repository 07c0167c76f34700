"""The run and the checklist say before marking what may not be imported."""

import os
from pathlib import Path

import pytest

from tests.classroom.namings import STUBS, book
from tests.support import run, write_workplace

SOLVED = "import numpy as np\n"
STUB = 'raise NotImplementedError("TODO 1.2: relu in numpy_ann.py")'


@pytest.fixture
def solved(tmp_path: Path) -> Path:
    return write_workplace(tmp_path / "work", with_solutions=True)


def changed(folder: Path, code: str) -> Path:
    script = folder / "numpy_ann.py"
    script.write_text(script.read_text().replace(SOLVED, f"{SOLVED}{code}\n", 1))
    return script


def test_a_forbidden_import_stops_the_run_before_training(solved: Path) -> None:
    changed(solved, "import PIL\n\nVERSION = PIL.__version__")
    ran = run("numpy_ann.py", cwd=solved)
    assert ran.returncode == 1
    (line,) = [line for line in ran.stdout.splitlines() if "PIL may not be imported" in line]
    assert "numpy_ann.py, line" in line
    assert "Remove it" in line
    assert "Training on" not in ran.stdout


def test_an_unused_import_is_said_and_costs_nothing(solved: Path) -> None:
    changed(solved, "import PIL")
    ran = run("numpy_ann.py", "--check", cwd=solved)
    assert ran.returncode == 0, ran.stdout
    assert "the import of PIL is not allowed, and not used: it is left out" in ran.stdout


def test_an_allowed_import_is_not_mentioned(solved: Path) -> None:
    changed(solved, "import matplotlib.pyplot as plt\nfrom tqdm import tqdm\n\nUSED = (plt, tqdm)")
    ran = run("numpy_ann.py", "--check", cwd=solved)
    assert ran.returncode == 0, ran.stdout
    assert "import" not in ran.stdout


def listed(folder: Path) -> str:
    """What the checklist says of numpy_ann, in a folder where it need not import PyTorch."""
    for script in ("pytorch_ann.py", "pytorch_cnn.py"):
        (folder / script).unlink()
    ran = run("utils.py", "--checklist", cwd=folder)
    (line,) = [line for line in ran.stdout.splitlines() if line[4:].startswith("numpy_ann.")]
    return line


@pytest.mark.parametrize("notebook", [False, True])
def test_the_checklist_names_a_forbidden_import(solved: Path, notebook: bool) -> None:
    script = changed(solved, "import PIL\n\nEPOCHS = len(PIL.__version__)")
    if notebook:
        code = script.read_text().replace("EPOCHS = 8", "")
        (solved / "numpy_ann.ipynb").write_bytes(book(code))
        script.write_bytes(STUBS["numpy_ann.py"])
    line = listed(solved)
    assert "PIL may not be imported" in line
    assert ("import PIL" if notebook else "line 1") in line


@pytest.mark.parametrize("code", [
    f"# {STUB}", f"def spare(z):\n    return z\n    {STUB}", f"TEXT = '''\n    {STUB}\n'''",
])  # fmt: skip
def test_a_stub_that_is_never_reached_is_finished_work(solved: Path, code: str) -> None:
    script = changed(solved, code)
    (solved / "numpy_ann.ipynb").write_bytes(book(STUBS["numpy_ann.py"].decode()))
    os.utime(script)
    line = listed(solved)
    assert "numpy_ann.py" in line
    assert "not finished" not in line


def test_a_file_in_no_known_encoding_is_named(solved: Path) -> None:
    script = changed(solved, "# NAME")
    script.write_bytes(script.read_bytes().replace(b"NAME", b"Ren\xe9"))
    assert "is not in UTF-8 (byte 0xe9 in line" in listed(solved)
