"""From the reference to what students get: stubs, notebooks, and a folder and zip without a line of solution.

In grader/reference, a solution stands between two comments that name its section:

    # BEGIN SOLUTION 1.2
    return np.maximum(z, 0)
    # END SOLUTION 1.2

It becomes `raise NotImplementedError("TODO 1.2: relu in numpy_ann.py")`, or, where it holds lines that start with
`# STUB `, those lines without the mark. The reference is the only source: the scripts at the root are generated.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from assignment.files import write_atomically
from grader import PROJECT as ROOT
from grader import REFERENCE
from grader.errors import HandoutError
from grader.rubric import Rubric, load_rubric
from grader.sections import SCRIPTS

MANIFEST = ".handout.json"  # what was written, by hash
NAME = "fashion-network"  # of the folder and the zip
FILES = ("utils.py", "requirements.txt")
# README.md holds the students' half between these two lines
README_BEGIN, README_END = "<!-- handout: begin -->", "<!-- handout: end -->"
DATA = ("README.md", "FashionMNIST/raw")  # MNIST is for the playground

_MARKER = re.compile(r"\s*#\s*(BEGIN|END)\s+SOLUTION\b\s*(\S*)\s*$")
_LOOKS_LIKE_MARKER = re.compile(r"#.*\b(BEGIN|END)[ _-]*SOLUTION|#\s*STUB\b", re.IGNORECASE)
_DEFINITION = re.compile(r"\s*(?:def|class)\s+(\w+)")


@dataclass(frozen=True)
class Solution:
    """One marked block: its section, the definition it stands in, its lines and where the BEGIN is, counted from 1."""

    section: str
    inside: str
    lines: tuple[str, ...]
    begin: int


def split(source: str, name: str) -> list[str | Solution]:
    """The source as a sequence of plain lines and solutions.

    Raises HandoutError, with file and line, for nested, stray, unknown, repeated or unclosed markers.
    """
    known = {section.number for section in load_rubric().sections if f"{section.script}.py" == name}
    parts: list[str | Solution] = []
    seen: set[str] = set()
    inside = ""
    begin, section, lines = 0, "", list[str]()
    for number, line in enumerate(source.splitlines(), start=1):
        where = f"{name}, line {number}"
        marker = _MARKER.match(line)
        if (
            marker is None
            and _LOOKS_LIKE_MARKER.search(line)
            and not (begin and line.strip().startswith("# STUB "))
        ):
            raise HandoutError(
                f"{where}: {line.strip()!r} is no marker, expected '# BEGIN SOLUTION 1.2' alone on its line"
            )
        if marker is None:
            if begin:
                lines.append(line)
            else:
                definition = _DEFINITION.match(line)
                inside = definition.group(1) if definition else inside
                parts.append(line)
            continue
        kind, given = marker.groups()
        if kind == "BEGIN":
            if begin:
                raise HandoutError(
                    f"{where}: a solution begins inside that of line {begin}, expected its END first"
                )
            if given not in known:
                raise HandoutError(
                    f"{where}: section {given!r} is unknown, expected one of {', '.join(sorted(known))}"
                )
            if given in seen:
                raise HandoutError(f"{where}: section {given} has a solution already")
            begin, section, lines = number, given, []
            seen.add(given)
        else:
            if not begin:
                raise HandoutError(f"{where}: a solution ends that never began")
            if given != section:
                raise HandoutError(
                    f"{where}: END SOLUTION {given}, expected {section}, which began in line {begin}"
                )
            parts.append(Solution(section, inside, tuple(lines), begin))
            begin = 0
    if begin:
        raise HandoutError(f"{name}, line {begin}: the solution of {section} is never closed")
    return parts


def stub(source: str, name: str) -> str:
    """A script as students get it: every solution a stub. Raises HandoutError where the markers are wrong."""
    lines: list[str] = []
    for part in split(source, name):
        lines += [part] if isinstance(part, str) else _stub_lines(part, name)
    return "\n".join(lines) + "\n"


def _stub_lines(solution: Solution, name: str) -> list[str]:
    given = [
        line.replace("# STUB ", "", 1)
        for line in solution.lines
        if line.strip().startswith("# STUB ")
    ]
    if given:
        return given
    first = next((line for line in solution.lines if line.strip()), "")
    indent = first[: len(first) - len(first.lstrip())]
    return [
        f'{indent}raise NotImplementedError("TODO {solution.section}: {solution.inside} in {name}")'
    ]


def solved(source: str, name: str) -> str:
    """A script with its solutions and without the markers."""
    lines: list[str] = []
    for part in split(source, name):
        lines += (
            [part]
            if isinstance(part, str)
            else [line for line in part.lines if not line.strip().startswith("# STUB ")]
        )
    return "\n".join(lines) + "\n"


def reference_source(script: str) -> str:
    """The source of a script of the reference, markers included."""
    return (REFERENCE / f"{script}.py").read_text(encoding="utf-8")


def write_readme_tables(path: Path) -> None:
    """Write the rubric's sections, points and bars into the tables of a README.md."""
    filled = with_tables(path.read_text(encoding="utf-8"), load_rubric())
    write_atomically(path, filled.encode())


