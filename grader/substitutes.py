"""Right answers to earlier sections, put in place of wrong ones while a later section is marked.

Copied beside the worker and run there, so nothing of the grader is imported here.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import numpy as np


def _relu(z: np.ndarray) -> np.ndarray:
    return np.where(z > 0, z, np.zeros_like(z))


def _relu_derivative(z: np.ndarray) -> np.ndarray:
    return np.where(z > 0, np.ones_like(z), np.zeros_like(z))


def _forward(self: Any, X: np.ndarray) -> np.ndarray:
    self.z1 = X @ self.W1 + self.b1
    self.a1 = _relu(self.z1)
    self.z2 = self.a1 @ self.W2 + self.b2
    exponentials = np.exp(self.z2 - self.z2.max(axis=1, keepdims=True))
    a2: np.ndarray = exponentials / exponentials.sum(axis=1, keepdims=True)
    self.a2 = a2
    return a2


def _network(class_name: str, *layers: Callable[[Any], Any]) -> Callable[[Any], None]:
    """Puts right layers and a right forward pass in a class of the script: the two belong together."""

    def substitute(module: Any) -> None:
        from torch import nn

        network = getattr(module, class_name)
        own = network.__init__

        def construct(self: Any, *args: Any, **kwargs: Any) -> None:
            nn.Module.__init__(self)
            with contextlib.suppress(Exception):
                own(self, *args, **kwargs)  # what else it makes, such as self.criterion, a training step may use
            for name, child in list(self.named_children()):
                if any(True for _ in child.parameters()):
                    delattr(self, name)
            for name in [name for name, _ in self.named_parameters()]:
                delattr(self, name)
            self.layers = nn.Sequential(*(layer(nn) for layer in layers))

        network.__init__ = construct
        network.forward = lambda self, X: self.layers(X)

    return substitute


_ann = _network("PyTorchANN", lambda nn: nn.Linear(784, 32), lambda nn: nn.ReLU(), lambda nn: nn.Dropout(0.1),
                lambda nn: nn.Linear(32, 10))  # fmt: skip
_cnn = _network("PyTorchCNN", lambda nn: nn.Conv2d(1, 8, 3), lambda nn: nn.ReLU(), lambda nn: nn.MaxPool2d(4),
                lambda nn: nn.Flatten(), lambda nn: nn.Dropout(0.1), lambda nn: nn.Linear(288, 10))  # fmt: skip
SUBSTITUTES: dict[str, Callable[[Any], None]] = {
    "2.1": _ann,
    "2.2": _ann,
    "3.1": _cnn,
    "3.2": _cnn,
    "1.2": lambda module: setattr(module, "relu", _relu),
    "1.3": lambda module: setattr(module, "relu_derivative", _relu_derivative),
    "1.5": lambda module: setattr(module.NumpyANN, "forward", _forward),
}
