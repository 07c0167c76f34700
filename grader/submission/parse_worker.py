"""What the process does that parses code which was handed in. Nothing of the code runs.

A parser can be made to take all memory, to take minutes, or to crash. parsing.py calls this in a
process of its own, which that ends alone.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

MEMORY = 1 << 30  # bytes; a script of 200 kB takes 100 MB
SECONDS = 20  # of processor time


def answer(op: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """The answer of a function below; empty where the code breaks the parser."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what the code holds
        try:
            return _OPS[op](**arguments)
        except Exception:
            return {}


def limit_process(seconds: int = SECONDS) -> None:
    """Limit the memory and the processor time of this process, where the system can."""
    try:
        import resource
    except ImportError:  # Windows
        return
    for which, value in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, seconds)):
        hard = resource.getrlimit(which)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(which, (value, hard))
        except (OSError, ValueError):  # macOS has no limit on address space
            continue


def _unwritten(sources: dict[str, str]) -> dict[str, int]:
    """How many stubs are left in each source."""
    from assignment.sources import unwritten

    return {name: len(unwritten(source)) for name, source in sources.items()}


def _parts(source: str, wanted: dict[str, list[str]]) -> dict[str, str]:
    """The scripts that a notebook with everything holds; none if it cannot be parsed."""
    from grader.submission.one_notebook import parts_of

    try:
        return parts_of(source, wanted)
    except (SyntaxError, RecursionError):
        return {}


def _prepare(scripts: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Source, remarks and findings for the instructor of each script that can be parsed."""
    from assignment.imports import Rule, prepare

    found = {}
    for name, script in scripts.items():
        try:
            source = script.pop("source")
            prepared = prepare(source, Rule(**script))
        except (SyntaxError, RecursionError, MemoryError):
            continue  # the worker says where and why
        remarks = list(prepared.remarks)
        found[name] = {
            "source": prepared.source,
            "remarks": remarks,
            "findings": _findings(source),
        }
    return found


def _findings(source: str) -> list[tuple[str, str]]:
    """Notes for the instructor; none if looking for them breaks, since they must cost nobody."""
    from grader.submission.embedded_data import findings

    try:
        return findings(source)
    except (SyntaxError, RecursionError, MemoryError):
        return []


_OPS: dict[str, Callable[..., dict[str, Any]]] = {
    "unwritten": _unwritten,
    "parts": _parts,
    "prepare": _prepare,
}
