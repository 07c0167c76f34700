"""Perturb the data of each marking, so that hard-coded answers are worthless.

Honest training is unaffected.

Training images, test labels and trained weights of Fashion-MNIST are public, and fit into a few
kilobytes of source. So the class numbers are permuted, a few training images are left out, either
all images are mirrored or none, and test images change by at most one grey level. An audit also
permutes the pixels, or draws most labels at random.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from utils import Splits

CLASSES, SIDE = 10, 28
LEFT_OUT = (0.005, 0.01)  # the fraction of the training images left out is drawn from this range


def noisy(X: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The images, changed by at most one grey level."""
    noise = rng.integers(-1, 2, size=X.shape, dtype=np.int8).astype(np.float32) / 255
    changed: np.ndarray = (X + noise).clip(0, 1)
    return changed


@dataclass(frozen=True)
class Perturbation:
    """How one marking changes the data.

    `classes[y]` is the number given to class y; `pixels` is the new order of the pixels, None if
    unchanged.
    """

    classes: np.ndarray
    mirrored: bool
    left_out: float
    pixels: np.ndarray | None = None

    @classmethod
    def draw(cls, rng: np.random.Generator, *, shuffle_pixels: bool = False) -> Perturbation:
        """A random perturbation."""
        return cls(
            classes=rng.permutation(CLASSES),
            mirrored=bool(rng.integers(2)),
            left_out=float(rng.uniform(*LEFT_OUT)),
            pixels=rng.permutation(SIDE * SIDE) if shuffle_pixels else None,
        )

    def training_size(self, size: int) -> int:
        """How many of `size` training images are used; the loader draws which."""
        return max(1, round(size * (1 - self.left_out)))

    def images(self, X: np.ndarray) -> np.ndarray:
        """The perturbed images, in the same shape, `(n, 784)` or `(n, 1, 28, 28)`."""
        seen = X.reshape(-1, SIDE, SIDE)
        if self.mirrored:
            seen = seen[:, :, ::-1]
        if self.pixels is not None:
            seen = seen.reshape(-1, SIDE * SIDE)[:, self.pixels]
        return np.ascontiguousarray(seen).reshape(X.shape)

    def undone(
        self, W1: np.ndarray, b1: np.ndarray, W2: np.ndarray, b2: np.ndarray
    ) -> tuple[np.ndarray, ...]:
        """Weights that give official images what the given ones give perturbed ones.

        Pixel i of an image has row i of W1 `(784, h)`, and class y has column y of W2 `(h, 10)`.
        """
        numbers = np.arange(SIDE * SIDE, dtype=np.float32).reshape(1, -1)
        places = self.images(numbers)[0].astype(int)  # where each perturbed pixel was before
        rows = np.empty_like(W1)
        rows[places] = W1
        return rows, b1, W2[:, self.classes], b2[self.classes]

    def splits(self, data: Splits, order: np.ndarray, rng: np.random.Generator) -> Splits:
        """The perturbed images and labels; test images in the given `order (n,)`, with noise."""
        return Splits(
            self.images(data.X_train),
            self.classes[data.y_train],
            self.images(data.X_val),
            self.classes[data.y_val],
            noisy(self.images(data.X_test[order]), rng),
            self.classes[data.y_test[order]],
        )


def with_random_labels(data: Splits, share: float, rng: np.random.Generator) -> Splits:
    """The data with this share of the training and validation labels drawn at random."""
    if not share:
        return data

    def drawn(y: np.ndarray) -> np.ndarray:
        changed = rng.random(len(y)) < share
        labels: np.ndarray = np.where(changed, rng.integers(CLASSES, size=len(y)), y)
        return labels.astype(y.dtype)

    return data._replace(y_train=drawn(data.y_train), y_val=drawn(data.y_val))
