"""Things chosen by name: optimizers, activations, losses, recipes. An unknown name is answered with the nearest."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TypeVar

from playground.errors import PlaygroundError

T = TypeVar("T")


def choose(kind: str, name: object, registry: Mapping[str, T]) -> T:
    """The entry of that name. Raises PlaygroundError with the nearest name, if one is near, and all choices.

    >>> choose("optimizer", "adm", {"adam": 1, "sgd": 2})
    Traceback (most recent call last):
    playground.errors.PlaygroundError: unknown optimizer 'adm', did you mean 'adam'? Expected one of: adam, sgd
    """
    if isinstance(name, str) and name in registry:
        return registry[name]
    near = difflib.get_close_matches(str(name).lower(), registry, n=1, cutoff=0.5)
    guess = f", did you mean {near[0]!r}?" if near else "."
    raise PlaygroundError(f"unknown {kind} {name!r}{guess} Expected one of: {', '.join(registry)}")
