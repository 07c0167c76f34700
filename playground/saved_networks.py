"""A saved network of either kind: a NumPy network (`.npz`) or a convolutional one (`.pt`)."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Protocol

import numpy as np

from playground import storage
from playground.extras import require


class SavedNetwork(Protocol):
    """What both kinds of network can do with images `X (n, d)` uint8 and labels `y (n,)`."""

    @property
    def parameter_count(self) -> int: ...

    def evaluate(self, X: np.ndarray, y: np.ndarray) -> tuple[float, float]: ...

    def predict(self, X: np.ndarray) -> np.ndarray: ...

    def probabilities(self, X: np.ndarray) -> np.ndarray: ...


def load(path: str | Path, device: str = "auto") -> SavedNetwork:
    """The network in a file from `train --save` or `train-cnn --save`; CNNs compute on the device.

    Raises BadFile if the file is missing, damaged or not a network, PlaygroundError if it needs
    torch, which is not installed, or a device that is not here.
    """
    if not holds_torch(path):
        return storage.load(path)
    require("torch", "playground")
    from playground.convnets.predictor import Predictor
    from playground.convnets.storage import load as load_convnet

    return Predictor(*load_convnet(path), device)


def holds_torch(path: str | Path) -> bool:
    """Whether a file was written by torch: a zip archive that holds `…/data.pkl`."""
    try:
        with zipfile.ZipFile(path) as archive:
            return any(name.endswith("/data.pkl") for name in archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return False
