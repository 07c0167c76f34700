"""Helpers for the notebooks in `notebooks/`; `python -m playground notebooks` builds them.

The source of each notebook is a script of cells (`# %%`) beside it. `setup` holds their common
first cell; `build` converts a source to a notebook and runs it. In quick mode (PLAYGROUND_QUICK=1,
`--quick`) every training is small.
"""

from __future__ import annotations

import inspect
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playground.experiments import present, run
from playground.experiments.results import Result, read
from playground.experiments.settings import ExperimentSettings
from playground.plots import small_png

if TYPE_CHECKING:
    from matplotlib.figure import Figure

QUICK = "PLAYGROUND_QUICK"
RESULTS = Path(__file__).parents[2] / "results"


def is_quick() -> bool:
    """Whether this is a quick run, which only shows that the notebook works."""
    return os.environ.get(QUICK, "") not in ("", "0")


def settings(train_size: int | None = None) -> ExperimentSettings:
    """Settings for experiments in a notebook: one seed and `train_size` images, to save time.

    `python -m playground run` uses several seeds and all images. Quick runs ignore `train_size`.
    """
    quick = is_quick()
    return ExperimentSettings(quick=quick, seeds=1, train_size=None if quick else train_size)


def results_of(experiment: str) -> Result:
    """What `python -m playground run` measured; a quick run does the experiment here, in brief."""
    if is_quick():
        return run(experiment, settings())
    return present(read(RESULTS / f"{experiment}.json"))


def show_figure(result: Result, name: str) -> None:
    """Displays a figure of a result: from results/ if its records do not suffice to draw it."""
    if name in result.figures:
        show(result.figures[name])
    else:
        _display({"image/png": (RESULTS / f"{name}.png").read_bytes()})


def show(figure: Figure) -> None:
    """Displays a figure below the cell as a small PNG with reproducible bytes."""
    _display({"image/png": small_png(figure)})


def say(*sentences: object) -> None:
    """Displays sentences or a finding below the cell; cells compute the numbers in them."""
    _display({"text/markdown": " ".join(map(str, sentences))})


def table(head: str, rows: list[tuple[object, ...]]) -> None:
    """Displays a table below the cell; `head` holds the column names, separated by |."""
    lines = [
        head,
        "|".join("---" for _ in head.split("|")),
        *("|".join(map(str, row)) for row in rows),
    ]
    _display({"text/markdown": "\n".join(f"|{line}|" for line in lines)})


def show_code(*things: Any) -> None:
    """Displays the source code of functions or classes below the cell."""
    code = "\n\n".join(inspect.getsource(thing).rstrip() for thing in things)
    _display({"text/markdown": f"```python\n{code}\n```"})


def _display(content: dict[str, Any]) -> None:
    from IPython.display import display

    display(content, raw=True)  # type: ignore[no-untyped-call]
