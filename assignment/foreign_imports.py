"""What a student should know of the imports in a script before it is marked.

The same rule as in marking (imports.py): the run says it before training, the checklist before it
packs.
"""

from __future__ import annotations

from dataclasses import dataclass

from assignment.imports import prepare
from assignment.notebook_cells import NotebookError, code_in
from assignment.parts import import_rule
from assignment.sources import EncodingError, code_lines


@dataclass(frozen=True)
class ImportFindings:
    """`problems` cost every section of the script; `remarks` say what marking leaves out."""

    problems: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def import_findings(script: str, name: str, content: bytes) -> ImportFindings:
    """The findings in the file `name`, which is to be handed in as `script`.

    None for a file that cannot be parsed, whose problem is another one.
    """
    is_notebook = name.lower().endswith(".ipynb")
    rule = import_rule(script, notebook=is_notebook)
    try:
        source = code_in(name, content)
        prepared = prepare(source, rule)
    except (SyntaxError, EncodingError, NotebookError):
        return ImportFindings()
    lines = code_lines(source)
    problems = []
    for module, number in prepared.forbidden:
        # Jupyter shows no line numbers: the line itself says where
        place = f": {lines[number - 1].strip()}" if is_notebook else f", line {number}"
        problems.append(
            f"{name}{place}: {module} may not be imported, {rule.expected}. "
            "Remove it: with it, no section of the script is marked."
        )
    return ImportFindings(
        tuple(problems), tuple(f"{name}, {remark}." for remark in prepared.remarks)
    )
