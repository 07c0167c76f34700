"""What the best network in NumPy takes for what: the confusion matrix, precision and recall, and its worst mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from playground.configuration import RECIPES
from playground.experiments import phrases
from playground.experiments.figures import BLUE, ORANGE, draw_heat_map, draw_image, new_figure, tidy
from playground.experiments.results import Result
from playground.experiments.settings import Data, ExperimentSettings
from playground.experiments.trials import network_variant
from playground.network import Network

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WORST_COUNT = 15  # images


def run(settings: ExperimentSettings) -> Result:
    """The recipe "best", and the test images it gets wrong."""
    data, networks = settings.data(), list[Network]()
    variant = network_variant("network", RECIPES["best"], data, settings, each=networks.append)
    measures = measure([network.predict(data.X_test) for network in networks], data)
    return Result(
        "confusion",
        finding=f"{phrases.percent(variant.test_accuracy)} of the test images are right. {_finding(measures, data.class_names)}",
        variants=(variant,),
        images=data.images,
        measures=measures,
        figures={
            "confusion": draw(measures, data.class_names),
            "confusion-worst": draw_worst(networks[0], data),
        },
    )


def measure(predictions: Sequence[np.ndarray], data: Data) -> dict[str, Any]:
    """The confusion matrix `(k, k)`, a row for each true class, and precision and recall `(k,)`: means over the seeds."""
    labels = range(len(data.class_names))
    matrices = [
        confusion_matrix(data.y_test, predicted, labels=labels) for predicted in predictions
    ]
    scores = [
        precision_recall_fscore_support(data.y_test, predicted, labels=labels, zero_division=0.0)[
            :2
        ]
        for predicted in predictions
    ]
    precision, recall = np.mean(scores, axis=0)
    return {
        "classes": list(data.class_names),
        "matrix": np.mean(matrices, axis=0).tolist(),
        "precision": precision.tolist(),
        "recall": recall.tolist(),
    }


def _finding(measures: dict[str, Any], names: Sequence[str]) -> str:
    matrix, recall, precision = (
        np.array(measures[name]) for name in ("matrix", "recall", "precision")
    )
    wrong = matrix * (1 - np.eye(len(matrix)))
    true, taken_for = divmod(int(wrong.argmax()), len(wrong))
    pairs = np.triu(wrong + wrong.T)
    one, other = divmod(int(pairs.argmax()), len(pairs))
    hardest, easiest, vaguest = int(recall.argmin()), int(recall.argmax()), int(precision.argmin())
    share = 100 * pairs[one, other] / max(wrong.sum(), 1)
    return (
        f"{names[hardest]} is the hardest to find (recall {100 * recall[hardest]:.1f} %), {names[easiest]} the easiest "
        f"({100 * recall[easiest]:.1f} %); the answer {names[vaguest]} is the least to be trusted (precision "
        f"{100 * precision[vaguest]:.1f} %). The mistake made most often: {names[true]} taken for {names[taken_for]}, "
        f"{wrong[true, taken_for]:.0f} of {matrix[true].sum():.0f}. {names[one]} and {names[other]}, taken for each other, "
        f"are {share:.0f} % of all {wrong.sum():.0f} mistakes."
    )


def draw(measures: dict[str, Any], names: Sequence[str]) -> Figure:
    """The matrix, and precision and recall beside it."""
    matrix = np.array(measures["matrix"])
    figure = new_figure(11, 5.2)
    squares, scores = figure.subplots(1, 2, width_ratios=(2, 1))
    texts = [[f"{count:.0f}" if count >= 0.5 else "" for count in row] for row in matrix]
    # by its root: mistakes are a hundred times as rare as right answers, and are what there is to see
    draw_heat_map(squares, np.sqrt(matrix), names, names, texts)
    squares.tick_params(axis="x", rotation=45)
    squares.set(xlabel="predicted class", ylabel="true class", title="test images")
    places = np.arange(len(names))
    for name, colour, marker in (("precision", BLUE, "o"), ("recall", ORANGE, "D")):
        scores.plot(100 * np.array(measures[name]), places, marker, color=colour, label=name)
    tidy(scores, "precision, recall (%)", "")
    scores.set_yticks(places, names)
    scores.set_ylim(squares.get_ylim())
    scores.legend()
    return figure


def draw_worst(network: Network, data: Data) -> Figure:
    """The test images of whose wrong class the network of seed 0 is surest."""
    probabilities = network.probabilities(data.X_test)
    predicted = probabilities.argmax(axis=1)
    sureness = np.where(predicted != data.y_test, probabilities.max(axis=1), 0.0)
    worst = np.argsort(-sureness, kind="stable")[:WORST_COUNT]
    figure = new_figure(9, 6.2)
    for axes, index in zip(figure.subplots(3, 5).flat, worst, strict=False):
        true, taken_for = data.class_names[data.y_test[index]], data.class_names[predicted[index]]
        draw_image(
            axes,
            data.X_test[index],
            title=f"{true}\ntaken for {taken_for}\n({sureness[index]:.1%} sure)",
        )
    return figure
