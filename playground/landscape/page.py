"""A page that plays the paths through the loss landscape: one HTML file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from inspection.one_file import WEB as INSPECTION
from inspection.one_file import Paragraph, Scripts, modules_of, one_file
from playground.landscape.figure import along_axes, levels_of
from playground.landscape.paths import RATES
from playground.landscape.plane import Grid, Plane
from playground.live.server import WEB as LIVE

WEB = Path(__file__).parent / "web"
SCRIPTS = Scripts(
    (
        ("#inspection/dom.js", INSPECTION / "dom.js"),
        ("#live/chart.js", LIVE / "chart.js"),
        ("#live/ticks.js", LIVE / "ticks.js"),
        *modules_of(WEB, "#landscape/"),
    ),
    (
        INSPECTION / "page.css",
        INSPECTION / "inspect.css",
        LIVE / "live.css",
        WEB / "landscape.css",
    ),
    "#landscape/landscape.js",
    main="landscape",
)


def page(
    plane: Plane,
    grid: Grid,
    paths: Mapping[str, np.ndarray],
    losses: Mapping[str, Sequence[float]],
    steps: Sequence[int],
    best: str,
) -> str:
    """The page as HTML: paths `(p, 2)` on the plane, with the loss at each of the p steps.

    The plane holds the start and the end of the path `best`.
    """
    across, up = along_axes(plane, best)
    content = {
        "best": best,
        "across": across,
        "up": up,
        "steps": list(steps),
        "a": _short(grid.a),
        "b": _short(grid.b),
        "grid": [_short(row) for row in grid.losses],
        "levels": _short(levels_of(grid)),
        "paths": [
            {
                "name": name,
                "rate": RATES[name],
                "places": [_short(place) for place in places],
                "losses": _short(losses[name]),
            }
            for name, places in paths.items()
        ],
    }
    note = (
        f"The map shows the loss (nats) on the plane through the start and the end of {best}. The"
        " other paths leave this plane and are projected onto it: their own losses, in the table"
        " and in the chart, differ from the one that the map shows there."
    )
    data = {"data": json.dumps(content)}
    return one_file("Six optimizers on one loss", (Paragraph(note),), data, SCRIPTS)


def _short(values: Sequence[float] | np.ndarray) -> list[float]:
    """Numbers with five digits, which is more than a screen shows."""
    return [float(f"{value:.5g}") for value in values]
