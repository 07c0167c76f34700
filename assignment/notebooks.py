"""What is different when a script runs as a notebook."""

from __future__ import annotations

import sys
from pathlib import Path


def in_notebook() -> bool:
    """Whether this process runs the cells of a notebook, as Jupyter's and Colab's kernels do."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return hasattr(shell, "kernel")


def show_picture(path: Path) -> None:
    """Show a PNG below the cell; outside of a notebook, nothing."""
    if in_notebook():
        from IPython.display import Image, display

        display(Image(filename=str(path)))  # type: ignore[no-untyped-call]
