"""The images of the lab: all test images, and the first of those that a run trains on."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np

from assignment.data import IDX_FILES, data_folder, read_idx
from grader.lab.in_browser import slices

SEED, VALIDATION = 0, 6000  # as load_fashion_mnist draws them by default


def packed(data_dir: Path | None = None) -> dict[str, bytes]:
    """The lab's data files by name: packed IDX. Raises DataError if the data are not there."""
    files = IDX_FILES["FashionMNIST"]
    images, labels = (read_idx(file, data_dir) for file in files[:2])
    order = np.random.default_rng(SEED).permutation(len(labels))
    chosen = np.concatenate(
        [order[VALIDATION : VALIDATION + slices.TRAINING], order[: slices.VALIDATION]]
    )
    raw = data_folder(data_dir) / "FashionMNIST" / "raw"
    tests = {f"{file.name}.gz": (raw / f"{file.name}.gz").read_bytes() for file in files[2:]}
    for file in files[2:]:
        read_idx(file, data_dir)  # compares the checksum
    return {
        slices.IMAGES: packed_idx(images[chosen]),
        slices.LABELS: packed_idx(labels[chosen]),
        **tests,
    }


def packed_idx(array: np.ndarray) -> bytes:
    """An array of bytes as a packed IDX file: magic 0x0000080N, N sizes, then the bytes."""
    header = struct.pack(f">I{array.ndim}I", 0x0800 + array.ndim, *array.shape)
    return gzip.compress(header + array.tobytes(), compresslevel=6, mtime=0)
