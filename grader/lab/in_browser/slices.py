"""The images that the lab brings along: fewer than Fashion-MNIST has, in the same order.

Training images are the first of those that `load_fashion_mnist` trains on, and validation images
the first of those that it validates on. So a run with N images is the one that
`python numpy_ann.py --train-size N` does elsewhere, but for fewer validation images.
"""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np

from assignment.data import scale_images
from utils import Splits, to_one_hot

TRAINING, VALIDATION = 10_000, 1_000  # with the 10,000 test images, less than 10 MB
IMAGES, LABELS = "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"
TEST_IMAGES, TEST_LABELS = "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"
FILES = (IMAGES, LABELS, TEST_IMAGES, TEST_LABELS)


def read_idx(path: Path) -> np.ndarray:
    """The uint8 array in a packed IDX file. Raises ValueError for anything else."""
    content = gzip.decompress(path.read_bytes())
    axes = content[3] if content[:3] == b"\0\0\x08" else 0
    if axes not in (1, 3):
        raise ValueError(f"{path.name} is no IDX file of bytes with one or three axes")
    shape = struct.unpack(f">{axes}I", content[4 : 4 + 4 * axes])
    return np.frombuffer(content, np.uint8, offset=4 + 4 * axes).reshape(shape)


def splits(folder: Path, images: int) -> Splits:
    """The data of a run with this many training images, rows `(n, 784)` and one-hot targets."""
    pictures, labels = read_idx(folder / IMAGES), read_idx(folder / LABELS)
    test_images, test_labels = read_idx(folder / TEST_IMAGES), read_idx(folder / TEST_LABELS)
    if not 1 <= images <= TRAINING:
        raise ValueError(f"{images} training images, expected 1 to {TRAINING}")
    arrays: list[np.ndarray] = []
    for source, targets, index in (
        (pictures, labels, np.arange(images)),
        (pictures, labels, np.arange(TRAINING, TRAINING + VALIDATION)),
        (test_images, test_labels, np.arange(len(test_labels))),
    ):
        arrays += [scale_images(source, index), to_one_hot(targets[index].astype(np.int64))]
    return Splits(*arrays)
