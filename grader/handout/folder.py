"""The students' folder and its zip: scripts, notebooks, checks, README and data; no solutions."""

from __future__ import annotations

import hashlib
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
from grader.handout.public_cases import write_public_cases
from grader.handout.readme import expect_shown_as_marked, students_half
from grader.handout.stubs import LOOKS_LIKE_MARKER, leaks, write_stubs
from grader.rubric import Rubric, load_rubric
from grader.sandbox.temporary import TemporaryFolder
from grader.sections import SCRIPTS

MANIFEST = ".handout.json"  # the hashes of what was written
FILES = ("utils.py", "requirements.txt")
FOLDERS = {"tests": "tests/student", "assignment": "assignment"}
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
    _refuse_foreign_files(folder)
    out.mkdir(parents=True, exist_ok=True)
    with TemporaryFolder(".handout-", folder.parent) as scratch:
        made = scratch.path / NAME
        made.mkdir()
        _fill(made, rubric, with_data=with_data)
        _refuse_leaks(made)
        _write_manifest(made)
        if folder.exists():
            shutil.rmtree(folder)
        made.rename(folder)
    archive = out / f"{NAME}.zip"
    write_atomically(archive, _zipped(folder))
    return [out / NAME, archive]


def _fill(folder: Path, rubric: Rubric, *, with_data: bool) -> None:
    for name in FILES:
        shutil.copyfile(ROOT / name, folder / name)
    for name, source in FOLDERS.items():
        shutil.copytree(ROOT / source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "assignment" / "rubric.toml").write_text(students_rubric(rubric), encoding="utf-8")
    write_public_cases(folder)
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


def _refuse_foreign_files(folder: Path) -> None:
    """Raises HandoutError if a folder holds anything that an earlier handout did not write.

    Running the scripts leaves bytecode, unpacked data and counted hints; these do not count.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise HandoutError(f"{folder} is not a folder, expected an earlier handout, or nothing")
    written = _read_manifest(folder)
    foreign = [
        name
        for name, path in _files_in(folder).items()
        if not (written.get(name) == _digest(path) or f"{name}.gz" in written)
        and "__pycache__" not in Path(name).parts
        and name not in (MANIFEST, STATE)
    ]
    if foreign:
        more = f" and {len(foreign) - 5} more" if len(foreign) > 5 else ""
        raise HandoutError(
            f"{folder} holds files that this command did not write, or that were changed since:"
            f" {', '.join(foreign[:5])}{more}. Move them away, or choose another --out"
        )


def _files_in(folder: Path) -> dict[str, Path]:
    """All that is not a folder, links included, by its name in `folder`."""
    return {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or not path.is_dir()
    }


def _read_manifest(folder: Path) -> dict[str, str]:
    try:
        return dict(json.loads((folder / MANIFEST).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}  # without a manifest, every file counts as foreign


def _write_manifest(folder: Path) -> None:
    """Note what was written, so that the next call replaces that and nothing else."""
    written = {name: _digest(path) for name, path in _files_in(folder).items()}
    (folder / MANIFEST).write_text(json.dumps(written, indent=0) + "\n", encoding="utf-8")


def _digest(path: Path) -> str:
    """The hash of a regular file; "" for a link, a pipe and the like."""
    if path.is_symlink() or not path.is_file():
        return ""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _refuse_leaks(folder: Path) -> None:
    """Raises HandoutError if a file of the handout holds a solution marker or a solution's line."""
    for path in sorted(folder.rglob("*")):
        if path.suffix not in (".py", ".ipynb", ".md", ".txt", ".toml"):
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
        for name, path in _files_in(folder).items():
            if name != MANIFEST:
                packed = zipfile.ZIP_STORED if path.suffix == ".gz" else zipfile.ZIP_DEFLATED
                stream.write(path, f"{NAME}/{name}", compress_type=packed)
    return content.getvalue()
