"""A notebook's code cells as one script: magics and shell lines dropped, everything else as it stands."""

from __future__ import annotations

import io
import json
import re
import tokenize

# `%%time` and `%%capture` run the rest of the cell as Python; other cell magics make it another language
PYTHON_CELL_MAGICS = ("%%time", "%%timeit", "%%capture", "%%prun")
_MAGIC = re.compile(r"\s*([%!?]|[\w.]+\?{1,2}\s*$)")
_ASSIGNED_MAGIC = re.compile(r"(\s*[\w.,\s]+=\s*)[%!]")


class NotebookError(Exception):
    """The file is not a notebook that can be read."""


def script_of_notebook(content: bytes) -> str:
    """The code cells of a notebook (nbformat 4) in their order, as one script. Raises NotebookError.

    A line that starts with % or ! where a statement could start is for Jupyter and is replaced by `pass`; inside an open
    bracket, a string, or after a backslash it is Python and stays.
    """
    try:
        notebook = json.loads(content)
        cells = notebook["cells"]
        sources = [_text(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise NotebookError("is not a notebook that can be read, expected Jupyter's format 4") from None
    return "\n\n".join(_python_of_cell(source) for source in sources) + "\n"


def _text(source: object) -> str:
    if isinstance(source, str):
        return source
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        return "".join(source)
    raise TypeError("source is neither text nor lines")


def _python_of_cell(source: str) -> str:
    first = source.lstrip().split("\n", 1)[0].split(" ", 1)[0].strip()
    if first.startswith("%%") and first not in PYTHON_CELL_MAGICS:
        return ""
    kept: list[str] = []
    statement = 0  # where the statement that is being read starts
    for line in source.splitlines():
        is_magic = _MAGIC.match(line)
        assigned = _ASSIGNED_MAGIC.match(line)
        if (is_magic or assigned) and not _is_open("\n".join(kept[statement:])):
            indent = line[: len(line) - len(line.lstrip())]
            line = f"{assigned.group(1)}None" if assigned and not is_magic else f"{indent}pass"  # keeps line numbers
        kept.append(line)
        if not _is_open("\n".join(kept[statement:])):
            statement = len(kept)
    return "\n".join(kept)


def _is_open(text: str) -> bool:
    """Whether the text ends inside a bracket, a string or a continued line."""
    if text.rstrip(" \t").endswith("\\"):
        return True
    try:
        for _ in tokenize.generate_tokens(io.StringIO(text + "\n").readline):
            pass
    except tokenize.TokenError as error:
        return "EOF" in str(error) or "unterminated triple" in str(error) or "was never closed" in str(error)
    except (SyntaxError, IndentationError):
        return False
    return False
