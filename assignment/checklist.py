"""The submission checklist: what a folder still needs to be handed in, and packing it."""

from __future__ import annotations

import io
import math
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

from assignment.files import write_atomically
from assignment.foreign_imports import ImportFindings, import_findings
from assignment.notebook_cells import NotebookError
from assignment.parts import PARTS, Part, points
from assignment.plot_checks import accuracy_remark, plot_problem
from assignment.script_checks import ScriptReport, check_scripts
from assignment.size_limits import TooLargeError, bounded_code
from assignment.sources import EncodingError, roughly, unwritten

ARCHIVE = "submission.zip"


PREDICATES = ("is ", "cannot ", "was ", "ended ", "does ", "carries ", "shows ")


@dataclass(frozen=True)
class Finding:
    """One file to hand in: its problem, "" if there is none, and lines that say more.

    `sections` says of each of its sections whether it passed; a plot is a section of its own.
    """

    name: str
    problem: str
    details: tuple[str, ...]
    sections: dict[str, bool]

    def __str__(self) -> str:
        joint = " " if self.problem.startswith(PREDICATES) else ": "
        return f"{self.name}{joint}{self.problem}" if self.problem else self.name


def checklist(folder: Path) -> list[Finding]:
    """What there is to say about each file to hand in from `folder`, scripts first."""
    sources = [submitted_source(folder, part.name) for part in PARTS.values()]
    reports = check_scripts([source for source in sources if source.is_file()])
    findings = [
        _script_finding(source, part, reports.get(part.name, ScriptReport()))
        for source, part in zip(sources, PARTS.values(), strict=True)
    ]
    for source, part in zip(sources, PARTS.values(), strict=True):
        if part.name != "numpy_ann":  # nobody hands in its plot
            path = folder / part.plot_file
            problem = plot_problem(path, source)
            remark = "" if problem else accuracy_remark(path, part)
            details = (remark,) if remark else ()
            findings.append(Finding(path.name, problem, details, {f"{part.number}.7": not problem}))
    return findings


def _script_finding(path: Path, part: Part, report: ScriptReport) -> Finding:
    """What there is to say about a script: its own problems before those of its sections."""
    imports = _imports(path, part)
    problems = [_script_problem(path), *imports.problems, *report.problems]
    problems = [problem.removeprefix(f"{path.name}, ") for problem in problems if problem]
    wrong = [number for number, status in report.statuses.items() if status == "failed"]
    if not problems and wrong:
        problems = [f"is not right yet: {', '.join(wrong)}"]
    if problems and problems[0] == "is empty":
        return Finding(path.name, problems[0], (), {})
    sections = {
        number: status == "passed" and not imports.problems
        for number, status in report.statuses.items()
    }
    details = (*problems[1:], *report.details, *imports.remarks)
    return Finding(path.name, problems[0] if problems else "", details, sections)


def _imports(path: Path, part: Part) -> ImportFindings:
    if not path.is_file():
        return ImportFindings()
    return import_findings(part.name, path.name, path.read_bytes())


def marked_how_far(findings: list[Finding]) -> list[str]:
    """Lines that say how many points the public checks vouch for, and what only marking measures."""
    worth = points()
    passed = [number for finding in findings for number, good in finding.sections.items() if good]
    if not any(finding.problem.startswith("is missing") for finding in findings):
        passed.append("0.1")
    measured = [_measured(part) for part in PARTS.values()]
    missed = [number for number in worth if number not in (*passed, *measured)]
    total = f"{sum(worth.values()):g}"
    lines = [
        f"{_sum(worth, passed)} of {total} points are in sections that pass here; marking checks "
        "them with more inputs."
    ]
    if missed:
        lines.append(
            f"{_sum(worth, missed)} are in sections that do not, or were not reached: "
            f"{', '.join(missed)}."
        )
    lines.append(
        f"{_sum(worth, measured)} are for test accuracies ({', '.join(measured)}): only marking "
        "measures them,"
    )
    lines.append("and decides there whether JUDGEMENT fits the curves.")
    return lines


def _measured(part: Part) -> str:
    """The section of a part that is its test accuracy, after those that are written."""
    return f"{part.number}.{7 if part.number == 1 else 6}"


def nothing_written(folder: Path) -> str:
    """What to do if all scripts of a folder are stubs; "" if anything is written."""
    if not all(_is_blank(submitted_source(folder, part.name), part) for part in PARTS.values()):
        return ""
    return (
        f"Nothing is written in {folder}.\nIf you work somewhere else, as in Colab: download each "
        "notebook (File, Download) and put it\nbeside utils.py, with the plots, then run this again."
    )


def _is_blank(path: Path, part: Part) -> bool:
    """Whether every section of a script or notebook is open."""
    to_write = {n for n in points() if n.startswith(f"{part.number}.") and n < _measured(part)}
    try:
        return to_write <= set(re.findall(r"TODO (\d\.\d)", "\n".join(_unwritten(path))))
    except (OSError, EncodingError, NotebookError, TooLargeError):
        return False


def _sum(worth: dict[str, float], numbers: list[str]) -> str:
    return f"{sum(worth.get(number, 0.0) for number in numbers):g}"


def submitted_source(folder: Path, name: str) -> Path:
    """The script to hand in, or the notebook of the same name if more of it is written."""
    script, notebook = folder / f"{name}.py", folder / f"{name}.ipynb"
    return min((script, notebook), key=lambda path: (not path.is_file(), *_stubs(path)))


def _stubs(path: Path) -> tuple[float, bool]:
    """How many stubs are left, and whether that is a guess, as the encoding is unknown.

    More than any file has, for one that cannot be read at all.
    """
    try:
        return len(_unwritten(path)), False
    except EncodingError:
        return len(unwritten(roughly(path.read_bytes()))), True
    except (OSError, NotebookError, TooLargeError):
        return math.inf, True


def _unwritten(path: Path) -> list[str]:
    """The TODOs left in a file. Raises EncodingError, NotebookError or TooLargeError."""
    return unwritten(bounded_code(path.name, path.read_bytes()))


def _script_problem(path: Path) -> str:
    """Why a script is not finished or cannot be read, as far as that shows without running it."""
    if not path.is_file():
        return "is missing"
    if not path.read_bytes().strip():
        return "is empty"
    try:
        open_todos = _unwritten(path)
    except (EncodingError, NotebookError, TooLargeError) as error:
        return str(error)
    if open_todos:
        return f"is not finished: {'; '.join(open_todos)}"
    return ""


def pack(folder: Path) -> Path:
    """The path of `submission.zip`, written with those of the checklist's five files that exist."""
    archive = folder / ARCHIVE
    files = [submitted_source(folder, part.name) for part in PARTS.values()]
    files += [folder / part.plot_file for part in PARTS.values() if part.name != "numpy_ann"]
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as stream:
        for path in files:
            if path.is_file():
                stream.write(path, path.name)
    write_atomically(archive, content.getvalue())
    return archive
