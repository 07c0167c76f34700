"""The scripts as notebooks, for Jupyter and Colab."""

from __future__ import annotations

import re

from grader.handout import NAME

_SETUP = """\
# Run this first. In Colab, upload {name}.zip beforehand (the folder symbol on the left).
import os
import sys
import zipfile
from pathlib import Path

if not Path("assignment").is_dir() and Path("{name}.zip").exists():
    zipfile.ZipFile("{name}.zip").extractall()
if not Path("assignment").is_dir() and Path("{name}").is_dir():
    os.chdir("{name}")
if not Path("assignment").is_dir() and __name__ == "__main__":
    raise FileNotFoundError(
        "utils.py and the folder assignment are missing here: "
        "upload {name}.zip next to this notebook, then run this cell again"
    )
sys.path.insert(0, os.getcwd())"""
_RUN = """\
if __name__ == "__main__":
    main([])  # main(["--check"]) checks the sections and does not train"""


def notebook(source: str) -> str:
    """A script as a Jupyter notebook (JSON): a cell that finds utils.py, the script's cells, a run.

    The script must have no solution markers.
    """
    import jupytext
    import nbformat

    book = jupytext.reads(source, fmt="py:percent")
    for cell in book.cells:
        title = cell.metadata.pop("title", "")
        if title:
            cell.source = f"# {title}\n\n{cell.source}"
    docstring = re.match(r'"""(.*?)"""\n', source, re.DOTALL)
    if docstring:
        book.cells[0].source = (
            book.cells[0].source.replace(docstring.group(0).rstrip("\n"), "", 1).strip()
        )
        text = re.sub(r"run\s+`python \w+\.py`", "run the last cell", docstring.group(1).strip())
        book.cells.insert(0, nbformat.v4.new_markdown_cell(text))
    book.cells[-1].source = book.cells[-1].source.replace(
        'if __name__ == "__main__":\n    sys.exit(main())', _RUN
    )
    book.cells.insert(1, nbformat.v4.new_code_cell(_SETUP.format(name=NAME)))
    book.cells = [cell for cell in book.cells if cell.source.strip()]
    for number, cell in enumerate(book.cells):
        cell["id"] = f"cell-{number}"  # the same notebook for the same source
    book.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}
    }
    return str(nbformat.writes(book)) + "\n"
