"""The experiments with NumPy networks, in quick mode: measurements, figures, findings."""

from __future__ import annotations

import math

import numpy as np
import pytest

from playground.configuration import Configuration
from playground.errors import PlaygroundError
from playground.experiments import ExperimentSettings, Result, figures, phrases, results, run
from playground.experiments.activations_and_initialisation import signals
from playground.experiments.confusion import measure
from playground.experiments.settings import Data
from playground.experiments.trials import choose_learning_rate, train_network
from playground.losses import LOSSES
from playground.network import Network
from tests.support import sampled

TINY = ExperimentSettings(
    quick=True, seeds=2, train_size=300, validation_size=100, test_size=200, epochs=2
)
NUMPY = ("fashion-vs-mnist", "losses", "activations-and-initialisation", "confusion")


@pytest.fixture(scope="module")
def found() -> dict[str, Result]:
    return {name: run(name, TINY) for name in NUMPY}


@pytest.mark.parametrize("name", NUMPY)
def test_a_result_has_every_seed_survives_json_and_has_a_figure(
    name: str, found: dict[str, Result]
) -> None:
    result = found[name]
    assert (result.experiment, result.quick, result.seeds) == (name, True, 2)
    assert result.images == {"train": 300, "validation": 100, "test": 200}
    assert results.from_json(results.to_json(result)) == result
    assert name in result.figures
    for variant in result.variants:
        assert [trial.seed for trial in variant.trials] == [0, 1]
        assert {
            len(trial.history[curve]) for trial in variant.trials for curve in results.CURVES
        } == {2}
        assert math.isfinite(variant.test_accuracy.deviation)


@pytest.mark.parametrize("name", sampled(NUMPY, every=3))
def test_figures_are_small_and_their_axes_named(name: str, found: dict[str, Result]) -> None:
    for figure in found[name].figures.values():
        assert len(figures.as_png(figure)) < 200_000
        assert len(figures.as_svg(figure)) < 500_000
        for axes in figure.axes:
            assert (
                not axes.axison
                or axes.get_xlabel()
                or axes.get_shared_x_axes().get_siblings(axes) != [axes]
            )


def test_the_same_seed_gives_the_same_trial_and_another_seed_another() -> None:
    configuration, data = Configuration(hidden_sizes=(20,), epochs=2), TINY.data()
    losses = [
        train_network(configuration, data, seed)[1].history["train_losses"] for seed in (0, 0, 1)
    ]
    assert losses[0] == losses[1] != losses[2]


def test_the_seconds_of_a_trial_count_from_its_start(found: dict[str, Result]) -> None:
    trial = found["losses"].variants[0].trials[0]
    first, second = trial.history["seconds"]
    assert 0 < first < second == trial.seconds


def test_the_learning_rate_is_chosen_on_validation_images_and_one_that_diverges_is_not() -> None:
    configuration, data = (
        Configuration(hidden_sizes=(20,), optimizer="sgd", batch_size=32),
        TINY.data(),
    )
    without_test = data._replace(X_test=data.X_test[:0], y_test=data.y_test[:0])
    chosen, accuracies = choose_learning_rate(configuration, (1e-6, 0.1, 1e30), without_test, TINY)
    assert chosen.learning_rate == 0.1
    assert accuracies["0.1"] > accuracies["1e-06"] > accuracies["1e+30"] == 0


def test_quick_settings_give_few_images_and_full_ones_all() -> None:
    assert ExperimentSettings(quick=True).data().images == {
        "train": 2000,
        "validation": 500,
        "test": 1000,
    }
    assert ExperimentSettings().data("mnist").images == {
        "train": 54_000,
        "validation": 6000,
        "test": 10_000,
    }
    assert (
        ExperimentSettings(quick=True).epochs_of(10),
        ExperimentSettings().epochs_of(10),
        ExperimentSettings(epochs=3).epochs_of(10),
        ExperimentSettings(epochs=20).epochs_of(10),  # a limit
    ) == (
        2,
        10,
        3,
        10,
    )


@pytest.mark.parametrize("name", ["epochs", "train_size", "validation_size", "test_size"])
def test_a_size_of_nothing_is_not_taken_for_the_default(name: str) -> None:
    with pytest.raises(PlaygroundError, match=f"{name} is 0, expected an integer of at least 1"):
        ExperimentSettings(**{name: 0})


# fashion-vs-mnist


