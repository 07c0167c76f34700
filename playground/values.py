"""Checks of single settings: the error names the setting, its value and what was expected."""

from __future__ import annotations

import math
from collections.abc import Callable
from numbers import Integral, Real

import numpy as np

from playground.errors import PlaygroundError

MAX_PARAMETERS = 1 << 26  # of a NumPy network; the largest here has a few million


def check_parameters(what: object, count: int) -> None:
    """Raises PlaygroundError, before memory is taken, for a layer or network that is too large."""
    if count > MAX_PARAMETERS:
        raise PlaygroundError(
            f"{what} has {count:,} parameters, expected at most {MAX_PARAMETERS:,}"
        )


def check_whole(name: str, value: object, *, least: int = 1) -> None:
    """Raises PlaygroundError unless the value is an integer of at least `least`."""
    if not isinstance(value, Integral) or isinstance(value, bool) or int(value) < least:
        raise PlaygroundError(f"{name} is {value!r}, expected an integer of at least {least}")


def check_yes_or_no(name: str, value: object) -> None:
    """Raises PlaygroundError unless the value is True or False: the text "no" would mean yes."""
    if not isinstance(value, bool | np.bool_):
        raise PlaygroundError(f"{name} is {value!r}, expected True or False")


def check_number(name: str, value: object, expected: str, fits: Callable[[float], bool]) -> None:
    """Raises PlaygroundError with `expected` unless the value is a finite number that fits."""
    if not isinstance(value, Real) or not math.isfinite(value) or not fits(float(value)):
        raise PlaygroundError(f"{name} is {value!r}, expected {expected}")
