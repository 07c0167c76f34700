"""2.5 and 3.5: JUDGEMENT is one of three words."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from assignment.failure import CheckFailed, quoted
from assignment.handles import a_type
from assignment.parts import JUDGEMENTS


def shown(judgement: Any) -> str:
    """What JUDGEMENT is, in words: its text quoted, anything else by its type."""
    return quoted(judgement) if isinstance(judgement, str) else a_type(judgement)


def check_judgement(module: ModuleType) -> None:
    judgement = getattr(module, "JUDGEMENT", None)
    if isinstance(judgement, str) and judgement.startswith("TODO"):
        raise NotImplementedError(judgement)
    if (
        not isinstance(judgement, str)
        or judgement.strip().lower().replace("generalis", "generaliz") not in JUDGEMENTS
    ):
        raise CheckFailed(f"JUDGEMENT is {shown(judgement)}", f"one of {', '.join(JUDGEMENTS)}")
