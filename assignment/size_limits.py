"""How large a file may be that is handed in: marking reads no larger one, the checklist says so."""

from __future__ import annotations

from assignment.notebook_cells import code_in

MAX_SCRIPT = 200_000  # bytes, also of a notebook's code; a script is 10,000
MAX_NOTEBOOK = 20_000_000  # bytes; outputs with pictures are large
MAX_PLOT = 20_000_000  # bytes; a plot is 50,000


class TooLargeError(Exception):
    """A file exceeds its size limit; the message, a clause, names the limit."""


def expect_size(size: int, limit: int, cure: str = "") -> None:
    """Raises TooLargeError for a file of `size` bytes that exceeds the limit."""
    if size > limit:
        raise TooLargeError(f"is larger than {limit // 1000:,} kB, the limit for such a file{cure}")


def source_limit(name: str) -> int:
    """The most bytes of the script or notebook `name`."""
    return MAX_NOTEBOOK if name.lower().endswith(".ipynb") else MAX_SCRIPT


def bounded_code(name: str, content: bytes) -> str:
    """The code of the script or notebook `name`.

    Raises TooLargeError if the file or its code exceeds the limit, NotebookError or EncodingError.
    """
    limit = source_limit(name)
    expect_size(len(content), limit, ": clear its outputs" if limit == MAX_NOTEBOOK else "")
    code = code_in(name, content)
    expect_size(len(code.encode()), MAX_SCRIPT)
    return code
