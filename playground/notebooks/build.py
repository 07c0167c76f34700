"""Converts a script of cells to a notebook and runs it; only measurements vary between runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from assignment.data import PROJECT
from assignment.files import write_atomically
from playground.environment import environment
from playground.errors import PlaygroundError
from playground.extras import require
from playground.notebooks import QUICK
from playground.notebooks.setup import SETUP

if TYPE_CHECKING:
    from nbformat import NotebookNode

SOURCES = PROJECT / "notebooks"
# in reading order
NAMES = (
    "neural_network_from_scratch",
    "layers_of_your_own",
    "optimizers_and_hyperparameters",
    "network_vs_cnn",
)
# an interactive figure is kept as its data; by default all of Plotly's script, 5 MB, would be kept too
PLOTLY = {"PLOTLY_RENDERER": "plotly_mimetype"}
CELL_TIMEOUT = 3600  # seconds; trainings with two threads are slow on a busy machine


def source(name: str) -> Path:
    """The path of a notebook's script."""
    return SOURCES / f"{name}.py"


def unexecuted(name: str) -> NotebookNode:
    """The notebook without outputs: the cells of the script, with the common first cell."""
    for package in ("jupytext", "nbformat", "nbclient", "ipykernel"):
        require(package, "dev")
    import jupytext
    import nbformat

    try:
        text = source(name).read_text(encoding="utf-8")
    except OSError as error:
        raise PlaygroundError(
            f"{source(name)} cannot be read ({error.strerror}), expected it in the repository"
        ) from None
    book = jupytext.reads(text, fmt="py:percent")
    book.cells.insert(1, nbformat.v4.new_code_cell(SETUP.rstrip()))
    for number, cell in enumerate(book.cells):
        cell["id"], cell["metadata"] = f"cell-{number}", {}
    book.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return book


def executed(name: str, *, quick: bool) -> NotebookNode:
    """The notebook with its outputs. Raises PlaygroundError with the error of a failing cell."""
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError

    book = unexecuted(name)
    client = NotebookClient(
        book,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        record_timing=False,
        coalesce_streams=True,
        resources={"metadata": {"path": str(SOURCES)}},
        extra_arguments=["--log-level=ERROR"],
    )
    try:
        with environment({QUICK: "1" if quick else "0", **PLOTLY}):
            client.execute()
    except (CellExecutionError, CellTimeoutError) as error:
        lines = re.sub(r"\x1b\[[\d;]*m", "", str(error)).strip().splitlines()
        raise PlaygroundError(
            f"{name} failed: {lines[-1] if lines else type(error).__name__}"
        ) from None
    for cell in book.cells:
        _tidy(cell)
    return book


def write(name: str, folder: Path, *, quick: bool) -> Path:
    """Runs the notebook and writes it to a folder; returns its path."""
    import nbformat

    book = executed(name, quick=quick)
    path = folder / f"{name}.ipynb"
    write_atomically(path, (nbformat.writes(book) + "\n").encode())
    return path


def _tidy(cell: Any) -> None:
    """Removes metadata, progress bars and warnings from a code cell."""
    if cell.cell_type == "code":
        cell["metadata"] = {}
        cell["outputs"] = [output for output in cell.outputs if output.get("name") != "stderr"]
