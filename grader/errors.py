"""Everything that can go wrong while marking, and whose fault it is.

    Exception
    ├── CannotGrade            nothing can be marked: one line, exit status 2
    │   ├── SubmissionError    the submission cannot be read
    │   ├── RubricError        rubric.toml does not make sense
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

from assignment.failure import CheckFailed
from grader.results import Frame


class CannotGrade(Exception):
    """Marking is not possible; the message is one line for the instructor."""


class SubmissionError(CannotGrade):
    """The submission cannot be read; the message says what was expected and what to do."""


class RubricError(CannotGrade):
    """The rubric is wrong; the message names the entry."""


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
    had the processor.
    """

    def __init__(
        self,
        seconds: float,
        *,
        what: str = "the script",
        trace: tuple[Frame, ...] = (),
        again: bool = False,
        waited: float = 0.0,
    ):
        why = ", because it hung where an earlier one did" if again else ""
        got = f"{what} gave no answer within {seconds:.3g} s; the call was stopped{why}"
        super().__init__(got, kind="time-limit", trace=trace)
        self.seconds, self.again, self.waited = seconds, again, waited


class BadReply(StudentFault):
    """The reply breaks the protocol."""


def too_large(held: int, allowed: int, unit: str) -> BadReply:
    """The fault for an answer that holds more than a reply may; both are numbers of `unit`."""
    return BadReply(f"the answer is too large: {held:,} {unit}", f"at most {allowed:,}")
