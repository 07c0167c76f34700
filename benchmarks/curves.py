"""Times one training: `python -m benchmarks.curves KIND RECIPE SEED` prints JSON after each epoch.

Each line holds the cumulative `seconds` of the training steps and the `accuracy` on the 10,000 test
images. The accuracies are only recorded; nothing is selected by them. accuracy.py runs each
training in a separate process.

KIND is `numpy` (the playground's recipes, or `reference` for numpy_ann.py), `cnn` (its recipes of
convolutional networks, or `reference` for pytorch_cnn.py) or `cnn-plain` (the same networks with
PyTorch's defaults: float32, without the playground's memory format, allocator settings and fused
optimizer).
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import utils
from assignment.data import scale_images
from playground import datasets
from playground.configuration import RECIPES
from playground.convnets.configuration import CONV_RECIPES
from playground.datasets import Dataset, Split

# number of epochs; a function that trains one epoch; a function that returns the test accuracy
Epochs = tuple[int, Callable[[int], object], Callable[[], float]]


def playground_network(recipe: str, seed: int, split: Split, data: Dataset) -> Epochs:
    """A NumPy network of the playground."""
    from playground.network import Network
    from playground.training import Batches, GradientDescent

    configuration = RECIPES[recipe]
    network = Network(data.X_train.shape[1], len(data.class_names), configuration, seed=seed)
    batches = Batches(split.X_train, split.y_train, network, np.random.default_rng(seed))
    descent = GradientDescent(network, steps=len(batches) * configuration.epochs)
    return (
        configuration.epochs,
        lambda epoch: descent.run_epoch(batches, epoch),
        lambda: network.evaluate(data.X_test, data.y_test)[1],
    )


def reference_network(seed: int, split: Split, data: Dataset) -> Epochs:
    """grader/reference/numpy_ann.py with its own hyperparameters, and the loop of its `fit`.

    With one thread, as the script itself trains and as it is marked.
    """
    from assignment.blas import one_thread
    from grader.reference import numpy_ann

    X = scale_images(split.X_train, np.arange(len(split.y_train)))
    Y = utils.to_one_hot(split.y_train)
    X_test = scale_images(data.X_test, np.arange(len(data.y_test)))
    network = numpy_ann.NumpyANN(seed=seed)
    epochs, steps = numpy_ann.EPOCHS, -(-len(X) // numpy_ann.BATCH_SIZE)

    def train(epoch: int) -> None:
        batches = utils.minibatches(X, Y, numpy_ann.BATCH_SIZE, network.rng)
        with one_thread():
            for step, (X_batch, y_batch) in enumerate(batches):
                network.forward(X_batch)
                gradients = network.backward(X_batch, y_batch)
                done = ((epoch - 1) * steps + step) / (epochs * steps)
                network.update(gradients, numpy_ann.LEARNING_RATE * (1 - done))

    return epochs, train, lambda: float(np.mean(network.predict(X_test) == data.y_test))


def convnet(recipe: str, seed: int, split: Split, data: Dataset) -> Epochs:
    """A convolutional network of the playground, on the CPU."""
    import torch

    from playground.convnets.evaluation import evaluate
    from playground.convnets.images import ImageBatches
    from playground.convnets.networks import build
    from playground.convnets.processor import choose_processor
    from playground.convnets.training import ConvNetDescent

    configuration = CONV_RECIPES[recipe]
    processor = choose_processor("cpu", configuration.precision)
    model = build(configuration, seed).to(memory_format=torch.channels_last)
    batches = ImageBatches(split.X_train, split.y_train, configuration, processor.device)
    descent = ConvNetDescent(model, configuration, batches, processor)
    return (
        configuration.epochs,
        lambda epoch: descent.run_epoch(epoch, seed),
        lambda: evaluate(model, configuration, data.X_test, data.y_test, "cpu")[1],
    )


def plain_convnet(recipe: str, seed: int, split: Split, data: Dataset) -> Epochs:
    """The same network and hyperparameters in a plain loop, without schedule and augmentation."""
    import torch
    from torch import nn

    from playground.convnets.networks import build

    configuration = CONV_RECIPES[recipe]
    X, X_test = _images(split.X_train), _images(data.X_test)
    y, rng = torch.from_numpy(split.y_train), np.random.default_rng(seed)
    model = build(configuration, seed)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=configuration.learning_rate, weight_decay=configuration.weight_decay
    )

    def train(epoch: int) -> None:
        model.train()
        for X_batch, y_batch in utils.minibatches(X, y, configuration.batch_size, rng):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(X_batch), y_batch)
            loss.backward()
            optimizer.step()

    @torch.no_grad()  # type: ignore[untyped-decorator]
    def accuracy() -> float:
        model.eval()
        labels = torch.cat([model(block).argmax(dim=1) for block in X_test.split(1000)])
        return float(np.mean(labels.numpy() == data.y_test))

    return configuration.epochs, train, accuracy


def reference_convnet(seed: int, split: Split, data: Dataset) -> Epochs:
    """grader/reference/pytorch_cnn.py with its own hyperparameters, and the loop of its `fit`."""
    import torch

    from grader.reference import pytorch_cnn

    X, X_test = _images(split.X_train), _images(data.X_test)
    y, rng = torch.from_numpy(split.y_train), np.random.default_rng(seed)
    model = pytorch_cnn.PyTorchCNN(seed=seed)
    epochs, steps = pytorch_cnn.EPOCHS, -(-len(X) // pytorch_cnn.BATCH_SIZE)
    optimizer = model.configure_optimizer()
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.001, total_iters=epochs * steps)

    def train(epoch: int) -> None:
        model.train()
        for X_batch, y_batch in utils.minibatches(X, y, pytorch_cnn.BATCH_SIZE, rng):
            model.training_step(X_batch, y_batch, optimizer)
            schedule.step()

    def accuracy() -> float:
        labels = torch.cat([model.predict(block) for block in X_test.split(1000)])
        return float(np.mean(labels.numpy() == data.y_test))

    return epochs, train, accuracy


def _images(pixels: np.ndarray) -> Any:
    """The images as a tensor `(n, 1, 28, 28)` float32, the reference's input."""
    import torch

    return torch.from_numpy(scale_images(pixels, np.arange(len(pixels)))).reshape(-1, 1, 28, 28)