def test_clothing_is_compared_with_digits_on_one_configuration(found: dict[str, Result]) -> None:
    fashion, mnist = found["fashion-vs-mnist"].variants
    assert fashion.configuration == mnist.configuration
    times = (1 - fashion.test_accuracy.mean) / (1 - mnist.test_accuracy.mean)
    assert (
        f"{times:.1f} times as many errors on clothing" in found["fashion-vs-mnist"].finding.summary
    )


# losses


def test_each_loss_is_trained_and_its_pull_is_its_derivative(found: dict[str, Result]) -> None:
    result = found["losses"]
    assert [variant.configuration["loss"] for variant in result.variants] == list(LOSSES)
    entropy, on_softmax, on_sigmoid = (variant.measures["pull"] for variant in result.variants)
    assert entropy["0.10"] == pytest.approx(0.9)  # 1 - p
    assert on_sigmoid["0.50"] == pytest.approx(2 * 0.5 * 0.5 * 0.5)  # 2 (1 - p) p (1 - p)
    # 2 a_1 [(1 - a_1) - Σ a_j (y_j - a_j)] with a_1 = 0.1 and nine others of 0.1
    assert on_softmax["0.10"] == pytest.approx(2 * 0.1 * (0.9 - (0.1 * 0.9 - 9 * 0.1 * 0.1)))


# activations-and-initialisation


def test_every_activation_meets_every_initialisation(found: dict[str, Result]) -> None:
    variants = found["activations-and-initialisation"].variants
    assert len({variant.name for variant in variants}) == 9
    for variant in variants:
        assert (
            variant.name
            == f"{variant.configuration['activation']} from {variant.configuration['initializer']}"
        )
        assert len(variant.measures["standard_deviation_of_signals"]) == len(
            variant.configuration["hidden_sizes"]
        )


def test_signals_are_the_standard_deviations_behind_each_activation() -> None:
    network = Network(4, 3, Configuration(hidden_sizes=(5, 2), activation="tanh"), dtype=np.float64)
    X = np.random.default_rng(0).standard_normal((50, 4))
    first = np.tanh(X @ network.linears[0].W)
    second = np.tanh(first @ network.linears[1].W)
    assert signals(network, X) == pytest.approx(
        [first.std(axis=0).mean(), second.std(axis=0).mean()]
    )


def test_units_that_say_the_same_of_every_image_give_no_signal() -> None:
    network = Network(
        4, 3, Configuration(hidden_sizes=(5,), activation="sigmoid"), dtype=np.float64
    )
    network.parameters[...] = 0
    network.linears[0].b[...] = np.arange(5)
    assert signals(network, np.random.default_rng(0).standard_normal((50, 4))) == pytest.approx(
        [0.0]
    )


# confusion


def test_rows_of_the_matrix_are_true_classes_and_scores_are_means_over_the_seeds() -> None:
    y = np.array([0, 0, 1, 1])
    data = Data(("a", "b"), *[np.zeros((0, 784))] * 5, y)
    measures = measure([np.array([0, 1, 1, 1]), np.array([0, 0, 1, 1])], data)
    assert measures["matrix"] == [[1.5, 0.5], [0.0, 2.0]]
    assert measures["recall"] == [0.75, 1.0]  # of a: 1/2 and 2/2
    assert measures["precision"] == pytest.approx([1.0, 5 / 6])  # of b: 2/3 and 2/2


def test_the_confusion_finding_names_the_classes_that_the_matrix_does(
    found: dict[str, Result],
) -> None:
    result = found["confusion"]
    recall, classes = result.measures["recall"], result.measures["classes"]
    for score, before in ((min(recall), "lowest recall: "), (max(recall), "highest: ")):
        named = (
            result.finding.details[0].partition(before)[2].partition(f" ({100 * score:.1f} %)")[0]
        )
        equal = [name for name, value in zip(classes, recall, strict=True) if value == score]
        assert named == phrases.listed(equal)
    assert np.sum(result.measures["matrix"]) == pytest.approx(200)
    assert np.trace(result.measures["matrix"]) / 200 == pytest.approx(
        result.variants[0].test_accuracy.mean
    )


def test_the_worst_mistakes_are_shown_as_images(found: dict[str, Result]) -> None:
    shown = [axes for axes in found["confusion"].figures["confusion-worst"].axes if axes.images]
    assert len(shown) == 15
    assert all("predicted: " in axes.get_title() for axes in shown)
