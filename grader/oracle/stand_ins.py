"""What stands in for a section that failed, while a later one is marked: see sandbox/stand_ins.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from assignment.checks.numpy.cases import NAMES
from grader.reference import numpy_ann as reference
from grader.sandbox.stand_ins import Answer, Computed, Layers, Refused, StandIn

STEPS = ("z1", "a1", "z2", "a2")
# of one forward pass: the largest hidden case has 0.008e9, all 60,000 images 3e9
MAX_PRODUCTS = 1e9
MAX_NUMBERS = 2**24  # in one answer, with all four steps of a forward pass: 128 MB


def _elementwise(function: Callable[[np.ndarray], np.ndarray]) -> Answer:
    def answer(arguments: Sequence[np.ndarray]) -> list[np.ndarray]:
        if len(arguments) != 1:
            raise Refused("one array expected")
        if arguments[0].size > MAX_NUMBERS:
            raise Refused(f"too large for a check of one section: {arguments[0].shape}")
        return [np.asarray(function(arguments[0]))]

    return answer


def _cross_entropy(arguments: Sequence[np.ndarray]) -> list[np.ndarray]:
    if len(arguments) != 2:
        raise Refused("y_true and y_pred expected")
    y_true, y_pred = arguments
    if y_true.shape != y_pred.shape or y_true.ndim != 2 or y_true.size > MAX_NUMBERS:
        raise Refused(f"cross_entropy cannot use these shapes: {y_true.shape}, {y_pred.shape}")
    return [np.asarray(reference.cross_entropy(y_true, y_pred))]


def _forward(arguments: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The four steps of the reference for X and the four parameters. Raises Refused."""
    if len(arguments) != 1 + len(NAMES):
        raise Refused("X and four parameters expected")
    X, W1, b1, W2, b2 = arguments
    shapes = ", ".join(
        f"{name} {a.shape}" for name, a in zip(("X", *NAMES), arguments, strict=True)
    )
    fits = X.ndim == W1.ndim == W2.ndim == 2 and X.shape[1] == len(W1) and W1.shape[1] == len(W2)
    if not (fits and all(_is_bias(b, W) for b, W in ((b1, W1), (b2, W2)))):
        raise Refused(f"forward cannot use these shapes: {shapes}")
    (n, d), h, k = X.shape, *W2.shape
    if n * h * (d + k) > MAX_PRODUCTS or 2 * n * (h + k) > MAX_NUMBERS:
        raise Refused(f"too large for a check of one section: {shapes}")
    dtype = np.result_type(*arguments)
    if dtype not in (np.float32, np.float64):  # for any other, a product of matrices is slow
        dtype = np.dtype(np.float64)
    names = zip(NAMES, arguments[1:], strict=True)
    network = SimpleNamespace(**{name: value.astype(dtype) for name, value in names})
    reference.NumpyANN.forward(cast(Any, network), X.astype(dtype))
    return [getattr(network, step) for step in STEPS]


def _is_bias(b: np.ndarray, W: np.ndarray) -> bool:
    return b.shape in ((W.shape[1],), (1, W.shape[1])) and W.shape[1] > 0


STAND_INS: dict[str, StandIn] = {
    "relu": Computed("relu", _elementwise(reference.relu)),
    "relu_derivative": Computed("relu_derivative", _elementwise(reference.relu_derivative)),
    "cross_entropy": Computed("cross_entropy", _cross_entropy),
    "forward": Computed("forward", _forward, "NumpyANN", NAMES, STEPS),
    "ann layers": Layers(
        "PyTorchANN", (("Linear", 784, 32), ("ReLU",), ("Dropout", 0.1), ("Linear", 32, 10))
    ),
    "cnn layers": Layers(
        "PyTorchCNN",
        (
            ("Conv2d", 1, 8, 3),
            ("ReLU",),
            ("MaxPool2d", 4),
            ("Flatten",),
            ("Dropout", 0.1),
            ("Linear", 288, 10),
        ),
    ),
}
