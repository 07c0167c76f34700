"""Timed trainings of the CNNs; experiments use `playground.convnets` only through this module."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from torch import nn

from playground.convnets.checkpoints import TrainingProgress
from playground.convnets.configuration import ConvConfiguration
from playground.convnets.evaluation import evaluate, logits
from playground.convnets.networks import build
from playground.convnets.processor import choose_processor
from playground.convnets.training import Evaluator, train_convnet
from playground.experiments.finished import Answers
from playground.experiments.results import Trial, Variant, pack
from playground.experiments.settings import Data, ExperimentSettings
from playground.experiments.trials import Stopwatch, repeat
from playground.losses import softmax


def train_cnn(
    configuration: ConvConfiguration,
    data: Data,
    seed: int,
    *,
    device: str = "auto",
    watch: Callable[[nn.Module], None] = lambda model: None,
    prepare: Callable[[nn.Module], None] = lambda model: None,
) -> tuple[nn.Module, Trial]:
    """A trained CNN, with the parameters of its best epoch, and the record of its training.

    `prepare` may change the model before the training; `watch` receives it at the start and after
    each epoch. Raises Diverged.
    """
    model = build(configuration, seed)
    prepare(model)
    stopwatch = Stopwatch(lambda: watch(model))
    run = train_convnet(
        model,
        configuration,
        data.X_train,
        data.y_train,
        data.X_val,
        data.y_val,
        device=device,
        seed=seed,
        after_epoch=stopwatch,
    )
    return model, stopwatch.trial(seed, run.history, *_tested(model, configuration, data, device))


def _tested(
    model: nn.Module, configuration: ConvConfiguration, data: Data, device: str
) -> tuple[tuple[float, float], np.ndarray]:
    """Loss and accuracy on the test images, and which of them are classified correctly."""
    scores = evaluate(model, configuration, data.X_test, data.y_test, device)
    answers = logits(model, configuration, data.X_test, device).argmax(axis=1)
    return scores, answers == data.y_test


def cnn_variant(
    name: str,
    configuration: ConvConfiguration,
    data: Data,
    settings: ExperimentSettings,
    train_one: Callable[..., tuple[nn.Module, Trial]] = train_cnn,
    **options: Any,
) -> Variant:
    """A CNN trained once per seed on the device of the settings; options as for `repeat`.

    It computes in float32, as the NumPy networks do, so that the seconds can be compared.
    """
    configuration, device = replace(configuration, precision="float32"), settings.torch_device()

    def answers_of(model: nn.Module) -> Answers:
        given = logits(model, configuration, data.X_test, device)
        return Answers.of(softmax(given))

    return repeat(
        name,
        configuration,
        data,
        settings,
        partial(train_one, device=device),
        answers_of=answers_of,
        device=device,
        **options,
    )


def averaged_and_plain(
    name: str, configuration: ConvConfiguration, data: Data, settings: ExperimentSettings
) -> tuple[Variant, Variant]:
    """A CNN with the running mean of its weights, and the same one with those of its last step.

    Averaging leaves the steps as they are, so one training per seed gives both. Each keeps its own
    best epoch.
    """
    found: dict[int, tuple[nn.Module, Trial]] = {}

    def train_both(
        configuration: ConvConfiguration, data: Data, seed: int, *, device: str
    ) -> tuple[nn.Module, Trial]:
        plain = PlainWeights(configuration, data, device)
        model, trial = train_cnn(configuration, data, seed, device=device, watch=plain)
        found[seed] = plain.tested(trial)
        return model, trial

    def train_plain(
        configuration: ConvConfiguration, data: Data, seed: int, *, device: str
    ) -> tuple[nn.Module, Trial]:
        # only missing if an earlier run was interrupted between the two records
        return found.pop(seed, None) or train_cnn(configuration, data, seed, device=device)

    averaged = cnn_variant(f"{name}, averaged", configuration, data, settings, train_both)
    without = replace(configuration, averaging=0.0)
    return averaged, cnn_variant(name, without, data, settings, train_plain)


class PlainWeights:
    """A `watch` that measures the weights of the last step in a training that averages them."""

    def __init__(self, configuration: ConvConfiguration, data: Data, device: str):
        self.configuration, self.data, self.device = configuration, data, device
        self.evaluator = Evaluator(
            configuration,
            choose_processor(device, configuration.precision),
            data.X_train,
            data.y_train,
            (data.X_val, data.y_val),
        )
        self.progress = TrainingProgress()
        self.started = False

    def __call__(self, model: nn.Module) -> None:
        if self.started:  # the first call is before the first step
            self.evaluator.record(model, self.progress.history)
            self.progress.keep_if_best(model)
        self.started = True

    def tested(self, averaged: Trial) -> tuple[nn.Module, Trial]:
        """The network of the best epoch and its record; `averaged` is that of the same training."""
        assert self.progress.best_state is not None, "no epoch was watched"
        model = build(self.configuration, averaged.seed)
        model.load_state_dict(self.progress.best_state)
        (loss, accuracy), right = _tested(model, self.configuration, self.data, self.device)
        curves = {name: tuple(curve) for name, curve in self.progress.history.curves().items()}
        trial = replace(
            averaged,
            test_loss=loss,
            test_accuracy=accuracy,
            history={**averaged.history, **curves},
            correct=pack(right),
        )
        return model, trial


def seconds_per_cnn_epoch(
    configuration: ConvConfiguration, data: Data, settings: ExperimentSettings
) -> float:
    """The duration of an epoch, measured as the second of two: the first one warms up.

    It is kept as trainings are: how long other networks train must not change with a repetition.
    """
    alone = replace(settings, seeds=1, epochs=None, quick=False)
    timed = cnn_variant("time of an epoch", replace(configuration, epochs=2), data, alone)
    first, second = timed.trials[0].history["seconds"]
    return second - first
