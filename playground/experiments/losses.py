"""Squared error on softmax or sigmoids against cross-entropy, each at its best learning rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from playground.configuration import Configuration
from playground.experiments import phrases
from playground.experiments.figures import (
    COLOURS,
    MARKERS,
    draw_curve,
    draw_rates,
    new_figure,
    tidy,
)
from playground.experiments.results import Finding, Result
from playground.experiments.settings import ExperimentSettings
from playground.experiments.trials import choose_learning_rate, network_variant
from playground.losses import LOSSES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Momentum, because Adam normalises the gradients and would hide their different sizes
PLAIN = Configuration(optimizer="momentum", batch_size=128, epochs=10)
RATES = (0.01, 0.03, 0.1, 0.3, 1.0)
LOW_PROBABILITY = 0.01  # of the true class: a confident mistake


def run(settings: ExperimentSettings) -> Result:
    """Trains 784-300-100-10 with each loss."""
    data, variants = settings.data(), []
    for loss in LOSSES:
        plain = Configuration(**{**vars(PLAIN), "loss": loss})
        configuration, accuracies = choose_learning_rate(plain, RATES, data, settings)
        measures = {
            "validation_accuracy_by_learning_rate": accuracies,
            "pull": dict(zip(*_pull(loss), strict=True)),
        }
        variants.append(network_variant(loss, configuration, data, settings, measures=measures))
    return Result(
        "losses",
        variants=tuple(variants),
        images=data.images,
    )


def _pull(loss: str) -> tuple[list[str], list[float]]:
    """The gradient -∂L/∂z of the true class's logit, by the current probability of the class.

    The other nine classes share the remaining probability. With sigmoids, only the true class has
    the given probability.
    """
    probabilities = np.array([LOW_PROBABILITY, *np.arange(0.05, 1.0, 0.05), 0.99])
    logits = np.zeros((len(probabilities), 10))
    odds = probabilities / (1 - probabilities)
    logits[:, 0] = np.log(odds if loss == "squared-error-sigmoid" else 9 * odds)
    criterion, pulls = LOSSES[loss](), []
    for row in logits:
        criterion.forward(row[None], np.array([0]))
        pulls.append(float(-criterion.backward()[0, 0]))
    return [f"{probability:.2f}" for probability in probabilities], pulls


def find(result: Result) -> Finding:
    """Ranks the losses and compares their gradients where the network is confidently wrong."""
    variants, images = result.variants, result.images["test"]
    entropy = variants[0]
    weakest = min(variants, key=lambda variant: variant.measures["pull"][f"{LOW_PROBABILITY:.2f}"])
    times = (
        entropy.measures["pull"][f"{LOW_PROBABILITY:.2f}"]
        / weakest.measures["pull"][f"{LOW_PROBABILITY:.2f}"]
    )
    rates = phrases.listed(f"{v.configuration['learning_rate']:g} for {v.name}" for v in variants)
    epochs = phrases.counted(entropy.configuration["epochs"], "epoch")
    return Finding(
        f"After {epochs}, {phrases.ranking(variants, images)}",
        (
            *phrases.behind(variants, images),
            phrases.after_one_epoch(variants),
            f"the chosen learning rates are {rates}",
            f"where the network assigns {100 * LOW_PROBABILITY:.0f} % to the true class, the "
            f"gradient of cross-entropy is {times:.0f} times that of {weakest.name}",
        ),
    )


def draw(result: Result) -> dict[str, Figure]:
    """Validation accuracy by epoch and by learning rate; gradient by probability."""
    variants = result.variants
    figure = new_figure(11, 4.2)
    accuracy, rates, pull = figure.subplots(1, 3)
    for variant in variants:
        look = {"color": COLOURS[variant.name], "marker": MARKERS[variant.name], "markersize": 4}
        draw_curve(accuracy, variant, "val_accuracies", percent=True)
        pulls = variant.measures["pull"]
        pull.plot([float(probability) for probability in pulls], list(pulls.values()), **look)
    draw_rates(rates, variants)
    tidy(accuracy, "epoch", "validation accuracy (%)", title="At the best learning rate")
    rates.set_title("Choosing the learning rate (one seed)")
    tidy(pull, "probability of the true class", "gradient of its logit, −∂L/∂z")
    pull.set_title("Gradient of one image")
    figure.legend(
        *accuracy.get_legend_handles_labels(), loc="outside lower center", ncols=3, frameon=False
    )
    return {"losses": figure}
