"""The folder that a worker runs in: our files and the submission's scripts in `code`, and an empty `scratch`."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from pathlib import Path

import utils

GRADER = Path(__file__).resolve().parent
MAX_FILES = 10_000  # in `scratch`; more of them count as any number of bytes
OURS = ("confine.py", "worker.py", "protocol.py", "probes.py", "anatomy.py")
OUR_FILES = (*(GRADER / name for name in OURS), Path(utils.__file__))


class Workplace:
    """Made for one worker, and removed with it."""

    def __init__(self, scripts: dict[str, bytes]):
        self.folder = Path(tempfile.mkdtemp(prefix="submission-")).resolve()
        (self.folder / "scratch").mkdir()
        code = self.folder / "code"
        code.mkdir()
        for name, source in scripts.items():
            (code / name).write_bytes(source)
        for path in OUR_FILES:  # last: a submission cannot put its own in their place
            shutil.copyfile(path, code / path.name)

    def scratch_bytes(self) -> int:
        """What the files in `scratch` hold; behind bubblewrap's walls there are none, its scratch folder being another."""
        held = 0
        for count, path in enumerate((self.folder / "scratch").rglob("*")):
            if count > MAX_FILES:
                return 1 << 62
            with contextlib.suppress(OSError):
                held += path.lstat().st_size
        return held

    def remove(self) -> None:
        """Delete it with all that was written there. May be called twice."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Workplace:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()
