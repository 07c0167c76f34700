"""From a script of cells to a notebook with outputs, the same for the same source but for what it measures."""

from __future__ import annotations

import os
import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import utils
from playground.errors import PlaygroundError
from playground.notebooks import QUICK
from playground.notebooks.setup import SETUP
from playground.extras import require

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbformat import NotebookNode

SOURCES = utils.HERE / "notebooks"
NAMES = (
    "neural_network_from_scratch",
    "optimizers_and_hyperparameters",
    "network_vs_cnn",
)  # in the order to read them
CELL_TIMEOUT = (
    3600  # that a cell may take: trainings with two threads stall where others work beside them
)


def source(name: str) -> Path:
    """The script of a notebook."""
    return SOURCES / f"{name}.py"


def unexecuted(name: str) -> NotebookNode:
    """The notebook without outputs: the cells of the script, the common first cell behind its title."""
    for package in ("jupytext", "nbformat", "nbclient", "ipykernel"):
        require(package, "dev")
    import jupytext
    import nbformat

    try:
        text = source(name).read_text(encoding="utf-8")
    except OSError as error:
        raise PlaygroundError(
            f"{source(name)} cannot be read ({error.strerror}), expected in the repository"
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
    """The notebook with its outputs. Raises PlaygroundError with the error of the cell that fails."""
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
        with _environment(QUICK, "1" if quick else "0"):
            client.execute()
    except (CellExecutionError, CellTimeoutError) as error:
        lines = re.sub(r"\x1b\[[\d;]*m", "", str(error)).strip().splitlines()
        raise PlaygroundError(
            f"{name} does not run: {lines[-1] if lines else type(error).__name__}"
        ) from None
    for cell in book.cells:
        _tidy(cell)
    return book


def write(name: str, folder: Path, *, quick: bool) -> Path:
    """Runs the notebook and writes it into a folder; returns its path."""
    import nbformat

    book = executed(name, quick=quick)
    path = folder / f"{name}.ipynb"
    utils.write_atomically(path, (nbformat.writes(book) + "\n").encode())
    return path


def _tidy(cell: Any) -> None:
    """Leaves of the outputs what a reader wants to see: no progress and no warnings."""
    if cell.cell_type == "code":
        cell["metadata"] = {}
        cell["outputs"] = [output for output in cell.outputs if output.get("name") != "stderr"]


@contextmanager
def _environment(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
