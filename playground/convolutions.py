"""Layers of images `(n, c, h, w)`: n images of c channels, each h pixels high and w wide.

Their arrays lie in memory as `(c, h, w, n)` and are only seen as `(n, c, h, w)`. A convolution is
then one matrix product without any copy of its output, and the innermost loop of all other work
runs over the images, which is long, instead of the channels or the width of a small image.
"""

from __future__ import annotations

import math

import numpy as np

from playground.errors import PlaygroundError
from playground.initializers import Initializer, he
from playground.layers import Layer
from playground.values import check_parameters, check_whole


class Reshape(Layer):
    """Rows `(n, d)` as images of this shape: `Reshape(1, 28, 28)` for Fashion-MNIST."""

    def __init__(self, *shape: int):
        for index, size in enumerate(shape):
            check_whole(f"shape[{index}]", size)
        self.shape, self.input_size = shape, math.prod(shape)

    def forward(self, X: np.ndarray, *, training: bool = False) -> np.ndarray:
        return X.reshape(-1, *self.shape)

    def backward(self, gradient: np.ndarray) -> np.ndarray:
        return gradient.reshape(-1, self.input_size or 0)

    def __repr__(self) -> str:
        return f"Reshape({', '.join(map(str, self.shape))})"


class Flatten(Layer):
    """Images as rows `(n, c h w)`, for a linear layer."""

    def forward(self, X: np.ndarray, *, training: bool = False) -> np.ndarray:
        _check_images(X)
        self.shape = X.shape
        return X.reshape(len(X), -1)

    def backward(self, gradient: np.ndarray) -> np.ndarray:
        # the transposed copy lies in memory as the layer before it expects
        c, h, w = self.shape[1:]
        return _images_first(np.ascontiguousarray(gradient.T).reshape(c, h, w, -1))


