"""The folder of a worker: our files are compiled, and everything in it can be removed."""

import os
import subprocess
import sys
from pathlib import Path

from grader.sandbox.workdir import Workdir
from tests.sandbox.support import LIMITS


def test_our_files_are_there_compiled_and_name_the_folder_of_the_scripts() -> None:
    with Workdir({}) as place:
        code = place.folder / "code"
        assert all(
            (found / "__pycache__" / f"{path.stem}.{sys.implementation.cache_tag}.pyc").exists()
            for found in (code, code / "worker", code / "assignment", code / "assignment/observing")
            for path in found.glob("*.py")
        )
        told = (
            "import sys; sys.path.insert(0, sys.argv[1]); "
            "from worker import protocol; import utils; "
            "print(protocol.pack.__code__.co_filename)"
        )
        ran = subprocess.run(
            [sys.executable, "-I", "-B", "-c", told, str(code)], capture_output=True, text=True
        )
        assert (ran.stdout.strip(), ran.stderr) == (str(code / "worker" / "protocol.py"), "")


def test_folders_of_any_depth_and_right_are_removed(tmp_path: Path) -> None:
    place = Workdir({})
    (place.folder / "scratch").chmod(0o700)
    here = Path.cwd()
    try:
        os.chdir(place.folder / "scratch")
        for _ in range(3000):
            Path("d").mkdir()
            os.chdir("d")
        Path("file").write_text("x")
        os.chdir(place.folder / "scratch")
        Path("link").symlink_to(tmp_path)
        Path("closed").mkdir(0o300)
        Path("closed", "file").write_text("x")
    finally:
        os.chdir(here)
    (tmp_path / "kept").write_text("x")
    assert place.scratch_bytes() > LIMITS.scratch_bytes
    place.remove()
    assert not place.folder.exists()
    assert (tmp_path / "kept").exists()
