"""How far a class is, in one sentence: the same at the end of a batch and on the class page."""

from __future__ import annotations


def headline(
    students: int,
    marked: int,
    different: int,
    unreadable: int,
    pending: int,
    missing: int = 0,
    *,
    failed: int = 0,
) -> str:
    """What has become of all `students`, without the parts that are zero.

    `marked` ones have a mark for all sections; `different` counts their distinct works. `pending`
    ones are not marked yet, `failed` ones could not be, `missing` ones have handed in nothing.

    >>> headline(40, 35, 22, 5, 0)
    '40 students: 35 marked (22 different submissions), 5 unreadable'
    >>> headline(3, 1, 1, 0, 0, 1, failed=1)
    '3 students: 1 marked, 1 could not be marked, 1 has not handed in'
    """
    if not students:
        return "no students"
    works = f" ({different} different submission{_s(different)})" if different != marked else ""
    parts = [
        (marked, f"{marked} marked{works}"),
        (unreadable, f"{unreadable} unreadable"),
        (failed, f"{failed} could not be marked"),
        (pending, f"{pending} not marked yet"),
        (missing, f"{missing} {'has' if missing == 1 else 'have'} not handed in"),
    ]
    said = ", ".join(words for count, words in parts if count)
    return f"{students} student{_s(students)}: {said}"


def _s(count: int) -> str:
    return "" if count == 1 else "s"
