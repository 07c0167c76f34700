"""Submissions as they really come are all marked: a teacher has nothing to do by hand."""

import subprocess
from pathlib import Path

import pytest

from tests.classroom.namings import CLASS, LOST, lost, mark_class, write_namings


@pytest.fixture(scope="module")
def marked(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, subprocess.CompletedProcess[str]]:
    place = tmp_path_factory.mktemp("namings")
    book = place / "grades.db"
    return book, mark_class(write_namings(place / "class"), book, "--sections=0.1,1.2")


def test_every_naming_is_marked_and_loses_nothing(
    marked: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    book, ran = marked
    assert ran.returncode == 1, ran.stderr  # 0.1 of everything in one notebook
    found = lost(book)
    assert found.keys() == CLASS.keys()
    failed = {student: [n for n in said if n != "said"] for student, said in found.items()}
    assert failed == {student: LOST.get(student, []) for student in CLASS}


def test_batch_ends_with_the_files_under_another_name(
    marked: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    _, ran = marked
    head, *block, _, last = ran.stdout.splitlines()
    end = next((n for n, line in enumerate(block) if line.startswith("Missing")), len(block))
    block = block[:end]
    assert head == "Taken under another name:"
    named = {line.strip().partition(":")[0] for line in block}
    assert named == {"(1)", "-1", "final", "case", "dashes", "spaces", "plots (2)", "many at once",
                     "copies of notebooks", "one notebook", "one notebook, scratch"}  # fmt: skip
    assert "  case: Numpy_ANN.py, PyTorch_ANN.PY" in block
    assert "Assignment 2.ipynb as pytorch_cnn.py" in ran.stdout
    assert last.startswith("45 students: 45 marked (30 different submissions). Next:")


@pytest.mark.parametrize(("student", "said"), [
    ("(1)", "numpy_ann (1).py was read as numpy_ann.py."),
    ("large and old", "read from the top, not from old/"),
    ("notebooks beside stubs", "numpy_ann.py is ignored, because numpy_ann.ipynb is there too."),
    ("torch, not used", "the import of torch is not allowed, and not used: it is left out"),
    ("colab", "what only Colab or Jupyter can run is left out"),
    ("cupy tried", "the import of cupy fails as if it were not installed"),
    ("scratch cells", "pandas is not allowed: no section needs it, so it is left out"),
])  # fmt: skip
def test_feedback_says_how_a_submission_was_read(
    marked: tuple[Path, subprocess.CompletedProcess[str]], student: str, said: str
) -> None:
    assert said in lost(marked[0])[student]["said"]
