"""After the assignment: a flexible network in NumPy, and things to try with it.

The NumPy part needs NumPy alone. Read it in this order: layers, convolutions, losses, initializers,
optimizers, schedules; configuration, stacks, vectors, network, history, training; then
gradient_check, arguments, datasets, csv_files, storage, checkpoints, plots.
`playground.classifier` wraps the network as a scikit-learn classifier. The subpackages:

convnets     convolutional networks in PyTorch
experiments  questions about networks, each answered by training and comparing
live         a page that shows a training while it runs, and steers it
landscape    the loss around a network, with the paths of the optimizers
sweeps       hyperparameter search
tracking     learning curves sent to CSV files, TensorBoard or Weights & Biases
notebooks    builds the notebooks in `notebooks/`
commands     the command line, `python -m playground`

    from playground import RECIPES, Dropout, Linear, Network, ReLU, load, split, train

    dataset = load("fashion-mnist")
    network = Network(784, 10, RECIPES["standard"])
    run = train(network, *split(dataset), verbose=True)
    loss, accuracy = network.evaluate(dataset.X_test, dataset.y_test)

Or compose one, and train it with `fit`:

    network = Network([Linear(784, 300), ReLU(), Dropout(0.1), Linear(300, 10)])
    run = network.fit(*split(dataset), epochs=5, verbose=True)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playground.configuration import RECIPES, Configuration
    from playground.convolutions import Conv2D, Flatten, MaxPool, Reshape
    from playground.datasets import load, split
    from playground.errors import PlaygroundError
    from playground.gradient_check import check_gradients
    from playground.layers import Dropout, Layer, Linear, ReLU, Sigmoid, Tanh
    from playground.network import Network
    from playground.training import TrainingRun, train

__all__ = [
    "RECIPES",
    "Configuration",
    "Conv2D",
    "Dropout",
    "Flatten",
    "Layer",
    "Linear",
    "MaxPool",
    "Network",
    "PlaygroundError",
    "ReLU",
    "Reshape",
    "Sigmoid",
    "Tanh",
    "TrainingRun",
    "check_gradients",
    "load",
    "split",
    "train",
]

_HOMES = {
    "configuration": ("RECIPES", "Configuration"),
    "convolutions": ("Conv2D", "Flatten", "MaxPool", "Reshape"),
    "datasets": ("load", "split"),
    "errors": ("PlaygroundError",),
    "gradient_check": ("check_gradients",),
    "layers": ("Dropout", "Layer", "Linear", "ReLU", "Sigmoid", "Tanh"),
    "network": ("Network",),
    "training": ("TrainingRun", "train"),
}


def __getattr__(name: str) -> Any:
    """Imports what is asked for: `python -m playground --help` needs not even NumPy (PEP 562)."""
    from importlib import import_module

    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"playground.{home}"), name)
    raise AttributeError(f"module 'playground' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
