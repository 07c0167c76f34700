"""Everything that can go wrong while marking, and whose fault it is.

    Exception
    ├── CannotGrade            nothing can be marked: one line, exit status 2
    │   ├── SubmissionError    the submission cannot be read
    │   ├── RubricError        rubric.toml or course.toml does not make sense
    │   ├── NoRoom             a disk is full, or a quota is used up
    │   └── HandoutError       the reference cannot be turned into a handout
    └── CheckFailed            fails the section being marked; the students' own checks raise it too
        └── StudentFault       the student's code returned no answer
            ├── NotWritten     the stub still raises NotImplementedError
            ├── StudentError   the student's code raised
            ├── WorkerCrashed  the worker process ended: a crash, os._exit, out of memory
            ├── TimedOut       no answer within the limit
            └── BadReply       an answer that breaks the protocol

Any other exception from a check is the grader's own fault: the section is reported as "grader
error", costs no points, and the exit status is 2.
"""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from assignment.failure import CheckFailed

if TYPE_CHECKING:
    from grader.results import Frame


class CannotGrade(Exception):
    """Marking is not possible; the message is one line for the instructor."""


class SubmissionError(CannotGrade):
    """The submission cannot be read; the message says what was expected and what to do."""


class RubricError(CannotGrade):
    """The rubric or course.toml is wrong; the message names the entry."""


FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class NoRoom(CannotGrade):
    """A file could not be written for lack of room; the message says where, and what to do."""


def no_room(folder: Path, error: Exception) -> NoRoom:
    """The error for a full disk or a used-up quota in a folder."""
    try:
        import shutil

        free = f"{shutil.disk_usage(folder).free / 1e6:,.0f} MB are free"
    except OSError:
        free = "its free space is unknown"
    reason = getattr(error, "strerror", None) or str(error)
    return NoRoom(
        f"there is no room in {folder} ({reason}; {free}); what was stored before is kept. Free "
        f"some{_other_folder(folder)}, and run the same command again"
    )


def _other_folder(folder: Path) -> str:
    """How to use another folder; for that of temporary files, whose place is a setting."""
    with contextlib.suppress(OSError):
        import tempfile

        if Path(tempfile.gettempdir()).resolve() == folder.resolve():
            return ", or set TMPDIR=/a/folder/with/room"
    return ", or write to another folder"


@contextlib.contextmanager
def expecting_room(folder: Path) -> Iterator[None]:
    """Turns the OSError of a full disk, in the block, into NoRoom."""
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise no_room(folder, error) from None


class HandoutError(CannotGrade):
    """The reference's solution markers are wrong; the message names file and line."""


class StudentFault(CheckFailed):
    """The student's code did not return an answer.

    In addition to the fields of CheckFailed, `trace` holds the student's own frames, innermost
    last, and `exception` the error as Python printed it, which is shown and never parsed.
    """

    def __init__(
        self,
        got: str,
        expected: str = "",
        *,
        where: str = "",
        hint: str = "",
        kind: str = "",
        trace: tuple[Frame, ...] = (),
        exception: str = "",
    ):
        super().__init__(got, expected, where=where, hint=hint, kind=kind)
        self.trace, self.exception = trace, exception

    def within(self, what: str, kind: str) -> StudentFault:
        """The same fault, reported for the larger step that it ended.

        `what` is a clause such as "training stopped".
        """
        got = f"{what}: {self.got}" if self.got else what
        return StudentFault(
            got,
            self.expected,
            where=self.where,
            hint=self.hints[0] if self.hints else "",
            kind=kind,
            trace=self.trace,
            exception=self.exception,
        )


class NotWritten(StudentFault):
    """The section is still an unwritten stub."""

    def __init__(self, got: str = "not written yet"):
        super().__init__(got, kind="not-written")


class StudentError(StudentFault):
    """The student's code raised. `type_name` is the name of the exception's type."""

    def __init__(
        self,
        got: str = "",
        expected: str = "",
        *,
        kind: str = "raises",
        trace: tuple[Frame, ...] = (),
        exception: str = "",
        type_name: str = "",
        hint: str = "",
    ):
        super().__init__(got, expected, hint=hint, kind=kind, trace=trace, exception=exception)
        self.type_name = type_name


class WorkerCrashed(StudentFault):
    """The worker process ended in the middle of a call."""


class TimedOut(StudentFault):
    """`what` gave no answer within `seconds`; `trace` is where it was then, as far as known.

    `again` means that it was stopped earlier than the limit, because it hung where a call before it
    did. `waited` is the share of this time in which the worker was ready to run and another process
    had the processor. `together` names the calls that `seconds` are for, if it is not one alone.
    """

    def __init__(
        self,
        seconds: float,
        *,
        what: str = "the script",
        trace: tuple[Frame, ...] = (),
        again: bool = False,
        waited: float = 0.0,
        together: str = "",
    ):
        why = ", because it hung where an earlier one did" if again else ""
        got = (
            f"{together} took longer than {seconds:.4g} s and were stopped in {what}"
            if together
            else f"{what} gave no answer within {seconds:.3g} s; the call was stopped{why}"
        )
        super().__init__(got, kind="time-limit", trace=trace)
        self.seconds, self.again, self.waited, self.together = seconds, again, waited, together


LISTED = "values outside of arrays"  # as worker/protocol.py counts them


class BadReply(StudentFault):
    """The reply breaks the protocol."""


def too_large(held: int, allowed: int, unit: str) -> BadReply:
    """The fault for an answer that holds more than a reply may; both are numbers of `unit`."""
    hint = "return NumPy arrays as they are, not as lists." if unit == LISTED else ""
    return BadReply(f"the answer is too large: {held:,} {unit}", f"at most {allowed:,}", hint=hint)
