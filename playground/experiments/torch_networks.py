"""The NumPy network trained by PyTorch, from the same initial weights and on the same batches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

from playground.configuration import Configuration
from playground.experiments.results import Trial
from playground.experiments.settings import Data
from playground.experiments.trials import Stopwatch
from playground.history import History
from playground.network import Network
from playground.training import Batches

# the playground's optimizer names
TORCH_OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "sgd": torch.optim.SGD,
    "momentum": lambda parameters, lr: torch.optim.SGD(parameters, lr, momentum=0.9),
    "nesterov": lambda parameters, lr: torch.optim.SGD(parameters, lr, momentum=0.9, nesterov=True),
    "rmsprop": torch.optim.RMSprop,
    "adam": torch.optim.Adam,
    "nadam": torch.optim.NAdam,
}


def train_in_torch(configuration: Configuration, data: Data, seed: int) -> tuple[nn.Module, Trial]:
    """A network trained by PyTorch on the CPU, and the record of its training.

    It uses ReLU, cross-entropy and a constant learning rate.
    """
    start = Network(data.X_train.shape[1], len(data.class_names), configuration, seed=seed)
    model = as_module(start)
    optimizer = TORCH_OPTIMIZERS[configuration.optimizer](
        model.parameters(), lr=configuration.learning_rate
    )
    batches = Batches(data.X_train, data.y_train, start, np.random.default_rng(seed))
    history, stopwatch, measured = History(), Stopwatch(), len(data.y_val)
    for epoch in range(1, configuration.epochs + 1):
        for X, y in batches:
            optimizer.zero_grad()
            cross_entropy(model(torch.from_numpy(X)), torch.from_numpy(y)).backward()
            optimizer.step()
        train_scores, _ = _scores(model, data.X_train[:measured], data.y_train[:measured])
        history.record(train_scores, _scores(model, data.X_val, data.y_val)[0])
        stopwatch(epoch, history)
    return model, stopwatch.trial(seed, history, *_scores(model, data.X_test, data.y_test))


def as_module(network: Network) -> nn.Module:
    """A PyTorch module with the same layers and weights as the NumPy network."""
    layers: list[nn.Module] = []
    for linear in network.linears:
        layer = nn.Linear(*linear.W.shape)
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(linear.W.T))
            layer.bias.copy_(torch.from_numpy(linear.b))
        layers += [layer, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def _scores(model: Any, X: np.ndarray, y: np.ndarray) -> tuple[tuple[float, float], np.ndarray]:
    """Loss and accuracy, and which images are classified correctly, `(n,)`."""
    labels = torch.from_numpy(y)
    with torch.no_grad():
        logits = model(torch.from_numpy(X.astype(np.float32) / 255))
    correct = (logits.argmax(dim=1) == labels).numpy()
    return (float(cross_entropy(logits, labels)), float(correct.mean())), correct
