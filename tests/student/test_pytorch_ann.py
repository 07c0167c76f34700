"""The public checks of pytorch_ann.py, which `python pytorch_ann.py --check` runs too.

Marking uses more inputs, and different ones.
"""

import pytest

from assignment.section_checks import CHECKS

SECTIONS = CHECKS["pytorch_ann"]


@pytest.mark.parametrize("check", SECTIONS, ids=lambda check: f"{check.number} {check.title}")
def test_section(check, expect_passed):
    expect_passed("pytorch_ann", check, SECTIONS[0])
