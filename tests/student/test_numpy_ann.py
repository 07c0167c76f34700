"""The public checks of numpy_ann.py, the ones that `python numpy_ann.py --check` runs. Marking uses other inputs, and more."""

import pytest

import numpy_ann
from assignment.section_checks import CHECKS, Check


@pytest.mark.parametrize(
    "check", CHECKS["numpy_ann"], ids=lambda check: f"{check.number} {check.title}"
)
def test_section(check: Check) -> None:
    check.run(numpy_ann)
