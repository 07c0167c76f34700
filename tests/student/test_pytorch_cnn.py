"""The public checks of pytorch_cnn.py, which `python pytorch_cnn.py --check` runs too.

Marking uses more inputs, and different ones.
"""

import pytest

from assignment.section_checks import CHECKS

SECTIONS = CHECKS["pytorch_cnn"]


@pytest.mark.parametrize("check", SECTIONS, ids=lambda check: f"{check.number} {check.title}")
def test_section(check, expect_passed):
    expect_passed("pytorch_cnn", check, SECTIONS[0])
