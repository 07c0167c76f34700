"""The weights that `fit` left in a network of part 1, for a look inside it; they cost no mark.

They come from the worker, so they are checked as any answer is. The perturbation of the data is
undone: the weights that are kept belong to the official images and class numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from assignment.handles import Handle, as_array
from grader.training.own_backward import NAMES
from grader.training.perturbation import CLASSES, SIDE, Perturbation

INPUTS = SIDE * SIDE
MOST_UNITS = 4096  # hidden units, which take 6.5 MB
EXPLAINED = 0.95  # the least agreement with predict; weights as they come reach 0.998
BLOCK = 1000  # images at a time
FLOAT16 = np.dtype("<f2")


@dataclass(frozen=True)
class FittedNetwork:
    """A trained network: X -> relu(X W1 + b1) W2 + b2, with `units` h in the hidden layer.

    `weights` holds W1 (784, h), b1 (h,), W2 (h, 10) and b2 (10,) one after the other, in float16.
    `agreement` is the share of the test images for which these weights give the class that the
    script's own `predict` gave. Raises ValueError for weights of another length or that are not
    finite, which a damaged gradebook may hold.
    """

    units: int
    agreement: float
    weights: bytes

    def __post_init__(self) -> None:
        if not 0 < self.units <= MOST_UNITS:
            raise ValueError(f"{self.units} hidden units, expected 1 to {MOST_UNITS}")
        size = sum(int(np.prod(shape)) for shape in shapes(self.units))
        if len(self.weights) != size * FLOAT16.itemsize:
            raise ValueError(f"{len(self.weights)} bytes of weights, expected {2 * size}")
        if not np.isfinite(np.frombuffer(self.weights, FLOAT16)).all():
            raise ValueError("a weight is not finite")

    @property
    def arrays(self) -> tuple[np.ndarray, ...]:
        """W1, b1, W2 and b2 in float32."""
        values = np.frombuffer(self.weights, FLOAT16).astype(np.float32)
        ends = np.cumsum([int(np.prod(shape)) for shape in shapes(self.units)])
        parts = np.split(values, ends[:-1])
        return tuple(
            part.reshape(shape) for part, shape in zip(parts, shapes(self.units), strict=True)
        )


def shapes(units: int) -> tuple[tuple[int, ...], ...]:
    """The shapes of W1, b1, W2 and b2."""
    return (INPUTS, units), (units,), (units, CLASSES), (CLASSES,)


def fitted_network(
    model: Handle, perturbation: Perturbation, X: np.ndarray, labels: np.ndarray
) -> FittedNetwork | None:
    """The network as it is now; None for a script that predicts by other things than its weights.

    It may have none of these names, scale its images first, or compute ReLU wrongly. `X (n, 784)`
    are official test images, `labels (n,)` what `predict` said of them in the numbers of the
    perturbation.
    """
    try:
        given = [as_array(getattr(model, name)) for name in NAMES]
        network = _kept(perturbation, given)
    except Exception:  # whatever a worker answers: a look inside is no part of the marking
        return None
    predicted = perturbation.classes[_classes(network, X)]
    agreement = float(np.mean(predicted == labels))
    return replace(network, agreement=agreement) if agreement >= EXPLAINED else None


def _kept(perturbation: Perturbation, given: list[np.ndarray]) -> FittedNetwork:
    """The weights as they are kept. Raises ValueError for anything but finite numbers in shape."""
    units = given[0].shape[-1]
    if units > MOST_UNITS:
        raise ValueError(f"{units} hidden units")
    arrays = []
    for array, shape in zip(given, shapes(units), strict=True):
        # biases (1, h) come about by keepdims
        if array.dtype.kind not in "fiu" or array.shape not in (shape, (1, *shape)[-2:]):
            raise ValueError(f"{array.dtype} {array.shape}")
        arrays.append(array.reshape(shape))
    with np.errstate(over="ignore"):  # becomes infinite, which is refused
        kept = [array.astype(FLOAT16) for array in perturbation.undone(*arrays)]
    return FittedNetwork(units, 0.0, b"".join(array.tobytes() for array in kept))


def _classes(network: FittedNetwork, X: np.ndarray) -> np.ndarray:
    """The official class number `(n,)` of each image."""
    W1, b1, W2, b2 = network.arrays
    blocks = [X[start : start + BLOCK] for start in range(0, len(X), BLOCK)]
    logits = [np.maximum(block @ W1 + b1, 0) @ W2 + b2 for block in blocks]
    labels: np.ndarray = np.concatenate(logits).argmax(axis=1)
    return labels
