"""The same network on Fashion-MNIST and MNIST: how much harder is clothing than digits?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from playground.configuration import RECIPES
from playground.experiments import phrases
from playground.experiments.figures import draw_curve, new_figure, tidy
from playground.experiments.results import Finding, Result, Variant
from playground.experiments.settings import ExperimentSettings
from playground.experiments.trials import network_variant
from utils import TRAIN_COLOUR, VAL_COLOUR

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DATASETS = ("fashion-mnist", "mnist")


def run(settings: ExperimentSettings) -> Result:
    """Trains the recipe "standard", which was tuned on Fashion-MNIST, on both datasets."""
    variants = []
    for name in DATASETS:
        data = settings.data(name)
        variants.append(network_variant(name, RECIPES["standard"], data, settings))
    return Result(
        "fashion-vs-mnist",
        variants=tuple(variants),
        images=data.images,
    )


def find(result: Result) -> Finding:
    """Compares accuracies, overfitting and seconds. The datasets differ, so there is no interval."""
    fashion, mnist = result.variants
    clothing, digits = fashion.test_accuracy, mnist.test_accuracy
    times = (1 - clothing.mean) / max(1 - digits.mean, 1e-9)
    first = [
        100 * sum(curve[0] for curve in variant.curve("val_accuracies")) / len(variant.trials)
        for variant in (fashion, mnist)
    ]
    gaps = [
        variant.final("train_accuracies").mean - variant.final("val_accuracies").mean
        for variant in (fashion, mnist)
    ]
    return Finding(
        f"The same network classifies {phrases.percent(digits)} of MNIST's test images correctly "
        f"and {phrases.percent(clothing)} of Fashion-MNIST's: {times:.1f} times as many errors on "
        "clothing.",
        (
            f"after one epoch, its validation accuracy is {first[1]:.1f} % on MNIST and "
            f"{first[0]:.1f} % on Fashion-MNIST",
            f"at the end, training accuracy exceeds validation accuracy by "
            f"{phrases.points(gaps[1])} on MNIST and {phrases.points(gaps[0])} on Fashion-MNIST",
            f"an epoch takes {seconds_per_epoch(mnist):.2f} s on MNIST and "
            f"{seconds_per_epoch(fashion):.2f} s on Fashion-MNIST",
        ),
    )


def seconds_per_epoch(variant: Variant) -> float:
    """The mean over the epochs of the quickest seed, including evaluation."""
    return variant.quickest.seconds / len(variant.quickest.history["seconds"])


def draw(result: Result) -> dict[str, Figure]:
    """Losses above accuracies, one column per dataset, with the same scales."""
    figure = new_figure(9, 5.6)
    rows = figure.subplots(2, 2, sharex=True, sharey="row")
    for variant, (loss, accuracy) in zip(result.variants, rows.T, strict=True):
        for axes, what, percent in ((loss, "losses", False), (accuracy, "accuracies", True)):
            look = {"color": TRAIN_COLOUR, "marker": "o", "label": "training"}
            draw_curve(axes, variant, f"train_{what}", percent=percent, **look)
            look = {"color": VAL_COLOUR, "marker": "s", "label": "validation"}
            draw_curve(axes, variant, f"val_{what}", percent=percent, **look)
        title = f"{variant.name}: {phrases.percent(variant.test_accuracy)} of the test images\n"
        tidy(loss, "", "loss (nats)", title=title + f"{seconds_per_epoch(variant):.2f} s per epoch")
        tidy(accuracy, "epoch", "accuracy (%)")
    rows[0, 0].legend()
    return {"fashion-vs-mnist": figure}
