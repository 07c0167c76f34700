"""The folder of a submission with full marks."""

from pathlib import Path

import pytest

from tests.support import write_submission


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_submission(tmp_path / "ada")