class Conv2D(Layer):
    """Cross-correlation with `W (o, c, k, k)` and `b (o,)`, as PyTorch's Conv2d.

    The `k x k` window moves over the image, with `padding` zeros around it, in steps of `stride`.
    im2col: each position of the window becomes a column of `c k k` numbers, so that all of them
    together take one matrix product (Chellapilla et al. 2006, "High performance convolutional
    neural networks for document processing").

    >>> Conv2D(1, 6, 5, padding=2).forward(np.zeros((8, 1, 28, 28))).shape
    (8, 6, 28, 28)
    """

    parameter_names = ("W", "b")
    cache_names = ("columns",)
    columns = np.empty((0, 0))  # im2col of the last batch, the largest of all arrays

    def __init__(
        self, inputs: int, outputs: int, kernel_size: int, *, stride: int = 1, padding: int = 0
    ):
        for name, value in (("inputs", inputs), ("outputs", outputs), ("stride", stride)):
            check_whole(name, value)
        check_whole("kernel_size", kernel_size)
        check_whole("padding", padding, least=0)
        self.inputs, self.outputs, self.kernel_size = inputs, outputs, kernel_size
        self.stride, self.padding = stride, padding
        check_parameters(self, (int(inputs) * int(kernel_size) ** 2 + 1) * int(outputs))
        self.W, self.b = np.zeros((outputs, inputs, kernel_size, kernel_size)), np.zeros(outputs)
        self.dW, self.db = np.zeros_like(self.W), np.zeros_like(self.b)
        self.initialize(he, np.random.default_rng(0))

    def initialize(self, initializer: Initializer, rng: np.random.Generator) -> None:
        inputs = self.W[0].size  # that reach one output
        self.W[...] = initializer(inputs, self.outputs, rng).T.reshape(self.W.shape)

    def forward(self, X: np.ndarray, *, training: bool = False) -> np.ndarray:
        _check_images(X, self.inputs)
        X = _images_last(X)  # (c, h, w, n)
        if self.padding:
            X = np.pad(X, ((0, 0), (self.padding,) * 2, (self.padding,) * 2, (0, 0)))
        self.padded_shape = X.shape
        height, width = ((side - self.kernel_size) // self.stride + 1 for side in X.shape[1:3])
        if min(height, width) < 1:
            raise PlaygroundError(
                f"images of {X.shape[1]} x {X.shape[2]} pixels are smaller than the kernel"
            )
        self.positions = height, width, X.shape[3]
        self._fill_columns(X)
        Z: np.ndarray = self.W.reshape(self.outputs, -1) @ self.columns
        Z += self.b[:, None]
        return _images_first(Z.reshape(self.outputs, *self.positions))

    def backward(self, gradient: np.ndarray) -> np.ndarray:
        self.find_gradients(gradient)
        dZ = _images_last(gradient).reshape(self.outputs, -1)
        dcolumns = (self.W.reshape(self.outputs, -1).T @ dZ).reshape(self._columns_shape())
        dX = np.zeros(self.padded_shape, dZ.dtype)
        for i, j, window in self._windows(dX):
            window += dcolumns[:, i, j]
        p = self.padding
        return _images_first(dX[:, p : dX.shape[1] - p, p : dX.shape[2] - p])

    def find_gradients(self, gradient: np.ndarray) -> None:
        dZ = _images_last(gradient).reshape(self.outputs, -1)  # (o, h w n)
        np.matmul(dZ, self.columns.T, out=self.dW.reshape(self.outputs, -1))
        dZ.sum(axis=1, out=self.db)

    def _columns_shape(self) -> tuple[int, ...]:
        return (self.inputs, self.kernel_size, self.kernel_size, *self.positions)

    def _fill_columns(self, X: np.ndarray) -> None:
        """Writes im2col, `(c k k, h w n)`, into memory that is kept from batch to batch."""
        shape = self._columns_shape()
        rows, positions = math.prod(shape[:3]), math.prod(shape[3:])
        if self.columns.shape != (rows, positions) or self.columns.dtype != X.dtype:
            self.columns = np.empty((rows, positions), X.dtype)
        columns = self.columns.reshape(shape)
        for i, j, window in self._windows(X):
            columns[:, i, j] = window

    def _windows(self, X: np.ndarray) -> list[tuple[int, int, np.ndarray]]:
        """For each place (i, j) in the kernel, the view of `X` that it meets."""
        height, width, _ = self.positions
        s, k = self.stride, range(self.kernel_size)
        return [(i, j, X[:, i : i + s * height : s, j : j + s * width : s]) for i in k for j in k]

    def __repr__(self) -> str:
        stride = f", stride={self.stride}" if self.stride > 1 else ""
        padding = f", padding={self.padding}" if self.padding else ""
        return f"Conv2D({self.inputs}, {self.outputs}, {self.kernel_size}{stride}{padding})"


class MaxPool(Layer):
    """The largest number in each square of `size x size` pixels, as PyTorch's MaxPool2d(size).

    Rows and columns that fill no square are left out. The first of equal numbers counts.

    >>> MaxPool(2).forward(np.arange(16.0).reshape(1, 1, 4, 4))[0, 0]
    array([[ 5.,  7.],
           [13., 15.]])
    """

    cache_names = ("X", "largest")

    def __init__(self, size: int):
        check_whole("size", size)
        self.size = size

    def forward(self, X: np.ndarray, *, training: bool = False) -> np.ndarray:
        _check_images(X)
        X = _images_last(X)
        if min(X.shape[1:3]) < self.size:
            raise PlaygroundError(f"images of {X.shape[1]} x {X.shape[2]} pixels are too small")
        self.X, windows = X, self._windows(X)
        largest = windows[0].copy()
        for window in windows[1:]:
            np.maximum(largest, window, out=largest)
        self.largest = largest
        return _images_first(largest)

    def backward(self, gradient: np.ndarray) -> np.ndarray:
        dX = np.zeros_like(self.X)
        remaining = _images_last(gradient).copy()  # the gradients that found no place so far
        for window, dwindow in zip(self._windows(self.X), self._windows(dX), strict=True):
            np.multiply(remaining, window == self.largest, out=dwindow)
            remaining -= dwindow
        return _images_first(dX)

    def _windows(self, X: np.ndarray) -> list[np.ndarray]:
        """For each place in a square, the pixels there."""
        s, (height, width) = self.size, (side // self.size * self.size for side in X.shape[1:3])
        return [X[:, i:height:s, j:width:s] for i in range(s) for j in range(s)]

    def __repr__(self) -> str:
        return f"MaxPool({self.size})"


def _images_last(X: np.ndarray) -> np.ndarray:
    """`(n, c, h, w)` as contiguous `(c, h, w, n)`: a copy only of what lies otherwise."""
    return np.ascontiguousarray(X.transpose(1, 2, 3, 0))


def _images_first(X: np.ndarray) -> np.ndarray:
    """`(c, h, w, n)` seen as `(n, c, h, w)`."""
    return X.transpose(3, 0, 1, 2)


def _check_images(X: np.ndarray, channels: int | None = None) -> None:
    """Raises PlaygroundError unless `X` holds images with this number of channels."""
    if X.ndim != 4 or channels not in (None, X.shape[1]):
        raise PlaygroundError(
            f"X has shape {X.shape}, expected images (n, {channels or 'channels'}, height, width)"
        )
