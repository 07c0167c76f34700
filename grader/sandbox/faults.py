"""A worker's description of an exception as a fault of the student's code, in words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from assignment.definitions import GIVEN, METHODS, missing_name, no_module
from assignment.error_hints import hint_for
from assignment.failure import CheckFailed, named
from assignment.handles import CAUSES
from assignment.problems import GRADIENTS_OFF
from grader.errors import BadReply, NotWritten, StudentError, StudentFault, too_large
from grader.results import Frame

# the methods that the contract has called
CALLED = {*METHODS.values(), *(name for names in GIVEN.values() for name in names)}
STUB = re.compile(r"TODO \d\.\d", re.ASCII)  # the beginning of its message
NO_DATA = (
    "marking imports the script without data: move this into a function, or below "
    'if __name__ == "__main__":.'
)
# how Python, NumPy, PyTorch and oneDNN say that the kernel gave them no memory
OUT_OF_MEMORY = re.compile(
    r"can't allocate memory|cannot allocate memory|unable to allocate|bad_?alloc|out of memory"
    r"|could not create a (?:primitive|memory)|can't start new thread",
    re.IGNORECASE,
)
LESS_MEMORY = (
    "use a smaller batch or smaller layers, predict in blocks of images, and keep no tensors "
    "from step to step."
)


def student_fault(error: Any, script: str, memory_bytes: int) -> StudentFault:
    """The fault to raise here for what a worker answered in place of a value.

    `memory_bytes` is the memory that the script may take.
    """
    if not isinstance(error, dict) or not isinstance(error.get("frames"), list):
        return BadReply("the answer does not describe its error", kind="raises")
    match error.get("too_large"):
        case [int(held), int(allowed), "bytes" | "values outside of arrays" as unit]:
            return too_large(held, allowed, unit)
    message, name, kind = (str(error.get(key, "")) for key in ("message", "type", "kind"))
    if kind == "stub":
        stub = STUB.match(message)
        return NotWritten(f"not written yet ({stub[0]})" if stub else "not written yet")
    trace = tuple(_frame(entry) for entry in error["frames"])
    if "no_module" in error:
        return _stated(no_module(named(error["no_module"])), trace)
    absent = error.get("missing")
    if isinstance(absent, list) and len(absent) > 1 and absent[0] in CALLED and not trace:
        called, owner, *methods = map(str, absent)
        return missing(called, f"class {named(owner)} of {script}.py", methods)
    if name.endswith("MemoryError") or OUT_OF_MEMORY.search(message):
        return StudentError(
            f"it needs more memory than the {memory_bytes / 1e6:,.0f} MB that this part may take",
            kind="raises",
            trace=trace,
            exception=f"{name}: {message}",
            type_name=name,
            hint=LESS_MEMORY,
        )
    source = trace[-1].source if trace else ""
    hint = hint_for(name, message, source=source, script=script)
    known = "syntax-error" if kind == "syntax" else CAUSES.get(str(error.get("cause")), "raises")
    return StudentError(
        kind=known,
        trace=trace,
        exception=f"{name}: {message}",
        type_name=name,
        hint=GRADIENTS_OFF if error.get("gradients_off") is True else hint,
    )


def missing(name: str, where: str, defined: Iterable[str]) -> StudentError:
    """The fault for a name that a script or class does not define."""
    return _stated(missing_name(name, where, defined))


def at_import(fault: StudentFault, script: str) -> StudentFault:
    """The same fault, raised while the script was imported: there is no data then."""
    if not isinstance(fault, StudentError):
        return fault
    if "'assignment" in fault.exception and fault.type_name in (
        "ImportError",
        "ModuleNotFoundError",
    ):
        got = f"{script}.py loads data or trains while it is imported"
        return _stated(CheckFailed(got, kind="raises", hint=NO_DATA), fault.trace)
    if fault.type_name == "FileNotFoundError" and not fault.hints:
        fault.hints = (NO_DATA,)
    return fault


def _stated(failure: CheckFailed, trace: tuple[Frame, ...] = ()) -> StudentError:
    """A failure with the student's own frames."""
    return StudentError(
        failure.got,
        failure.expected,
        kind=failure.kind,
        hint=" ".join(failure.hints),
        trace=trace,
    )


def _frame(entry: Any) -> Frame:
    """A frame as the worker describes it; nothing of it is trusted but to be shown."""
    fields = entry if isinstance(entry, dict) else {}
    line = fields.get("line")
    return Frame(
        file=str(fields.get("file", "?")),
        line=line if isinstance(line, int) else 0,
        function=str(fields.get("function", "")).removeprefix("<module>"),
        source=str(fields.get("source", "")),
    )
