"""Checks of single settings: the error names the setting, its value and what was expected."""

from __future__ import annotations

import math
from collections.abc import Callable
from numbers import Integral, Real
from pathlib import Path

import numpy as np

from assignment.files import can_be_written
from playground.errors import PlaygroundError

MAX_PARAMETERS = 1 << 26  # of a network; the largest here has a few million
MAX_SEED = (1 << 63) - 1  # that torch takes


def check_parameters(what: object, count: int) -> None:
    """Raises PlaygroundError, before memory is taken, for a layer or network that is too large."""
    if count > MAX_PARAMETERS:
        raise PlaygroundError(
            f"{what} has {count:,} parameters, expected at most {MAX_PARAMETERS:,}"
        )


def check_whole(name: str, value: object, *, least: int = 1, most: int | None = None) -> None:
    """Raises PlaygroundError unless the value is an integer in this range."""
    if (
        not isinstance(value, Integral)
        or isinstance(value, bool)
        or int(value) < least
        or (most is not None and int(value) > most)
    ):
        expected = f"of at least {least}" if most is None else f"from {least} to {most}"
        raise PlaygroundError(f"{name} is {value!r}, expected an integer {expected}")


def generator(seed: int | np.random.Generator) -> np.random.Generator:
    """The generator that a seed stands for. Raises PlaygroundError for what is no seed."""
    try:
        return np.random.default_rng(seed)
    except (TypeError, ValueError):
        raise PlaygroundError(
            f"seed is {seed!r}, expected an integer of at least 0 or a generator of NumPy"
        ) from None


def check_output(path: Path) -> None:
    """Raises PlaygroundError, before anything is computed, if a file cannot be written there."""
    if not can_be_written(path):
        raise PlaygroundError(
            f"{path} cannot be written, expected a file in an existing, writable folder"
        )


def check_yes_or_no(name: str, value: object) -> None:
    """Raises PlaygroundError unless the value is True or False: the text "no" would mean yes."""
    if not isinstance(value, bool | np.bool_):
        raise PlaygroundError(f"{name} is {value!r}, expected True or False")


def check_number(name: str, value: object, expected: str, fits: Callable[[float], bool]) -> None:
    """Raises PlaygroundError with `expected` unless the value is a finite number that fits."""
    if not isinstance(value, Real) or not math.isfinite(value) or not fits(float(value)):
        raise PlaygroundError(f"{name} is {value!r}, expected {expected}")
