"""What `grader batch` says at its end."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # for annotations only: the command line has to start at once
    from grader.classroom.batch import Batch
    from grader.classroom.course import Course
    from grader.classroom.gradebook import Gradebook

MOST_LISTED = 50  # lines of one kind


def notes(batch: Batch) -> list[str]:
    """What the instructor should know about this run: lines for standard error."""
    from grader.classroom.course import course_of, unknown_students
    from grader.classroom.reports.appeals import to_look_at
    from grader.classroom.roster import unknown_ids

    gradebook = batch.gradebook
    course = course_of(gradebook.path)
    people = [*gradebook.students(), *gradebook.without_submission()]
    strangers = [student.id for student in gradebook.not_on_roster()]
    lines = [
        *(
            f"--alias {found}={name}: no file of this name was read"
            for found, name in batch.unused.items()
        ),
        *unknown_students(course, {student.id for student in people}),
        *to_look_at(gradebook),
        *_late_by_file_times(gradebook, course),
    ]
    return [
        *_listed("Remarks:", batch.remarks),
        *_listed("Not on the roster:", unknown_ids(strangers, gradebook.roster())),
        *(f"note: {line}" for line in lines),
    ]


def _late_by_file_times(gradebook: Gradebook, course: Course) -> list[str]:
    """A line with the students who are late, and nothing but file times says so."""
    from grader.classroom.lateness import lateness
    from grader.classroom.reports.exports import listed

    late = [
        student
        for student, handed_in in gradebook.handed_in().items()
        if handed_in.is_by_file_times
        and (found := lateness(course, student, handed_in, 0.0)) is not None
        and found.days
    ]
    said = "late by file times only, which copying and downloading set too"
    return [f"{said}: {listed(late)}; check them before that costs points"] if late else []


def files(batch: Batch) -> list[str]:
    """How files were read where that is not plain: lines for standard output."""
    return [
        *_listed("Taken under another name:", _renamed(batch)),
        *_listed(
            "Missing (if a file stands for one, say so with --alias FOUND=NAME):",
            [f"{batch.labels[who]}: {what}" for who, what in batch.unsettled.items()],
        ),
    ]


def _renamed(batch: Batch) -> list[str]:
    """The files that were taken under another name, a line for each student."""
    from grader.submission.names import slot

    lines = []
    for student, found_as in batch.renamed.items():
        # of a near name it is plain what it stands for
        said = [found if slot(found) else f"{found} as {name}" for name, found in found_as.items()]
        lines.append(f"{batch.labels[student]}: {', '.join(said)}")
    return lines


def _listed(head: str, lines: list[str]) -> list[str]:
    from grader.report.text import one_line

    if not lines:
        return []
    if len(lines) > MOST_LISTED:
        lines = [*lines[: MOST_LISTED - 1], f"and {len(lines) - MOST_LISTED + 1} more"]
    return [head, *("  " + one_line(line) for line in lines)]


def summary(batch: Batch) -> str:
    """What this run did, and how far the class is, in two lines."""
    tally = batch.tally
    counts = [
        (tally.marked, "marked now"),
        (tally.known, "marked before"),
        (tally.unreadable, "could not be read"),
        (tally.failed, "could not be marked (run the same command again to retry)"),
    ]
    words = ", ".join(f"{count} {what}" for count, what in counts if count)
    command = shlex.join(["grader", "report", str(batch.gradebook.path), "--out", "report"])
    state = class_in_words(batch.gradebook)
    return f"Submissions: {words or 'nothing to do'}.\n{state}. Next: {command}"


def class_in_words(gradebook: Gradebook) -> str:
    """How far the class is, with those of the roster who handed nothing in."""
    from grader.classroom.headline import headline

    count, missing = gradebook.headcount(), len(gradebook.without_submission())
    return headline(
        count.students + missing,
        count.marked,
        count.different,
        count.unreadable,
        count.pending,
        missing,
        failed=count.failed,
    )
