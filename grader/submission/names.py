"""The checklist's names, and names that are near one: `Numpy_ANN (1).py`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from grader.errors import CannotGrade
from grader.sections import SCRIPTS

PLOTS = {name: f"{name}_train_val_metrics.png" for name in SCRIPTS if name != "numpy_ann"}
CHECKLIST = (*(f"{name}.py" for name in SCRIPTS), *PLOTS.values())
NOTEBOOKS = tuple(f"{name}.ipynb" for name in SCRIPTS)
EXACT = (*CHECKLIST, *NOTEBOOKS)
MAX_NAME = 200  # characters; a longer name is near none

# What browsers, file managers and people add to a name: "_1" is "-1" or " 1" by now.
_ADDED = re.compile(r"(?:_*\(\d{1,4}\)|_+\d{1,4}|_+final)\Z")
_COPY = "copy_of_"
_STEMS = {PurePosixPath(exact).stem for exact in EXACT}

Aliases = Mapping[str, str]  # a file's name -> the name of the checklist that it stands for


def slot(name: str) -> str:
    """The checklist's name that a file name equals or is near; "" for none.

    >>> slot("Copy of Numpy-ANN (1).py"), slot("pytorch_cnn_final.ipynb"), slot("my_cnn.py")
    ('numpy_ann.py', 'pytorch_cnn.ipynb', '')
    """
    if name in EXACT:
        return name
    if len(name) > MAX_NAME:
        return ""
    stem, dot, ending = unicodedata.normalize("NFKC", name).casefold().rpartition(".")
    stem = re.sub(r"[-\s]", "_", stem.strip())
    while stem.startswith(_COPY):
        stem = stem[len(_COPY) :]
    while stem not in _STEMS and (match := _ADDED.search(stem)):
        stem = stem[: match.start()]
    found = f"{stem}{dot}{ending.strip()}"
    return found if found in EXACT else ""


def resembles(name: str) -> bool:
    """Whether a file name holds that of a script: to be said, never to be taken.

    >>> resembles("Numpy_ann.py.txt"), resembles("pytorch-cnn plot.jpg"), resembles("notes.txt")
    (True, True, False)
    """
    plain = re.sub(r"[-\s]", "_", name[:MAX_NAME].casefold())
    return any(script in plain for script in SCRIPTS)


def slots(names: Iterable[str], aliases: Aliases) -> dict[str, list[str]]:
    """The files that can be meant by each of the checklist's names.

    An alias counts before the exact name, which counts before all near ones.
    """
    exact: dict[str, str] = {}
    near: dict[str, list[str]] = {}
    for name in sorted(names):
        found = aliases.get(name) or slot(name)
        if name in aliases:
            exact[found] = name
        elif name == found:
            exact.setdefault(found, name)
        elif found:
            near.setdefault(found, []).append(name)
    return {name: [exact[name]] if name in exact else near[name] for name in {**near, **exact}}


def read_aliases(given: Iterable[str]) -> dict[str, str]:
    """The aliases in arguments such as "homework.py=numpy_ann.py". Raises CannotGrade."""
    aliases: dict[str, str] = {}
    for text in given:
        found, equals, name = text.rpartition("=")
        if name.endswith(".py") and found.lower().endswith(".ipynb"):
            name = f"{name.removesuffix('.py')}.ipynb"
        if not equals or not found or name not in EXACT:
            raise CannotGrade(
                f"--alias is {text!r}, expected FOUND=NAME, a file's name and one of "
                f"{', '.join(CHECKLIST)}"
            )
        if name in aliases.values() or aliases.get(found, name) != name:
            raise CannotGrade(f"--alias names {name} or {found} twice, expected each once")
        aliases[found] = name
    return aliases
