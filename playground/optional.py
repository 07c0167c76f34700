"""Packages that only some commands need: one line says which extra installs the missing one."""

from __future__ import annotations

import importlib.util

from playground.errors import PlaygroundError


def require(package: str, extra: str) -> None:
    """Nothing, where the package is installed. Raises PlaygroundError with the command that installs it.

    Call it before the import, inside the function that needs the package.
    """
    if importlib.util.find_spec(package) is None:
        raise PlaygroundError(
            f"{package} is not installed, and this needs it: pip install 'fashion-network-assignment[{extra}]'"
        )
