"""Part 1 of 3: a two-layer neural network in NumPy, from scratch.

Fill in the parts marked TODO, top to bottom, then run `python numpy_ann.py`. It checks every
section and, once all of them pass, trains the network on Fashion-MNIST. README.md, part 1, has the
maths.

Names and shapes: n images in a batch, d = 784 pixels, h hidden units, k = 10 classes.
    X (n, d)    W1 (d, h)    b1 (h,)    W2 (h, k)    b2 (k,)    y_true (n, k), one-hot
"""

from __future__ import annotations

import sys

import utils  # first: from here on, Ctrl-C ends in one line

import numpy as np

from utils import History

# %% Hyperparameters: yours to change once everything works

HIDDEN_SIZE = 128  # units in the hidden layer: more can learn more, and take longer
EPOCHS = 8  # passes over the training images; the curves show when more no longer helps
BATCH_SIZE = 64  # images per step: larger is faster per image, smaller takes more, noisier steps
LEARNING_RATE = 0.004  # suits gradients summed over the batch (1.6); for the mean, try 0.25


# %% 1.1 Softmax: a worked example, nothing to do


def softmax(z: np.ndarray) -> np.ndarray:
    """Probabilities `(n, k)` of the logits `z (n, k)`: positive, and every row sums to 1.

    softmax(z)_ij = exp(z_ij) / Σ_l exp(z_il)

    The trap: exp(1000) is infinite. Subtract the largest logit of each row from that row: the ratio
    stays the same, and no exponent is above 0. `keepdims=True` keeps the shape (n, 1), which
    broadcasts to (n, k).
    """
    shifted = z - z.max(axis=1, keepdims=True)
    exponentials = np.exp(shifted)
    return exponentials / exponentials.sum(axis=1, keepdims=True)


# %% 1.2 ReLU


def relu(z: np.ndarray) -> np.ndarray:
    """Each element of `z` where it is positive, 0 elsewhere; same shape as `z`, which may be any.

    The trap: `z` belongs to the caller and must not change. About 1 line; NumPy works on whole
    arrays, so you need no loop.
    """
    # BEGIN SOLUTION 1.2
    return np.maximum(z, 0)
    # END SOLUTION 1.2


# %% 1.3 The derivative of ReLU


def relu_derivative(z: np.ndarray) -> np.ndarray:
    """The slope of ReLU at each element of `z`: 1 where it is positive, 0 elsewhere; same shape.

    The trap: at exactly 0 the slope is undefined; use 0 there. About 1 line.
    """
    # BEGIN SOLUTION 1.3
    return (z > 0).astype(z.dtype)
    # END SOLUTION 1.3


# %% 1.4 Cross-entropy


def cross_entropy(y_true: np.ndarray, y_pred: np.ndarray) -> float:
    """Loss of the batch, one float: the mean over images of -log(probability of the true class).

    `y_true (n, k)` is one-hot, `y_pred (n, k)` holds the probabilities that softmax returns.

    The trap: log(0) is -infinity. Keep the probabilities away from 0 by a tiny number that float32
    can hold: it holds 1e-12, but rounds 1e-300 to 0. About 2 lines.
    """
    # BEGIN SOLUTION 1.4
    log_probabilities = np.log(np.maximum(y_pred, 1e-12))
    return float(-np.sum(y_true * log_probabilities) / len(y_true))
    # END SOLUTION 1.4


# %% The network: 1.5 forward, 1.6 backward


