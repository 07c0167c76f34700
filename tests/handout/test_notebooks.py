"""The notebooks run as Jupyter and Colab would run them."""

import json
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from grader.handout.notebooks import notebook
from grader.handout.stubs import reference_source, solved, stub
from grader.sections import SCRIPTS


def run_notebook(source: str, folder: Path) -> str:
    """Execute a notebook as Jupyter would; everything it printed."""
    book = nbformat.reads(source, as_version=4)
    NotebookClient(
        book, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    outputs = [output for cell in book.cells for output in cell.get("outputs", [])]
    return "".join(output.get("text", "") for output in outputs)


@pytest.mark.parametrize("script", SCRIPTS)
def test_notebooks_run_top_to_bottom_with_the_reference_filled_in(
    handout: Path, script: str
) -> None:
    source = notebook(solved(reference_source(script), f"{script}.py"))
    quick = source.replace("main([])", "main(['--train-size', '1000', '--epochs', '1'])", 1)
    assert quick != source
    printed = run_notebook(quick, handout)
    assert "Training on 1,000 images" in printed
    assert "Test accuracy" in printed


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
