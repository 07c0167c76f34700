"""What `publish github` writes, and a folder in place of github.com."""

import sys
from pathlib import Path

import pytest

from tests.publish.classroom50_runner import POINTS, Job, job
from tests.publish.support import lay_out
from tests.support import run


@pytest.fixture
def server(tmp_path: Path) -> Path:
    """A folder that stands in place of github.com."""
    return tmp_path / "server"


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the command makes."""
    out = tmp_path_factory.mktemp("classroom50") / "out"
    ran = run("-P", "-m", "grader", "publish", "classroom50", "--out", out)
    assert (ran.returncode, ran.stdout) == (0, f"{out}/autograder\n{out}/runtime.json\n")
    assert f"marks {POINTS:g} of 100 points, by the public checks alone" in ran.stderr
    return out / "autograder"


@pytest.fixture
def grading(published: Path, tmp_path: Path) -> Job:
    """A job that has fetched the autograder; its checkout is empty."""
    return job(tmp_path, published)


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip as the command makes it."""
    out = tmp_path_factory.mktemp("zip") / "deep" / "gradescope.zip"
    ran = run("-P", "-m", "grader", "publish", "gradescope", "--out", out)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, f"{out}\n", "")
    return out


@pytest.fixture
def autograder(archive: Path, tmp_path: Path) -> Path:
    """Gradescope's /autograder after setup.sh, with our own environment in place of its."""
    root = lay_out(archive, tmp_path / "autograder", with_data=False)  # nothing is trained here
    (root / "venv").symlink_to(sys.prefix)
    return root
