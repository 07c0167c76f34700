"""The best NumPy network against the fast CNN, with the same training time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from playground.configuration import RECIPES
from playground.convnets.configuration import CONV_RECIPES
from playground.experiments import phrases
from playground.experiments.figures import (
    COLOURS,
    draw_curve,
    draw_errors,
    draw_image,
    new_figure,
    parts,
    tidy,
)
from playground.experiments.finished import Answers
from playground.experiments.results import Finding, Result
from playground.experiments.settings import Data, ExperimentSettings
from playground.experiments.trials import network_variant, shortened

if TYPE_CHECKING:
    from matplotlib.figure import Figure

IMAGES_SHOWN = 6  # per network, of the images that only this network classifies correctly


def run(settings: ExperimentSettings) -> Result:
    """Trains both; the CNN gets as many epochs as fit into the training time of the network."""
    from playground.experiments.torch_trials import cnn_variant, seconds_per_cnn_epoch

    data, device = settings.data(), settings.torch_device()
    answers: dict[str, list[Answers]] = {"network": [], "CNN": []}
    network = network_variant(
        "network", RECIPES["best"], data, settings, answers=answers["network"]
    )
    fast = CONV_RECIPES["fast"]
    epochs = int(network.quickest.seconds / seconds_per_cnn_epoch(fast, data, settings))
    fitting = shortened(replace(fast, epochs=max(1, epochs)), settings)
    cnn = cnn_variant("CNN", fitting, data, settings, answers=answers["CNN"])
    predictions = {name: [one.labels for one in each] for name, each in answers.items()}
    measures = measure(predictions, data)
    return Result(
        "network-vs-cnn",
        variants=(network, cnn),
        images=data.images,
        device=device,
        measures=measures,
        figures={"network-vs-cnn-images": draw_images(predictions, data)},
    )


def measure(predictions: Mapping[str, Sequence[np.ndarray]], data: Data) -> dict[str, Any]:
    """Error rates by class, as means over the seeds, and how many images each network gets right.

    The counts of images are those of seed 0.
    """
    errors = {
        name: [
            float(np.mean([(p != label)[data.y_test == label].mean() for p in each]))
            for label in range(len(data.class_names))
        ]
        for name, each in predictions.items()
    }
    network, cnn = (predictions[name][0] == data.y_test for name in ("network", "CNN"))
    counts = {
        "both": network & cnn,
        "only the network": network & ~cnn,
        "only the CNN": cnn & ~network,
        "neither": ~network & ~cnn,
    }
    right = {name: int(images.sum()) for name, images in counts.items()}
    return {
        "classes": list(data.class_names),
        "errors_by_class": errors,
        "right_with_seed_0": right,
    }


def find(result: Result) -> Finding:
    """Compares accuracies, errors by class and training times."""
    (network, cnn), measures = result.variants, result.measures
    errors, right = measures["errors_by_class"], measures["right_with_seed_0"]
    gains = np.array(errors["network"]) - np.array(errors["CNN"])
    most, least = int(gains.argmax()), int(gains.argmin())
    budget = (
        f"{v.name}: {v.quickest.seconds:.0f} s, {phrases.counted(v.configuration['epochs'], 'epoch')}, "
        f"{v.parameters:,} parameters"
        for v in (network, cnn)
    )

    def of(index: int) -> str:
        shares = f"{100 * errors['network'][index]:.1f} % to {100 * errors['CNN'][index]:.1f} %"
        return f"{measures['classes'][index]} (error rate from {shares})"

    ratio = cnn.quickest.seconds / network.quickest.seconds
    fair = (
        "With about the same training time"
        if 2 / 3 < ratio < 3 / 2
        else f"With {ratio:.1f} times the training time for the CNN"
    )
    return Finding(
        f"{fair}, {phrases.versus(cnn, network, result.images['test'])}.",
        (
            *budget,
            f"the CNN gains most on {of(most)} and least on {of(least)}",
            f"with seed 0, {right['only the CNN']} images are classified correctly by the CNN "
            f"only, {right['only the network']} by the network only, {right['neither']} by neither",
        ),
    )


def draw(result: Result) -> dict[str, Figure]:
    """Validation accuracy over time, test error, errors by class."""
    variants, measures = result.variants, result.measures
    figure = new_figure(11, 4.6)
    left, right = parts(figure, 1, 2)
    curves, bars = left.subplots(2, 1, height_ratios=(3, 1))
    for variant in variants:
        draw_curve(curves, variant, "val_accuracies", percent=True, x="seconds")
    tidy(curves, "seconds of training", "validation accuracy (%)")
    curves.legend()
    draw_errors(bars, variants)
    classes = right.subplots()
    places = np.arange(len(measures["classes"]))
    for name, offset in (("network", -0.2), ("CNN", 0.2)):
        errors = 100 * np.array(measures["errors_by_class"][name])
        classes.barh(places + offset, errors, 0.38, color=COLOURS[name], label=name)
    classes.set_yticks(places, measures["classes"])
    classes.invert_yaxis()
    tidy(classes, "test error by class (%)", "")
    classes.legend()
    return {"network-vs-cnn": figure}


def draw_images(predictions: Mapping[str, Sequence[np.ndarray]], data: Data) -> Figure:
    """The first test images that only one of the two networks classifies correctly."""
    answers = {name: each[0] for name, each in predictions.items()}
    figure = new_figure(9, 4.4)
    for part, (name, other) in zip(
        parts(figure, 2, 1), (("CNN", "network"), ("network", "CNN")), strict=True
    ):
        part.suptitle(f"only the {name} is correct", fontsize=10)
        chosen = np.flatnonzero((answers[name] == data.y_test) & (answers[other] != data.y_test))[
            :IMAGES_SHOWN
        ]
        for axes in (panels := part.subplots(1, IMAGES_SHOWN)):
            axes.set_axis_off()
        for axes, index in zip(panels, chosen, strict=False):
            true = data.class_names[data.y_test[index]]
            wrong = data.class_names[answers[other][index]]
            draw_image(axes, data.X_test[index], title=f"{true},\nnot {wrong}")
    return figure
