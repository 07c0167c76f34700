"""Images on the device: stored as uint8; batches are gathered, augmented and scaled there."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch.nn import functional as F

from playground.arguments import check_pixels
from playground.convnets.configuration import ConvConfiguration

SIDE = 28


def to_device(X: np.ndarray, device: str) -> torch.Tensor:
    """The images `X (n, 784)` uint8 as a tensor `(n, 28, 28)`. Raises PlaygroundError otherwise."""
    check_pixels(X, side=SIDE)
    # torch.tensor copies: the data may be a read-only memory map
    return torch.tensor(X.reshape(-1, SIDE, SIDE), device=device)


def as_input(pixels: torch.Tensor) -> torch.Tensor:
    """Pixels `(b, 28, 28)` uint8 as network input: `(b, 1, 28, 28)` float32 in [0, 1]."""
    return pixels.unsqueeze(1).to(torch.float32, memory_format=torch.channels_last).div_(255)


class ImageBatches:
    """Shuffled, augmented mini-batches: `epoch` yields pairs `(X (b, 1, 28, 28), y (b,))`.

    The last batch may be smaller. All randomness comes from the epoch's generator, so that it is
    the same on every device.
    """

    def __init__(self, X: np.ndarray, y: np.ndarray, configuration: ConvConfiguration, device: str):
        images, self.n, self.device = to_device(X, device), len(y), device
        self.size, self.flips = configuration.batch_size, configuration.flips
        self.shifts, self.cutout = configuration.shifts, configuration.cutout
        if (
            self.flips
        ):  # mirrored once, for twice the memory: a flip then only selects another image
            images = torch.cat([images, images.flip(2)])
        # all 28x28 windows of each image with its black margin: a view, not a copy
        self.windows = F.pad(images, [self.shifts] * 4).unfold(1, SIDE, 1).unfold(2, SIDE, 1)
        self.y = torch.as_tensor(np.asarray(y, np.int64), device=device)

    def __len__(self) -> int:
        return -(-self.n // self.size)

    def epoch(self, rng: np.random.Generator) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """One pass over the images; `rng` draws the order and the augmentation."""
        order = rng.permutation(self.n)
        rows = order + self.n * rng.integers(0, 2, self.n) if self.flips else order
        places = rng.integers(0, 2 * self.shifts + 1, (2, self.n))  # all 0 without shifts
        corners = rng.integers(1 - self.cutout, SIDE, (2, self.n)) if self.cutout else None
        chosen = torch.from_numpy(np.stack([rows, *places, order])).to(self.device)
        squares = None if corners is None else torch.from_numpy(corners).to(self.device)
        for start in range(0, self.n, self.size):
            batch = slice(start, start + self.size)
            row, down, right, label = chosen[:, batch]
            pixels = self.windows[row, down, right]
            yield (
                as_input(pixels if squares is None else self._cut_out(pixels, squares[:, batch])),
                self.y[label],
            )

    def first(self, count: int) -> Iterator[torch.Tensor]:
        """The first images in batches `(b, 1, 28, 28)`, neither shuffled nor augmented."""
        for pixels in self.windows[: min(count, self.n), self.shifts, self.shifts].split(self.size):
            yield as_input(pixels)

    def _cut_out(self, pixels: torch.Tensor, corners: torch.Tensor) -> torch.Tensor:
        """The images, each with a black square at the given upper left corner."""
        distance = torch.arange(SIDE, device=self.device) - corners.unsqueeze(2)  # (2, b, 28)
        down, right = (distance >= 0) & (distance < self.cutout)
        return pixels.masked_fill(down.unsqueeze(2) & right.unsqueeze(1), 0)
