"""The best network in NumPy against the fast CNN, with the same seconds of training: who gets further, and who errs where?"""

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
from playground.experiments.results import Result, Variant
from playground.experiments.settings import Data, ExperimentSettings
from playground.experiments.trials import network_variant, shortened

if TYPE_CHECKING:
    from matplotlib.figure import Figure

IMAGES_SHOWN = 6  # images that only one of them gets right, for each


def run(settings: ExperimentSettings) -> Result:
    """Both trainings; the CNN's has as many epochs as fit into the seconds that the network's took."""
    from playground.convnets.evaluation import logits
    from playground.experiments.torch_trials import cnn_variant, seconds_an_epoch

    data, device = settings.data(), settings.torch_device()
    predictions: dict[str, list[np.ndarray]] = {"network": [], "CNN": []}
    network = network_variant(
        "network",
        RECIPES["best"],
        data,
        settings,
        each=lambda trained: predictions["network"].append(trained.predict(data.X_test)),
    )
    fast = CONV_RECIPES["fast"]
    epochs = int(network.seconds.mean / seconds_an_epoch(fast, data, settings))
    fitting = shortened(replace(fast, epochs=max(1, epochs)), settings)
    cnn = cnn_variant(
        "CNN",
        fitting,
        data,
        settings,
        each=lambda trained: predictions["CNN"].append(
            logits(trained, fitting, data.X_test, device).argmax(axis=1)
        ),
    )
    measures = measure(predictions, data)
    return Result(
        "network-vs-cnn",
        finding=finding(network, cnn, measures, len(data.y_test)),
        variants=(network, cnn),
        images=data.images,
        device=device,
        measures=measures,
        figures={
            "network-vs-cnn": draw((network, cnn), measures),
            "network-vs-cnn-images": draw_images(predictions, data),
        },
    )


def measure(predictions: Mapping[str, Sequence[np.ndarray]], data: Data) -> dict[str, Any]:
    """Errors by class, in [0, 1], means over the seeds; and how many test images which of the two has right, with seed 0."""
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


def finding(network: Variant, cnn: Variant, measures: Mapping[str, Any], images: int) -> str:
    """Which is higher, where the other errs, and whether the seconds were about the same."""
    errors, right = measures["errors_by_class"], measures["right_with_seed_0"]
    gains = np.array(errors["network"]) - np.array(errors["CNN"])
    most, least = int(gains.argmax()), int(gains.argmin())
    budget = "; ".join(
        f"{v.name}: {v.seconds.mean:.0f} s, {phrases.counted(v.configuration['epochs'], 'epoch')}, "
        f"{v.parameters:,} parameters"
        for v in (network, cnn)
    )

    def of(index: int) -> str:
        shares = f"{100 * errors['network'][index]:.1f} % to {100 * errors['CNN'][index]:.1f} %"
        return f"{measures['classes'][index]} (errors from {shares})"

    ratio = cnn.seconds.mean / network.seconds.mean
    fair = (
        "With about the same seconds"
        if 2 / 3 < ratio < 3 / 2
        else f"With {ratio:.1f} times the seconds for the CNN"
    )
    return (
        f"{fair} ({budget}) {phrases.versus(cnn, network, images)}. From the network to the CNN most is "
        f"gained on {of(most)}, least on {of(least)}. With seed 0 the CNN alone is right on {right['only the CNN']} images, "
        f"the network alone on {right['only the network']}, neither on {right['neither']}."
    )


def draw(variants: Sequence[Variant], measures: Mapping[str, Any]) -> Figure:
    """Validation accuracy over the seconds, test accuracy, errors by class."""
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
    tidy(classes, "test images of the class that are wrong (%)", "")
    classes.legend()
    return figure


def draw_images(predictions: Mapping[str, Sequence[np.ndarray]], data: Data) -> Figure:
    """Test images that only one of the two has right, the first ones in the file."""
    answers = {name: each[0] for name, each in predictions.items()}
    figure = new_figure(9, 4.4)
    for part, (name, other) in zip(
        parts(figure, 2, 1), (("CNN", "network"), ("network", "CNN")), strict=True
    ):
        part.suptitle(f"only the {name} is right", fontsize=10)
        chosen = np.flatnonzero((answers[name] == data.y_test) & (answers[other] != data.y_test))[
            :IMAGES_SHOWN
        ]
        for axes in (panels := part.subplots(1, IMAGES_SHOWN)):
            axes.set_axis_off()
        for axes, index in zip(panels, chosen, strict=False):
            true, wrong = (
                data.class_names[data.y_test[index]],
                data.class_names[answers[other][index]],
            )
            draw_image(axes, data.X_test[index], title=f"{true},\nnot {wrong}")
    return figure
