"""What is wrong with a script as a whole, whatever its sections answer.

Constants that cannot be ones, work at import, gradients switched off for everything. The run says
it before it trains, the checklist before it packs.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

from assignment.constants import Missing, constant_failures
from assignment.definitions import expect_given
from assignment.failure import CheckFailed
from assignment.module_level import import_problems
from assignment.parts import Part

GRADIENTS_OFF = (
    "gradients are switched off when the script has been imported: torch.set_grad_enabled(False) "
    "stands at its top level. Delete it; with torch.no_grad(): switches them off for a few lines."
)


def script_problems(part: Part, module: ModuleType, source: bytes = b"") -> list[str]:
    """A sentence for each problem of an imported script; `source` is its text, if there is a file.

    Gradients are on afterwards, so that the sections can be checked.
    """
    found = []
    if source:
        found += import_problems(source, f"{part.name}.py")
    found += gradients_off()
    constants = constant_failures(part.name, lambda name: getattr(module, name, Missing))
    found += map(str, constants)
    try:
        if hasattr(module, part.class_name):  # else a section says so
            expect_given(part, module)
    except CheckFailed as failure:
        if failure.kind == "not-written":
            found.append(f"{failure} {' '.join(failure.hints)}".strip())
    return found


def gradients_off() -> list[str]:
    """A sentence if torch records no gradients now, outside of any `with`; they are on afterwards."""
    torch = sys.modules.get("torch")
    if torch is None or torch.is_grad_enabled():
        return []
    torch.set_grad_enabled(True)
    return [GRADIENTS_OFF]


def source_of(module: ModuleType) -> bytes:
    """The text of a script's file; b"" in a notebook, which has no such file."""
    path = getattr(module, "__file__", None)
    try:
        return Path(path).read_bytes() if path else b""
    except OSError:
        return b""  # deleted while it runs
