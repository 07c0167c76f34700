"""Elements of the experiments' figures: consistent colours, curves with their spread, images.

The colours are Okabe and Ito's (2008, "Color universal design"), which colour-blind people can
distinguish; every colour also comes with its own marker. pyplot is not used: no windows, no global
state.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from playground.experiments.results import Variant

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, RED, PINK = (
    "#000000", "#e69f00", "#56b4e9", "#009e73", "#f0e442", "#0072b2", "#d55e00", "#cc79a7"
)  # fmt: skip
COLOURS = {
    "sgd": BLACK, "momentum": SKY, "nesterov": BLUE, "rmsprop": PINK, "adam": ORANGE, "nadam": RED,
    "network": BLUE, "CNN": ORANGE,
    "cross-entropy": BLUE, "squared-error-softmax": ORANGE, "squared-error-sigmoid": PINK,
    "normal": BLACK, "xavier": GREEN, "he": RED,
    "from scratch": BLUE, "v1": SKY, "v2": GREEN, "v3": PINK, "fast": ORANGE,
}  # fmt: skip
MARKERS = dict(zip(COLOURS, "os^vDP" + "os" + "os^" + "os^" + "osv^D", strict=True))
SHOWN_RANGE = 8  # percentage points below the best accuracies; high rates may give any accuracy
FAILED = 0.2  # a test accuracy below it is close to guessing one of ten classes
PNG_DPI = 110  # a figure 9 inches wide then fills a README


def new_figure(width: float = 9.0, height: float = 3.8) -> Figure:
    """An empty figure; width and height in inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def parts(figure: Figure, rows: int, columns: int, **ratios: Any) -> list[SubFigure]:
    """Subfigures of the figure, row by row; `ratios` as for matplotlib's subfigures."""
    return list(figure.subfigures(rows, columns, squeeze=False, **ratios).flat)


def tidy(axes: Axes, x: str, y: str, *, title: str = "") -> None:
    """Sets axis labels, title and a light grid."""
    axes.set(xlabel=x, ylabel=y, title=title)
    axes.grid(alpha=0.3)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def draw_curve(
    axes: Axes,
    variant: Variant,
    curve: str,
    *,
    percent: bool = False,
    x: str = "epoch",
    **style: Any,
) -> None:
    """Draws a variant's mean learning curve with a band of one standard deviation over its trials.

    `x` is "epoch" or "seconds", those of the quickest trial. Colour and marker depend on the variant's name unless `style` sets
    them.
    """
    rows = variant.curve(curve)
    shortest = min(map(len, rows))  # early stopping ends trials at different epochs
    values = np.array([row[:shortest] for row in rows])  # (trials, epochs)
    values *= 100 if percent else 1
    seconds = variant.quickest.history["seconds"][:shortest]
    positions = seconds if x == "seconds" else np.arange(1, shortest + 1)
    look = {
        "color": COLOURS.get(variant.name, BLACK),
        "marker": MARKERS.get(variant.name, "o"),
        "label": variant.name,
    }
    axes.plot(
        positions, values.mean(axis=0), **{"markersize": 4, "linewidth": 1.4, **look, **style}
    )
    if len(values) > 1 and style.get("linestyle", "-") == "-":
        mean, deviation = values.mean(axis=0), values.std(axis=0, ddof=1)
        low, high = mean - deviation, mean + deviation
        axes.fill_between(
            positions, low, high, color=style.get("color", look["color"]), alpha=0.15, linewidth=0
        )
    if x == "epoch":
        axes.locator_params(axis="x", integer=True)


