"""The images on a page: the first test images of the published dataset, in order."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from assignment.data import IDX_FILES, read_idx
from inspection.network import PIXELS

COUNT = 1000  # about 600 kB on a page; with more, the page would pass 1 MB
MAX_COUNT = 10_000


class Samples(NamedTuple):
    """Pixels uint8 `(n, 784)` and labels `(n,)`."""

    images: np.ndarray
    labels: np.ndarray


def first_test_images(
    data_dir: str | Path | None = None, *, count: int = COUNT, dataset: str = "FashionMNIST"
) -> Samples:
    """The first `count` of the 10,000 test images, and their labels. Raises DataError."""
    images, labels = (read_idx(file, data_dir, dataset)[:count] for file in IDX_FILES[dataset][2:])
    return Samples(images.reshape(len(images), PIXELS), labels)


def check_samples(images: np.ndarray, labels: np.ndarray, *, classes: int) -> None:
    """Raises ValueError unless they are uint8 `(n, 784)` and labels `(n,)` of 0 to classes - 1."""
    n = len(labels)
    if images.dtype != np.uint8 or images.shape != (n, PIXELS) or not 1 <= n <= MAX_COUNT:
        raise ValueError(
            f"images are {images.dtype} {images.shape} for {n} labels,"
            f" expected uint8 (n, {PIXELS}) with n of 1 to {MAX_COUNT}"
        )
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise ValueError(f"labels are {labels.dtype} {labels.shape}, expected integers (n,)")
    if labels.min() < 0 or labels.max() >= classes:
        raise ValueError(
            f"labels run from {labels.min()} to {labels.max()}, expected 0 to {classes - 1}"
        )
