"""The figure of a loss landscape: contours of the loss, and the paths of the optimizers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from playground.experiments.figures import COLOURS, MARKERS, new_figure
from playground.landscape.plane import Grid, Plane

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEVELS = 16
SHOWN_SHARE = 0.98  # of the grid: its corners would take up most of the levels


def draw(
    plane: Plane, grid: Grid, paths: Mapping[str, np.ndarray], ends: Mapping[str, float], best: str
) -> Figure:
    """Contours of the loss with paths `(p, 2)`, and each path's last loss in the legend.

    The plane holds the start and the end of the path `best`. The levels have equal ratios: the loss
    at the start is many times that at the end.
    """
    figure = new_figure(8.6, 6.4)
    axes = figure.subplots()
    _draw_contours(axes, grid)
    for name, places in paths.items():
        axes.plot(*places.T, color="white", linewidth=3.4)
        axes.plot(
            *places.T,
            color=COLOURS[name],
            linewidth=1.8,
            marker=MARKERS[name],
            markersize=8,
            markevery=[len(places) - 1],
            markeredgecolor="white",
            label=f"{name}: {ends[name]:.3f}",
        )
    start = paths[best][0]
    axes.plot(*start, color="black", marker="*", markersize=15, markeredgecolor="white", ls="")
    axes.annotate("start", start, xytext=(-10, -6), textcoords="offset points", ha="right")
    axes.set_title(
        f"Loss (nats) on the plane through the start and the end of {best}. The other points are\n"
        "projected onto it and have other losses than it shows there; the legend gives the last ones.",
        fontsize=9,
    )
    across, up = along_axes(plane, best)
    axes.set_xlabel(across)
    axes.set_ylabel(up)
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    return figure


def along_axes(plane: Plane, best: str) -> tuple[str, str]:
    """What the two axes of the plane are."""
    across, up = (f"{100 * share:.0f} % of the squared distances" for share in plane.explained)
    return (
        f"from the end of {best} towards the start ({across})",
        f"main direction of the remaining distances ({up})",
    )


def levels_of(grid: Grid) -> np.ndarray:
    """The losses `(LEVELS,)` at which the contours lie, with equal ratios."""
    low, high = float(grid.losses.min()), float(np.quantile(grid.losses, SHOWN_SHARE))
    return np.geomspace(low, max(high, low * 1.01), LEVELS)


def _draw_contours(axes: Axes, grid: Grid) -> None:
    """Grey levels of the loss, some of them with their number (nats)."""
    levels = levels_of(grid)
    axes.contourf(
        grid.a, grid.b, grid.losses, levels, cmap="Greys", norm="log", extend="both", alpha=0.7
    )
    lines = axes.contour(grid.a, grid.b, grid.losses, levels, colors="white", linewidths=0.5)
    axes.clabel(lines, levels[1::3], fmt="%.2g", fontsize=8, colors="black")
