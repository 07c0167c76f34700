"""What students are given, in every form in which it can come back: none of it is their own code."""

from __future__ import annotations

import json
from functools import cache

from assignment.notebook_cells import script_of_notebook
from grader import PROJECT
from grader.handout.notebooks import notebook
from grader.handout.stubs import reference_source, solved, stub
from grader.similarity.features import Given, marks_of_handout
from grader.similarity.source import Source, read

CELLS = 1000  # cells whose numbers Jupyter writes when it saves a notebook as a script
# sentences of these are copied into comments
TEXTS = (PROJECT / "README.md", PROJECT / "assignment" / "hints.toml")


@cache
def unwritten(script: str) -> tuple[Source, ...]:
    """The script as it is handed out: the file itself first, then its notebook."""
    return _both(stub(reference_source(script), f"{script}.py"))


@cache
def solutions(script: str) -> tuple[Source, ...]:
    """The reference solution in the same forms."""
    return _both(solved(reference_source(script), f"{script}.py"))


@cache
def given(script: str) -> Given:
    """The marks of a script that do not count: its handout's, and those of what comes with it."""
    utils = read((PROJECT / "utils.py").read_bytes())  # whose functions are pasted in
    return marks_of_handout(*unwritten(script), utils, read(_as_comments(script).encode()))


def _both(source: str) -> tuple[Source, ...]:
    book = notebook(source).encode()
    return read(source.encode()), read(script_of_notebook(book).encode())


def _as_comments(script: str) -> str:
    """The texts that come with a script, and what Jupyter adds when it saves one as a script."""
    book = json.loads(notebook(stub(reference_source(script), f"{script}.py")))
    texts = [
        *("".join(cell["source"]) for cell in book["cells"] if cell["cell_type"] == "markdown"),
        *(path.read_text(encoding="utf-8") for path in TEXTS if path.is_file()),
        "!/usr/bin/env python",
        "coding: utf-8",
        *(f"In[{number}]:" for number in range(1, CELLS)),
    ]
    return "".join(f"# {line}\n" for text in texts for line in text.split("\n"))
