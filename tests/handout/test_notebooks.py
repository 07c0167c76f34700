"""The notebooks run as Jupyter and Colab would run them."""

import json
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from grader.handout.notebooks import notebook
from grader.handout.stubs import reference_source, solved, stub
from grader.sections import SCRIPTS
from tests.support import sampled


def run_notebook(source: str, folder: Path) -> str:
    """Execute a notebook as Jupyter would; everything it printed."""
    book = executed(source, folder)
    return "".join(output.get("text", "") for output in outputs_of(book))


def outputs_of(book: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [output for cell in book.cells for output in cell.get("outputs", [])]


def executed(source: str, folder: Path) -> nbformat.NotebookNode:
    """A notebook after its cells have run as Jupyter would run them."""
    book = nbformat.reads(source, as_version=4)
    NotebookClient(
        book, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    return book


@pytest.mark.parametrize("script", sampled(SCRIPTS, every=3))
def test_notebooks_run_top_to_bottom_with_the_reference_filled_in(
    handout: Path, script: str
) -> None:
    source = notebook(solved(reference_source(script), f"{script}.py"))
    quick = source.replace("main([])", "main(['--train-size', '1000', '--epochs', '1'])", 1)
    assert quick != source
    printed = run_notebook(quick, handout)
    assert "Training on 1,000 images" in printed
    assert "Test accuracy" in printed


def solved_notebook(**changes: tuple[str, str]) -> str:
    """The notebook of part 1 with the solutions, a short run, and some text replaced."""
    source = solved(reference_source("numpy_ann"), "numpy_ann.py")
    for old, new in changes.values():
        assert old in source
        source = source.replace(old, new, 1)
    run = "main(['--train-size', '1000', '--epochs', '1'])"
    return notebook(source).replace("main([])", run, 1)


def test_the_curves_are_shown_below_the_cell_with_a_progress_bar(handout: Path) -> None:
    outputs = outputs_of(executed(solved_notebook(), handout))
    pictures = [o for o in outputs if "image/png" in o.get("data", {})]
    assert len(pictures) == 1
    assert "epoch 1: " in "".join(o.get("text", "") for o in outputs)  # without ipywidgets


def test_an_error_names_its_cell(handout: Path) -> None:
    """By the number that Jupyter shows beside it."""
    wrong = solved_notebook(relu=("return np.maximum(z, 0)", "return max(0, z)"))
    book = executed(wrong, handout)
    (cell,) = [cell for cell in book.cells if "return max(0, z)" in cell.source]
    line = cell.source.splitlines().index("    return max(0, z)") + 1
    printed = "".join(output.get("text", "") for output in outputs_of(book))
    assert f"cell [{cell.execution_count}], line {line}, in relu: return max(0, z)" in printed
    assert "Next: fix 1.2 relu, then run the last cell again." in printed


def test_a_wrong_constant_in_a_notebook_is_named(handout: Path) -> None:
    wrong = solved_notebook(size=("BATCH_SIZE = 64", "BATCH_SIZE = '64'"))
    assert "BATCH_SIZE is the text '64'" in run_notebook(wrong, handout)


def test_the_stub_notebook_runs_without_an_error(handout: Path) -> None:
    printed = run_notebook((handout / "numpy_ann.ipynb").read_text(), handout)
    assert "Next: write 1.2 relu, then run the last cell again." in printed


def test_in_colab_the_notebook_finds_the_uploaded_zip(handout: Path, tmp_path: Path) -> None:
    (tmp_path / "fashion-network.zip").symlink_to(handout.with_suffix(".zip"))
    printed = run_notebook((handout / "numpy_ann.ipynb").read_text(), tmp_path)
    assert "1.2 relu" in printed


def test_notebooks_are_the_same_for_the_same_source() -> None:
    assert notebook(stub(reference_source("numpy_ann"), "numpy_ann.py")) == notebook(
        stub(reference_source("numpy_ann"), "numpy_ann.py")
    )
    cells = json.loads(notebook(stub(reference_source("numpy_ann"), "numpy_ann.py")))["cells"]
    assert cells[0]["cell_type"] == "markdown"
    assert "run the last cell" in "".join(cells[0]["source"])
