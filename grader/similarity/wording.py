"""Equal scripts and pairs in words, the same on the terminal and on every page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from grader.sections import SCRIPTS
from grader.similarity.comparing import ClassComparison, Pair
from grader.similarity.equal import SHORT, EqualGroup
from grader.similarity.names import Names

NO_VERDICT = "None of this is a verdict, and none of it affects a mark."
EQUAL = (
    "Facts, whatever the reason: each of these groups handed in the same script. Where scripts are "
    "the same but for comments, docstrings, layout and chosen names, short answers can coincide."
)


def scripts(names: Sequence[str]) -> str:
    """The names of scripts in a sentence."""
    files = [f"{name}.py" for name in names]
    return files[0] if len(files) == 1 else f"{', '.join(files[:-1])} and {files[-1]}"


def what(group: EqualGroup, names: Names) -> str:
    """What a group has in common: "12 students handed in the same numpy_ann.py"."""
    number = names.count(group.members)
    files = "three scripts" if group.scripts == SCRIPTS else scripts(group.scripts)
    same = f"the same {files}" + ("" if group.is_identical else " but for comments and names")
    if not group.earlier:
        return f"{number} handed in {same}"
    before = names.count(group.earlier)
    return f"{number} handed in {same} as {before} of an earlier year"


def remarks(group: EqualGroup) -> list[str]:
    """What helps to weigh it: how much own code it is, and whether it is the expected answer."""
    lines = f"{group.own_lines} line{'s' * (group.own_lines != 1)} of own code"
    found = [f"{lines}: short enough to coincide by chance" if group.own_lines <= SHORT else lines]
    if group.is_reference:
        found.append("equals the reference solution but for comments and names")
    return found


def byte_for_byte(group: EqualGroup) -> tuple[tuple[str, ...], ...]:
    """The works of a group that are equal byte for byte, where not all of them are."""
    return () if group.is_identical else group.identical


def left_out(untouched: Mapping[str, int]) -> str:
    """How many scripts say nothing about anybody; "" if there are none."""
    if not untouched:
        return ""
    counts = ", ".join(f"{count} of {script}.py" for script, count in untouched.items())
    return f"Left out, because nothing was written in them: {counts}."


def partly_read(comparison: ClassComparison, names: Names) -> list[str]:
    """The scripts that could not be fully compared, and why."""
    return [
        f"{one.script}.py of {names.work(one.work)}: {one.why}" for one in comparison.partly_read
    ]


def compared(comparison: ClassComparison) -> str:
    """What was compared: "40 submissions (35 different) and 20 of earlier years"."""
    works = f"{comparison.works} submission{'s' * (comparison.works != 1)}"
    if comparison.different < comparison.works:
        works += f" ({comparison.different} different)"
    return works + (f" and {comparison.earlier} of earlier years" if comparison.earlier else "")


def by_works(comparison: ClassComparison) -> list[list[Pair]]:
    """The pairs of scripts, grouped by works."""
    return [
        list(pairs)
        for _, pairs in groupby(
            comparison.pairs, key=lambda pair: (pair.a, pair.b, pair.b_is_earlier)
        )
    ]


def sides(pairs: Sequence[Pair]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The works on either side of a finding: those that have all of its scripts."""
    first = [pair.a_all or (pair.a,) for pair in pairs]
    second = [pair.b_all or (pair.b,) for pair in pairs]
    return _in_all(first), _in_all(second)


def _in_all(works: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    others = set(works[0]).intersection(*works[1:])
    return tuple(work for work in works[0] if work in others)


def title(pairs: Sequence[Pair], names: Names) -> str:
    """The names on both sides."""
    a, b = sides(pairs)
    is_unsaid = pairs[0].b_is_earlier and not any(names.year(work) for work in b)
    return f"{names.works(a)} and {names.works(b)}{' (an earlier year)' if is_unsaid else ''}"
