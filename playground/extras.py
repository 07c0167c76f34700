"""Optional packages: a missing or broken one is reported in one line, with the extra to install."""

from __future__ import annotations

import importlib
import importlib.util

from playground.errors import PlaygroundError

# what a package index calls those that are imported by another name
INDEX_NAMES = {"PIL": "pillow", "sklearn": "scikit-learn", "yaml": "PyYAML"}


def require(package: str, extra: str) -> None:
    """Raises PlaygroundError, with the command that installs it, if the package cannot be imported.

    Call it before the import, inside the function that needs the package.
    """
    if importlib.util.find_spec(package) is None:
        raise PlaygroundError(
            f"{package} is required but not installed: pip install -e '.[{extra}]' "
            "in the project's folder"
        )
    try:
        importlib.import_module(package)
    except Exception as error:  # a missing or incompatible shared library can raise anything
        reason = " ".join(str(error).split())[:300] or type(error).__name__
        raise PlaygroundError(
            f"{package} is installed but cannot be imported ({reason}): "
            f"pip install --force-reinstall {INDEX_NAMES.get(package, package)}"
        ) from None
