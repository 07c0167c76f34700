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
