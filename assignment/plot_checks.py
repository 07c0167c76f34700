"""Is a plot the one that this script drew in a full run? Read from the history that it carries."""

from __future__ import annotations

import contextlib
import json
import math
from pathlib import Path
from typing import Any

from assignment.fingerprint import is_stale
from assignment.parts import Part
from assignment.size_limits import MAX_PLOT, TooLargeError, expect_size

CURVES = ("train_losses", "val_losses", "train_accuracies", "val_accuracies")


class NoHistory(Exception):
    """The file carries something under "History" that is none; the message says what."""


def plot_problem(path: Path, source: Path) -> str:
    """Why a plot cannot be handed in beside a script or notebook; "" if it can."""
    run = f"run {'python ' if source.suffix == '.py' else ''}{source.name}"
    again = f"{run} again"
    if not path.is_file():
        quick = path.with_name(f"{path.stem}_quick{path.suffix}")
        tried = " without options" if quick.is_file() else ""
        return f"is missing: {run}{tried}"
    try:
        expect_size(path.stat().st_size, MAX_PLOT)
        carried = history_of(path)
    except TooLargeError as error:
        return f"{error}: {again}"
    except ImportError:
        return "cannot be checked, because Pillow is missing: pip install matplotlib"
    except NoHistory as error:
        return f"carries a history that is broken ({error}): {again}"
    except Exception as error:  # Pillow may raise anything for a damaged picture
        return f"is not a readable PNG ({error}): {again}"
    if carried is not None:
        problem = _run_problem(carried, source, again)
        if problem or carried.get("fingerprint"):
            return problem
    if source.suffix == ".ipynb" or not source.is_file():
        return ""  # Jupyter saves a notebook after its last run: its age tells nothing
    if path.stat().st_mtime < source.stat().st_mtime:
        return f"is older than {source.name}: {again}"
    return ""


def _run_problem(carried: dict[str, Any], source: Path, again: str) -> str:
    """Why the run that drew a plot is not a full run of this script as it is now; "" if it is."""
    if carried.get("script", source.stem) != source.stem:
        return f"was written by {carried['script']}.py: {again}"
    options = carried.get("options")
    if isinstance(options, dict) and options:
        names = ", ".join(f"--{name.replace('_', '-')} {value}" for name, value in options.items())
        return f"shows a quick try with {names}: {again}, without options"
    fingerprint = carried.get("fingerprint")
    if fingerprint and source.suffix == ".py" and source.is_file():
        with contextlib.suppress(SyntaxError, ValueError):  # without one, the script is at fault
            if is_stale(str(fingerprint), source.read_bytes()):
                return f"was drawn by {source.name} as it was before a change: {again}"
    return ""


def history_of(path: Path) -> dict[str, Any] | None:
    """What a PNG says about the run that drew it, None if it carries nothing.

    Raises NoHistory, or whatever Pillow raises for a file that is no PNG.
    """
    from PIL import Image

    with Image.open(path, formats=["PNG"]) as image:
        image.load()
        text = image.info.get("History")
    if text is None:
        return None
    try:
        carried = dict(json.loads(text))
        curves = {name: [float(value) for value in carried[name]] for name in CURVES}
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError) as error:
        raise NoHistory(type(error).__name__) from None
    if len({len(values) for values in curves.values()}) != 1 or not curves["train_losses"]:
        raise NoHistory("its four curves have not the same number of epochs, one or more")
    if not all(math.isfinite(value) for values in curves.values() for value in values):
        raise NoHistory("its numbers are not finite")
    return carried | curves


def accuracy_remark(path: Path, part: Part) -> str:
    """A remark on a plot whose run ended below the bar of the test accuracy; "" otherwise."""
    try:
        carried = history_of(path) if path.is_file() else None
    except Exception:  # `plot_problem` says so
        return ""
    if carried is None or carried["val_accuracies"][-1] >= part.bar:
        return ""
    return (
        f"its run ended at {carried['val_accuracies'][-1]:.1%} validation accuracy; "
        f"the bar of the test accuracy is {part.bar:.0%}"
    )
