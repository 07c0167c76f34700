"""The public checks of numpy_ann.py, which `python numpy_ann.py --check` runs too.

Marking uses more inputs, and different ones.
"""

import pytest

import numpy_ann
from assignment.section_checks import CHECKS, Check


@pytest.mark.parametrize(
    "check", CHECKS["numpy_ann"], ids=lambda check: f"{check.number} {check.title}"
)
def test_section(check: Check) -> None:
    check.run(numpy_ann)
