"""The checks of all sections, and a marking without pytest: the same functions in the same order, for the grader's own use."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from grader.checks import (
    test_0_checklist,
    test_1_numpy_ann,
    test_2_pytorch_ann,
    test_3_pytorch_cnn,
)
from grader.marking.marking import Marking
from grader.results import SectionResult

CHECKS: dict[str, Callable[..., None]] = {
    mark.args[0]: function
    for module in (test_0_checklist, test_1_numpy_ann, test_2_pytorch_ann, test_3_pytorch_cnn)
    for function in vars(module).values()
    for mark in getattr(function, "pytestmark", [])
    if mark.name == "section"
}


def mark_all(marking: Marking) -> dict[str, SectionResult]:
    """Mark the sections that were asked for, and end the workers; the results by number."""
    try:
        marking.begin()
        for section in marking.to_run():
            check = CHECKS[section.number]
            given: dict[str, Any] = {
                "marking": marking,
                "section": section,
                "rng": marking.rng(section),
                "student": marking.students.get(section.script),
            }
            arguments = {name: given[name] for name in inspect.signature(check).parameters}
            marking.mark(section, lambda check=check, arguments=arguments: check(**arguments))  # type: ignore[misc]
        return {section.number: marking.results[section.number] for section in marking.chosen}
    finally:
        marking.close()
