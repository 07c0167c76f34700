"""One epoch of gradient descent in several implementations, called contenders:

    python -m benchmarks.epochs NAME 784-300-100-10 64

Each contender is a function that prepares everything, including the data, and returns a function
that trains one epoch: shuffled mini-batches, forward, backward, update, with softmax and
cross-entropy and without evaluation. training.py runs each contender in a separate process.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.timing import serve
from playground import datasets
from playground.arrays import aligned_zeros

Epoch = Callable[[], object]
LEARNING_RATE = 0.05


class Problem:
    """The training images, and the network and batch size to train with."""

    def __init__(self, sizes: tuple[int, ...], batch_size: int, images: int | None = None):
        data = datasets.load("fashion-mnist")
        self.pixels, self.y = data.X_train[:images], data.y_train[:images]
        self.sizes, self.batch_size = sizes, batch_size

    def scaled(self, dtype: Any) -> np.ndarray:
        """The images as numbers in [0, 1], `(n, d)`."""
        X: np.ndarray = self.pixels.astype(dtype)
        X /= 255
        return X

    def weights(self, dtype: Any) -> list[np.ndarray]:
        """He's initial weights for each layer."""
        rng = np.random.default_rng(0)
        shapes = zip(self.sizes[:-1], self.sizes[1:], strict=True)
        return [
            (np.sqrt(2 / rows) * rng.standard_normal((rows, columns))).astype(dtype)
            for rows, columns in shapes
        ]

    @property
    def steps(self) -> int:
        return -(-len(self.y) // self.batch_size)


def products(problem: Problem) -> Epoch:
    """Only the matrix products of the steps, on one cached batch: a lower bound for every step."""
    # zeros, so that no value grows
    Ws = [aligned_zeros(W.shape, np.float32) for W in problem.weights(np.float32)]
    dWs = [aligned_zeros(W.shape, np.float32) for W in Ws]
    activations = [aligned_zeros((problem.batch_size, size), np.float32) for size in problem.sizes]
    gradients = [aligned_zeros(a.shape, np.float32) for a in activations]
    for ones in (*activations, *gradients):
        ones[...] = 1

    def epoch() -> None:
        for _ in range(problem.steps):
            for layer, W in enumerate(Ws):
                np.matmul(activations[layer], W, out=activations[layer + 1])
            for layer in reversed(range(len(Ws))):
                np.matmul(activations[layer].T, gradients[layer + 1], out=dWs[layer])
                if layer:  # the gradient of the images is not needed
                    np.matmul(gradients[layer + 1], Ws[layer].T, out=gradients[layer])

    return epoch


def playground(problem: Problem) -> Epoch:
    """The playground's network, on its own uint8 images."""
    from playground.configuration import Configuration
    from playground.network import Network
    from playground.training import Batches, GradientDescent

    configuration = Configuration(
        hidden_sizes=problem.sizes[1:-1],
        optimizer="sgd",
        learning_rate=LEARNING_RATE,
        batch_size=problem.batch_size,
    )
    network = Network(problem.sizes[0], problem.sizes[-1], configuration)
    batches = Batches(problem.pixels, problem.y, network, np.random.default_rng(0))
    descent = GradientDescent(network, steps=1000 * len(batches))
    return lambda: descent.run_epoch(batches, 1)


def reference(problem: Problem) -> Epoch:
    """grader/reference/numpy_ann.py, with the loop of its `fit`: two layers only.

    With one thread, as the script itself trains and as it is marked.
    """
    import utils
    from assignment.blas import one_thread
    from grader.reference.numpy_ann import NumpyANN

    X, Y = problem.scaled(np.float32), utils.to_one_hot(problem.y)
    _, hidden, _ = problem.sizes
    network = NumpyANN(hidden_size=hidden)

    def epoch() -> None:
        with one_thread():
            for X_batch, y_batch in utils.minibatches(X, Y, problem.batch_size, network.rng):
                network.forward(X_batch)
                gradients = network.backward(X_batch, y_batch)
                network.update(gradients, LEARNING_RATE / problem.batch_size)

    return epoch


def student(problem: Problem) -> Epoch:
    """Straightforward NumPy in float64, as a student may write it."""
    X, Y = problem.pixels / 255, np.eye(problem.sizes[-1])[problem.y]
    Ws = problem.weights(np.float64)
    bs = [np.zeros(size) for size in problem.sizes[1:]]
    rng = np.random.default_rng(0)

    def epoch() -> None:
        order = rng.permutation(len(X))
        for start in range(0, len(X), problem.batch_size):
            index = order[start : start + problem.batch_size]
            a, zs, activations = X[index], [], [X[index]]
            for W, b in zip(Ws, bs, strict=True):
                zs.append(a @ W + b)
                a = np.maximum(zs[-1], 0)
                activations.append(a)
            exponentials = np.exp(zs[-1] - zs[-1].max(axis=1, keepdims=True))
            dz = (exponentials / exponentials.sum(axis=1, keepdims=True) - Y[index]) / len(index)
            for layer in reversed(range(len(Ws))):
                dW, db = activations[layer].T @ dz, dz.sum(axis=0)
                if layer:
                    dz = (dz @ Ws[layer].T) * (zs[layer - 1] > 0)
                Ws[layer] = Ws[layer] - LEARNING_RATE * dW
                bs[layer] = bs[layer] - LEARNING_RATE * db

    return epoch


def torch_eager(problem: Problem) -> Epoch:
    """PyTorch on tensors in memory."""
    import torch

    X, y, step = _torch_parts(problem)

    def epoch() -> None:
        order = torch.randperm(len(X))
        for start in range(0, len(X), problem.batch_size):
            index = order[start : start + problem.batch_size]
            step(X[index], y[index])

    return epoch


def torch_loader(problem: Problem) -> Epoch:
    """PyTorch with a DataLoader over the same tensors, in one process, which is faster."""
    from torch.utils.data import DataLoader, TensorDataset

    X, y, step = _torch_parts(problem)
    loader = DataLoader(TensorDataset(X, y), batch_size=problem.batch_size, shuffle=True)

    def epoch() -> None:
        for X_batch, y_batch in loader:
            step(X_batch, y_batch)

    return epoch


def _torch_parts(problem: Problem) -> tuple[Any, Any, Callable[[Any, Any], None]]:
    """Images, labels and a function that makes one step."""
    import torch
    from torch import nn

    layers: list[nn.Module] = []
    for inputs, outputs in zip(problem.sizes[:-1], problem.sizes[1:], strict=True):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    model = nn.Sequential(*layers[:-1])
    optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE)

    def step(X: Any, y: Any) -> None:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(X), y)
        loss.backward()
        optimizer.step()

    return torch.from_numpy(problem.scaled(np.float32)), torch.from_numpy(problem.y), step


