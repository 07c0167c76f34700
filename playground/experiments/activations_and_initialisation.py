"""Three activations, each with three initialisations, in a deep network: which of them learn?"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from playground.configuration import Configuration
from playground.experiments import phrases
from playground.experiments.figures import COLOURS, MARKERS, draw_heat_map, new_figure, parts, tidy
from playground.experiments.results import Finding, Result
from playground.experiments.settings import ExperimentSettings
from playground.experiments.trials import network_variant
from playground.initializers import INITIALIZERS
from playground.layers import ACTIVATIONS, Linear
from playground.network import Network, as_numbers

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Nine layers multiply the effect that one layer has on its signal
DEEP = Configuration(
    hidden_sizes=(100,) * 9, optimizer="momentum", learning_rate=0.01, batch_size=64, epochs=5
)


def run(settings: ExperimentSettings) -> Result:
    """Trains all combinations with the same learning rate."""
    data, variants = settings.data(), []
    for activation, initializer in product(ACTIVATIONS, INITIALIZERS):
        configuration = Configuration(
            **{**vars(DEEP), "activation": activation, "initializer": initializer}
        )
        deviations = signals(Network(784, 10, configuration, dtype=np.float64), data.X_val[:1000])
        measures = {"standard_deviation_of_signals": deviations}
        variants.append(
            network_variant(
                f"{activation} from {initializer}", configuration, data, settings, measures=measures
            )
        )
    return Result(
        "activations-and-initialisation",
        variants=tuple(variants),
        images=data.images,
    )


def signals(network: Network, X: np.ndarray) -> list[float]:
    """The standard deviation over the images of each hidden layer's outputs, a mean over its units.

    A unit with the same output for every image carries no signal, however large the output is.
    """
    X, deviations = as_numbers(X, network.parameters.dtype), []
    for layer in network.layers[:-1]:
        X = layer.forward(X)
        if not isinstance(layer, Linear):
            deviations.append(float(X.std(axis=0, dtype=np.float64).mean()))
    return deviations


def find(result: Result) -> Finding:
    """Ranks the combinations that learn, and compares the signals before the training."""
    variants, images = result.variants, result.images["test"]
    learning = [v for v in variants if v.test_accuracy.mean >= 0.2]
    chance = [
        f"{v.name} ({phrases.percent(v.test_accuracy)})" for v in variants if v not in learning
    ]
    ranked = phrases.ranking(learning, images) if learning else "no combination learns."
    lost = (
        f" {phrases.counted(len(chance), 'combination')} of {len(variants)} learn almost nothing."
        if chance
        else ""
    )
    fading = {v.name: v.measures["standard_deviation_of_signals"] for v in variants}
    kept = {
        name: deviations[-1] / max(deviations[0], 1e-300) for name, deviations in fading.items()
    }
    strongest, weakest = max(kept, key=kept.__getitem__), min(kept, key=kept.__getitem__)
    layers = len(fading[strongest])
    epochs, rate = (variants[0].configuration[name] for name in ("epochs", "learning_rate"))
    return Finding(
        f"With {layers} hidden layers and {phrases.counted(epochs, 'epoch')}, {ranked}{lost}",
        (
            *(phrases.behind(learning, images) if learning else ()),
            *([f"at chance, below 20 %: {phrases.listed(chance)}"] if chance else []),
            f"all have the same learning rate, {rate:g}",
            "before training, the standard deviation of the signal in the last hidden layer is "
            f"{kept[strongest]:.2g} times that in the first with {strongest} (the most) and "
            f"{kept[weakest]:.1g} times with {weakest} (the least)",
        ),
    )


def draw(result: Result) -> dict[str, Figure]:
    """Signals by layer, one panel per activation, and a table of test accuracies."""
    variants = result.variants
    figure = new_figure(11, 6.2)
    above, below = parts(figure, 2, 1, height_ratios=(1.15, 1))
    panels = above.subplots(1, len(ACTIVATIONS), sharey=True)
    for variant in variants:
        activation, initializer = variant.name.split(" from ")
        deviations = variant.measures["standard_deviation_of_signals"]
        axes = panels[list(ACTIVATIONS).index(activation)]
        layers = range(1, len(deviations) + 1)
        axes.plot(
            layers,
            deviations,
            color=COLOURS[initializer],
            marker=MARKERS[initializer],
            label=initializer,
        )
        tidy(axes, "hidden layer", "", title=activation)
    panels[0].set(yscale="log", ylabel="signal before training\n(standard deviation)")
    panels[0].legend()
    accuracies = np.array([100 * v.test_accuracy.mean for v in variants]).reshape(
        len(ACTIVATIONS), -1
    )
    texts = (
        np.array([phrases.percent(v.test_accuracy) for v in variants])
        .reshape(accuracies.shape)
        .tolist()
    )
    axes = below.subplots()
    draw_heat_map(axes, accuracies, list(ACTIVATIONS), list(INITIALIZERS), texts)
    axes.set(xlabel="initialisation", ylabel="activation", title="accuracy on the test images (%)")
    return {"activations-and-initialisation": figure}
