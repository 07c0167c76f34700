"""What is right, and what to look at first: by what builds on it and the points to gain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from grader.errors import RubricError
from grader.results import SectionResult, Status
from grader.rubric import load_rubric
from grader.sections import BY_NUMBER

Needs = Mapping[str, Sequence[str]]  # the sections that each section builds on


@cache
def usual_needs() -> Needs:
    """What the sections of rubric.toml build on; nothing if that cannot be read."""
    try:
        return {section.number: section.needs for section in load_rubric().sections}
    except RubricError:
        return {}


def to_gain(section: SectionResult) -> float:
    """The points that a section has lost."""
    return section.max_points - section.points


def in_order(lost: Sequence[SectionResult], needs: Needs) -> list[SectionResult]:
    """The sections that lost points: each after those that it builds on, the most points first.

    What a section may gain includes the points of those that build on it.
    """
    before = {section.number: _before(section, lost, needs) for section in lost}
    gains = {
        section.number: sum(
            to_gain(other)
            for other in lost
            if other is section or section.number in _all_before(other.number, before)
        )
        for section in lost
    }
    left, ordered = list(lost), list[SectionResult]()
    while left:
        numbers = {section.number for section in left}
        free = [s for s in left if not before[s.number] & numbers] or left  # never in circles
        best = max(free, key=lambda section: gains[section.number])  # of equal ones the first
        left.remove(best)
        ordered.append(best)
    return ordered


def _before(section: SectionResult, lost: Sequence[SectionResult], needs: Needs) -> set[str]:
    """The lost sections to look at before a section: trainings run on the whole script."""
    numbers = [other.number for other in lost]
    earlier = {number for number in needs.get(section.number, ()) if number in numbers}
    known = BY_NUMBER.get(section.number)
    if known is not None and not known.stands_alone:
        parts = [other.number for other in lost if other.script == section.script != ""]
        earlier |= {n for n in parts if n in BY_NUMBER and BY_NUMBER[n].stands_alone}
    return earlier - {section.number}


def _all_before(number: str, before: Mapping[str, set[str]]) -> set[str]:
    found, left = set[str](), [number]
    while left:
        new = before[left.pop()] - found
        found |= new
        left += new
    return found


def is_right(section: SectionResult) -> bool:
    """Whether a section passed."""
    return section.status is Status.PASSED
