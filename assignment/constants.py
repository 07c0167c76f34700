"""The constants at the top of a script: which values can be one, and a sentence on those that cannot.

The script says it before training, the checklist before packing, and marking too.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from assignment.failure import CheckFailed, quoted
from assignment.type_names import in_words

# The default network's weights are about 0.05, where neighbouring float32 numbers are 4e-9 apart.
# At this learning rate even a gradient of 10 moves such a weight by less than that.
SMALLEST_LEARNING_RATE = 1e-10
# the most that can make sense: all images in one batch; a layer of 300 MB; months of training
LARGEST = {"BATCH_SIZE": 60_000, "HIDDEN_SIZE": 100_000, "EPOCHS": 1_000_000}
WHOLE = ("EPOCHS", "BATCH_SIZE", "HIDDEN_SIZE")
# what the given code reads; the others may be missing where the student's code does without them
REQUIRED = {
    "numpy_ann": ("EPOCHS", "BATCH_SIZE", "LEARNING_RATE"),
    "pytorch_ann": ("EPOCHS", "BATCH_SIZE"),
    "pytorch_cnn": ("EPOCHS", "BATCH_SIZE"),
}
INVALID = "constant-invalid"  # the mistake's id
HUGE = 10**18
MAX_SHOWN = 40  # characters of a value


class Missing:
    """Stands for the value of a constant that a script does not define."""


def constants_of(script: str) -> tuple[str, ...]:
    """The names of the constants of a script, in order; the CNN has no HIDDEN_SIZE."""
    hidden = () if script == "pytorch_cnn" else ("HIDDEN_SIZE",)
    return (*hidden, "EPOCHS", "BATCH_SIZE", "LEARNING_RATE")


def constant_failures(script: str, value_of: Callable[[str], Any]) -> list[CheckFailed]:
    """A failure for each constant of a script that cannot be one, given a look-up by name.

    The look-up returns the class `Missing` for a constant that is not defined.
    """
    found = []
    for name in constants_of(script):
        value = value_of(name)
        if value is not Missing:
            failure = constant_failure(name, value, script)
        elif name in REQUIRED[script]:
            got = f"{name} is not defined at the top of {script}.py"
            failure = CheckFailed(got, _expected(name), kind=INVALID)
        else:
            failure = None
        found += [failure] if failure else []
    return found


def constant_failure(name: str, value: Any, script: str = "") -> CheckFailed | None:
    """Why a value cannot be a constant, None if it can.

    >>> print(constant_failure("BATCH_SIZE", "64"))
    BATCH_SIZE is the text '64', expected a whole number, 1 or more: remove the quotes.
    >>> constant_failure("EPOCHS", 8) is None
    True
    """
    if script == "pytorch_ann" and name == "HIDDEN_SIZE" and isinstance(value, list | tuple):
        # the sizes of several hidden layers
        failures = [constant_failure(name, size) for size in value]
        return next(filter(None, failures), None if failures else _failure(name, "empty"))
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
        value = value.item()
    if isinstance(value, str):
        remedy = "remove the quotes" if _is_number(value) else ""
        return _failure(name, f"the text {_shown(value) if remedy else quoted(value)}", remedy)
    if isinstance(value, bool) or not isinstance(value, int | float):
        if isinstance(value, list | tuple):
            return _failure(name, quoted(_shown(value)) if _speaks(value) else _shown(value))
        plain = value is None or isinstance(value, bool)
        return _failure(name, _shown(value) if plain else in_words(type(value).__name__))
    return _whole_failure(name, value) if name in WHOLE else _rate_failure(name, value)


def _whole_failure(name: str, value: float) -> CheckFailed | None:
    if isinstance(value, float):
        whole = math.isfinite(value) and value == int(value) and value > 0
        return _failure(name, f"{value!r}", f"write {int(value)}" if whole else "")
    if value < 1:
        return _failure(name, _shown(value))
    if value > LARGEST[name]:
        return _failure(name, _shown(value), f"at most {LARGEST[name]:,}")
    return None


def _rate_failure(name: str, value: float) -> CheckFailed | None:
    if isinstance(value, int) and abs(value) >= HUGE:
        return _failure(name, _shown(value))
    if not math.isfinite(value) or value <= 0:
        return _failure(name, f"{value!r}")
    if value < SMALLEST_LEARNING_RATE:
        reason = f"below {SMALLEST_LEARNING_RATE:g} a step is too short to change a float32 weight"
        return _failure(name, f"{value!r}", reason)
    return None


def _failure(name: str, got: str, remedy: str = "") -> CheckFailed:
    expected = f"{_expected(name)}{f': {remedy}' if remedy else ''}"
    return CheckFailed(f"{name} is {got}", expected, kind=INVALID)


def _expected(name: str) -> str:
    return "a whole number, 1 or more" if name in WHOLE else "a positive number"


def _shown(value: Any) -> str:
    if isinstance(value, int) and abs(value) >= HUGE:  # Python refuses to print 4300 digits
        return "a number of more than 18 digits"
    try:
        text = repr(value)
    except Exception:  # such a number in a list, or an object of the student's own
        return f"{in_words(type(value).__name__)} that cannot be shown"
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"


def _speaks(values: Sequence[Any]) -> bool:
    """Whether a list holds anything but numbers, whose text a script can choose."""
    return not all(value is None or type(value) in (bool, int, float) for value in values)


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
