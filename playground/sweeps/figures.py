"""Four figures of a sweep: all trials, importances, correlations, and one panel per dimension.

Accuracies are validation accuracies in percent. Optuna's own figures for matplotlib are not used:
they leave out pruned trials, spend the colour scale on failed ones, and change pyplot's global
state and style.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from playground.sweeps.records import Record
from playground.sweeps.space import Choice, Dimension, Logarithmic, space

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from optuna import Study

MIN_COMPLETE_TRIALS = 4  # with fewer, importances and correlations mean nothing
BLUE, ORANGE = "#0072b2", "#d55e00"
WHY_THEY_DIFFER = (
    "The two need not agree. Importance counts every effect, also that of the poor values that the "
    "search tried early; correlation counts only a steady rise or fall. Both rest on trials that "
    "the search (TPE) concentrates near the best: a setting on which it has decided hardly varies "
    "among them, and its correlation says little."
)
# end of a trial: its name in the legend, marker and style
ENDS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "complete": ("complete", "o", {"facecolors": BLUE, "edgecolors": BLUE}),
    "pruned": ("ended early", "o", {"facecolors": "none", "edgecolors": BLUE}),
    "diverged": ("diverged", "x", {"color": ORANGE}),
}
LABELS = {
    "depth": "hidden layers",
    "width": "units per layer",
    "learning_rate": "learning rate",
    "batch_size": "batch size",
    "weight_decay": "weight decay",
}


def draw(study: Study, records: list[Record], epochs: int) -> dict[str, Figure]:
    """The figures by name; importance and correlation only if there are enough trials."""
    complete = [record for record in records if record.end == "complete"]
    drawn = {"parallel": parallel(records, epochs), "slices": slices(records, epochs)}
    if comparable(complete):
        drawn |= {"importance": importance(study), "correlation": correlation(complete, epochs)}
    return drawn


def comparable(complete: list[Record]) -> bool:
    """Whether these trials are enough for importances and correlations."""
    accuracies = {record.val_accuracy for record in complete}
    return len(complete) >= MIN_COMPLETE_TRIALS and len(accuracies) > 1


def parallel(records: list[Record], epochs: int) -> Figure:
    """One line per trial through its parameters to its accuracy; better trials are darker."""
    from matplotlib import colormaps

    dimensions = space(epochs)
    figure = _figure(12, 4.6)
    axes = figure.subplots()
    accuracies = np.array([100 * record.val_accuracy for record in records])
    low, high = _visible_range(accuracies)
    heights = np.clip((accuracies - low) / (high - low), 0, 1)
    for index in np.argsort(heights):  # the best on top
        record, height = records[index], heights[index]
        places = [
            _place(dimension, record.parameters[name]) for name, dimension in dimensions.items()
        ]
        spread = 0.012 * math.sin(2.4 * record.number)  # separates lines through the same choice
        style = {"linewidth": 0.6 + 1.4 * height**2, "alpha": 0.4 + 0.6 * height**2}
        line = [place + spread for place in places]
        axes.plot([*line, height], color=colormaps["viridis_r"](0.15 + 0.85 * height), **style)
    for position, dimension in enumerate(dimensions.values()):
        axes.axvline(position, color="grey", linewidth=0.8)
        for place, text in _ticks(dimension):
            axes.text(position + 0.03, place, text, bbox=LABEL_BOX, **LABEL_STYLE)
    for place in np.linspace(0, 1, 5):
        text = f"{'≤ ' if not place else ''}{low + place * (high - low):.1f}"
        axes.text(len(dimensions) + 0.03, place, text, **LABEL_STYLE)
    axes.axvline(len(dimensions), color="black", linewidth=1.2)
    names = [LABELS.get(name, name) for name in dimensions]
    axes.set_xticks(range(len(names) + 1), [*names, "validation\naccuracy (%)"])
    axes.set(yticks=[], ylim=(-0.06, 1.06), xlim=(-0.1, len(names) + 0.35))
    axes.spines[:].set_visible(False)
    axes.set_title(
        f"One line per trial ({len(records)}); darker and thicker: higher validation accuracy"
    )
    return figure


def importances(study: Study) -> dict[str, float]:
    """The share of the variance of the accuracy that each dimension explains (functional ANOVA).

    Source: Hutter, Hoos and Leyton-Brown 2014, "An efficient approach for assessing hyperparameter
    importance".
    """
    import optuna

    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
    return optuna.importance.get_param_importances(study, evaluator=evaluator)


def importance(study: Study) -> Figure:
    """The shares of `importances` as bars."""
    shares = importances(study)
    figure = _figure(7, 3.8)
    axes = figure.subplots()
    names = list(shares)[::-1]
    bars = axes.barh(
        [LABELS.get(name, name) for name in names],
        [100 * shares[name] for name in names],
        color=BLUE,
    )
    axes.bar_label(bars, fmt="%.0f", padding=3)
    axes.set(xlabel="share of the variance of the validation accuracy (%)", title="Importance")
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def correlation(complete: list[Record], epochs: int) -> Figure:
    """Rank correlations of the accuracy with each numeric dimension and each categorical choice."""
    figure = _figure(7, 5.6)
    axes = figure.subplots()
    values = correlations(complete, epochs)
    names = sorted(values, key=values.__getitem__)
    bars = axes.barh(names, [values[name] for name in names])
    for bar, name in zip(bars, names, strict=True):
        bar.set_color(BLUE if values[name] >= 0 else ORANGE)
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set(
        xlabel="rank correlation with the validation accuracy", xlim=(-1, 1), title="Correlation"
    )
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def correlations(complete: list[Record], epochs: int) -> dict[str, float]:
    """Spearman's correlations from -1 (higher is worse) to 1 (higher is better)."""
    accuracies = [record.val_accuracy for record in complete]
    columns: dict[str, list[float]] = {}
    for name, dimension in space(epochs).items():
        values = [record.parameters[name] for record in complete]
        if isinstance(dimension, Choice) and isinstance(dimension.values[0], str):
            columns |= {
                choice: [float(value == choice) for value in values] for choice in dimension.values
            }
        else:
            columns[LABELS.get(name, name)] = values
    return {
        name: _rank_correlation(column, accuracies)
        for name, column in columns.items()
        if len(set(column)) > 1
    }