def write_stubs(folder: Path) -> list[Path]:
    """Generate the three scripts from the reference into `folder`."""
    paths = []
    for script in SCRIPTS:
        path = folder / f"{script}.py"
        path.write_text(stub(reference_source(script), path.name), encoding="utf-8")
        paths.append(path)
    return paths


_SETUP = """\
# Run this first. In Colab, upload the assignment's zip beforehand (folder symbol on the left).
import os
import sys
import zipfile
from pathlib import Path

if not (Path("utils.py").exists() and Path("assignment").is_dir()) and Path("{name}.zip").exists():
    zipfile.ZipFile("{name}.zip").extractall()
if not Path("utils.py").exists() and Path("{name}").is_dir():
    os.chdir("{name}")
if not Path("utils.py").exists():
    raise FileNotFoundError("utils.py is not here: upload {name}.zip next to this notebook, then run this cell again")
sys.path.insert(0, os.getcwd())"""
_RUN = """\
if __name__ == "__main__":
    main([])  # main(["--check"]) checks the sections and does not train"""


def notebook(source: str) -> str:
    """A script as a Jupyter notebook (JSON): its cells, a cell that finds utils.py before them, and a run at the end.

    The markers must be gone. In Colab, choose a GPU under Runtime; the scripts find it by themselves.
    """
    import jupytext
    import nbformat

    book = jupytext.reads(source, fmt="py:percent")
    for cell in book.cells:
        title = cell.metadata.pop("title", "")
        if title:
            cell.source = f"# {title}\n\n{cell.source}"
    docstring = re.match(r'"""(.*?)"""\n', source, re.DOTALL)
    if docstring:
        book.cells[0].source = (
            book.cells[0].source.replace(docstring.group(0).rstrip("\n"), "", 1).strip()
        )
        text = re.sub(r"run\s+`python \w+\.py`", "run the last cell", docstring.group(1).strip())
        book.cells.insert(0, nbformat.v4.new_markdown_cell(text))
    book.cells[-1].source = book.cells[-1].source.replace(
        'if __name__ == "__main__":\n    sys.exit(main())', _RUN
    )
    book.cells.insert(1, nbformat.v4.new_code_cell(_SETUP.format(name=NAME)))
    book.cells = [cell for cell in book.cells if cell.source.strip()]
    for number, cell in enumerate(book.cells):
        cell["id"] = f"cell-{number}"  # the same notebook for the same source
    book.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}
    }
    return str(nbformat.writes(book)) + "\n"


def write_handout(out: Path, *, with_data: bool = True) -> list[Path]:
    """Write the students' folder, the notebooks beside the scripts in it, and its zip; returns folder and zip.

    Raises HandoutError where the README shows other points than the rubric, where a line of a solution would be in the
    handout, and where the folder holds anything that an earlier call did not write.
    """
    rubric = load_rubric()
    expect_shown_as_marked((ROOT / "README.md").read_text(encoding="utf-8"), rubric)
    folder = out / NAME
    _clear(folder)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=f".{NAME}-") as scratch:
        made = Path(scratch) / NAME
        made.mkdir()
        _fill(made, rubric, with_data=with_data)
        _refuse_leaks(made)
        _write_manifest(made)
        made.rename(folder)
    return [folder, _zip(folder)]


def _fill(folder: Path, rubric: Rubric, *, with_data: bool) -> None:
    for name in FILES:
        shutil.copyfile(ROOT / name, folder / name)
    for source, name in (
        (ROOT / "tests" / "student", "tests"),
        (ROOT / "assignment", "assignment"),
    ):
        shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "assignment" / "rubric.toml").write_text(_extract(rubric), encoding="utf-8")
    environment = (ROOT / "environment.yml").read_text(encoding="utf-8")
    student_part = environment.partition("  # grader\n")[0] + "  - pytest>=8.4\n"
    (folder / "environment.yml").write_text(student_part, encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (folder / "README.md").write_text(students_half(readme), encoding="utf-8")
    for path in write_stubs(folder):
        text = notebook(path.read_text(encoding="utf-8"))
        path.with_suffix(".ipynb").write_text(text, encoding="utf-8")
    for name in DATA if with_data else DATA[:1]:
        source, target = ROOT / "data" / name, folder / "data" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("*-ubyte", ".*"))
        else:
            shutil.copyfile(source, target)


def _extract(rubric: Rubric) -> str:
    """What students may know of the rubric: numbers, titles, points and bars."""
    entries = [
        f'[[section]]\nnumber = "{s.number}"\ntitle = {json.dumps(s.title)}\npoints = {s.points:g}\n'
        + ("" if s.bar is None else f"bar = {s.bar!r}\n")
        for s in rubric.sections
    ]
    return "# The points and bars of the assignment; nothing to edit here.\n\n" + "\n".join(entries)


