"""The students' folder, written once for all tests of the handout."""

from pathlib import Path

import pytest

from grader.handout.folder import write_handout


@pytest.fixture(scope="session")
def handout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The students' folder, with data."""
    out = tmp_path_factory.mktemp("handout")
    folder, archive = write_handout(out)
    assert archive == out / "fashion-network.zip"
    return folder
