"""Everything that can go wrong while marking, and whose fault it is.

    Exception
    ├── CannotGrade            nothing was marked; one line, exit status 2
    │   ├── SubmissionError    the submission cannot be read
    │   ├── RubricError        rubric.toml does not make sense
    │   └── HandoutError       the reference cannot be turned into a handout
    └── StudentFault           costs the section that was being marked, and no other
        ├── NotWritten         the stub still raises NotImplementedError
        ├── StudentError             the student's code raised
        ├── WorkerCrashed               the worker process ended: a crash, os._exit, out of memory
        ├── TimedOut           no answer within the limit
        └── BadReply           an answer that breaks the protocol

A wrong answer is `utils.CheckFailed`, which the public checks raise too. Anything else that comes out of a check is
the grader's own fault: the section reads "grader error", costs no point, and the exit status is 2.
"""

from __future__ import annotations

from collections.abc import Sequence


class CannotGrade(Exception):
    """Marking is not possible; the message is one line for the instructor."""


class SubmissionError(CannotGrade):
    """The submission cannot be read: what was expected, what came, what to do."""


class RubricError(CannotGrade):
    """The rubric is wrong; the message names the entry."""


class HandoutError(CannotGrade):
    """The reference's solution markers are wrong; the message names file and line."""


class StudentFault(Exception):
    """The student's code did not give an answer. `diagnosis` holds the ids of what was recognised."""

    def __init__(self, feedback: str, diagnosis: Sequence[str] = ()):
        super().__init__(feedback)
        self.feedback = feedback
        self.diagnosis = tuple(diagnosis)


class NotWritten(StudentFault):
    """The section's stub is still a stub."""

    def __init__(self, feedback: str = "not written yet"):
        super().__init__(feedback, ["not-written"])


class StudentError(StudentFault):
    """The student's code raised; the feedback holds its own lines and the message."""


class WorkerCrashed(StudentFault):
    """The worker process ended in the middle of a call."""


class TimedOut(StudentFault):
    """No answer came within the time limit."""


class BadReply(StudentFault):
    """What came back is not an answer."""
