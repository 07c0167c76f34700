"""Text from a submission without the paths of the machine that marks it."""

from __future__ import annotations

import re
import sys
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

from grader import PROJECT
from grader.results import Verdict
from grader.sandbox.bubblewrap import CODE, SCRATCH

WORKDIR = (
    # of sandbox/workdir.py, in a folder for temporary files
    r"(?:submission-\w+/(?:code|scratch)|worker-\w+)"
)
ELSEWHERE = "…"  # in place of a folder that is named by itself


def without_paths(text: str) -> str:
    """The text, with paths relative that lead into the sandbox, Python, its packages or this project.

    >>> without_paths("/submission/numpy_ann.py:57: UserWarning, in /scratch")
    'numpy_ann.py:57: UserWarning, in …'
    """
    return _known().sub(lambda found: "" if found[1] else ELSEWHERE, text) if "/" in text else text


@cache
def _known() -> re.Pattern[str]:
    """Matches a folder of this machine, and the slash after it if something follows."""
    temporary = {tempfile.gettempdir(), "/tmp"}
    folders = {CODE, SCRATCH, "/usr/local", "/usr", str(PROJECT), str(Path.home()), *temporary}
    folders |= {sys.prefix, sys.base_prefix, str(Path(sys.executable).resolve().parent.parent)}
    folders |= {path for path in sys.path if path.endswith("-packages")}
    folders |= {str(Path(folder).resolve()) for folder in folders}
    named = [f"{re.escape(folder)}/{WORKDIR}" for folder in temporary]
    named += map(re.escape, sorted(folders - {"/"}, key=len, reverse=True))
    return re.compile(rf"(?<![\w./-])(?:{'|'.join(named)})(?:(/)(?=[\w.])|/?(?![\w-]))")


def shown(verdict: Verdict) -> Verdict:
    """A verdict as it may be shown to the student: none of its text names a path of this machine."""
    smallest = verdict.smallest
    if smallest is not None:
        smallest = replace(
            smallest, got=without_paths(smallest.got), expected=without_paths(smallest.expected)
        )
    return replace(
        verdict,
        got=without_paths(verdict.got),
        expected=without_paths(verdict.expected),
        where=without_paths(verdict.where),
        exception=without_paths(verdict.exception),
        printed=without_paths(verdict.printed),
        hints=tuple(map(without_paths, verdict.hints)),
        notes=tuple(map(without_paths, verdict.notes)),
        smallest=smallest,
    )
