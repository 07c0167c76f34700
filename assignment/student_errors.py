"""An exception of the student's code in a few lines: where it happened, what it says, a hint."""

from __future__ import annotations

import os
import re
import sys
import traceback
from pathlib import Path
from types import FrameType, TracebackType

from assignment.error_hints import hint_for

HERE = Path(__file__).resolve().parent
MAX_FRAMES = 8  # of a recursion, for example
MAX_TEXT = 2000  # characters of a message or a line; a printed array may be millions


def is_stub(error: BaseException) -> bool:
    """Whether an error comes from a stub; torch raises NotImplementedError for other reasons."""
    if not isinstance(error, NotImplementedError):
        return False
    message = _message(error)
    return not message or message.startswith("TODO")


def describe_error(error: BaseException, *, verbose: bool = False) -> str:
    """The error, after the student's own lines that led to it; all lines with `verbose`.

    A hint follows if the error is a common one.
    """
    if verbose:
        return "".join(traceback.format_exception(error)).rstrip()
    lines = own_lines(error.__traceback__)
    if isinstance(error, SystemExit):
        return "\n".join(
            [*lines, "Your code called exit(). Hint: return from the function instead."]
        )
    if isinstance(error, SyntaxError) and error.filename:
        lines.append(
            f"{place(error.filename, error.lineno or 0)}: {_cut((error.text or '').strip())}"
        )
        return "\n".join([*lines, f"{type(error).__name__}: {error.msg}"])
    message = _message(error)
    hint = hint_for(type(error).__name__, message, **_context(error))
    name = _cut(type(error).__name__)
    summary = f"{name}: {message}" if message else name
    return "\n".join([*lines, summary, *([f"Hint: {hint}"] if hint else [])])


def where_it_ran(error: BaseException) -> str:
    """The student's line that ran when Ctrl-C came, "" if it was none."""
    lines = own_lines(error.__traceback__)
    return lines[-1] if lines else ""


def line_of(error: BaseException) -> int:
    """The line of the student's code that raised an error, or could not be parsed; 0 if none did."""
    if isinstance(error, SyntaxError) and error.filename and is_own(error.filename):
        return error.lineno or 0
    frames = _own_frames(error.__traceback__)
    return frames[-1][1] if frames else 0


def own_lines(trace: TracebackType | None) -> list[str]:
    """The student's own frames of a traceback, outermost first; the middle of many left out."""
    frames, half = _own_frames(trace), MAX_FRAMES // 2
    if len(frames) <= MAX_FRAMES:
        return _lines(frames)
    more = f"… {len(frames) - MAX_FRAMES} more …"
    return [*_lines(frames[:half]), more, *_lines(frames[-half:])]


def _lines(frames: list[tuple[FrameType, int]]) -> list[str]:
    return [
        f"{place(one.filename, one.lineno or 0)}{_inside(one.name)}: {_cut(one.line or '')}"
        for one in traceback.StackSummary.extract(iter(frames))
    ]


def place(filename: str, line: int) -> str:
    """A file and a line as the student knows them; in a notebook, the cell."""
    cell = _cell(filename)
    return f"{f'cell {cell}' if cell else Path(filename).name}, line {line}"


def _own_frames(trace: TracebackType | None) -> list[tuple[FrameType, int]]:
    """The student's frames, each with its line: as frames, since a recursion may have millions."""
    own: dict[str, bool] = {}
    found = []
    for frame, line in traceback.walk_tb(trace):
        name = frame.f_code.co_filename
        if name not in own:
            own[name] = is_own(name)
        if own[name]:
            found.append((frame, line or 0))
    return found


def _inside(function: str) -> str:
    return "" if function == "<module>" else f", in {function}"


def _cell(filename: str) -> str:
    """The number of a notebook's cell, "" for the name of a file."""
    main = sys.modules.get("IPython")
    shell = main.get_ipython() if main is not None else None
    numbers = getattr(getattr(shell, "compile", None), "_filename_map", {})
    if filename in numbers:
        return f"[{numbers[filename]}]"
    old = re.match(r"<ipython-input-(\d+)-", filename)
    return f"[{old[1]}]" if old else ""


def _message(error: BaseException) -> str:
    try:
        return _cut(str(error))
    except Exception:  # an exception of the student's own class
        return "(its message cannot be shown)"


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}…"


def _context(error: BaseException) -> dict[str, str]:
    frames = traceback.StackSummary.extract(iter(_own_frames(error.__traceback__)[-1:]))
    return {
        "source": (frames[-1].line or "") if frames else "",
        "script": Path(frames[-1].filename).stem if frames else "",
    }


def is_own(filename: str) -> bool:
    """Whether a frame belongs to the student's code, not to a library or to given code."""
    if filename.startswith("<") and not filename.startswith("<ipython"):
        return False
    if "://" in filename:  # a page's address: JavaScript's, where Python runs in a browser
        return False
    roots = (sys.base_prefix, sys.prefix)
    libraries = tuple(os.path.normcase(f"{root.rstrip(os.sep)}{os.sep}lib") for root in roots)
    # on Windows, "lib" and "Lib" are the same folder
    in_library = "site-packages" in filename or os.path.normcase(filename).startswith(libraries)
    path = Path(filename).resolve()
    return not in_library and HERE not in path.parents and path != HERE.parent / "utils.py"
