"""For GitHub: the students' template repository, and files for the instructor's own."""

from __future__ import annotations

import shutil
from pathlib import Path

from grader import PROJECT as ROOT
from grader.errors import CannotGrade
from grader.handout.folder import MANIFEST, write_handout
from grader.sandbox.temporary import TemporaryFolder

FILES = Path(__file__).resolve().parent / "files"
TEMPLATE = {"check.yml": ".github/workflows/check.yml", "student.gitignore": ".gitignore"}
MARKING = {"mark.yml": ".github/workflows/mark.yml", "roster.csv": "roster.csv"}


def write_repositories(out: Path) -> list[Path]:
    """Write `out`/template and `out`/marking; returns the two folders.

    Raises CannotGrade where one is not empty, and HandoutError where a solution would leak.
    """
    template, marking = out / "template", out / "marking"
    for folder in (template, marking):
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise CannotGrade(
                f"{folder} is not empty, expected a new folder: it may hold a repository already"
            )
    out.mkdir(parents=True, exist_ok=True)
    with TemporaryFolder("publish-") as scratch:
        handout, _ = write_handout(scratch.path)
        _place(TEMPLATE, handout)
        shutil.copyfile(ROOT / "constraints.txt", handout / "constraints.txt")
        ignored = shutil.ignore_patterns(MANIFEST)  # the template is nobody's handout folder
        shutil.copytree(handout, template, dirs_exist_ok=True, ignore=ignored)
    _place(MARKING, marking)
    return [template, marking]


def _place(files: dict[str, str], folder: Path) -> None:
    for name, place in files.items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(FILES / name, folder / place)
