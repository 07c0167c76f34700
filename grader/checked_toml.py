"""Reads TOML files that people write, entry by entry: what is unknown, missing or wrong is named."""

from __future__ import annotations

import difflib
import tomllib
from typing import Any

from grader.errors import RubricError


def parse(text: str, name: str) -> dict[str, Any]:
    """The tables of a TOML text called `name`. Raises RubricError, which names the text."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RubricError(f"{name} cannot be read: {error}") from None


def expect_keys(name: str, entry: Any, required: set[str], optional: set[str]) -> None:
    """Raises RubricError unless `entry` is a table with the required keys and no unknown ones."""
    if not isinstance(entry, dict):
        raise RubricError(f"{name} is {entry!r}, expected a table")
    for key in entry:
        if key not in required | optional:
            raise RubricError(
                f"{name}: unknown entry {key!r}{nearest(key, sorted(required | optional))}"
            )
    for key in sorted(required):
        if key not in entry:
            raise RubricError(f"{name}: {key} is missing")


def number_in(name: str, value: Any, *, low: float, high: float) -> float:
    """The value, if it is a number from `low` to `high`. Raises RubricError otherwise."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise RubricError(f"{name} is {value!r}, expected a number from {low:g} to {high:g}")
    return value


def nearest(name: str, names: list[str]) -> str:
    """A clause that names the closest of the known names, or all of them."""
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.4)
    return f"; did you mean {close[0]}?" if close else f"; expected one of {', '.join(names)}"
