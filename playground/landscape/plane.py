"""A plane through the parameters of a network, and the loss on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

import utils
from playground.errors import PlaygroundError
from playground.network import Network

SMALLEST_LOSS = 1e-7  # nats
MARGIN = 0.15  # of the width of the paths, that the grid goes beyond them


@dataclass(frozen=True, eq=False)
class Plane:
    """origin + a u + b v: `origin (m,)`, two orthonormal `directions (2, m)`.

    `explained` is the share of the points' squared distances from the origin along each direction.
    """

    origin: np.ndarray
    directions: np.ndarray
    explained: tuple[float, float]

    def coordinates(self, points: np.ndarray) -> np.ndarray:
        """The coordinates `(n, 2)` of the nearest places on the plane to points `(n, m)`."""
        nearest: np.ndarray = (points - self.origin) @ self.directions.T
        return nearest

    def point(self, a: float, b: float) -> np.ndarray:
        """The parameters `(m,)` at two coordinates."""
        parameters: np.ndarray = self.origin + a * self.directions[0] + b * self.directions[1]
        return parameters


def plane_through(end: np.ndarray, start: np.ndarray, points: np.ndarray) -> Plane:
    """The plane that holds both ends of a path `(m,)` and lies closest to the points `(n, m)`.

    Its origin is the end, its first direction leads to the start, and its second is the principal
    component of what the points do besides. Li et al. 2018, section 7, take two principal
    components, whose plane misses the start: with six paths, by so much that the loss there is
    less than half of the true one. Raises PlaygroundError if all lie on one line.

    >>> plane = plane_through(np.zeros(3), np.array([2.0, 0, 0]), np.array([[1.0, 0, 3.0]]))
    >>> plane.coordinates(np.array([[2.0, 5.0, 3.0]])), plane.explained
    (array([[2., 3.]]), (0.1, 0.9))
    """
    origin = end.astype(np.float64)
    differences = points - origin
    total = float((differences**2).sum())
    first = (start - origin) / np.linalg.norm(start - origin)
    along = differences @ first  # (n,)
    differences -= np.outer(along, first)
    # n is far below m: the (n, n) products have the same components as the (m, m) ones
    values, vectors = np.linalg.eigh(differences @ differences.T)
    if not values[-1] > 1e-12 * total:
        raise PlaygroundError("the paths lie on one line, expected them to span a plane")
    second = vectors[:, -1] @ differences / np.sqrt(values[-1])
    if (differences @ second).sum() < 0:  # its sign is arbitrary: most points lie above
        second = -second
    explained = float((along**2).sum()) / total, float(values[-1]) / total
    return Plane(origin, np.stack([first, second]), explained)


@dataclass(frozen=True, eq=False)
class Grid:
    """The loss on a plane: `losses (r, c)` at the coordinates `a (c,)` and `b (r,)`.

    No loss is below SMALLEST_LOSS: they are drawn by their logarithms, and float32 may round to 0.
    """

    a: np.ndarray
    b: np.ndarray
    losses: np.ndarray


def loss_on_grid(
    network: Network,
    plane: Plane,
    coordinates: Sequence[np.ndarray],
    X: np.ndarray,
    y: np.ndarray,
    *,
    size: int,
) -> Grid:
    """The loss on images `X (n, d)`, `y (n,)` at size x size points around paths `(p, 2)`.

    The network keeps its parameters.
    """
    kept = network.parameters.copy()
    places = np.concatenate(coordinates)
    low, high = places.min(axis=0), places.max(axis=0)
    low, high = low - MARGIN * (high - low), high + MARGIN * (high - low)
    a, b = (np.linspace(low[axis], high[axis], size) for axis in (0, 1))
    losses = np.empty((size, size))
    for row in utils.progress(range(size), description="loss on the plane", total=size):
        for column in range(size):
            network.parameters[...] = plane.point(a[column], b[row])
            losses[row, column] = max(network.evaluate(X, y)[0], SMALLEST_LOSS)
    network.parameters[...] = kept
    return Grid(a, b, losses)
