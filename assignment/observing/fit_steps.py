"""How often `fit` takes a training step, without the work of the steps."""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch import nn


def fit_steps(model: nn.Module, image: Any, images: int, epochs: int, batch_size: int) -> int:
    """The calls of training_step, which does nothing meanwhile, while a new network is fitted.

    `image (1, …)` stands for all training images, and for the one validation image.
    """
    network: Any = type(model)(seed=0)
    calls = 0

    def counted(*_: Any, **__: Any) -> float:
        nonlocal calls
        calls += 1
        return 0.0

    network.training_step = counted  # of this object alone
    X, y = image.expand(images, *image.shape[1:]), torch.zeros(images, dtype=torch.int64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the schedule misses the optimizer's steps
        network.fit(X, y, X[:1], y[:1], epochs=epochs, batch_size=batch_size, device="cpu")
    return calls
