"""Pairs of similar submissions for the class page, and the page that shows them side by side."""

from __future__ import annotations

from dataclasses import dataclass

from grader.classroom.gradebook import Gradebook
from grader.similarity import page
from grader.similarity.comparing import compare

MOST = 1000  # submissions; comparing more takes minutes and is left to `grader similarity`
SHOWN = 20


@dataclass(frozen=True)
class Copies:
    """The closest pairs as names and bits, and the `source` of the page that shows them.

    `few` says that the class is too small to estimate what is `usual`.
    """

    pairs: tuple[tuple[str, float], ...]
    usual: float
    few: bool
    source: str


def near_copies(gradebook: Gradebook) -> Copies | None:
    """The pairs; None for fewer than two submissions or more than MOST."""
    works = gradebook.scripts_by_party(MOST)
    if len(works) < 2:
        return None
    comparison = compare(works)
    groups = page.by_students(comparison)[:SHOWN]
    pairs = tuple((page.title(group[0]), sum(pair.score for pair in group)) for group in groups)
    return Copies(pairs, comparison.usual, comparison.few, page.page(comparison, works, {}))