class NumpyANN:
    """Two layers: X -> z1 = X W1 + b1 -> a1 = relu(z1) -> z2 = a1 W2 + b2 -> a2 = softmax(z2)."""

    def __init__(
        self,
        input_size: int = 784,
        hidden_size: int = HIDDEN_SIZE,
        output_size: int = 10,
        seed: int = 0,
    ):
        self.rng = np.random.default_rng(seed)
        # He et al. 2015: with standard deviation sqrt(2 / inputs), ReLU keeps the scale of signals
        self.W1 = self._normal(input_size, hidden_size)
        self.b1 = np.zeros(hidden_size, np.float32)
        self.W2 = self._normal(hidden_size, output_size)
        self.b2 = np.zeros(output_size, np.float32)

    def _normal(self, inputs: int, outputs: int) -> np.ndarray:
        weights = self.rng.standard_normal((inputs, outputs), dtype=np.float32)
        return weights * np.float32(np.sqrt(2 / inputs))

    # 1.5 Forward

    def forward(self, X: np.ndarray) -> np.ndarray:
        """Class probabilities `a2 (n, k)` of the images `X (n, d)`.

        Keep all four steps for backward: `self.z1 (n, h)`, `self.a1 (n, h)`, `self.z2 (n, k)` and
        `self.a2 (n, k)`. The trap: each row of X is an image, so write X @ W1, not W1 @ X.
        About 5 lines.
        """
        # BEGIN SOLUTION 1.5
        self.z1 = X @ self.W1 + self.b1  # (n, h)
        self.a1 = relu(self.z1)
        self.z2 = self.a1 @ self.W2 + self.b2  # (n, k)
        self.a2 = softmax(self.z2)
        return self.a2
        # END SOLUTION 1.5

    # 1.6 Backward

    def backward(self, X: np.ndarray, y_true: np.ndarray) -> dict[str, np.ndarray]:
        """Gradients of the loss: `{"W1": (d, h), "b1": (h,), "W2": (h, k), "b2": (k,)}`.

        Called after `forward(X)` with the same `X (n, d)`; `y_true (n, k)` is one-hot. Start at the
        output, where softmax and cross-entropy together give dz2 = a2 - y_true, and work back
        (README, part 1). Each gradient has the shape of its parameter, which settles most
        transposes.
        The trap: sum over the batch or take the mean, but do the same for all four. About 7 lines.
        """
        # BEGIN SOLUTION 1.6
        dz2 = self.a2 - y_true  # (n, k), through softmax and the log at once
        dW2 = self.a1.T @ dz2  # (h, k)
        db2 = dz2.sum(axis=0)
        da1 = dz2 @ self.W2.T  # (n, h)
        dz1 = da1 * relu_derivative(self.z1)
        dW1 = X.T @ dz1  # (d, h)
        db1 = dz1.sum(axis=0)
        return {"W1": dW1, "b1": db1, "W2": dW2, "b2": db2}
        # END SOLUTION 1.6

    # Given: the update, training, prediction

    def update(self, gradients: dict[str, np.ndarray], learning_rate: float) -> None:
        """One step downhill, θ ← θ - α ∂L/∂θ, for each of the four parameters."""
        for name in ("W1", "b1", "W2", "b2"):
            parameter = getattr(self, name)
            parameter -= learning_rate * np.reshape(gradients[name], parameter.shape)

    def fit(
        self,
        X_train: np.ndarray,
        y_train: np.ndarray,
        X_val: np.ndarray,
        y_val: np.ndarray,
        *,
        epochs: int,
        batch_size: int,
        learning_rate: float,
    ) -> History:
        """The learning curves of training by mini-batch gradient descent, shuffled every epoch.

        Targets are one-hot. The learning rate falls linearly to 0 over the run: large steps first,
        then small ones to settle.
        """
        history = History()
        steps_per_epoch = -(-len(X_train) // batch_size)
        step = 0
        for epoch in range(1, epochs + 1):
            batches = utils.minibatches(X_train, y_train, batch_size, self.rng)
            for X_batch, y_batch in utils.progress(
                batches, description=f"epoch {epoch}", total=steps_per_epoch
            ):
                self.forward(X_batch)
                gradients = self.backward(X_batch, y_batch)
                self.update(gradients, learning_rate * (1 - step / (epochs * steps_per_epoch)))
                step += 1
            n = len(X_val)  # training images to measure on: as many as validation images
            history.record(self.evaluate(X_train[:n], y_train[:n]), self.evaluate(X_val, y_val))
            history.print_last()
        return history

    def evaluate(self, X: np.ndarray, y_true: np.ndarray) -> tuple[float, float]:
        """Loss and accuracy on images `X (n, d)` with one-hot targets `(n, k)`."""
        probabilities = self.forward(X)
        accuracy = np.mean(probabilities.argmax(axis=1) == y_true.argmax(axis=1))
        return cross_entropy(y_true, probabilities), float(accuracy)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """The most probable class of each image: integer labels `(n,)`."""
        return self.forward(X).argmax(axis=1)


# %% Check, train, test


def main(arguments: list[str] | None = None) -> int:
    """Check the sections, then train and test; `python numpy_ann.py --help` lists the options."""
    return utils.run_part("numpy_ann", sys.modules[__name__], arguments)


if __name__ == "__main__":
    sys.exit(main())
