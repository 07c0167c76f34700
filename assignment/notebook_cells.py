"""A notebook's code cells as one script: magics and shell lines dropped, everything else kept.

Not done with IPython's transformer, which takes seconds for some hundred magics and gives up at
500, nor with jupytext's, whose comments leave `if` blocks empty and names unassigned.
"""

from __future__ import annotations

import json
import re

from assignment.sources import code_lines, decoded

# These run the rest of the cell as Python; other cell magics make it another language.
PYTHON_CELL_MAGICS = ("%%time", "%%timeit", "%%capture", "%%prun")
MAX_CODE = 1_000_000  # characters of all code cells; a script may have 200,000
# possessive, so that no line makes them backtrack
_MAGIC = re.compile(r"\s*+([%!?]|[\w.]++\?{1,2}\s*+$)")
_FUTURE = re.compile(r"^from __future__ import [\w, ]++$", re.MULTILINE)
_ASSIGNED_MAGIC = re.compile(r"""([\w.,\s\[\]'"]++=\s*+)[%!]""")


class NotebookError(Exception):
    """The file is not a readable notebook."""


def script_of_notebook(content: bytes) -> str:
    """The code cells of a notebook (nbformat 4) in order, as one script. Raises NotebookError.

    A line that starts with % or ! where a statement can start is Jupyter's and replaced by `pass`.
    Inside an open bracket or a string, or after a backslash, it is Python and stays.
    """
    try:
        notebook = json.loads(content)
        cells = notebook["cells"]
        sources = [_text(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise NotebookError(
            "is not a notebook that can be read, expected Jupyter's format 4"
        ) from None
    if sum(map(len, sources)) > MAX_CODE:
        raise NotebookError(f"has more than {MAX_CODE // 1000:,} kB of code, expected a script")
    script = "\n\n".join(_python_of_cell(source) for source in sources) + "\n"
    # A __future__ import may stand in any cell of a notebook, but only at the top of a script.
    futures = "".join(f"{line.strip()}\n" for line in _FUTURE.findall(script))
    return futures + _FUTURE.sub("", script)


def code_in(name: str, content: bytes) -> str:
    """The code of the script or notebook `name`. Raises NotebookError or EncodingError."""
    if name.lower().endswith(".ipynb"):
        return script_of_notebook(content).encode("utf-8", "replace").decode()
    return decoded(content)


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
    lexer = _Lexer()
    in_magic = False  # a magic continues after a backslash
    for line in code_lines(source):
        assigned = _ASSIGNED_MAGIC.match(line)
        if in_magic or (not lexer.is_open and (assigned or _MAGIC.match(line))):
            indent = line[: len(line) - len(line.lstrip())]
            python = f"{assigned.group(1)}None" if assigned and not in_magic else f"{indent}pass"
            # One line for each, so that line numbers in errors stay right.
            kept.append("" if in_magic else python)
            in_magic = line.rstrip().endswith("\\")
            continue
        lexer.read(line)
        kept.append(line)
    return "\n".join(kept)


class _Lexer:
    """Follows brackets, strings and continued lines, to know where a statement can start."""

    def __init__(self) -> None:
        self.depth = 0  # of open brackets
        self.quote = ""  # of the string that is open at the end of the line
        self.continued = False

    @property
    def is_open(self) -> bool:
        """Whether the next line continues this one."""
        return self.depth > 0 or self.quote != "" or self.continued

    def read(self, line: str) -> None:
        """Advance by one line."""
        position = 0
        last = len(line.rstrip()) - 1
        self.continued = False
        while position < len(line):
            if self.quote:
                position = self._in_string(line, position)
                continue
            character = line[position]
            if character == "#":
                return
            if character in "\"'":
                self.quote = (
                    character * 3 if line.startswith(character * 3, position) else character
                )
                position += len(self.quote)
                continue
            if character in "([{":
                self.depth += 1
            elif character in ")]}":
                self.depth = max(0, self.depth - 1)
            elif character == "\\" and position == last:
                self.continued = True
            position += 1
        if len(self.quote) == 1 and not line.endswith("\\"):
            self.quote = ""  # a plain string ends with its line; Python will report the error

    def _in_string(self, line: str, position: int) -> int:
        """The position after the end of the open string, or of the line."""
        while position < len(line):
            if line[position] == "\\":
                position += 2
            elif line.startswith(self.quote, position):
                position += len(self.quote)
                self.quote = ""
                return position
            else:
                position += 1
        return position
