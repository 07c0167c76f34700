"""The ladder of hints: where to look, why it is wrong, almost the answer.

Marking and the students' side read the same texts: of mistakes from hints.toml, which lies
here, and of sections from rubric.toml.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import Any

HINTS_FILE = Path(__file__).with_name("hints.toml")
RUNGS = ("where to look", "why", "almost the answer")
NOT_WRITTEN = "not-written"  # what helps there are the section's own hints

Ladder = tuple[str, ...]


def ladder_of(name: str, value: Any) -> Ladder:
    """The three hints of an entry in a TOML file, each on one line.

    Raises ValueError, which names the entry, for anything but three texts.
    """
    is_ladder = isinstance(value, list) and len(value) == len(RUNGS)
    texts = [" ".join(text.split()) for text in value if isinstance(text, str)] if is_ladder else []
    if len(list(filter(None, texts))) != len(RUNGS):
        raise ValueError(f"{name} is {_shown(value)}, expected three texts: {', '.join(RUNGS)}")
    return tuple(texts)


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return f"a list of {len(value)}" if len(value) != len(RUNGS) else "no list of texts"
    return f"{value!r}"[:60]


def ladder(mistakes: Iterable[str], section: Sequence[str]) -> Ladder:
    """The hints for an answer that shows these mistakes, of a section with hints of its own.

    Several mistakes share each step. A symptom says where to look, and the section how to go on.
    """
    known = [name for name in mistakes if name != NOT_WRITTEN]
    named = [_hints()[0][name] for name in known if name in _hints()[0]]
    symptoms = [_hints()[1][name] for name in known if name in _hints()[1]]
    chosen = named or [(*symptom[:2], *section[2:3]) for symptom in symptoms] or [tuple(section)]
    steps = zip_longest(*chosen, fillvalue="")
    return tuple(" ".join(dict.fromkeys(filter(None, texts))) for texts in steps)


def hints_for(mistake: str) -> Ladder:
    """The hints for one mistake or symptom. Raises KeyError if hints.toml has none."""
    named, symptoms = _hints()
    return named[mistake] if mistake in named else symptoms[mistake]


def are_given() -> bool:
    """Whether hints are shown; they are not in the folder of an exam."""
    given: bool = _table().get("given", True)
    return given


def mistakes() -> set[str]:
    """The ids of all mistakes that have hints."""
    return set(_hints()[0])


@cache
def _table() -> dict[str, Any]:
    with HINTS_FILE.open("rb") as stream:
        return tomllib.load(stream)


@cache
def _hints() -> tuple[dict[str, Ladder], dict[str, Ladder]]:
    """The hints for mistakes and for symptoms, by id. Raises ValueError for a wrong entry."""
    table = _table()
    mistakes, symptoms = (
        {
            name: ladder_of(f"{HINTS_FILE.name}: {name}", value)
            for name, value in table[kind].items()
        }
        for kind in ("mistakes", "symptoms")
    )
    return mistakes, symptoms
