"""A file that the student opens in the lab: its code as text for the editor."""

from __future__ import annotations

import re

from assignment.notebook_cells import NotebookError, code_in
from assignment.sources import EncodingError

MAX_BYTES = 10_000_000  # a notebook holds its pictures
TORCH = re.compile(r"^class PyTorch(ANN|CNN)\b", re.MULTILINE)
NO_TORCH = (
    "this is part {part}, which needs PyTorch, and PyTorch does not run in a browser. The lab has "
    "part 1; work on parts 2 and 3 on a computer with PyTorch, or in a hosted notebook"
)


class CannotOpen(Exception):
    """The file is none that the lab can use; the message is one line."""


def opened(name: str, content: bytes) -> str:
    """The code in a script or notebook. Raises CannotOpen."""
    if len(content) > MAX_BYTES:
        raise CannotOpen(f"{name} has {len(content) / 1e6:.0f} MB, expected a script or notebook")
    try:
        text = code_in(name, content)
    except (NotebookError, EncodingError) as error:
        raise CannotOpen(f"{name} {error}") from None
    if not text.strip():
        raise CannotOpen(f"{name} has no code in it")
    found = TORCH.search(text)
    if found and "class NumpyANN" not in text:
        raise CannotOpen(f"{name}: {NO_TORCH.format(part=2 if found[1] == 'ANN' else 3)}")
    return text
