"""The stubs and solutions that the tests of this folder compare."""

from grader.handout.stubs import reference_source, solved
from grader.sections import SCRIPTS
from grader.similarity.comparing import ClassComparison

SOLVED = {script: solved(reference_source(script), f"{script}.py").encode() for script in SCRIPTS}


def students(comparison: ClassComparison) -> set[frozenset[str]]:
    return {frozenset((pair.a, pair.b)) for pair in comparison.pairs}
