"""Trainings for experiments: each epoch is timed, and test accuracy is measured once at the end."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, TypeVar

import numpy as np

from playground.configuration import Configuration
from playground.convnets.configuration import ConvConfiguration
from playground.errors import Diverged
from playground.experiments.finished import Answers, Finished, FinishedTraining
from playground.experiments.results import Trial, Variant, pack, plain
from playground.experiments.settings import Data, ExperimentSettings
from playground.history import History
from playground.network import Network
from playground.training import train

PARTS_PER_EPOCH = 20  # enough to see a schedule at work; all steps would take 50 times as much

C = TypeVar("C", Configuration, ConvConfiguration)


class Stopwatch:
    """An `after_epoch` callback that records the seconds from the start to the end of each epoch.

    It calls `watch()` at the start and after each epoch.
    """

    def __init__(self, watch: Callable[[], None] = lambda: None):
        self.watch = watch
        self.watch()
        self.seconds: list[float] = []
        self.started = time.perf_counter()

    def __call__(self, epoch: int, history: History) -> None:
        self.seconds.append(time.perf_counter() - self.started)
        self.watch()

    def trial(
        self, seed: int, history: History, test_scores: tuple[float, float], correct: np.ndarray
    ) -> Trial:
        """The record of the timed training.

        `test_scores` are `(loss, accuracy)` on the test images, `correct (n,)` tells which of them
        are classified correctly.
        """
        curves = {
            name: tuple(curve)
            for name, curve in {**history.curves(), "seconds": self.seconds}.items()
        }
        losses = thinned(history.step_losses, PARTS_PER_EPOCH * len(self.seconds))
        return Trial(seed, *test_scores, self.seconds[-1], curves, pack(correct), losses)


def thinned(values: Sequence[float], parts: int) -> tuple[float, ...]:
    """The means of that many consecutive parts, as equal as possible; of single values if fewer.

    >>> thinned([3.0, 1.0, 2.0, 2.0, 5.0], 2)
    (2.0, 3.5)
    """
    if not len(values):
        return ()
    groups = np.array_split(np.asarray(values), min(parts, len(values)))
    return tuple(round(float(group.mean()), 4) for group in groups)


def shortened(configuration: C, settings: ExperimentSettings) -> C:
    """The configuration with the number of epochs that the settings allow."""
    return replace(configuration, epochs=settings.epochs_of(configuration.epochs))


def train_network(
    configuration: Configuration,
    data: Data,
    seed: int,
    *,
    watch: Callable[[Network], None] = lambda network: None,
) -> tuple[Network, Trial]:
    """A trained network and the record of its training. Raises Diverged.

    `watch` receives the network at the start and after each epoch.
    """
    network = Network(data.X_train.shape[1], len(data.class_names), configuration, seed=seed)
    stopwatch = Stopwatch(lambda: watch(network))
    run = train(
        network,
        data.X_train,
        data.y_train,
        data.X_val,
        data.y_val,
        seed=seed,
        after_epoch=stopwatch,
    )
    scores = network.evaluate(data.X_test, data.y_test)
    correct = network.predict(data.X_test) == data.y_test
    return network, stopwatch.trial(seed, run.history, scores, correct)


def repeat(
    name: str,
    configuration: C,
    data: Data,
    settings: ExperimentSettings,
    train_one: Callable[[C, Data, int], tuple[Any, Trial]],
    *,
    answers_of: Callable[[Any], Answers] | None = None,
    answers: list[Answers] | None = None,
    measures: Mapping[str, Any] | None = None,
    device: str = "cpu",
) -> Variant:
    """The configuration trained once per seed by `train_one(configuration, data, seed)`.

    A list `answers` receives what `answers_of(network)` gives for each trained network. Trainings
    that an interrupted run of the experiment has finished with the same data, `device` and number
    of threads are not repeated.
    """
    configuration, trials, count = shortened(configuration, settings), [], 0
    common = {
        "configuration": asdict(configuration),
        "images": data.images,
        "checksum": data.checksum,
        "device": device,
        "threads": settings.threads(),
    }
    for seed in settings.each_seed():
        identity = {**common, "seed": seed}
        file = settings.finished and FinishedTraining(settings.finished, name, seed, identity)
        found = file.read() if file else None
        if found is None or (answers is not None and found.answers is None):
            network, trial = train_one(configuration, data, seed)
            given = answers_of(network) if answers is not None and answers_of else None
            found = Finished(trial, count_parameters(network), given)
            if file:
                file.write(found)
        trials.append(found.trial)
        count = found.parameters
        if answers is not None and found.answers is not None:
            answers.append(found.answers)
        tell(settings, f"{name}, seed {seed}", found.trial)
    return Variant(name, plain(asdict(configuration)), count, tuple(trials), measures or {})


def network_variant(
    name: str,
    configuration: Configuration,
    data: Data,
    settings: ExperimentSettings,
    **options: Any,
) -> Variant:
    """A NumPy network trained once per seed; options as for `repeat`."""
    return repeat(
        name,
        configuration,
        data,
        settings,
        train_network,
        answers_of=lambda network: Answers.of(network.probabilities(data.X_test)),
        **options,
    )


def count_parameters(network: Any) -> int:
    """The number of trainable parameters of a NumPy or PyTorch network."""
    if isinstance(network, Network):
        return network.parameter_count
    return sum(parameter.numel() for parameter in network.parameters())


def choose_learning_rate(
    configuration: Configuration, rates: Sequence[float], data: Data, settings: ExperimentSettings
) -> tuple[Configuration, dict[str, float]]:
    """The configuration with the best learning rate, and the validation accuracies by rate.

    The final validation accuracy with seed 0 decides; it is 0 if the training diverged. Test images
    are not used.
    """
    accuracies = {}
    for rate in rates:
        candidate = shortened(replace(configuration, learning_rate=rate), settings)
        network = Network(data.X_train.shape[1], len(data.class_names), candidate, seed=0)
        try:
            run = train(network, data.X_train, data.y_train, data.X_val, data.y_val, seed=0)
            accuracies[rate] = run.history.val_accuracies[-1]
        except Diverged:
            accuracies[rate] = 0.0
    best = max(accuracies, key=accuracies.__getitem__)
    return replace(configuration, learning_rate=best), {
        f"{rate:g}": value for rate, value in accuracies.items()
    }


def tell(settings: ExperimentSettings, what: str, trial: Trial) -> None:
    """Prints a line about a finished training to standard error if `verbose` is set."""
    if settings.verbose:
        accuracy = trial.history["val_accuracies"][-1]
        print(
            f"  {what}: validation accuracy {accuracy:.2%}, {trial.seconds:.1f} s",
            file=sys.stderr,
            flush=True,
        )
