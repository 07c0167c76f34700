"""The experiment about optimizers: in quick mode it compares what it says it compares."""

from __future__ import annotations

import numpy as np
import pytest

from playground.configuration import Configuration
from playground.experiments import ExperimentSettings, Result, results, run
from playground.experiments.torch_networks import as_module, train_in_torch
from playground.experiments.trials import train_network
from playground.network import Network
from playground.optimizers import OPTIMIZERS

TINY = ExperimentSettings(
    quick=True, seeds=2, train_size=300, validation_size=100, test_size=200, epochs=2
)


@pytest.fixture(scope="module")
def result() -> Result:
    return run("optimizers", TINY)


def test_each_optimizer_is_run_in_numpy_and_in_pytorch(result: Result) -> None:
    assert [variant.name for variant in result.variants[::2]] == list(OPTIMIZERS)
    for ours, theirs in zip(result.variants[::2], result.variants[1::2], strict=True):
        assert theirs.configuration == ours.configuration
        assert (
            [trial.seed for trial in ours.trials]
            == [trial.seed for trial in theirs.trials]
            == [0, 1]
        )
        assert ours.parameters == 266_610


def test_the_learning_rate_is_the_best_on_the_validation_images(result: Result) -> None:
    for ours in result.variants[::2]:
        accuracies = ours.measures["validation_accuracy_by_learning_rate"]
        assert len(accuracies) >= 3
        assert accuracies[f"{ours.configuration['learning_rate']:g}"] == max(accuracies.values())
        assert max(accuracies.values()) == ours.trials[0].history["val_accuracies"][-1]


def test_the_finding_has_the_results_own_figures(result: Result) -> None:
    best = max(result.variants[::2], key=lambda variant: variant.test_accuracy.mean)
    assert (
        f"After 2 epochs, {best.name} has the highest test accuracy, "
        f"{100 * best.test_accuracy.mean:.2f} ±" in result.finding.summary
    )
    assert len(result.finding.details) >= len(result.variants[::2])
    assert result.quick


def test_the_result_survives_json_and_has_a_figure(result: Result) -> None:
    assert (
        results.from_json(results.to_json(result)).variants[0].trials == result.variants[0].trials
    )
    loss, accuracy, rates = (axes.get_lines() for axes in result.figures["optimizers"].axes)
    assert (len(loss), len(accuracy)) == (13, 12)  # the first has one more line for the legend
    measured = [v.measures["validation_accuracy_by_learning_rate"] for v in result.variants[::2]]
    assert sum(len(line.get_xdata()) for line in rates) == sum(map(len, measured))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_pytorch_follows_numpy_from_the_same_weights_on_the_same_batches(optimizer: str) -> None:
    configuration = Configuration(
        hidden_sizes=(30,), optimizer=optimizer, learning_rate=1e-3, epochs=2
    )
    data = TINY.data()
    _, ours = train_network(configuration, data, seed=1)
    _, theirs = train_in_torch(configuration, data, seed=1)
    for curve in ("train_losses", "val_losses"):
        np.testing.assert_allclose(ours.history[curve], theirs.history[curve], rtol=1e-4)
    assert ours.test_loss == pytest.approx(theirs.test_loss, rel=1e-4)


def test_a_network_becomes_a_module_that_computes_the_same() -> None:
    import torch

    network = Network(6, 3, Configuration(hidden_sizes=(5, 4)), seed=2)
    X = np.random.default_rng(0).standard_normal((7, 6)).astype(np.float32)
    with torch.no_grad():
        theirs = as_module(network)(torch.from_numpy(X)).numpy()
    np.testing.assert_allclose(network.forward(X), theirs, rtol=1e-5, atol=1e-6)