def slices(records: list[Record], epochs: int) -> Figure:
    """The accuracy over each dimension; filled dots for complete trials, hollow for others."""
    figure = _figure(12, 6.2)
    grid = figure.subplots(2, 5, sharey=True)
    low, high = _visible_range(np.array([100 * record.val_accuracy for record in records]))
    for axes, (name, dimension) in zip(grid.flat, space(epochs).items(), strict=False):
        for end, (_, marker, style) in ENDS.items():
            chosen = [record for record in records if record.end == end]
            places = [
                _slice_place(dimension, record.parameters[name], record.number) for record in chosen
            ]
            axes.scatter(
                places,
                [max(low, 100 * record.val_accuracy) for record in chosen],
                s=16,
                alpha=0.7,
                marker=marker,
                **style,
            )
        _label_slice(axes, dimension)
        axes.set(xlabel=LABELS.get(name, name), ylim=(low - 0.5, high + 0.5))
        axes.grid(alpha=0.3)
    _explain_ends(grid.flat[-1], [record.end for record in records])
    figure.supylabel("validation accuracy (%)")
    figure.suptitle(
        f"All trials by dimension; those on the lowest line reached at most {low:.1f} %"
    )
    return figure


LABEL_BOX = {"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 0.5}
LABEL_STYLE: dict[str, Any] = {"fontsize": 8, "va": "center", "zorder": 3}


def _explain_ends(axes: Axes, ends: list[str]) -> None:
    """A legend in place of a panel: the ends that occur, and the number of their trials."""
    axes.set_axis_off()
    for end, (name, marker, style) in ENDS.items():
        if end in ends:
            axes.scatter([], [], s=30, marker=marker, label=f"{name} ({ends.count(end)})", **style)
    axes.legend(loc="center", frameon=False, title="trials", fontsize=10)


def _figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _visible_range(accuracies: np.ndarray) -> tuple[float, float]:
    """From the best accuracy down to three times the median's distance, to hide failed trials."""
    high, middle = float(accuracies.max()), float(np.median(accuracies))
    return max(0.0, high - max(3 * (high - middle), 1.0)), high


def _place(dimension: Dimension, value: Any) -> float:
    """The position of a value on an axis from 0 to 1."""
    if isinstance(dimension, Choice):
        return float(dimension.values.index(value) / max(1, len(dimension.values) - 1))
    if isinstance(dimension, Logarithmic):
        return math.log(value / dimension.low) / math.log(dimension.high / dimension.low)
    return float(value - dimension.low) / max(1, dimension.high - dimension.low)


def _ticks(dimension: Dimension) -> list[tuple[float, str]]:
    """Positions and labels of the ticks on such an axis."""
    if isinstance(dimension, Choice):
        values: list[Any] = list(dimension.values)
    elif isinstance(dimension, Logarithmic):
        first, last = math.ceil(math.log10(dimension.low)), math.floor(math.log10(dimension.high))
        inner = [10.0**power for power in range(first, last + 1)]
        values = sorted({dimension.low, *inner, dimension.high})
    else:
        values = list(range(dimension.low, dimension.high + 1))
    return [
        (_place(dimension, value), f"{value:g}" if isinstance(value, float) else str(value))
        for value in values
    ]


def _slice_place(dimension: Dimension, value: Any, number: int) -> float:
    """The position of a trial's dot; jitter separates trials with the same choice."""
    if isinstance(dimension, Choice):
        return dimension.values.index(value) + 0.15 * math.sin(2.4 * number)
    return float(value)


def _label_slice(axes: Axes, dimension: Dimension) -> None:
    if isinstance(dimension, Choice):
        turned = 45 if isinstance(dimension.values[0], str) else 0
        axes.set_xticks(
            range(len(dimension.values)),
            [str(value) for value in dimension.values],
            rotation=turned,
        )
    elif isinstance(dimension, Logarithmic):
        axes.set_xscale("log")
    else:
        axes.locator_params(axis="x", integer=True)


def _rank_correlation(a: list[float], b: list[float]) -> float:
    """Spearman's correlation: the correlation of the ranks; ties share their mean rank."""
    return float(np.corrcoef(_ranks(np.array(a, float)), _ranks(np.array(b, float)))[0, 1])


def _ranks(values: np.ndarray) -> np.ndarray:
    below = (values[None, :] < values[:, None]).sum(axis=1)
    equal = (values[None, :] == values[:, None]).sum(axis=1)
    ranks: np.ndarray = below + (equal - 1) / 2
    return ranks
