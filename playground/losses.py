"""What training makes small. A loss takes logits `(n, k)` and labels `(n,)`, so it holds the output's activation too.

`forward` gives the mean over the batch and keeps what `backward` needs; `backward` gives ∂L/∂logits `(n, k)`.
With label smoothing ε, the target of the true class is 1 - ε + ε/k and that of each other class ε/k
(Szegedy et al. 2016, "Rethinking the Inception architecture", arXiv:1512.00567, section 7).
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from playground.layers import sigmoid


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities `(n, k)`: exp(z_ij) / Σ_l exp(z_il), the largest of each row first taken away.

    >>> softmax(np.array([[1000.0, 1000.0], [0.0, np.log(3.0)]]))
    array([[0.5 , 0.5 ],
           [0.25, 0.75]])
    """
    exponentials: np.ndarray = logits - logits.max(axis=1, keepdims=True)
    np.exp(exponentials, out=exponentials)
    exponentials /= exponentials.sum(axis=1, keepdims=True)
    return exponentials


class Loss(ABC):
    """The mean loss of a batch, and its gradient."""

    def __init__(self, label_smoothing: float = 0.0):
        self.label_smoothing = label_smoothing

    @abstractmethod
    def outputs(self, logits: np.ndarray) -> np.ndarray:
        """What is compared with the targets, `(n, k)`."""

    @abstractmethod
    def forward(self, logits: np.ndarray, y: np.ndarray) -> float:
        """The mean loss of the batch."""

    @abstractmethod
    def backward(self) -> np.ndarray:
        """∂L/∂logits of the last batch, `(n, k)`."""

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """Class probabilities `(n, k)`, each row with sum 1."""
        return self.outputs(logits)

    def _less_targets(self, outputs: np.ndarray, y: np.ndarray) -> np.ndarray:
        """outputs - targets, in place: the targets are nearly all alike, so they are never written out."""
        if self.label_smoothing:
            outputs -= outputs.dtype.type(self.label_smoothing / outputs.shape[1])
        outputs[np.arange(len(y)), y] -= outputs.dtype.type(1 - self.label_smoothing)
        return outputs


class CrossEntropy(Loss):
    """-Σ_j target_j log softmax(z)_j, softmax and logarithm fused: no probability is rounded to 0 before its log."""

    def outputs(self, logits: np.ndarray) -> np.ndarray:
        return softmax(logits)

    def forward(self, logits: np.ndarray, y: np.ndarray) -> float:
        z = (
            logits.T.copy()
        )  # (k, n): NumPy goes along n images faster than n times along 10 classes
        z -= z.max(axis=0)
        # log softmax(z)_j = z_j - log Σ exp(z_l), weighted by the targets, whose sum is 1
        expected = (1 - self.label_smoothing) * z[y, np.arange(len(y))].sum()
        if self.label_smoothing:
            expected += self.label_smoothing / len(z) * z.sum()
        np.exp(z, out=z)
        sums = z.sum(axis=0)  # (n,)
        z /= sums
        self.probabilities_and_labels = z.T, y
        return float((np.log(sums).sum() - expected) / len(y))

    def backward(self) -> np.ndarray:
        probabilities, y = self.probabilities_and_labels
        dlogits = self._less_targets(
            probabilities, y
        )  # the Jacobian of softmax cancels against the log's derivative
        dlogits /= len(y)
        return dlogits


class SquaredError(Loss):
    """Σ_j (a_j - target_j)², on the outputs `a` of a subclass: Brier's score (Brier 1950) where they are probabilities."""

    def forward(self, logits: np.ndarray, y: np.ndarray) -> float:
        self.a = self.outputs(logits)
        self.difference = self._less_targets(self.a.copy(), y)
        return float(np.vdot(self.difference, self.difference) / len(y))

    def backward(self) -> np.ndarray:
        da = self.difference  # (n, k)
        da *= 2 / len(da)
        return self._through_output(self.a, da)

    @abstractmethod
    def _through_output(self, a: np.ndarray, da: np.ndarray) -> np.ndarray:
        """∂L/∂logits from ∂L/∂a; may overwrite `da`."""


class SquaredErrorOnSoftmax(SquaredError):
    """Squared error of softmax's probabilities. Its gradient fades where the network is surely wrong."""

    def outputs(self, logits: np.ndarray) -> np.ndarray:
        return softmax(logits)

    def _through_output(self, a: np.ndarray, da: np.ndarray) -> np.ndarray:
        da -= np.sum(a * da, axis=1, keepdims=True)  # softmax: ∂a_i/∂z_j = a_i (δ_ij - a_j)
        da *= a
        return da


class SquaredErrorOnSigmoid(SquaredError):
    """Squared error of one sigmoid a class, each for itself, as networks were trained before softmax was usual."""

    def outputs(self, logits: np.ndarray) -> np.ndarray:
        return sigmoid(logits)

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """The sigmoids divided by their sum; equal shares where all of them have vanished."""
        a = self.outputs(logits)
        a += np.finfo(a.dtype).tiny
        a /= a.sum(axis=1, keepdims=True)
        return a

    def _through_output(self, a: np.ndarray, da: np.ndarray) -> np.ndarray:
        da *= a
        da *= 1 - a
        return da


LOSSES: dict[str, type[Loss]] = {
    "cross-entropy": CrossEntropy,
    "squared-error-softmax": SquaredErrorOnSoftmax,
    "squared-error-sigmoid": SquaredErrorOnSigmoid,
}
