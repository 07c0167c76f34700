"""For GitHub: the students' template repository, and what an instructor's private copy of this project needs to mark a class."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from grader import PROJECT as ROOT
from grader.errors import CannotGrade
from grader.handout.folder import write_handout

FILES = Path(__file__).resolve().parent / "files"
TEMPLATE = {"check.yml": ".github/workflows/check.yml", "student.gitignore": ".gitignore"}
MARKING = {"mark.yml": ".github/workflows/mark.yml", "roster.csv": "roster.csv"}


def write_repositories(out: Path) -> list[Path]:
    """Write `out`/template and `out`/marking; returns the two folders.

    Raises CannotGrade where one of them is in use, and HandoutError where a line of a solution would be in the template.
    """
    template, marking = out / "template", out / "marking"
    for folder in (template, marking):
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise CannotGrade(
                f"{folder} is in use, expected a new folder: a repository may lie there already"
            )
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        handout, _ = write_handout(Path(scratch))
        _place(TEMPLATE, handout)
        shutil.copyfile(ROOT / "constraints.txt", handout / "constraints.txt")
        shutil.copytree(handout, template, dirs_exist_ok=True)
    _place(MARKING, marking)
    return [template, marking]


def _place(files: dict[str, str], folder: Path) -> None:
    for name, place in files.items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(FILES / name, folder / place)
