"""The public checks of pytorch_ann.py, which `python pytorch_ann.py --check` runs too.

Marking uses more inputs, and different ones.
"""

import pytest

import pytorch_ann
from assignment.section_checks import CHECKS, Check


@pytest.mark.parametrize(
    "check", CHECKS["pytorch_ann"], ids=lambda check: f"{check.number} {check.title}"
)
def test_section(check: Check) -> None:
    check.run(pytorch_ann)
