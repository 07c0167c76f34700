"""Timed trainings of the CNNs; experiments use `playground.convnets` only through this module."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from torch import nn

from playground.convnets.configuration import ConvConfiguration
from playground.convnets.evaluation import evaluate, logits
from playground.convnets.networks import build
from playground.convnets.training import train_convnet
from playground.experiments.results import Trial, Variant
from playground.experiments.settings import Data, ExperimentSettings
from playground.experiments.trials import Stopwatch, repeat


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
    scores = evaluate(model, configuration, data.X_test, data.y_test, device)
    answers = logits(model, configuration, data.X_test, device).argmax(axis=1)
    return model, stopwatch.trial(seed, run.history, scores, answers == data.y_test)


def cnn_variant(
    name: str,
    configuration: ConvConfiguration,
    data: Data,
    settings: ExperimentSettings,
    **options: Any,
) -> Variant:
    """A CNN trained once per seed on the device of the settings; options as for `repeat`.

    It computes in float32, as the NumPy networks do, so that the seconds can be compared.
    """
    configuration, device = replace(configuration, precision="float32"), settings.torch_device()
    train_one = partial(train_cnn, device=device)
    return repeat(name, configuration, data, settings, train_one, device=device, **options)


def seconds_per_cnn_epoch(
    configuration: ConvConfiguration, data: Data, settings: ExperimentSettings
) -> float:
    """The duration of an epoch, measured as the second of two: the first one warms up."""
    configuration = replace(configuration, epochs=2, precision="float32")
    _, trial = train_cnn(configuration, data, seed=0, device=settings.torch_device())
    first, second = trial.history["seconds"]
    return second - first
