"""Which names are near one of the checklist's, and what happens where two are."""

import shutil
from pathlib import Path

import pytest

from grader.errors import CannotGrade, SubmissionError
from grader.submission.names import CHECKLIST, NOTEBOOKS, read_aliases, slot
from grader.submission.reading import open_submission
from tests.submission.support import zipped


@pytest.mark.parametrize(("found", "meant"), [
    ("numpy_ann (1).py", "numpy_ann.py"), ("numpy_ann(12).py", "numpy_ann.py"),
    ("numpy_ann-1.py", "numpy_ann.py"), ("numpy_ann_final.py", "numpy_ann.py"),
    ("Numpy_ANN.py", "numpy_ann.py"), ("numpy-ann.py", "numpy_ann.py"),
    ("Copy of numpy_ann.ipynb", "numpy_ann.ipynb"), ("pytorch cnn.PY", "pytorch_cnn.py"),
    ("Copy of Copy of PyTorch-CNN-final (2).ipynb", "pytorch_cnn.ipynb"),
    ("pytorch_ann_train_val_metrics (1).png", "pytorch_ann_train_val_metrics.png"),
    ("pytorch\u00a0ann.py", "pytorch_ann.py"),
    ("my_numpy_ann.py", ""), ("numpy_ann.py.txt", ""), ("numpy_ann_old.py", ""),
    ("numpy_ann.txt", ""), ("ann.py", ""), ("numpy_cnn.py", ""), ("x" * 5000 + ".py", ""),
    ("numpy_ann_train_val_metrics.png", ""), ("(1).py", ""), ("", ""), (".py", ""),
])  # fmt: skip
def test_near_names(found: str, meant: str) -> None:
    assert slot(found) == meant


def test_a_name_of_the_checklist_is_near_no_other() -> None:
    for name in (*CHECKLIST, *NOTEBOOKS):
        assert slot(name) == name


def test_a_near_name_is_taken_and_said(folder: Path) -> None:
    (folder / "numpy_ann.py").rename(folder / "Numpy_ANN (1).py")
    taken = open_submission(folder)
    assert taken.missing == []
    assert taken.renamed == {"numpy_ann.py": "Numpy_ANN (1).py"}
    assert taken.notes == ("Numpy_ANN (1).py was read as numpy_ann.py.",)


def test_the_exact_name_wins_over_near_ones(folder: Path) -> None:
    (folder / "numpy_ann (1).py").write_text("x = 1")
    (folder / "numpy_ann_final.py").write_text("x = 2")
    taken = open_submission(folder)
    assert b"def relu" in taken.scripts["numpy_ann"]
    assert taken.renamed == {}


@pytest.mark.parametrize("name", ["numpy_ann.py", "pytorch_cnn_train_val_metrics.png"])
def test_of_two_near_names_none_is_taken_and_both_are_named(folder: Path, name: str) -> None:
    stem, end = name.rsplit(".", 1)
    shutil.copy(folder / name, folder / f"{stem} (1).{end}")
    (folder / name).rename(folder / f"{stem}_final.{end}")
    taken = open_submission(folder)
    assert taken.missing == [name]
    assert f"{stem} (1).{end} and {stem}_final.{end} could be meant" in taken.problems[name]


def test_a_renamed_script_beside_its_untouched_notebook_counts(folder: Path) -> None:
    from grader.handout.notebooks import notebook

    stub = Path(__file__).parents[2] / "numpy_ann.py"
    (folder / "numpy_ann.ipynb").write_text(notebook(stub.read_text()))
    (folder / "numpy_ann.py").rename(folder / "numpy_ann (1).py")
    taken = open_submission(folder)
    assert taken.taken == {"numpy_ann.py": "numpy_ann (1).py"}
    assert "ignored, because numpy_ann (1).py is there" in taken.problems["numpy_ann.ipynb"]


def test_what_is_there_is_said_where_something_is_missing(folder: Path) -> None:
    (folder / "numpy_ann.py").rename(folder / "homework1.py")
    plot = "pytorch_ann_train_val_metrics.png"
    (folder / "plots").mkdir()
    (folder / plot).rename(folder / "plots" / plot)
    taken = open_submission(folder)
    assert "Also there, and not read: homework1.py." in taken.notes
    assert "there is one in plots/" in taken.problems[plot]
    for name in ("pytorch_ann.py", "pytorch_cnn.py", "pytorch_cnn_train_val_metrics.png"):
        (folder / name).unlink()
    shutil.rmtree(folder / "plots")
    with pytest.raises(SubmissionError, match=r"none of the checklist.*found: homework1\.py"):
        open_submission(folder)


