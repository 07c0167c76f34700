"""Choosing an optimizer, a loss, a recipe, … by name; an error suggests the nearest name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import TypeVar

from playground.errors import PlaygroundError

T = TypeVar("T")


def choose(kind: str, name: object, registry: Mapping[str, T]) -> T:
    """The entry of that name. Raises PlaygroundError with the nearest name and all choices.

    >>> choose("loss", "sdg", {"sgd": 1})
    Traceback (most recent call last):
    playground.errors.PlaygroundError: unknown loss 'sdg', did you mean 'sgd'? Expected one of: sgd
    """
    if isinstance(name, str) and name in registry:
        return registry[name]
    near = guess(name, registry) or "."
    raise PlaygroundError(f"unknown {kind} {name!r}{near} Expected one of: {', '.join(registry)}")


def guess(name: object, known: Iterable[str]) -> str:
    """The part of a message that suggests the nearest known name; empty if none is near.

    >>> guess("--epoch", ["--epochs", "--seed"])
    ", did you mean '--epochs'?"
    """
    near = difflib.get_close_matches(str(name).lower(), known, n=1, cutoff=0.5)
    return f", did you mean {near[0]!r}?" if near else ""
