"""What the notebooks in `notebooks/` share, and how they are made: `python -m playground notebooks`.

Each notebook has one source, a script of cells (`# %%`), beside it. What all of them do first is in `setup`; `build` turns
source into notebook and runs it. In quick mode (PLAYGROUND_QUICK=1, `--quick`) every training is small.
"""

from __future__ import annotations

import inspect
import os
from typing import TYPE_CHECKING, Any

from playground.experiments.settings import ExperimentSettings
from playground.plots import small_png

if TYPE_CHECKING:
    from matplotlib.figure import Figure

QUICK = "PLAYGROUND_QUICK"


def is_quick() -> bool:
    """Whether this is to show that the notebook works, and little else."""
    return os.environ.get(QUICK, "") not in ("", "0")


def settings(train_size: int | None = None) -> ExperimentSettings:
    """For experiments in a notebook: one seed, and maybe fewer images, so that it takes minutes; `python -m playground run`
    takes several seeds and all images. A quick run has its own few images."""
    return ExperimentSettings(quick=is_quick(), seeds=1, train_size=None if is_quick() else train_size)


def show(figure: Figure) -> None:
    """Puts a figure below the cell, small, and the same bytes each time."""
    _display({"image/png": small_png(figure)})


def say(*sentences: str) -> None:
    """Puts a text below the cell. What is observed follows from what was computed, so it is written by the cell itself."""
    _display({"text/markdown": " ".join(sentences)})


def table(head: str, rows: list[tuple[object, ...]]) -> None:
    """Puts a table below the cell; `head` names the columns, with | between them."""
    lines = [
        head,
        "|".join("---" for _ in head.split("|")),
        *("|".join(map(str, row)) for row in rows),
    ]
    _display({"text/markdown": "\n".join(f"|{line}|" for line in lines)})


def show_code(*things: Any) -> None:
    """Puts the source of functions or classes below the cell."""
    code = "\n\n".join(inspect.getsource(thing).rstrip() for thing in things)
    _display({"text/markdown": f"```python\n{code}\n```"})


def _display(content: dict[str, Any]) -> None:
    from IPython.display import display

    display(content, raw=True)  # type: ignore[no-untyped-call]
