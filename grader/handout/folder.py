"""The students' folder and its zip: scripts, notebooks, checks, README and data; no solutions."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import zipfile
from pathlib import Path

from assignment.files import write_atomically
from assignment.show_hint import STATE
from grader import PROJECT as ROOT
from grader.errors import HandoutError
from grader.handout import NAME
from grader.handout.notebooks import notebook
from grader.handout.owned import files_in, refuse_foreign_files, replace
from grader.handout.public_cases import write_public_cases
from grader.handout.readme import expect_shown_as_marked, students_half
from grader.handout.stubs import LOOKS_LIKE_MARKER, leaks, write_stubs
from grader.rubric import Rubric, load_rubric
from grader.sandbox.temporary import TemporaryFolder
from grader.sections import SCRIPTS

MANIFEST = ".handout.json"  # the hashes of what was written
DATA = ("README.md", "FashionMNIST/raw")  # MNIST is for the playground
# in data/README.md: what is not true of the handout stands between these
ONLY_HERE = ("<!-- only here: begin -->", "<!-- only here: end -->")


def write_handout(out: Path, *, with_data: bool = True) -> list[Path]:
    """The paths of the students' folder and its zip, both written into `out`.

    Raises HandoutError if the README shows other points than the rubric, if a line of a solution
    would be in the handout, or if the folder holds anything that an earlier call did not write.
    """
    rubric = load_rubric()
    expect_shown_as_marked((ROOT / "README.md").read_text(encoding="utf-8"), rubric)
    folder = Path(os.path.realpath(out / NAME))  # a link is followed
    refuse_foreign_files(folder, MANIFEST, "handout", _is_left_over)
    out.mkdir(parents=True, exist_ok=True)
    with TemporaryFolder(".handout-", folder.parent) as scratch:
        made = scratch.path / NAME
        made.mkdir()
        _fill(made, rubric, with_data=with_data)
        refuse_leaks(made)
        replace(made, folder, MANIFEST)
    archive = out / f"{NAME}.zip"
    write_atomically(archive, _zipped(folder))
    return [out / NAME, archive]


def copy_code(folder: Path, rubric: Rubric) -> None:
    """Write the code that students have besides the scripts: utils.py and assignment/."""
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copyfile(ROOT / "utils.py", folder / "utils.py")
    shutil.copytree(ROOT / "assignment", folder / "assignment", ignore=ignore)
    (folder / "assignment" / "rubric.toml").write_text(students_rubric(rubric), encoding="utf-8")
    write_public_cases(folder)


def _fill(folder: Path, rubric: Rubric, *, with_data: bool) -> None:
    copy_code(folder, rubric)
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copyfile(ROOT / "requirements.txt", folder / "requirements.txt")
    shutil.copytree(ROOT / "tests" / "student", folder / "tests", ignore=ignore)
    environment = (ROOT / "environment.yml").read_text(encoding="utf-8")
    (folder / "environment.yml").write_text(_students_environment(environment), encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (folder / "README.md").write_text(students_half(readme), encoding="utf-8")
    for path in write_stubs(folder):
        text = notebook(path.read_text(encoding="utf-8"))
        path.with_suffix(".ipynb").write_text(text, encoding="utf-8")
    for name in DATA if with_data else DATA[:1]:
        found, target = ROOT / "data" / name, folder / "data" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if found.is_dir():
            shutil.copytree(found, target, ignore=shutil.ignore_patterns("*-ubyte", ".*"))
        else:
            shutil.copyfile(found, target)
    data_readme = (ROOT / "data" / "README.md").read_text(encoding="utf-8")
    (folder / "data" / "README.md").write_text(_students_data_readme(data_readme), encoding="utf-8")


def _students_environment(text: str) -> str:
    """The packages that students need, for conda; the handout has no pyproject.toml."""
    packages = text.partition("dependencies:\n")[2].partition("  # grader\n")[0]
    return (
        "# The packages of requirements.txt and Jupyter, for conda:\n"
        "# conda env create -f environment.yml\n"
        f"name: {NAME}\nchannels:\n  - conda-forge\ndependencies:\n"
        f"{packages.replace('  # student' + chr(10), '')}  - pytest>=8.4\n"
    )


def _students_data_readme(text: str) -> str:
    """The description of the data without what stands between the marks: MNIST is not there."""
    return re.sub(
        rf"{re.escape(ONLY_HERE[0])}.*?{re.escape(ONLY_HERE[1])}\n?", "", text, flags=re.S
    )


def students_rubric(rubric: Rubric) -> str:
    """What students may know of the rubric: numbers, titles, points, hints, bars, and imports."""
    imports = {**rubric.imports, "forbidden": rubric.forbidden}
    listed = [f"{name} = {_toml(names)}" for name, names in imports.items()]
    entries = [
        f'[[section]]\nnumber = "{s.number}"\n'
        f"title = {_toml(s.title)}\npoints = {s.points:g}\nhints = {_toml(s.hints)}\n"
        + ("" if s.bar is None else f"bar = {s.bar!r}\n")
        for s in rubric.sections
    ]
    head = "# The points, hints, bars and packages of the assignment; nothing to edit here."
    return "\n".join([head, "", "[imports]", *listed, "", *entries])


def _toml(value: str | tuple[str, ...]) -> str:
    """A text or several as TOML, which takes every text of JSON that is not escaped to ASCII."""
    return json.dumps(value, ensure_ascii=False)


def _is_left_over(name: str, written: dict[str, str]) -> bool:
    """Whether running the scripts leaves this: bytecode, unpacked data, counted hints."""
    return f"{name}.gz" in written or "__pycache__" in Path(name).parts or name == STATE


def refuse_leaks(folder: Path) -> None:
    """Raises HandoutError if a file for students holds a solution marker or a solution's line."""
    for path in sorted(folder.rglob("*")):
        if path.suffix not in (".py", ".ipynb", ".md", ".txt", ".toml", ".html", ".js"):
            continue
        text = path.read_text(encoding="utf-8")
        if LOOKS_LIKE_MARKER.search(text):
            raise HandoutError(f"{path.relative_to(folder)} holds a solution marker")
        for script in SCRIPTS:
            for leaked in leaks(text, script):
                raise HandoutError(
                    f"{path.relative_to(folder)} holds a line of the solution: {leaked!r}"
                )


def _zipped(folder: Path) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as stream:
        for name, path in files_in(folder).items():
            if name != MANIFEST:
                packed = zipfile.ZIP_STORED if path.suffix == ".gz" else zipfile.ZIP_DEFLATED
                stream.write(path, f"{NAME}/{name}", compress_type=packed)
    return content.getvalue()
