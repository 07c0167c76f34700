"""One notebook with everything: each part gets what it needs, and nothing of the others."""

from pathlib import Path

import pytest

from grader.errors import SubmissionError
from grader.submission.reading import open_submission
from tests.classroom.namings import WHOLE, book, one_notebook


def laid_out(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def namespace(source: bytes) -> dict[str, object]:
    space: dict[str, object] = {"__name__": "part"}
    exec(source, space)
    return space


def test_each_part_has_its_own_definitions_and_constants(tmp_path: Path) -> None:
    files = one_notebook("import pandas as pd\npd.x", "EPOCHS_SEEN = []")
    taken = open_submission(laid_out(tmp_path / "ada", files))
    assert taken.missing == []
    assert taken.in_one == "Assignment 2.ipynb"
    assert b"import torch" not in taken.scripts["numpy_ann"]
    assert b"pandas" not in b"".join(taken.scripts.values())
    for script, source in taken.scripts.items():
        own = namespace(WHOLE[f"{script}.py"])
        got = namespace(source)
        for name in ("EPOCHS", "BATCH_SIZE", "LEARNING_RATE", "HIDDEN_SIZE", "JUDGEMENT"):
            if name in own:
                assert got[name] == own[name], (script, name)
    assert "was read as numpy_ann.ipynb and pytorch_ann.ipynb and" in taken.notes[0]


CELLS = [
    "import numpy as np, torch\nfrom torch import nn\nimport utils",
    "EPOCHS = 1",
    "def relu(z):\n    return -z",
    "class NumpyANN:\n    size = EPOCHS\n    def f(self): return relu(1)",
    "relu(1 / 0)",
    "def relu(z):\n    return z  # corrected",
    "NumpyANN.g = lambda self: helper(self)\ndef helper(x): return 7",
    "EPOCHS = 2\nclass PyTorchANN(nn.Module):\n    size = EPOCHS",
    "JUDGEMENT = 'overfitting'",
    "EPOCHS = 3\nclass PyTorchCNN(nn.Module):\n    size = EPOCHS",
    "JUDGEMENT = 'underfitting'",
]


def test_later_cells_correct_earlier_ones(tmp_path: Path) -> None:
    taken = open_submission(laid_out(tmp_path / "ada", {"all.ipynb": book(*CELLS)}))
    spaces = {script: namespace(source) for script, source in taken.scripts.items()}
    net = spaces["numpy_ann"]["NumpyANN"]()  # type: ignore[operator]
    assert (net.f(), net.g(), net.size) == (1, 7, 1)
    ann, cnn = spaces["pytorch_ann"], spaces["pytorch_cnn"]
    assert (ann["EPOCHS"], ann["JUDGEMENT"]) == (2, "overfitting")
    assert (cnn["EPOCHS"], cnn["JUDGEMENT"]) == (3, "underfitting")


def test_parts_that_it_lacks_are_missing(tmp_path: Path) -> None:
    taken = open_submission(laid_out(tmp_path / "ada", {"all.ipynb": book(*CELLS[:4])}))
    assert [*taken.scripts] == ["numpy_ann"]
    assert "all.ipynb defines nothing of it" in taken.problems["pytorch_cnn.py"]


@pytest.mark.parametrize("files", [
    {"all.ipynb": book("x = 1")}, {"all.ipynb": book("def (")}, {"all.ipynb": b"{}"},
    {"a.ipynb": book(*CELLS), "b.ipynb": book(*CELLS)}, {"all.py": b"class NumpyANN: pass"},
])  # fmt: skip
def test_anything_else_is_refused_and_named(tmp_path: Path, files: dict[str, bytes]) -> None:
    with pytest.raises(SubmissionError, match=f"found: {next(iter(files))}"):
        open_submission(laid_out(tmp_path / "ada", files))


def test_beside_a_script_of_the_checklist_it_is_not_read(tmp_path: Path) -> None:
    files = {"all.ipynb": book(*CELLS), "numpy_ann.py": WHOLE["numpy_ann.py"]}
    taken = open_submission(laid_out(tmp_path / "ada", files))
    assert [*taken.scripts] == ["numpy_ann"]
    assert "Also there, and not read: all.ipynb." in taken.notes


def test_code_that_breaks_the_parser_breaks_nothing_else(tmp_path: Path) -> None:
    for number, code in enumerate(
        ["-" * 100_000 + "1", "x = " + "(" * 90_000, "1" + "+1" * 90_000]
    ):
        with pytest.raises(SubmissionError, match=r"found: all\.ipynb"):
            open_submission(laid_out(tmp_path / str(number), {"all.ipynb": book(code)}))
