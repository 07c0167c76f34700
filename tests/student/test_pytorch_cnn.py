"""The public checks of pytorch_cnn.py, the ones that `python pytorch_cnn.py --check` runs. Marking uses other inputs, and more."""

import pytest

import pytorch_cnn
import utils


@pytest.mark.parametrize(
    "check", utils.PARTS["pytorch_cnn"].checks, ids=lambda check: f"{check.number} {check.title}"
)
def test_section(check: utils.Check) -> None:
    check.run(pytorch_cnn)
