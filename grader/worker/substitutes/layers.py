"""Right answers to 2.1 and 2.2, or 3.1 and 3.2: layers and the forward pass that uses them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

# a network that ends in one of these is right, and its training step may rely on that
LOGARITHMS = {"log_softmax", "LogSoftmax"}


def _network(class_name: str, *layers: Callable[[Any], Any]) -> Callable[[Any], None]:
    """A function that gives a class of the script right layers and a right forward pass."""

    def substitute(module: Any) -> None:
        from torch import nn

        network = getattr(module, class_name)
        own = network.__init__

        def construct(self: Any, *args: Any, **kwargs: Any) -> None:
            nn.Module.__init__(self)
            with contextlib.suppress(Exception):
                # Other attributes that it sets, such as self.criterion, a step may use.
                own(self, *args, **kwargs)
            for name, child in list(self.named_children()):
                if any(True for _ in child.parameters()):
                    delattr(self, name)
            for name in [name for name, _ in self.named_parameters()]:
                delattr(self, name)
            self.layers = nn.Sequential(*(layer(nn) for layer in layers))

        logarithms = _names(network.__init__) | _names(network.forward)
        end = nn.functional.log_softmax if logarithms & LOGARITHMS else lambda logits, dim: logits
        network.__init__ = construct
        network.forward = lambda self, X: end(self.layers(X), dim=1)

    return substitute


def _names(function: Any) -> set[str]:
    """The names that a function uses, read from its code, which is not run."""
    return set(getattr(getattr(function, "__code__", None), "co_names", ()))


_ann = _network(
    "PyTorchANN",
    lambda nn: nn.Linear(784, 32),
    lambda nn: nn.ReLU(),
    lambda nn: nn.Dropout(0.1),
    lambda nn: nn.Linear(32, 10),
)
_cnn = _network(
    "PyTorchCNN",
    lambda nn: nn.Conv2d(1, 8, 3),
    lambda nn: nn.ReLU(),
    lambda nn: nn.MaxPool2d(4),
    lambda nn: nn.Flatten(),
    lambda nn: nn.Dropout(0.1),
    lambda nn: nn.Linear(288, 10),
)


def substitute(module: Any) -> None:
    """Replace the script's own."""
    (_ann if module.__name__ == "pytorch_ann" else _cnn)(module)