def draw_rates(axes: Axes, variants: Sequence[Variant]) -> None:
    """Draws the validation accuracy by learning rate, as measured by `choose_learning_rate`.

    A cross at the lower edge stands for a training that failed: its accuracy is near that of
    guessing, far below the others.
    """
    measured = [variant.measures["validation_accuracy_by_learning_rate"] for variant in variants]
    bests = [100 * max(accuracies.values()) for accuracies in measured]
    bottom, crosses = min(bests) - SHOWN_RANGE, list[float]()
    for variant, accuracies in zip(variants, measured, strict=True):
        look: dict[str, Any] = {"color": COLOURS[variant.name], "clip_on": False}
        points = [(float(rate), 100 * value) for rate, value in accuracies.items()]
        good = [point for point in points if point[1] > bottom]
        axes.plot(*zip(*good, strict=True), marker=MARKERS[variant.name], markersize=4, **look)
        for rate, accuracy in points:
            if accuracy <= bottom:
                height = bottom + 0.4 * crosses.count(rate)  # beside those at the same rate
                axes.plot(rate, height, "x", markersize=8, **look)
                crosses.append(rate)
    tidy(axes, "learning rate", "validation accuracy at the end (%)")
    axes.set_xscale("log")
    axes.set_ylim(bottom, max(bests) + 1)
    if crosses:
        axes.plot([], [], "x", color="grey", markersize=8, label="failed: near guessing")
        axes.legend(loc="upper right", fontsize=9)


def draw_bars(
    axes: Axes,
    names: Sequence[str],
    values: Sequence[float],
    texts: Sequence[str],
    deviations: Sequence[float] = (),
) -> None:
    """Draws one horizontal bar per name, top to bottom, with a text and an error bar at its end."""
    positions = np.arange(len(names))
    whiskers = np.nan_to_num(deviations) if len(deviations) else np.zeros(len(names))
    axes.barh(positions, values, height=0.6, color=[COLOURS.get(name, BLUE) for name in names])
    if whiskers.any():
        axes.errorbar(values, positions, xerr=whiskers, fmt="none", color=BLACK, capsize=3)
    for place, (end, text) in enumerate(zip(values + whiskers, texts, strict=True)):
        axes.annotate(
            text, (end, place), xytext=(6, 0), textcoords="offset points", va="center", fontsize=9
        )
    axes.margins(x=0.3)  # room for the texts
    axes.set_yticks(positions, names)
    axes.invert_yaxis()


def draw_errors(axes: Axes, variants: Sequence[Variant]) -> None:
    """Draws each variant's test error: unlike accuracies near 90 %, its bars can start at 0."""
    errors = [100 * (1 - variant.test_accuracy.mean) for variant in variants]
    deviations = [100 * variant.test_accuracy.deviation for variant in variants]
    draw_bars(
        axes, [v.name for v in variants], errors, [f"{error:.2f}" for error in errors], deviations
    )
    tidy(axes, "test error (%)", "")


def draw_image(axes: Axes, image: np.ndarray, *, title: str = "") -> None:
    """Draws the pixels `(784,)`, dark on light."""
    axes.imshow(image.reshape(28, 28), cmap="gray_r", vmin=0, vmax=255)
    axes.set_axis_off()
    axes.set_title(title, fontsize=8)


def draw_heat_map(
    axes: Axes,
    values: np.ndarray,
    rows: Sequence[str],
    columns: Sequence[str],
    texts: Iterable[Iterable[str]],
) -> None:
    """Draws values `(rows, columns)` as squares, darker for larger values, each with its text."""
    axes.imshow(values, cmap="Blues", aspect="auto")
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(len(rows)), rows)
    middle = (np.nanmin(values) + np.nanmax(values)) / 2
    for row, line in enumerate(texts):
        for column, text in enumerate(line):
            colour = "white" if values[row, column] > middle else "black"
            axes.text(column, row, text, ha="center", va="center", fontsize=9, color=colour)


def as_png(figure: Figure) -> bytes:
    """The figure as PNG; the bytes are reproducible."""
    return _saved(figure, format="png", dpi=PNG_DPI, pil_kwargs={"optimize": True})


def as_svg(figure: Figure) -> bytes:
    """The figure as SVG; the bytes are reproducible: no date, no random ids."""
    return _saved(figure, format="svg", metadata={"Date": None})


def _saved(figure: Figure, **options: Any) -> bytes:
    import matplotlib as mpl

    content = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "playground"}):
        figure.savefig(content, **options)
    return content.getvalue()
