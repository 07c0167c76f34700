"""The three best configurations of a sweep on Fashion-MNIST, applied to MNIST without changes."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from assignment.data import PROJECT
from playground import sweeps
from playground.configuration import RECIPES, Configuration
from playground.errors import PlaygroundError
from playground.experiments import phrases
from playground.experiments.figures import BLUE, GREEN, new_figure, tidy
from playground.experiments.results import Result, Variant
from playground.experiments.settings import ExperimentSettings
from playground.experiments.trials import network_variant
from playground.sweeps.records import best, records_of
from playground.sweeps.report import TOP_COUNT, read_top

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DATASETS = ("fashion-mnist", "mnist")
# written by `sweep --output results/sweep`
SWEEP_RESULTS = PROJECT / "results" / "sweep" / "top.json"
RANKS = ("first", "second", "third")


def run(settings: ExperimentSettings) -> Result:
    """Compares the best of the sweep whose results are in the repository."""
    return compare(best_configurations(settings), settings)


def compare(chosen: Sequence[tuple[Configuration, float]], settings: ExperimentSettings) -> Result:
    """Trains configurations of a sweep on both datasets, and the recipe "standard" on MNIST.

    `chosen` holds each configuration with its validation accuracy, the best first. Nothing is
    chosen on MNIST.
    """
    variants = []
    for dataset in DATASETS:
        data = settings.data(dataset)
        for rank, (configuration, accuracy) in zip(RANKS, chosen, strict=False):
            measures = {"dataset": dataset, "validation_accuracy_in_the_sweep": accuracy}
            variants.append(
                network_variant(
                    f"{rank}, {dataset}", configuration, data, settings, measures=measures
                )
            )
    standard = network_variant(
        "standard, mnist", RECIPES["standard"], data, settings, measures={"dataset": "mnist"}
    )
    clothing, digits = variants[: len(chosen)], variants[len(chosen) :]
    return Result(
        "transfer",
        finding=_finding(clothing, digits, standard, len(data.y_test)),
        variants=(*clothing, *digits, standard),
        images=data.images,
        figures={"transfer": draw(clothing, digits, standard)},
    )


def best_configurations(settings: ExperimentSettings) -> list[tuple[Configuration, float]]:
    """The best configurations of the sweep in `results/sweep`, each with its validation accuracy.

    A quick run without these results makes a small sweep; other runs raise PlaygroundError.
    """
    if SWEEP_RESULTS.exists():
        return read_top(SWEEP_RESULTS)[:TOP_COUNT]
    if not settings.quick:
        raise PlaygroundError(
            f"{SWEEP_RESULTS} is missing, expected the best of a sweep: "
            f"python -m playground sweep --trials 80 --output {SWEEP_RESULTS.parent}"
        )
    few: dict[str, Any] = {"train_size": 1000, "validation_size": 500, "epochs": 2}
    with tempfile.TemporaryDirectory() as folder:
        study = sweeps.sweep(
            Path(folder) / "sweep.db",
            sweeps.SweepSettings(**few),
            trials=6,
            pruner="none",
            data_dir=settings.data_dir,
            verbose=False,
        )
        return [
            (record.configuration, record.val_accuracy)
            for record in best(records_of(study), TOP_COUNT)
        ]


def _finding(
    clothing: Sequence[Variant], digits: Sequence[Variant], standard: Variant, images: int
) -> str:
    names = phrases.listed(phrases.percent(variant.test_accuracy) for variant in digits)
    there = phrases.listed(phrases.percent(variant.test_accuracy) for variant in clothing)
    winner = max(digits, key=lambda variant: variant.test_accuracy.mean)
    first = digits[0]
    if winner is first:
        order = "The best on clothing is also the best on digits."
    elif phrases.tied(winner.test_accuracy, first.test_accuracy, images):
        order = "On digits, the first ties with the best of them."
    else:
        order = f"The order changes: on digits, {phrases.versus(winner, first, images)}."
    return (
        "The three best configurations of the sweep on Fashion-MNIST reach test accuracies of "
        f"{names} on MNIST and {there} on Fashion-MNIST. {order} The recipe standard on MNIST: "
        f"{phrases.versus(standard, winner, images)}."
    )


def draw(clothing: Sequence[Variant], digits: Sequence[Variant], standard: Variant) -> Figure:
    """The test error of each configuration on both datasets, and the learning curves on MNIST."""
    figure = new_figure(9, 3.6)
    bars, curves = figure.subplots(1, 2)
    names = [variant.name.split(",")[0] for variant in clothing]
    for offset, variants, colour, label in (
        (-0.2, clothing, BLUE, "Fashion-MNIST"),
        (0.2, [*digits, standard], GREEN, "MNIST"),
    ):
        positions = np.arange(len(variants)) + offset
        errors = [100 * (1 - variant.test_accuracy.mean) for variant in variants]
        deviations = np.nan_to_num([100 * variant.test_accuracy.deviation for variant in variants])
        drawn = bars.barh(
            positions, errors, xerr=deviations, height=0.38, color=colour, label=label, capsize=3
        )
        bars.bar_label(drawn, fmt="%.2f", padding=4, fontsize=8)
    bars.set_yticks(range(len(names) + 1), [*names, "standard"])
    bars.invert_yaxis()
    bars.margins(x=0.15)
    tidy(bars, "test error (%)", "")
    bars.legend(loc="lower right")
    for variant, marker in zip([*digits, standard], "os^x", strict=False):
        rows = variant.curve("val_accuracies")
        shortest = min(map(len, rows))
        mean = 100 * np.mean([row[:shortest] for row in rows], axis=0)
        curves.plot(
            range(1, shortest + 1),
            mean,
            marker=marker,
            markersize=4,
            label=variant.name.split(",")[0],
        )
    curves.locator_params(axis="x", integer=True)
    tidy(curves, "epoch", "validation accuracy (%)", title="on MNIST")
    curves.legend(loc="lower right")
    return figure
