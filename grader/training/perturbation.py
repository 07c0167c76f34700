"""Another look for the data of each marking, which leaves honest training untouched and makes shipped answers worthless.

Training images, test labels and trained weights of Fashion-MNIST are public, and fit into a few kilobytes of source. So the
classes' numbers are permuted, a few training images are left out, all images are mirrored or none, and test images are changed
by at most one grey level. For an audit the pixels are permuted too: a fully connected network cannot notice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from utils import Splits

CLASSES, SIDE = 10, 28
LEFT_OUT = (0.005, 0.01)  # the part of the training images that is left out, drawn between these


@dataclass(frozen=True)
class Perturbation:
    """How the data looks in one marking: `classes[y]` is the number that class y gets, `pixels` their order, if it changes."""

    classes: np.ndarray
    mirrored: bool
    left_out: float
    pixels: np.ndarray | None = None

    @classmethod
    def draw(cls, rng: np.random.Generator, *, shuffle_pixels: bool = False) -> Perturbation:
        """Another one for each call."""
        return cls(
            classes=rng.permutation(CLASSES),
            mirrored=bool(rng.integers(2)),
            left_out=float(rng.uniform(*LEFT_OUT)),
            pixels=rng.permutation(SIDE * SIDE) if shuffle_pixels else None,
        )

    def training_size(self, size: int) -> int:
        """How many of so many training images are used; the loader draws which."""
        return max(1, round(size * (1 - self.left_out)))

    def images(self, X: np.ndarray) -> np.ndarray:
        """Images in disguise, in the shape that they had, `(n, 784)` or `(n, 1, 28, 28)`."""
        seen = X.reshape(-1, SIDE, SIDE)
        if self.mirrored:
            seen = seen[:, :, ::-1]
        if self.pixels is not None:
            seen = seen.reshape(-1, SIDE * SIDE)[:, self.pixels]
        return np.ascontiguousarray(seen).reshape(X.shape)

    def splits(self, data: Splits, order: np.ndarray, rng: np.random.Generator) -> Splits:
        """Images and integer labels in disguise; the test images in the order given `(n,)`, and with a little noise."""
        X_test = self.images(data.X_test[order])
        X_test += rng.integers(-1, 2, size=X_test.shape, dtype=np.int8).astype(np.float32) / 255
        return Splits(
            self.images(data.X_train),
            self.classes[data.y_train],
            self.images(data.X_val),
            self.classes[data.y_val],
            X_test.clip(0, 1),
            self.classes[data.y_test[order]],
        )
