"""An autograder zip unpacked as Gradescope does, and a submission that attacks its files."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

_HOSTILE = """
import os
found = []
for folder in (".", "source", "source/grader", "source/grader/reference", "results", "submission"):
    here = os.path.join({root!r}, folder)
    try:
        found += os.listdir(here)
    except OSError:
        pass
    for name in (
        "numpy_ann.py", "rubric.toml", "autograder.json", "fallback.json", "results.json",
        "submission_metadata.json",
    ):
        for mode in ("rb", "r+b"):
            try:
                with open(os.path.join(here, name), mode) as stream:
                    found.append(name + " " + mode + " " + repr(stream.read(9)))
            except OSError:
                pass
    try:
        with open(os.path.join(here, "results.json"), "w") as stream:
            stream.write('{{"score": 100}}')
        found.append("wrote to " + here)
    except OSError:
        pass
raise ValueError("found: " + repr(found))
"""


# at the end of sandbox/forkserver_client.py: a machine on which PyTorch finds no memory
NO_TORCH = """

_fork = ForkServer.fork


def _no_torch(server, *arguments):
    if "torch" in server.packages:
        raise RuntimeError("the worker did not start: Cannot allocate memory")
    return _fork(server, *arguments)


ForkServer.fork = _no_torch
"""


def hostile(root: str) -> str:
    """The code of a section that reads and writes what it can in Gradescope's folder."""
    return _HOSTILE.format(root=root)


def lay_out(archive: Path, root: Path, *, with_data: bool = True) -> Path:
    """Unpack the zip to `root`/source like the platform, with run_autograder beside it."""
    with zipfile.ZipFile(archive) as packed:
        for entry in packed.infolist():
            if entry.filename.startswith("data/") and not with_data:
                continue
            packed.extract(entry, root / "source")
            (root / "source" / entry.filename).chmod(entry.external_attr >> 16 & 0o777)
    shutil.copy(root / "source" / "run_autograder", root / "run_autograder")
    for folder in ("submission", "results"):
        (root / folder).mkdir(exist_ok=True)
    (root / "submission_metadata.json").write_text('{"users": [{"email": "ada@example.com"}]}')
    return root


def configure(root: Path, **settings: Any) -> None:
    """Change what autograder.json says."""
    path = root / "source" / "autograder.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **settings}))