def curve(epochs: Epochs) -> Iterator[dict[str, float]]:
    """Cumulative training seconds and test accuracy after each epoch."""
    count, train, accuracy = epochs
    seconds = 0.0
    for epoch in range(1, count + 1):
        started = time.perf_counter()
        train(epoch)
        seconds += time.perf_counter() - started
        yield {"seconds": seconds, "accuracy": accuracy()}


def main() -> None:
    """Trains and prints one line per epoch."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kind", choices=["numpy", "cnn", "cnn-plain"])
    parser.add_argument("recipe")
    parser.add_argument("seed", type=int)
    parser.add_argument("--dataset", default="fashion-mnist", metavar="NAME")
    parser.add_argument("--train-size", type=int, metavar="N", help="default: 54,000")
    parser.add_argument("--test-size", type=int, metavar="N", help="default: 10,000")
    options = parser.parse_args()
    data = datasets.load(options.dataset)
    data = data._replace(
        X_test=data.X_test[: options.test_size], y_test=data.y_test[: options.test_size]
    )
    given = (
        options.seed,
        datasets.split(data, train_size=options.train_size, seed=options.seed),
        data,
    )
    if options.recipe == "reference":
        epochs = (reference_network if options.kind == "numpy" else reference_convnet)(*given)
    else:
        kinds = {"numpy": playground_network, "cnn": convnet, "cnn-plain": plain_convnet}
        epochs = kinds[options.kind](options.recipe, *given)
    for point in curve(epochs):
        print(json.dumps(point), flush=True)


if __name__ == "__main__":
    main()