def test_an_alias_settles_what_cannot_be_guessed(folder: Path, tmp_path: Path) -> None:
    source = (folder / "numpy_ann.py").read_bytes()
    (folder / "numpy_ann.py").rename(folder / "homework1.py")
    aliases = read_aliases(["homework1.py=numpy_ann.py"])
    for path in (folder, zipped(folder, tmp_path / "work.zip", "ada/")):
        taken = open_submission(path, aliases)
        assert taken.scripts["numpy_ann"] == source
        assert taken.renamed == {"numpy_ann.py": "homework1.py"}
    (folder / "numpy_ann.py").write_text("x = 1")
    assert open_submission(folder, aliases).scripts["numpy_ann"] == source


def test_an_alias_of_a_notebook_is_read_as_one() -> None:
    assert read_aliases(["a=b.ipynb=numpy_ann.py"]) == {"a=b.ipynb": "numpy_ann.ipynb"}


@pytest.mark.parametrize("given", [
    ["homework.py"], ["homework.py=hw.py"], ["=numpy_ann.py"], ["a.py="],
    ["a.py=numpy_ann.py", "b.py=numpy_ann.py"], ["a.py=numpy_ann.py", "a.py=pytorch_ann.py"],
])  # fmt: skip
def test_a_wrong_alias_is_one_line(given: list[str]) -> None:
    with pytest.raises(CannotGrade, match="--alias"):
        read_aliases(given)


def test_doubtful_copies_of_the_other_form_are_ignored_and_said(folder: Path) -> None:
    for number in (1, 2):
        (folder / f"numpy_ann ({number}).ipynb").write_text("{}")
    taken = open_submission(folder)
    assert taken.missing == []
    assert taken.problems == {
        "numpy_ann.ipynb": "is ignored: numpy_ann (1).ipynb and numpy_ann (2).ipynb "
        "could be meant, and numpy_ann.py is there"
    }


@pytest.mark.parametrize(("change", "said"), [
    ({"numpy_ann (1).py": "x = 1", "Copy of numpy_ann.py": "x = 2"},
     "Copy of numpy_ann.py, numpy_ann (1).py are ignored, because numpy_ann.py is there."),
    ({"pytorch_ann_train_val_metrics-2.png": "no plot"},
     "pytorch_ann_train_val_metrics-2.png is ignored, because pytorch_ann_train_val_metrics.png "
     "is there."),
])  # fmt: skip
def test_near_names_beside_the_exact_one_are_said_to_be_ignored(
    folder: Path, change: dict[str, str], said: str
) -> None:
    for name, content in change.items():
        (folder / name).write_text(content)
    assert open_submission(folder).notes == (said,)


@pytest.mark.parametrize(("name", "found"), [
    ("numpy_ann.py", "numpy_ann.py.txt"), ("pytorch_cnn.py", "PyTorch-CNN.docx"),
    ("pytorch_ann_train_val_metrics.png", "pytorch_ann_train_val_metrics.jpg"),
])  # fmt: skip
def test_a_file_with_another_ending_is_said_to_be_there(
    folder: Path, name: str, found: str
) -> None:
    (folder / name).rename(folder / found)
    assert open_submission(folder).notes == (f"Also there, and not read: {found}.",)


def test_a_script_in_an_unknown_encoding_counts_before_untouched_stubs(folder: Path) -> None:
    from grader.handout.notebooks import notebook

    stub = (Path(__file__).parents[2] / "numpy_ann.py").read_text()
    script = folder / "numpy_ann.py"
    script.write_bytes(b"# f\xfcr\n" + script.read_bytes())
    (folder / "numpy_ann.ipynb").write_text(notebook(stub))
    taken = open_submission(folder)
    assert "numpy_ann.py is not in UTF-8 (byte 0xfc in line 1)" in taken.faults["numpy_ann"]
    assert "ignored, because numpy_ann.py is there" in taken.problems["numpy_ann.ipynb"]
    (folder / "numpy_ann.ipynb").write_text(notebook(script.read_text("latin-1")))
    assert not open_submission(folder).faults
