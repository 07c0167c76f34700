"""Loss functions of logits `(n, k)` and labels `(n,)`; they include the output activation.

`forward` returns the mean over the batch and stores what `backward` needs; `backward` returns
∂L/∂logits `(n, k)`. With label smoothing ε, the target of the true class is 1 - ε + ε/k and that of
every other class ε/k (Szegedy et al. 2016, "Rethinking the Inception architecture",
arXiv:1512.00567, section 7).
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from playground.layers import sigmoid


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities `(n, k)`: exp(z_ij) / Σ_l exp(z_il), after subtracting the maximum of each row.

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
        """The network outputs that are compared with the targets, `(n, k)`."""

    @abstractmethod
    def forward(self, logits: np.ndarray, y: np.ndarray) -> float:
        """The mean loss of the batch."""

    @abstractmethod
    def backward(self) -> np.ndarray:
        """∂L/∂logits of the last batch, `(n, k)`."""

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """Class probabilities `(n, k)`; each row sums to 1."""
        return self.outputs(logits)

    def _minus_targets(self, outputs: np.ndarray, y: np.ndarray) -> np.ndarray:
        """outputs - targets, in place, without building the target matrix."""
        if self.label_smoothing:
            outputs -= outputs.dtype.type(self.label_smoothing / outputs.shape[1])
        outputs[np.arange(len(y)), y] -= outputs.dtype.type(1 - self.label_smoothing)
        return outputs


class CrossEntropy(Loss):
    """-Σ_j target_j log softmax(z)_j, in one step: no probability underflows before its log."""

    def outputs(self, logits: np.ndarray) -> np.ndarray:
        return softmax(logits)

    def forward(self, logits: np.ndarray, y: np.ndarray) -> float:
        z = logits.T.copy()  # (k, n): NumPy reduces a few long rows faster than many short ones
        z -= z.max(axis=0)
        # log softmax(z)_j = z_j - log Σ exp(z_l), weighted by targets that sum to 1
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
        # the Jacobian of softmax cancels against the derivative of the logarithm
        dlogits = self._minus_targets(probabilities, y)
        dlogits /= len(y)
        return dlogits


class SquaredError(Loss):
    """Σ_j (a_j - target_j)² of the outputs `a`, which a subclass defines.

    If they are probabilities, this is the Brier score (Brier 1950).
    """

    def forward(self, logits: np.ndarray, y: np.ndarray) -> float:
        self.a = self.outputs(logits)
        self.difference = self._minus_targets(self.a.copy(), y)
        return float(np.vdot(self.difference, self.difference) / len(y))

    def backward(self) -> np.ndarray:
        da = self.difference  # (n, k)
        da *= 2 / len(da)
        return self._through_output(self.a, da)

    @abstractmethod
    def _through_output(self, a: np.ndarray, da: np.ndarray) -> np.ndarray:
        """∂L/∂logits from ∂L/∂a; may overwrite `da`."""


class SquaredErrorOnSoftmax(SquaredError):
    """Squared error of the softmax probabilities. Its gradient vanishes for confident mistakes."""

    def outputs(self, logits: np.ndarray) -> np.ndarray:
        return softmax(logits)

    def _through_output(self, a: np.ndarray, da: np.ndarray) -> np.ndarray:
        da -= np.sum(a * da, axis=1, keepdims=True)  # softmax: ∂a_i/∂z_j = a_i (δ_ij - a_j)
        da *= a
        return da


class SquaredErrorOnSigmoid(SquaredError):
    """Squared error of an independent sigmoid per class, common before softmax became standard."""

    def outputs(self, logits: np.ndarray) -> np.ndarray:
        return sigmoid(logits)

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """The sigmoids divided by their sum; equal probabilities if all of them underflow."""
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
