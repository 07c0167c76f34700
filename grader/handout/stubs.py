"""The scripts as students get them: the reference without its solutions.

In grader/reference, a solution stands between two comments that name its section:

    # BEGIN SOLUTION 1.2
    return np.maximum(z, 0)
    # END SOLUTION 1.2

It becomes `raise NotImplementedError("TODO 1.2: relu in numpy_ann.py")`. If some of its lines start
with `# STUB `, those lines take its place, without that mark. The scripts at the root are generated
from the reference and never edited.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from assignment.files import write_atomically
from grader import REFERENCE
from grader.errors import HandoutError
from grader.rubric import load_rubric
from grader.sections import SCRIPTS

_MARKER = re.compile(r"\s*#\s*(BEGIN|END)\s+SOLUTION\b\s*(\S*)\s*$")
LOOKS_LIKE_MARKER = re.compile(r"#.*\b(BEGIN|END)[ _-]*SOLUTION|#\s*STUB\b", re.IGNORECASE)
_DEFINITION = re.compile(r"\s*(?:def|class)\s+(\w+)")


@dataclass(frozen=True)
class Solution:
    """One marked block: its section, the definition around it, its lines, and the line of BEGIN."""

    section: str
    inside: str
    lines: tuple[str, ...]
    begin: int


def split(source: str, name: str) -> list[str | Solution]:
    """The source as a sequence of plain lines and solutions.

    Raises HandoutError, with file and line, for a wrong marker: nested, stray, unknown, repeated or
    never closed.
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
            and LOOKS_LIKE_MARKER.search(line)
            and not (begin and line.strip().startswith("# STUB "))
        ):
            raise HandoutError(
                f"{where}: {line.strip()!r} is not a marker,"
                " expected '# BEGIN SOLUTION 1.2' on a line of its own"
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
                    f"{where}: a solution begins inside that of line {begin}, which must end first"
                )
            if given not in known:
                choices = ", ".join(sorted(known))
                raise HandoutError(
                    f"{where}: section {given!r} is unknown, expected one of {choices}"
                )
            if given in seen:
                raise HandoutError(f"{where}: section {given} already has a solution")
            begin, section, lines = number, given, []
            seen.add(given)
        else:
            if not begin:
                raise HandoutError(f"{where}: END SOLUTION without BEGIN SOLUTION")
            if given != section:
                raise HandoutError(
                    f"{where}: END SOLUTION {given}, expected {section}, begun in line {begin}"
                )
            parts.append(Solution(section, inside, tuple(lines), begin))
            begin = 0
    if begin:
        raise HandoutError(f"{name}, line {begin}: the solution of {section} is never closed")
    return parts


def stub(source: str, name: str) -> str:
    """A script as students get it, every solution a stub. Raises HandoutError for wrong markers."""
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
    """A script with its solutions, without the markers."""
    lines: list[str] = []
    for part in split(source, name):
        lines += (
            [part]
            if isinstance(part, str)
            else [line for line in part.lines if not line.strip().startswith("# STUB ")]
        )
    return "\n".join(lines) + "\n"


def reference_source(script: str) -> str:
    """The source of a script of the reference, with its markers."""
    return (REFERENCE / f"{script}.py").read_text(encoding="utf-8")


def write_stubs(folder: Path) -> list[Path]:
    """The paths of the three scripts, generated from the reference into `folder`."""
    paths = []
    for script in SCRIPTS:
        path = folder / f"{script}.py"
        write_atomically(path, stub(reference_source(script), path.name).encode())
        paths.append(path)
    return paths


def leaks(text: str, script: str) -> list[str]:
    """The lines of a script's solutions in `text`, except those that the given code has too."""
    given = {_code(line.strip().strip('",').removesuffix("\\n")) for line in text.splitlines()}
    return sorted(
        code
        for code in _telling(reference_source(script), script)
        if code in given or (len(code) > 25 and code in text)
    )


@lru_cache(maxsize=len(SCRIPTS))
def _telling(source: str, script: str) -> frozenset[str]:
    """The lines of a script's solutions that give something away."""
    stub_lines = {_code(line) for line in stub(source, f"{script}.py").splitlines()}
    solution_lines = (
        line
        for part in split(source, f"{script}.py")
        if isinstance(part, Solution)
        for line in part.lines
    )
    telling = {_code(line) for line in solution_lines} - stub_lines
    # a line such as `with torch.no_grad():` gives nothing away
    return frozenset(code for code in telling if not code.endswith(":"))


def _code(line: str) -> str:
    return "" if line.strip().startswith("#") else line.partition("  #")[0].strip()
