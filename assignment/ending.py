"""How a command ends when something outside of it goes wrong: one line, and never a raw traceback.

Ctrl-C, a reader that goes away (`| head`), output to a full disk, standard streams that are closed,
and errors that a script raises at its top level, before any of our code runs.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from assignment.student_errors import describe_error, where_it_ran

INTERRUPTED, PIPE_CLOSED, OUTPUT_LOST = 130, 141, 2  # as shells count signals: 128 + its number


def ended_well(action: Callable[[], int]) -> int:
    """The exit status of an action, 130 after Ctrl-C, 141 if nobody reads its output, 2 if it is lost."""
    _replace_closed_streams()
    try:
        status = action()
        sys.stdout.flush()
    except KeyboardInterrupt as interrupt:
        _say(stopped(interrupt))
        return INTERRUPTED
    except BrokenPipeError:
        _discard_output()
        return PIPE_CLOSED
    except OSError as error:  # a full disk: students' code and our files are looked after elsewhere
        _discard_output()
        _say(f"error: {error.filename or 'the output'} cannot be written ({error.strerror})")
        return OUTPUT_LOST
    return status


def stopped(interrupt: BaseException) -> str:
    """What to say after Ctrl-C, with the student's line that was running if it was one."""
    line = where_it_ran(interrupt)
    return f"\nstopped at {line}" if line else "\nstopped"


def _discard_output() -> None:
    """Let the interpreter's last flush succeed."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _replace_closed_streams() -> None:
    """Python leaves None in place of a standard stream that was closed before it started."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: PTH123, SIM115


def _say(line: str) -> None:
    with contextlib.suppress(OSError, ValueError):
        print(line, file=sys.stderr)


def install() -> None:
    """Let `show_uncaught` show what ends this process, if it runs a script beside utils.py."""
    main = getattr(sys.modules["__main__"], "__file__", None)
    if main and Path(main).resolve().parent == Path(__file__).resolve().parent.parent:
        sys.excepthook = show_uncaught


def show_uncaught(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Show an exception that ends a script, in place of Python's traceback."""
    error = error.with_traceback(trace)
    if issubclass(kind, KeyboardInterrupt):
        _say(stopped(error))
    elif issubclass(kind, BrokenPipeError):
        _discard_output()
    else:
        _say(f"The script stopped with an error:\n{describe_error(error)}")
