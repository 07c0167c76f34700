"""Packages that only some commands need: one line says which is missing or broken, and which extra installs it."""

from __future__ import annotations

import importlib
import importlib.util

from playground.errors import PlaygroundError


def require(package: str, extra: str) -> None:
    """Nothing, where the package can be imported. Raises PlaygroundError with the command that installs it.

    Call it before the import, inside the function that needs the package.
    """
    install = f"'fashion-network-assignment[{extra}]'"
    if importlib.util.find_spec(package) is None:
        raise PlaygroundError(
            f"{package} is not installed, and this needs it: pip install {install}"
        )
    try:
        importlib.import_module(package)
    except (
        Exception
    ) as error:  # a shared library that is missing or does not fit can raise nearly anything
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise PlaygroundError(
            f"{package} is installed but cannot be imported ({reason}): pip install --force-reinstall {install}"
        ) from None
