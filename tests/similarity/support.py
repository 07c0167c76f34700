"""The stubs and solutions that the tests of this folder compare."""

import itertools

from grader.handout.stubs import reference_source, solved
from grader.sections import SCRIPTS
from grader.similarity.comparing import ClassComparison

SOLVED = {script: solved(reference_source(script), f"{script}.py").encode() for script in SCRIPTS}


def students(comparison: ClassComparison) -> set[frozenset[str]]:
    return {frozenset((pair.a, pair.b)) for pair in comparison.pairs}


def facts(comparison: ClassComparison) -> set[frozenset[str]]:
    """All pairs of works with a script in common."""
    return {
        frozenset(pair)
        for group in comparison.equal
        for pair in itertools.combinations(group.members + group.earlier, 2)
    }


def with_own_number(work: dict[str, bytes], number: int) -> dict[str, bytes]:
    """A work that is nearly the same: each script has one more number."""
    return {script: text + b"\nMINE = %d\n" % number for script, text in work.items()}
