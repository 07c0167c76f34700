"""The parameters, gradients and state of all layers as three vectors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from playground.arrays import aligned_zeros
from playground.errors import PlaygroundError
from playground.layers import Layer


class Vectors:
    """The arrays of the layers, gathered into `parameters (m,)`, `gradients (m,)`, `state (s,)`.

    The layers' arrays become views into the vectors. The vector of parameters holds all weights
    (arrays of two or more dimensions), then all others, such as biases, each in the order of the
    layers; `weights` is a view of the first part.
    """

    def __init__(self, layers: Sequence[Layer], dtype: np.dtype[Any]):
        self._views: list[tuple[Layer, str, np.ndarray]] = []
        parameters = [(layer, name) for layer in layers for name in layer.parameter_names]
        # the sort is stable
        parameters.sort(key=lambda place: np.ndim(getattr(*place)) < 2)
        shapes = [np.shape(getattr(*place)) for place in parameters]
        gradients = [(layer, f"d{name}") for layer, name in parameters]
        state = [(layer, name) for layer in layers for name in layer.state_names]
        self.parameters = self._gather(parameters, shapes, dtype)
        self.gradients = self._gather(gradients, shapes, dtype)
        self.state = self._gather(state, [np.shape(getattr(*place)) for place in state], dtype)
        # only these are decayed: large biases do not make a network more complex
        self.weights = self.parameters[
            : sum(math.prod(shape) for shape in shapes if len(shape) >= 2)
        ]

    def _gather(
        self,
        places: list[tuple[Layer, str]],
        shapes: list[tuple[int, ...]],
        dtype: np.dtype[Any],
    ) -> np.ndarray:
        """A vector with the values of these attributes, which become views into it."""
        vector, start = aligned_zeros(sum(map(math.prod, shapes)), dtype), 0
        for (layer, name), shape in zip(places, shapes, strict=True):
            view = vector[start : start + math.prod(shape)].reshape(shape)
            view[...] = getattr(layer, name, 0)
            setattr(layer, name, view)
            self._views.append((layer, name, view))
            start += view.size
        return vector

    def update(self) -> None:
        """Copies arrays that a layer has replaced, as in `self.dW = …`, into the vectors.

        Raises PlaygroundError if the new array has another shape.
        """
        for layer, name, view in self._views:
            array = getattr(layer, name)
            if array is not view:
                if np.shape(array) != view.shape:
                    raise PlaygroundError(
                        f"{name} of {layer!r} has shape {np.shape(array)}, expected {view.shape}"
                    )
                view[...] = array
                setattr(layer, name, view)
