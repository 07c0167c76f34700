"""The JavaScript of the pages: the linter is content, and its unit tests pass."""

import shutil
import subprocess

import pytest
from filelock import FileLock

from tests.lab.support import need
from tests.support import ROOT


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize("script", ["lint", "test"])
def test_npm_finds_nothing_wrong(script: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    need(shutil.which("npm"), "npm")
    with FileLock(tmp_path_factory.getbasetemp().parent / "npm.lock"):
        if not (ROOT / "node_modules" / "eslint").exists():
            installed = run("npm", "install")
            need(installed.returncode == 0, f"ESLint ({installed.stderr[-300:]})")
    done = run("npm", "run", script)
    assert done.returncode == 0, done.stdout[-3000:]
