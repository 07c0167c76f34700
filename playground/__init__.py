"""After the assignment: a flexible network in NumPy, and what to try with it.

The NumPy part needs NumPy alone. Read it in this order: layers, losses, initializers, optimizers, schedules;
configuration, network, training; then datasets, csv_files, storage, plots. `playground.classifier` wraps it all
in scikit-learn's conventions. `playground.convnets` has the convolutional networks, in PyTorch; `playground.experiments`
asks questions and answers them; `playground.sweeps` looks for the best configuration and `playground.tracking` keeps the
curves; `playground.notebooks` makes the notebooks. `python -m playground` is the command line.

    from playground import RECIPES, Network, load, split, train

    dataset = load("fashion-mnist")
    network = Network(784, 10, RECIPES["standard"])
    run = train(network, *split(dataset), verbose=True)
    loss, accuracy = network.evaluate(dataset.X_test, dataset.y_test)
"""

from playground.configuration import RECIPES, Configuration
from playground.datasets import load, split
from playground.errors import PlaygroundError
from playground.network import Network
from playground.training import TrainingRun, train

__all__ = [
    "RECIPES",
    "Configuration",
    "Network",
    "PlaygroundError",
    "TrainingRun",
    "load",
    "split",
    "train",
]
