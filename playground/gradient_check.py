"""Checks the `backward` of a layer, such as one of one's own, against numerical differences."""

from __future__ import annotations

import copy
import math
from numbers import Integral

import numpy as np

from playground.errors import PlaygroundError
from playground.layers import Layer, WrongForward, output_of
from playground.values import generator

ROWS, COLUMNS = 5, 4  # of X, unless the layer or the caller says otherwise
MAX_ENTRIES = 200  # of each array are checked, chosen at random
STEP = 1e-5  # differences are then exact to about ten digits
TOLERANCE = 1e-6
SMALLEST = 0.01  # gradients below are compared with this: differences are not exact enough


def check_gradients(
    layer: Layer, shape: tuple[int, ...] | None = None, *, seed: int = 0
) -> dict[str, float]:
    """The largest error of ∂L/∂X and of the gradient of each parameter.

    Errors are relative to the largest entry of the array, or to 0.01 if that is smaller.
    L is a random weighted sum of the outputs for a random `X` of this shape, which includes the
    images, in training. The default shape is (5, 4), or (5, d) for a layer that tells its
    `input_size` d. The layer itself stays as it is: the check uses float64 copies.

    Raises PlaygroundError if a gradient is wrong or missing, or if `forward` changes its argument.

    >>> from playground.layers import Sigmoid
    >>> errors = check_gradients(Sigmoid())
    >>> list(errors), errors["X"] < 1e-8
    (['X'], True)
    """
    if not isinstance(layer, Layer):
        raise PlaygroundError(f"{layer!r} cannot be checked, expected a Layer such as Linear(4, 3)")
    if shape is not None and not _is_shape(shape):
        raise PlaygroundError(f"shape is {shape!r}, expected sizes of 1 or more, such as (5, 3)")
    rng = generator(seed)
    X = rng.standard_normal(shape or (ROWS, layer.input_size or COLUMNS))
    layer = _in_float64(layer, rng)
    try:
        upstream = rng.standard_normal(_output(layer, X).shape)
    except WrongForward:
        raise
    except ValueError as error:
        raise PlaygroundError(
            f"{layer!r} cannot take X of shape {X.shape} ({error}): give another shape, as in "
            "check_gradients(layer, (5, 3))"
        ) from None
    found, errors = _by_backward(layer, X, upstream), {}
    for name, gradient in found.items():
        array = X if name == "X" else getattr(layer, name)
        chosen = rng.permutation(array.size)[:MAX_ENTRIES]
        expected = np.array([_difference(layer, X, upstream, array, i) for i in chosen])
        errors[name] = _error(layer, name, gradient, chosen, expected)
    return errors


def _is_shape(shape: object) -> bool:
    return (
        isinstance(shape, tuple | list)
        and len(shape) > 0
        and all(isinstance(size, Integral) and int(size) >= 1 for size in shape)
    )


def _in_float64(layer: Layer, rng: np.random.Generator) -> Layer:
    """A copy with slightly other parameters: where all are 0 or 1, mistakes go unnoticed."""
    layer = copy.deepcopy(layer)
    for name in layer.parameter_names:
        if not hasattr(layer, name):
            raise PlaygroundError(f"{layer!r} has no self.{name}, which its parameter_names list")
        array = np.array(getattr(layer, name), np.float64)
        setattr(layer, name, np.asarray(array + 0.1 * rng.standard_normal(array.shape)))
        # a layer that adds to its gradients instead of setting them shows here
        setattr(layer, f"d{name}", np.ones_like(array))
    for name in layer.state_names:
        setattr(layer, name, np.array(getattr(layer, name), np.float64))
    return layer


def _output(layer: Layer, X: np.ndarray) -> np.ndarray:
    """The output of a copy, which starts with the same random numbers and state each time."""
    return output_of(copy.deepcopy(layer), X, training=True)


def _by_backward(layer: Layer, X: np.ndarray, upstream: np.ndarray) -> dict[str, np.ndarray]:
    """The gradients that the layer itself finds."""
    probe, given = copy.deepcopy(layer), X.copy()
    probe.forward(given, training=True)
    if not np.array_equal(given, X):
        raise PlaygroundError(f"forward of {layer!r} changes its argument X, expected a new array")
    gradients = {"X": probe.backward(upstream.copy())}
    gradients |= {name: getattr(probe, f"d{name}") for name in layer.parameter_names}
    for name, gradient in gradients.items():
        expected = np.shape(X if name == "X" else getattr(layer, name))
        if np.shape(gradient) != expected:
            raise PlaygroundError(
                f"∂L/∂{name} of {layer!r} has shape {np.shape(gradient)}, expected {expected}"
            )
    return {name: np.asarray(gradient) for name, gradient in gradients.items()}


def _difference(
    layer: Layer, X: np.ndarray, upstream: np.ndarray, array: np.ndarray, entry: int
) -> float:
    """The derivative with respect to an entry of X or of a parameter, by central differences."""
    place = np.unravel_index(entry, array.shape)
    before, sums = array[place], []
    for value in (before + STEP, before - STEP):
        array[place] = value
        sums.append(math.fsum((_output(layer, X) * upstream).ravel()))
    array[place] = before
    return (sums[0] - sums[1]) / (2 * STEP)


def _error(
    layer: Layer, name: str, gradient: np.ndarray, chosen: np.ndarray, expected: np.ndarray
) -> float:
    """The largest error among the chosen entries. Raises PlaygroundError if it is too large."""
    errors = np.abs(gradient.ravel()[chosen] - expected) / max(SMALLEST, np.abs(expected).max())
    wrong = ~(errors < TOLERANCE)  # NaN is wrong
    if wrong.any():
        first = int(np.argmax(wrong))
        place = [int(i) for i in np.unravel_index(chosen[first], gradient.shape)]
        raise PlaygroundError(
            f"∂L/∂{name} of {layer!r} is {gradient.ravel()[chosen[first]]:.6g} at {place}, "
            f"expected {expected[first]:.6g} by differences ({wrong.sum()} of {len(chosen)} values "
            "differ)"
        )
    return float(errors.max())
