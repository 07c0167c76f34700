"""A generated class with planted copies, and its comparison."""

import pytest

from benchmarks.classroom import Classroom, classroom
from benchmarks.copying import WAYS
from grader.similarity.comparing import ClassComparison, compare


@pytest.fixture(scope="module")
def drawn() -> Classroom:
    return classroom(40, len(WAYS), seed=7, earlier=20)


@pytest.fixture(scope="module")
def comparison(drawn: Classroom) -> ClassComparison:
    return compare(drawn.works, drawn.earlier)
