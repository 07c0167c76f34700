"""Three activations, each with three initialisations, in a deep network: which of them learn?"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from playground.configuration import Configuration
from playground.experiments import phrases
from playground.experiments.figures import COLOURS, FAILED, MARKERS, draw_curve, new_figure, tidy
from playground.experiments.results import Finding, Result
from playground.experiments.settings import ExperimentSettings
from playground.experiments.trials import network_variant
from playground.initializers import INITIALIZERS
from playground.layers import ACTIVATIONS, Linear
from playground.network import Network
from playground.pixels import as_numbers

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
    learning = [v for v in variants if v.test_accuracy.mean >= FAILED]
    chance = [
        f"{v.name} ({phrases.percent(v.test_accuracy)})" for v in variants if v not in learning
    ]
    ranked = phrases.ranking(learning, images) if learning else "no combination learns."
    if learning and chance:
        lost = phrases.counted(len(chance), "combination")
        ranked = f"{lost} of {len(variants)} learn almost nothing. Of the others, {ranked}"
    fading = {v.name: v.measures["standard_deviation_of_signals"] for v in variants}
    kept = {
        name: deviations[-1] / max(deviations[0], 1e-300) for name, deviations in fading.items()
    }
    strongest, weakest = max(kept, key=kept.__getitem__), min(kept, key=kept.__getitem__)
    layers = len(fading[strongest])
    epochs, rate = (variants[0].configuration[name] for name in ("epochs", "learning_rate"))
    return Finding(
        f"With {layers} hidden layers and {phrases.counted(epochs, 'epoch')}, {ranked}",
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
    """Signals by layer above accuracies by epoch, one column per activation."""
    figure = new_figure(11, 6.6)
    rows = figure.subplots(2, len(ACTIVATIONS), sharey="row")
    for variant in result.variants:
        activation, initializer = variant.name.split(" from ")
        signal, accuracy = rows[:, list(ACTIVATIONS).index(activation)]
        deviations = variant.measures["standard_deviation_of_signals"]
        look = {"color": COLOURS[initializer], "marker": MARKERS[initializer]}
        layers = range(1, len(deviations) + 1)
        signal.plot(layers, deviations, markersize=4, label=initializer, **look)
        reached = phrases.percent(variant.test_accuracy)
        label = f"{initializer}: {reached}"
        draw_curve(accuracy, variant, "val_accuracies", percent=True, label=label, **look)
        tidy(signal, "hidden layer", "", title=activation)
        tidy(accuracy, "epoch", "")
    for axes in rows[1]:
        axes.axhline(10, color="grey", linestyle="--", linewidth=1)
        axes.legend(title="test accuracy", loc="center right", fontsize=9)
    rows[1, 0].annotate(
        "guessing", (1, 10), xytext=(0, 4), textcoords="offset points", color="grey"
    )
    rows[1, 0].set(ylim=(0, 100), ylabel="validation accuracy (%)")
    rows[0, 0].set(yscale="log", ylabel="signal before training\n(standard deviation)")
    rows[0, 0].legend(title="initialisation")
    return {"activations-and-initialisation": figure}
