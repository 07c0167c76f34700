"""A trained CNN with the methods of `playground.Network`: evaluate, predict, probabilities."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from playground.convnets.configuration import ConvConfiguration
from playground.convnets.evaluation import evaluate, logits
from playground.convnets.networks import parameter_count
from playground.convnets.processor import choose_processor


class Predictor:
    """A model and its configuration on a device. Raises PlaygroundError if it is unavailable."""

    def __init__(self, model: nn.Module, configuration: ConvConfiguration, device: str = "auto"):
        choose_processor(device, configuration.precision)
        self.model, self.configuration, self.device = model, configuration, device

    @property
    def parameter_count(self) -> int:
        """The number of trainable parameters."""
        return parameter_count(self.model)

    def evaluate(self, X: np.ndarray, y: np.ndarray) -> tuple[float, float]:
        """Mean loss without label smoothing, and accuracy in [0, 1]."""
        return evaluate(self.model, self.configuration, X, y, self.device)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """The most probable class of each row, `(n,)`."""
        labels: np.ndarray = self._logits(X).argmax(axis=1)
        return labels

    def probabilities(self, X: np.ndarray) -> np.ndarray:
        """Class probabilities `(n, 10)`."""
        found: np.ndarray = torch.from_numpy(self._logits(X)).softmax(dim=1).numpy()
        return found

    def _logits(self, X: np.ndarray) -> np.ndarray:
        return logits(self.model, self.configuration, X, self.device)
