"""The curves of a training run, in at most 1,000 points however many steps there are."""

from __future__ import annotations

from itertools import pairwise

MAX_POINTS = 1000  # about the pixels that a chart is wide
MAX_SMOOTHING = 50


def smoothing_for(steps: int) -> float:
    """Steps that the loss is smoothed over: a hundredth of the training, 3 to 50.

    >>> smoothing_for(36), smoothing_for(2000), smoothing_for(100_000)
    (3, 20.0, 50)
    """
    return max(3, min(MAX_SMOOTHING, steps / 100))


class Series:
    """Mean loss and mean gradient norm of every `stride` steps, and the smoothed loss after them.

    The smoothed loss is a mean whose weights fall by a factor of e in `smoothing` steps. When there
    are `most` points, pairs of them become one and the stride doubles.

    >>> series = Series(most=4)
    >>> for loss in (5.0, 3.0, 2.0, 2.0, 1.0):
    ...     series.add(loss, gradient_norm=1.0)
    >>> series.stride, series.losses
    (2, [4.0, 2.0])
    """

    def __init__(self, most: int = MAX_POINTS, smoothing: float = MAX_SMOOTHING):
        self.most, self.smoothing, self.stride = most, smoothing, 1
        self.losses: list[float] = []
        self.smooth: list[float] = []
        self.norms: list[float] = []
        self.steps = 0
        self._loss_sum = self._norm_sum = 0.0  # of the steps since the last point
        self._mean, self._weight = 0.0, 0.0  # exponentially weighted, and how much of it is data

    def add(self, loss: float, gradient_norm: float) -> None:
        """Adds a step."""
        self.steps += 1
        self._loss_sum += loss
        self._norm_sum += gradient_norm
        self._mean += (loss - self._mean) / self.smoothing
        self._weight += (1 - self._weight) / self.smoothing
        if self.steps % self.stride == 0:
            self.losses.append(self._loss_sum / self.stride)
            self.norms.append(self._norm_sum / self.stride)
            self.smooth.append(self._mean / self._weight)
            self._loss_sum = self._norm_sum = 0.0
        if len(self.losses) == self.most:
            self.losses, self.norms = _halved(self.losses), _halved(self.norms)
            self.smooth = self.smooth[1::2]
            self.stride *= 2


def _halved(values: list[float]) -> list[float]:
    return [(a + b) / 2 for a, b in list(pairwise(values))[::2]]
