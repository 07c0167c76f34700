"""From the reference to what students get: stubs, notebooks, and a folder and zip without a line of solution.

In grader/reference, a solution stands between two comments that name its section:

    # BEGIN SOLUTION 1.2
    return np.maximum(z, 0)
    # END SOLUTION 1.2

It becomes `raise NotImplementedError("TODO 1.2: relu in numpy_ann.py")`, or, where it holds lines that start with
`# STUB `, those lines without the mark. The reference is the only source: the scripts at the root are generated.
"""

from __future__ import annotations

import re
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

from grader import PROJECT as ROOT
from grader import REFERENCE
from grader.errors import HandoutError
from grader.rubric import SCRIPTS, Rubric, load_rubric
from utils import PARTS

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

if not Path("utils.py").exists() and Path("{name}.zip").exists():
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
    """Write the students' folder, the notebooks beside the scripts in it, and its zip; returns folder and zip."""
    expect_shown_as_marked((ROOT / "README.md").read_text(encoding="utf-8"), load_rubric())
    folder = out / NAME
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in FILES:
        shutil.copyfile(ROOT / name, folder / name)
    shutil.copytree(
        ROOT / "tests" / "student", folder / "tests", ignore=shutil.ignore_patterns("__pycache__")
    )
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
    _refuse_leaks(folder)
    return [folder, _zip(folder)]


def students_half(readme: str) -> str:
    """The part of README.md that students get. Raises HandoutError where its two marks are missing."""
    _, begin, rest = readme.partition(README_BEGIN)
    half, end, _ = rest.partition(README_END)
    if not begin or not end:
        raise HandoutError(f"README.md is missing {README_BEGIN} or, after it, {README_END}")
    return half.strip() + "\n"


def expect_shown_as_marked(readme: str, rubric: Rubric) -> None:
    """Raises HandoutError where students would read other points or bars than those that they are marked by."""
    bars = {script: part.bar for script, part in PARTS.items()}
    if bars != rubric.bars:
        raise HandoutError(
            f"utils.py shows the bars {bars}, expected those of rubric.toml, {rubric.bars}: mend PARTS"
        )
    row = re.search(r"^\| \| 0\.1 .*\n.*\n(.*)$", readme, re.MULTILINE)
    shown = [cell.strip() for cell in row.group(1).split("|")[2:-1]] if row else []
    points = [f"{section.points:g}" for section in rubric.sections]
    if shown != points:
        raise HandoutError(
            f"README.md shows the points {' '.join(shown)}, expected those of rubric.toml, {' '.join(points)}"
        )


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
            if path.is_file():
                compression = zipfile.ZIP_STORED if path.suffix == ".gz" else zipfile.ZIP_DEFLATED
                stream.write(path, path.relative_to(folder.parent), compress_type=compression)
    return archive