def _clear(folder: Path) -> None:
    """Remove an earlier handout. Raises HandoutError for a folder that holds anything else, which stays as it is."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise HandoutError(f"{folder} is no folder, expected an earlier handout, or nothing")
    there = {
        str(path.relative_to(folder)): path
        for path in folder.rglob("*")
        if not path.is_dir() and "__pycache__" not in path.parts
    }
    manifest = there.pop(MANIFEST, None)
    written = json.loads(manifest.read_text(encoding="utf-8")) if manifest else {}
    foreign = sorted(
        name
        for name, path in there.items()
        if name not in written or _digest(path) != written[name]
    )
    if foreign:
        shown = ", ".join(foreign[:5]) + (
            f" and {len(foreign) - 5} more" if len(foreign) > 5 else ""
        )
        raise HandoutError(
            f"{folder} holds files that this command did not write ({shown}): move them away, or choose another --out"
        )
    shutil.rmtree(folder)


def _write_manifest(folder: Path) -> None:
    """Note what was written, so that the next call replaces that and nothing else."""
    written = {
        str(path.relative_to(folder)): _digest(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    (folder / MANIFEST).write_text(json.dumps(written, indent=0) + "\n", encoding="utf-8")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def students_half(readme: str) -> str:
    """The part of README.md that students get. Raises HandoutError where its two marks are missing."""
    _, begin, rest = readme.partition(README_BEGIN)
    half, end, _ = rest.partition(README_END)
    if not begin or not end:
        raise HandoutError(f"README.md is missing {README_BEGIN} or, after it, {README_END}")
    return half.strip() + "\n"


def expect_shown_as_marked(readme: str, rubric: Rubric) -> None:
    """Raises HandoutError where README.md shows other sections, points or bars than the rubric has."""
    shown, marked = tables(readme), tables(with_tables(readme, rubric))
    for what, there in shown.items():
        if there != marked[what]:
            raise HandoutError(
                f"README.md shows the {what} {' '.join(there)}, expected those of rubric.toml, "
                f"{' '.join(marked[what])}: grader handout --stubs writes them anew"
            )


_POINTS = re.compile(r"^\| \| 0\.1 .*\|\n(\|[-|: ]+\|)\n\| points \|.*\|$", re.MULTILINE)
_BAR = re.compile(r"^(\| (\d) `\w+\.py` \|.*\| )([\d.]+ %)( \|)$", re.MULTILINE)


def tables(readme: str) -> dict[str, list[str]]:
    """What README.md shows: section numbers, their points, and the bars."""
    found = _POINTS.search(readme)
    rows = [row.split("|")[2:-1] for row in found[0].split("\n")] if found else [[], [], []]
    cells = [[cell.strip() for cell in row] for row in rows]
    return {"sections": cells[0], "points": cells[2], "bars": [m[2] for m in _BAR.findall(readme)]}


def with_tables(readme: str, rubric: Rubric) -> str:
    """README.md with the sections, points and bars that the rubric has."""
    numbers = " | ".join(section.number for section in rubric.sections)
    points = " | ".join(f"{section.points:g}" for section in rubric.sections)
    rule = "|---" * (len(rubric.sections) + 1) + "|"
    readme = _POINTS.sub(f"| | {numbers} |\n{rule}\n| points | {points} |", readme)
    bars = {s.number.partition(".")[0]: s.bar for s in rubric.sections if s.bar is not None}
    return _BAR.sub(lambda m: f"{m[1]}{100 * bars[m[2]]:g} %{m[4]}", readme)


def _refuse_leaks(folder: Path) -> None:
    """Raises HandoutError if any text file of the handout holds a solution marker or a line of a solution."""
    for path in sorted(folder.rglob("*")):
        if path.suffix not in (".py", ".ipynb", ".md", ".txt"):
            continue
        text = path.read_text(encoding="utf-8")
        if _LOOKS_LIKE_MARKER.search(text):
            raise HandoutError(f"{path.relative_to(folder)} holds a solution marker")
        for script in SCRIPTS:
            for leaked in leaks(text, script):
                raise HandoutError(
                    f"{path.relative_to(folder)} holds a line of the solution: {leaked!r}"
                )


def leaks(text: str, script: str) -> list[str]:
    """The lines of a script's solutions that stand in `text`; lines that the given code has too do not count."""
    source = reference_source(script)
    stub_lines = {_code(line) for line in stub(source, f"{script}.py").splitlines()}
    given = {_code(line.strip().strip('",').removesuffix("\\n")) for line in text.splitlines()}
    solution_lines = (
        line
        for part in split(source, f"{script}.py")
        if isinstance(part, Solution)
        for line in part.lines
    )
    telling = {_code(line) for line in solution_lines} - stub_lines
    telling = {
        code for code in telling if not code.endswith(":")
    }  # a bare `with torch.no_grad():` tells nothing
    return sorted(code for code in telling if code in given or (len(code) > 25 and code in text))


def _code(line: str) -> str:
    return "" if line.strip().startswith("#") else line.partition("  #")[0].strip()


def _zip(folder: Path) -> Path:
    archive = folder.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as stream:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.name != MANIFEST:
                compression = zipfile.ZIP_STORED if path.suffix == ".gz" else zipfile.ZIP_DEFLATED
                stream.write(path, path.relative_to(folder.parent), compress_type=compression)
    return archive
