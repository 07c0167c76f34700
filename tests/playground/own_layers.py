"""Layers as a user writes them: they set new arrays as gradients and state."""

from __future__ import annotations

from typing import Any

import numpy as np

from playground.layers import Layer


class LeakyReLU(Layer):
    """x, or a hundredth of it if x is negative."""

    def forward(self, X: np.ndarray, *, training: bool = False) -> np.ndarray:
        self.slope = np.where(X > 0, 1, 0.01).astype(X.dtype)
        return X * self.slope

    def backward(self, gradient: np.ndarray) -> np.ndarray:
        return gradient * self.slope


class BatchNorm(Layer):
    """Each column with mean 0 and variance 1 over the batch, then scaled and shifted."""

    parameter_names = ("scale", "shift")
    state_names = ("mean", "variance")

    def __init__(self, units: int):
        self.scale, self.shift = np.ones(units), np.zeros(units)
        self.mean, self.variance = np.zeros(units), np.ones(units)

    def forward(self, X: np.ndarray, *, training: bool = False) -> np.ndarray:
        mean, variance = self.mean, self.variance
        if training:
            mean, variance = X.mean(axis=0), X.var(axis=0)
            self.mean = 0.9 * self.mean + 0.1 * mean
            self.variance = 0.9 * self.variance + 0.1 * variance
        self.deviation = np.sqrt(variance + 1e-5)
        self.normal = (X - mean) / self.deviation
        return self.normal * self.scale + self.shift

    def backward(self, gradient: np.ndarray) -> np.ndarray:
        self.dscale, self.dshift = (gradient * self.normal).sum(axis=0), gradient.sum(axis=0)
        d = gradient * self.scale
        d -= d.mean(axis=0) + self.normal * (d * self.normal).mean(axis=0)
        return d / self.deviation


class Nothing(LeakyReLU):
    """Returns nothing, by mistake."""

    def forward(self, X: np.ndarray, *, training: bool = False) -> Any:
        return None


class Untrained(LeakyReLU):
    """Does not take `training`, by mistake."""

    def forward(self, X: np.ndarray) -> np.ndarray:  # type: ignore[override]
        return X
