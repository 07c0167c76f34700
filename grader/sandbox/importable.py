"""Which scripts of a submission cannot be imported."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from grader.errors import StudentFault
from grader.sandbox.budget import Clock
from grader.sandbox.remote import StudentScript
from grader.submission.record import Submission


def not_importable(
    submission: Submission,
    students: Mapping[str, StudentScript],
    clock: Clock,
    import_seconds: float,
) -> list[str]:
    """The scripts that are there but cannot be read or imported.

    Each is tried in a process that ends at once: one submission never holds two scripts.
    """
    found = []
    for script in submission.scripts.keys() | submission.faults.keys():
        student = students[script]
        if script not in submission.faults:
            with (
                # it is read, then imported
                clock.step(2 * import_seconds, "reading and importing a script", apart=True),
                contextlib.suppress(StudentFault),
            ):
                student.expect_imported()
            student.close()
        if script in submission.faults or not student.loads:
            found.append(script)
        else:
            student.was_starved = False  # it took long, and was there in the end
    return sorted(found)
