"""A few images that a network learns in seconds."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from torch import nn

from playground import datasets
from playground.convnets.configuration import ConvConfiguration
from playground.convnets.networks import build
from playground.convnets.training import train_convnet
from playground.datasets import Split
from playground.training import TrainingRun

QUICK = ConvConfiguration(
    network="fast",
    width=8,
    epochs=2,
    batch_size=32,
    learning_rate=1e-2,
    schedule="one-cycle",
    precision="float32",
)


@cache
def few(train_size: int = 200, validation_size: int = 100) -> Split:
    """That many images of Fashion-MNIST."""
    return datasets.split(
        datasets.load("fashion-mnist"), train_size=train_size, validation_size=validation_size
    )


def trained(
    configuration: ConvConfiguration = QUICK, seed: int = 0, **settings: Any
) -> tuple[nn.Module, TrainingRun]:
    """A network trained on a few images."""
    model = build(configuration, seed)
    return model, train_convnet(model, configuration, *few(), device="cpu", seed=seed, **settings)


def assert_same_parameters(model: nn.Module, other: nn.Module) -> None:
    """Both models hold the same numbers, bit by bit."""
    for (name, mine), theirs in zip(
        model.state_dict().items(), other.state_dict().values(), strict=True
    ):
        assert torch.equal(mine, theirs), name
