"""Follow-up questions for the examiner, by kind of question, from follow_ups.toml."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("follow_ups.toml")


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def follow_ups(kind: str) -> tuple[str, ...]:
    """One or two questions to go on with; for a kind without any, those that fit all kinds."""
    table = _table()
    return tuple(table["kinds"].get(kind, table["any"]["questions"]))


def kinds() -> frozenset[str]:
    """The kinds that have follow-up questions of their own."""
    return frozenset(_table()["kinds"])
