"""The submission checklist: what a folder still needs to be handed in, and packing it."""

from __future__ import annotations

import ast
import contextlib
import hashlib
import importlib
import io
import json
import math
import sys
import zipfile
from pathlib import Path
from types import ModuleType

from assignment.expect import CheckFailed
from assignment.files import write_atomically
from assignment.foreign_imports import import_findings
from assignment.notebook_cells import NotebookError, code_in
from assignment.parts import PARTS, Part
from assignment.section_checks import CHECKS, describe_error
from assignment.sources import EncodingError, unwritten


def source_fingerprint(source: str) -> str:
    """A hash of what a script does: its syntax tree without docstrings, comments and JUDGEMENT.

    A plot carries it. A judgement written down after looking at the plot does not make the plot
    out of date.
    """
    tree = ast.parse(source)
    tree.body = [
        node
        for node in tree.body
        if not (isinstance(node, ast.Assign) and _assigns(node, "JUDGEMENT"))
    ]
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and ast.get_docstring(node, clean=False) is not None
        ):
            node.body = node.body[1:] or [ast.Pass()]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()[:16]


def fingerprint_of(module: ModuleType) -> str:
    """The fingerprint of a script's file; "" in a notebook, which has no such file."""
    path = getattr(module, "__file__", None)
    return source_fingerprint(Path(path).read_text(encoding="utf-8-sig")) if path else ""


def _assigns(node: ast.Assign, name: str) -> bool:
    return any(isinstance(target, ast.Name) and target.id == name for target in node.targets)


def checklist(folder: Path) -> list[tuple[str, str]]:
    """Each file to hand in from `folder`, and its problem: "" if there is none."""
    findings = []
    for part in PARTS.values():
        source = submitted_source(folder, part.name)
        findings.append((source.name, _script_problem(source, part)))
    for part in PARTS.values():
        if part.name != "numpy_ann":  # nobody hands in its plot
            problem = _plot_problem(folder / part.plot_file, submitted_source(folder, part.name))
            findings.append((part.plot_file, problem))
    return findings


def submitted_source(folder: Path, name: str) -> Path:
    """The script to hand in, or the notebook of the same name if more of it is written."""
    script, notebook = folder / f"{name}.py", folder / f"{name}.ipynb"
    return min((script, notebook), key=lambda path: (not path.is_file(), _stubs(path)))


def _stubs(path: Path) -> float:
    """How many stubs are left; more than any file has, for one that cannot be read."""
    try:
        return len(_unwritten(path))
    except (OSError, EncodingError, NotebookError):
        return math.inf


def _unwritten(path: Path) -> list[str]:
    """The TODOs left in a script or notebook. Raises EncodingError or NotebookError."""
    return unwritten(code_in(path.name, path.read_bytes()))


def _script_problem(path: Path, part: Part) -> str:
    if not path.is_file():
        return "is missing"
    try:
        open_todos = _unwritten(path)
    except (EncodingError, NotebookError) as error:
        return str(error)
    if open_todos:
        return f"is not finished: {'; '.join(open_todos)}"
    problems = import_findings(part.name, path.name, path.read_bytes()).problems
    if problems:
        return problems[0].removeprefix(path.name).lstrip(",: ")
    if path.suffix == ".ipynb":
        source = code_in(path.name, path.read_bytes())
        return "" if part.class_name in source else f"does not define {part.class_name}"
    return _import_problem(path, part)


def _import_problem(path: Path, part: Part) -> str:
    """Why a script cannot be imported, or a JUDGEMENT that is none of the three words; else ""."""
    sys.path.insert(0, str(path.parent))
    sys.argv[1:] = []  # a script that runs when imported must not read our options
    try:
        module = importlib.import_module(path.stem)
    except (Exception, SystemExit) as error:
        return f"cannot be imported: {describe_error(error)}"
    finally:
        sys.path.remove(str(path.parent))
    if CHECKS[part.name][-1].after_training:
        try:
            CHECKS[part.name][-1].run(module)
        except (CheckFailed, NotImplementedError) as error:
            return f"is not finished: {error}"
    return ""


def _plot_problem(path: Path, source: Path) -> str:
    run = f"run {'python ' if source.suffix == '.py' else ''}{source.name}"
    again = f"{run} again"
    if not path.is_file():
        return f"is missing: {run}"
    from PIL import Image

    try:
        with Image.open(path) as image:
            image.load()
            text, kind = dict(image.info), image.format
    except (OSError, SyntaxError) as error:
        return f"is not a readable PNG ({error}): {again}"
    if kind != "PNG":
        return f"is a {kind} file, expected a PNG: {again}"
    try:
        carried = dict(json.loads(text.get("History", "{}")))
    except (ValueError, TypeError):
        carried = {}
    if carried.get("script", source.stem) != source.stem:
        return f"was written by {carried['script']}.py: {again}"
    if (
        source.suffix == ".ipynb"
        or not source.is_file()
        or path.stat().st_mtime >= source.stat().st_mtime
    ):
        return ""  # Jupyter saves a notebook after its last run: its age tells nothing
    # a script that does not parse has no fingerprint
    with contextlib.suppress(SyntaxError, ValueError):
        if carried.get("fingerprint") == source_fingerprint(source.read_text(encoding="utf-8-sig")):
            return ""
    return f"is older than {source.name}: {again}"


def pack(folder: Path) -> Path:
    """The path of `submission.zip`, written with those of the checklist's five files that exist."""
    archive = folder / "submission.zip"
    files = [submitted_source(folder, part.name) for part in PARTS.values()]
    files += [folder / part.plot_file for part in PARTS.values() if part.name != "numpy_ann"]
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as stream:
        for path in files:
            if path.is_file():
                stream.write(path, path.name)
    write_atomically(archive, content.getvalue())
    return archive
