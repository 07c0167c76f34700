"""The public checks of pytorch_cnn.py, which `python pytorch_cnn.py --check` runs too.

Marking uses more inputs, and different ones.
"""

import pytest

import pytorch_cnn
from assignment.section_checks import CHECKS, Check


@pytest.mark.parametrize(
    "check", CHECKS["pytorch_cnn"], ids=lambda check: f"{check.number} {check.title}"
)
def test_section(check: Check) -> None:
    check.run(pytorch_cnn)
