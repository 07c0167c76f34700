"""The three best configurations of a sweep on Fashion-MNIST, applied to MNIST without changes."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from assignment.data import PROJECT
from playground import sweeps
from playground.configuration import RECIPES, Configuration
from playground.errors import PlaygroundError
from playground.experiments import phrases
from playground.experiments.comparisons import difference
from playground.experiments.figures import (
    BLACK,
    BLUE,
    GREEN,
    ORANGE,
    PINK,
    SKY,
    draw_curve,
    new_figure,
    tidy,
)
from playground.experiments.results import Finding, Result, Variant
from playground.experiments.settings import ExperimentSettings
from playground.experiments.trials import network_variant
from playground.sweeps.records import best, records_of
from playground.sweeps.report import TOP_COUNT, read_top

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DATASETS = ("fashion-mnist", "mnist")
STANDARD = "standard"  # the recipe that stands for no search at all
# written by `sweep --output results/sweep`
SWEEP_RESULTS = PROJECT / "results" / "sweep" / "top.json"


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
        for name, (configuration, accuracy) in zip(names_of(chosen), chosen, strict=True):
            measures = {"dataset": dataset, "validation_accuracy_in_the_sweep": accuracy}
            name = f"{name}, {dataset}"
            variants.append(network_variant(name, configuration, data, settings, measures=measures))
    standard = network_variant(
        f"{STANDARD}, mnist", RECIPES[STANDARD], data, settings, measures={"dataset": "mnist"}
    )
    return Result("transfer", variants=(*variants, standard), images=data.images)


def names_of(chosen: Sequence[tuple[Configuration, float]]) -> list[str]:
    """Short names: hidden layers, units and optimizer, with the rank where two would be equal.

    >>> names_of([(Configuration(hidden_sizes=(64, 64)), 0.9), (Configuration(), 0.8)])
    ['2 x 64 adam', '2 x 300 adam']
    """
    names = [
        f"{len(each.hidden_sizes)} x {each.hidden_sizes[0]} {each.optimizer}" for each, _ in chosen
    ]
    return [
        name if names.count(name) == 1 else f"{name} (number {rank})"
        for rank, name in enumerate(names, 1)
    ]


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


def _parts(result: Result) -> tuple[list[Variant], list[Variant], Variant]:
    """The configurations of the sweep on clothing and on digits, and the standard on digits."""
    *swept, standard = result.variants
    clothing, digits = (
        [variant for variant in swept if variant.measures["dataset"] == dataset]
        for dataset in DATASETS
    )
    return clothing, digits, standard


def find(result: Result) -> Finding:
    """Says whether the order on clothing is that on digits, and what the standard recipe reaches."""
    clothing, digits, standard = _parts(result)
    images, first = result.images["test"], digits[0]
    winner = max(digits, key=lambda variant: variant.test_accuracy.mean)
    if winner is first:
        order = "the best on clothing also has the highest accuracy on digits"
    elif difference(winner, first, images).tie:
        order = "on digits, the best on clothing ties with the best there"
    else:
        order = "the order changes on digits"
    compared = [replace(variant, name=_short(variant)) for variant in [*digits, standard]]
    there = (f"{_short(variant)} {phrases.percent(variant.test_accuracy)}" for variant in clothing)
    return Finding(
        f"On MNIST, of the sweep's {phrases.counted(len(digits), 'best configuration')} and the "
        f"recipe {STANDARD}, {phrases.ranking(compared, images)}",
        (
            *phrases.behind(compared, images),
            order,
            f"on Fashion-MNIST, where they were found: {phrases.listed(there)}",
        ),
    )


def _short(variant: Variant) -> str:
    """The name without that of the dataset."""
    return variant.name.rpartition(", ")[0]


def draw(result: Result) -> dict[str, Figure]:
    """The test error of each configuration on both datasets, and the learning curves on MNIST."""
    clothing, digits, standard = _parts(result)
    figure = new_figure(10, 3.8)
    bars, curves = figure.subplots(1, 2)
    for offset, variants, colour, label in (
        (-0.2, clothing, BLUE, "Fashion-MNIST"),
        (0.2, [*digits, standard], ORANGE, "MNIST"),
    ):
        positions = np.arange(len(variants)) + offset
        errors = [100 * (1 - variant.test_accuracy.mean) for variant in variants]
        deviations = np.nan_to_num([100 * variant.test_accuracy.deviation for variant in variants])
        drawn = bars.barh(
            positions, errors, xerr=deviations, height=0.38, color=colour, label=label, capsize=3
        )
        bars.bar_label(drawn, fmt="%.2f", padding=4, fontsize=8)
    names = [_short(variant) for variant in [*digits, standard]]
    bars.set_yticks(range(len(names)), names)
    bars.invert_yaxis()
    bars.margins(x=0.15)
    tidy(bars, "test error (%)", "")
    bars.legend(loc="lower right")
    looks = zip([*digits, standard], (SKY, GREEN, PINK, BLACK), "os^D", strict=False)
    for variant, colour, marker in looks:
        look = {"color": colour, "marker": marker, "label": _short(variant)}
        draw_curve(curves, variant, "val_accuracies", percent=True, **look)
    tidy(curves, "epoch", "validation accuracy (%)", title="on MNIST")
    curves.legend(loc="lower right")
    return {"transfer": figure}
