"""`python utils.py --quiz`, as a student runs it."""

import json
import re
from pathlib import Path

import pytest

from tests.support import run, write_workplace


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_workplace(tmp_path_factory.mktemp("quiz") / "solved", with_solutions=True)


def ask(folder: Path, answers: str) -> tuple[int, str, str]:
    import subprocess
    import sys

    ran = subprocess.run(
        [sys.executable, "utils.py", "--quiz"],
        cwd=folder,
        input=answers,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )
    return ran.returncode, ran.stdout, ran.stderr


def test_three_questions_are_asked_and_explained(solved: Path) -> None:
    status, out, err = ask(solved, "A\nnonsense\nb\nC\n")
    assert (status, err) == (0, "")
    assert [f"Question {n} of 3" in out for n in (1, 2, 3)] == [True] * 3
    assert "'NONSENSE' is none of A, B, C and D." in out
    right = out.count("Right.")
    assert out.rstrip().endswith(f"{right} of 3 right.")
    assert right + len(re.findall(r"[ABCD] is right\.", out)) == 3


@pytest.mark.parametrize("answers", ["", "\n"], ids=["end of input", "Enter"])
def test_it_can_be_stopped(solved: Path, answers: str) -> None:
    status, out, err = ask(solved, answers)
    assert (status, err) == (0, "")
    assert out.rstrip().endswith("0 of 0 right.")


def test_unwritten_sections_are_named(tmp_path: Path) -> None:
    folder = write_workplace(tmp_path / "stubs", with_solutions=False)
    status, out, err = ask(folder, "")
    assert (status, err) == (1, "")
    assert "1.2, 1.3, 1.5, 1.6 must pass their checks first" in out
    assert f"Nothing is written in {folder}." in out


def test_a_notebook_is_asked_about_too(solved: Path, tmp_path: Path) -> None:
    folder = write_workplace(tmp_path / "notebook", with_solutions=True)
    source = (folder / "numpy_ann.py").read_text()
    cells = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": source,
              "execution_count": None}]  # fmt: skip
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (folder / "numpy_ann.ipynb").write_text(json.dumps(notebook))
    (folder / "numpy_ann.py").unlink()
    status, out, err = ask(folder, "A\nA\nA\n")
    assert (status, err) == (0, "")
    assert "of 3 right." in out


def test_missing_and_broken_scripts_are_named_in_one_line(tmp_path: Path) -> None:
    folder = write_workplace(tmp_path / "broken", with_solutions=True)
    (folder / "numpy_ann.py").write_text("def relu(z:\n")
    status, _, err = ask(folder, "")
    assert status == 2
    assert "numpy_ann.py cannot be imported" in err
    assert "Traceback" not in err
    (folder / "numpy_ann.py").unlink()
    ran = run("utils.py", "--quiz", cwd=folder)
    assert ran.returncode == 2
    assert "expected your part 1" in ran.stderr
