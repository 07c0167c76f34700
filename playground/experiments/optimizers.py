"""Six optimizers on 784-300-100-10, in NumPy and in PyTorch, each at its best learning rate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from playground.configuration import Configuration
from playground.experiments import phrases
from playground.experiments.figures import COLOURS, FAILED, draw_curve, draw_rates, new_figure, tidy
from playground.experiments.results import Finding, Result, Variant
from playground.experiments.settings import ExperimentSettings
from playground.experiments.trials import choose_learning_rate, network_variant, repeat

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Half a decade apart, around the best rate of each optimizer, which should not be at an end
RATES = {
    "sgd": (0.03, 0.1, 0.3, 1.0),
    "momentum": (0.01, 0.03, 0.1, 0.3),
    "nesterov": (0.01, 0.03, 0.1, 0.3),
    "rmsprop": (1e-4, 3e-4, 1e-3, 3e-3),
    "adam": (1e-4, 3e-4, 1e-3, 3e-3),
    "nadam": (1e-4, 3e-4, 1e-3, 3e-3),
}
IN_TORCH = " in PyTorch"


def run(settings: ExperimentSettings) -> Result:
    """Trains 10 epochs at a constant learning rate with each optimizer."""
    from playground.experiments.torch_networks import train_in_torch

    data, variants = settings.data(), []
    for optimizer, rates in RATES.items():
        plain = Configuration(optimizer=optimizer, batch_size=128, epochs=10)
        configuration, accuracies = choose_learning_rate(plain, rates, data, settings)
        measured = {"validation_accuracy_by_learning_rate": accuracies}
        ours = network_variant(optimizer, configuration, data, settings, measures=measured)
        theirs = repeat(optimizer + IN_TORCH, configuration, data, settings, train_in_torch)
        variants += [ours, theirs]
    return Result(
        "optimizers",
        variants=tuple(variants),
        images=data.images,
    )


def find(result: Result) -> Finding:
    """Ranks the optimizers and says how far PyTorch's results are from ours."""
    ours, theirs, images = result.variants[::2], result.variants[1::2], result.images["test"]
    pairs = list(zip(ours, theirs, strict=True))
    first = max(_apart(*pair, "train_losses", 0) for pair in pairs)
    last = max(abs(mine.test_accuracy.mean - other.test_accuracy.mean) for mine, other in pairs)
    slower = np.mean([other.quickest.seconds for other in theirs]) / np.mean(
        [mine.quickest.seconds for mine in ours]
    )
    epochs = phrases.counted(ours[0].configuration["epochs"], "epoch")
    return Finding(
        f"After {epochs}, {phrases.ranking(ours, images)} In PyTorch, the mean test accuracies "
        f"differ from these by at most {phrases.points(last)}.",
        (
            *phrases.behind(ours, images),
            phrases.after_one_epoch(ours),
            "from the same weights and batches, PyTorch's training loss after one epoch differs by "
            f"at most {first:.2g}",
            f"PyTorch takes {slower:.1f} times as long",
            *_unstable(ours),
        ),
    )


def _unstable(variants: Sequence[Variant]) -> tuple[str, ...]:
    """A detail on the learning rates that are too large to learn anything: crosses in the figure."""
    which = [
        f"{variant.name} at {rate}"
        for variant in variants
        for rate, accuracy in variant.measures["validation_accuracy_by_learning_rate"].items()
        if accuracy < FAILED
    ]
    if not which:
        return ()
    return (
        f"the training fails with {phrases.listed(which)}: steps that large switch most ReLUs off "
        "for good, and the network stays near guessing (crosses in the figure)",
    )


def _apart(a: Variant, b: Variant, curve: str, epoch: int) -> float:
    """The largest difference over the seeds between two variants' curves after an epoch."""
    pairs = zip(a.curve(curve), b.curve(curve), strict=True)
    return max(abs(one[epoch] - other[epoch]) for one, other in pairs)


def draw(result: Result) -> dict[str, Figure]:
    """Training loss and validation accuracy by epoch; validation accuracy by learning rate."""
    variants = result.variants
    figure = new_figure(11, 4.2)
    loss, accuracy, rates = figure.subplots(1, 3)
    for ours, theirs in zip(variants[::2], variants[1::2], strict=True):
        for axes, curve, percent in (
            (loss, "train_losses", False),
            (accuracy, "val_accuracies", True),
        ):
            draw_curve(axes, ours, curve, percent=percent)
            draw_curve(axes, theirs, curve, percent=percent, **_ring(COLOURS[ours.name]))
    loss.plot([], [], **{**_ring("grey"), "label": "the same in PyTorch"})
    draw_rates(rates, variants[::2])
    tidy(loss, "epoch", "training loss (nats)", title="On training images")
    tidy(accuracy, "epoch", "validation accuracy (%)", title="On validation images")
    rates.set_title("Choosing the learning rate (one seed)")
    figure.legend(
        *loss.get_legend_handles_labels(), loc="outside lower center", ncols=7, frameon=False
    )
    return {"optimizers": figure}


def _ring(colour: str) -> dict[str, Any]:
    """The style of PyTorch's points: rings around our dots, because the two coincide."""
    return {
        "color": colour,
        "linestyle": "",
        "marker": "o",
        "markersize": 9,
        "fillstyle": "none",
        "label": "_",
    }
