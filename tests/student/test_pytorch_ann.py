"""The public checks of pytorch_ann.py, the ones that `python pytorch_ann.py --check` runs. Marking uses other inputs, and more."""

import pytest

import pytorch_ann
import utils


@pytest.mark.parametrize(
    "check", utils.PARTS["pytorch_ann"].checks, ids=lambda check: f"{check.number} {check.title}"
)
def test_section(check: utils.Check) -> None:
    check.run(pytorch_ann)