def sklearn(problem: Problem) -> Epoch:
    """scikit-learn's MLPClassifier in float64, its default, without momentum or penalty."""
    from sklearn.neural_network import MLPClassifier

    X = problem.scaled(np.float64)
    model = MLPClassifier(
        problem.sizes[1:-1],
        solver="sgd",
        alpha=0.0,
        momentum=0.0,
        nesterovs_momentum=False,
        learning_rate_init=LEARNING_RATE,
        batch_size=problem.batch_size,
        random_state=0,
    )
    classes = np.arange(problem.sizes[-1])
    return lambda: model.partial_fit(X, problem.y, classes=classes)  # one epoch


CONTENDERS: dict[str, Callable[[Problem], Epoch]] = {
    "products": products,
    "playground": playground,
    "reference": reference,
    "student": student,
    "torch": torch_eager,
    "dataloader": torch_loader,
    "sklearn": sklearn,
}


def main() -> None:
    """Serves one contender: measures an epoch for each line on standard input."""
    name, sizes, batch_size, *images = sys.argv[1:]
    problem = Problem(tuple(map(int, sizes.split("-"))), int(batch_size), *map(int, images))
    epoch = CONTENDERS[name](problem)

    def measure() -> float:
        epoch()  # fills the caches while threads of the previous contender become idle
        started = time.perf_counter()
        epoch()
        return time.perf_counter() - started

    serve(measure)


if __name__ == "__main__":
    main()
