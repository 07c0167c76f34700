"""2.5 and 3.5: JUDGEMENT is one of three words."""

from __future__ import annotations

from types import ModuleType

from assignment.failure import CheckFailed
from assignment.parts import JUDGEMENTS


def check_judgement(module: ModuleType) -> None:
    judgement = getattr(module, "JUDGEMENT", None)
    if isinstance(judgement, str) and judgement.startswith("TODO"):
        raise NotImplementedError(judgement)
    if (
        not isinstance(judgement, str)
        or judgement.strip().lower().replace("generalis", "generaliz") not in JUDGEMENTS
    ):
        raise CheckFailed(f"JUDGEMENT is {judgement!r}", f"one of {', '.join(JUDGEMENTS)}")
