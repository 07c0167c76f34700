"""Classes that the best NumPy network confuses: confusion matrix, precision, recall, mistakes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from playground.configuration import RECIPES
from playground.experiments import phrases
from playground.experiments.figures import BLUE, ORANGE, draw_heat_map, draw_image, new_figure, tidy
from playground.experiments.finished import Answers
from playground.experiments.results import Finding, Result
from playground.experiments.settings import Data, ExperimentSettings
from playground.experiments.trials import network_variant

if TYPE_CHECKING:
    from matplotlib.figure import Figure

WORST_COUNT = 15  # mistakes shown


def run(settings: ExperimentSettings) -> Result:
    """Trains the recipe "best" and analyses its mistakes on the test images."""
    data, answers = settings.data(), list[Answers]()
    variant = network_variant("network", RECIPES["best"], data, settings, answers=answers)
    measures = measure([each.labels for each in answers], data)
    return Result(
        "confusion",
        variants=(variant,),
        images=data.images,
        measures=measures,
        figures={"confusion-worst": draw_worst(answers[0], data)},
    )


def measure(predictions: Sequence[np.ndarray], data: Data) -> dict[str, Any]:
    """The confusion matrix `(k, k)`, one row per true class, precision and recall `(k,)`.

    All of them are means over the seeds.
    """
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


def find(result: Result) -> Finding:
    """Names the classes with the lowest and highest scores, and the most frequent mistakes."""
    names, measures = result.measures["classes"], result.measures
    matrix, recall, precision = (
        np.array(measures[name]) for name in ("matrix", "recall", "precision")
    )
    wrong = matrix * (1 - np.eye(len(matrix)))
    true, predicted = divmod(int(wrong.argmax()), len(wrong))
    pairs = np.triu(wrong + wrong.T)
    one, other = divmod(int(pairs.argmax()), len(pairs))

    def those(scores: np.ndarray, best: float) -> str:
        return phrases.listed(names[i] for i in np.flatnonzero(scores == best))

    share = 100 * pairs[one, other] / max(wrong.sum(), 1)
    return Finding(
        f"The test accuracy is {phrases.percent(result.variants[0].test_accuracy)}. Confusing "
        f"{names[one]} and {names[other]}, either way, makes up {share:.0f} % of all "
        f"{wrong.sum():.0f} mistakes.",
        (
            f"lowest recall: {those(recall, recall.min())} ({100 * recall.min():.1f} %); highest: "
            f"{those(recall, recall.max())} ({100 * recall.max():.1f} %)",
            f"least reliable prediction: {those(precision, precision.min())} (precision "
            f"{100 * precision.min():.1f} %)",
            f"the most frequent mistake is {names[true]} classified as {names[predicted]}: "
            f"{wrong[true, predicted]:.0f} of {matrix[true].sum():.0f}",
        ),
    )


def draw(result: Result) -> dict[str, Figure]:
    """The confusion matrix, with precision and recall beside it."""
    return {"confusion": draw_matrix(result.measures, result.measures["classes"])}


def draw_matrix(measures: Mapping[str, Any], names: Sequence[str]) -> Figure:
    """The confusion matrix, with precision and recall beside it."""
    matrix = np.array(measures["matrix"])
    figure = new_figure(11, 5.2)
    squares, scores = figure.subplots(1, 2, width_ratios=(2, 1))
    texts = [[f"{count:.0f}" if count >= 0.5 else "" for count in row] for row in matrix]
    # square root: mistakes are a hundred times rarer than correct answers but should be visible
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


def draw_worst(answers: Answers, data: Data) -> Figure:
    """The test images that the network of seed 0 misclassifies with the highest probability."""
    predicted = answers.labels
    confidence = np.where(predicted != data.y_test, answers.probabilities, 0.0)
    worst = np.argsort(-confidence, kind="stable")[:WORST_COUNT]
    figure = new_figure(9, 6.2)
    for axes, index in zip(figure.subplots(3, 5).flat, worst, strict=False):
        true, wrong = data.class_names[data.y_test[index]], data.class_names[predicted[index]]
        draw_image(
            axes,
            data.X_test[index],
            title=f"{true}\npredicted: {wrong}\n({confidence[index]:.1%})",
        )
    return figure
