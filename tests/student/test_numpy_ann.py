"""The public checks of numpy_ann.py, the ones that `python numpy_ann.py --check` runs. Marking uses other inputs, and more."""

import pytest

import numpy_ann
import utils


@pytest.mark.parametrize(
    "check", utils.PARTS["numpy_ann"].checks, ids=lambda check: f"{check.number} {check.title}"
)
def test_section(check: utils.Check) -> None:
    check.run(numpy_ann)
