"""canvas.csv, moodle.csv and gradescope.csv, in the formats of the platforms.

Sources: instructure/canvas-lms, lib/gradebook_importer.rb; moodle/moodle,
public/mod/assign/feedback/offline/ and public/lib/csvlib.class.php. Gradescope documents no import;
its columns are those of the CSV that it exports.
"""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta

from grader.classroom.lateness import elapsed
from grader.classroom.people import Origin
from grader.classroom.reports.assignment import Assignment, Person
from grader.classroom.reports.cells import Cell, defused_html
from grader.classroom.reports.identities import canvas_keys, moodle_number
from grader.classroom.reports.spreadsheets import Rows, changed, earned, final_mark
from grader.report.changes import in_words
from grader.report.text import feedback, one_line, plain
from grader.results import Status


def _origin(person: Person) -> Origin:
    """Where the student's id comes from; unknown for one who is on the roster only."""
    return person.standing.origin if person.has_handed_in else Origin(platform_ids=False)


# --- Canvas


def canvas_head(assignment: Assignment) -> list[list[Cell]]:
    """The header of canvas.csv, and the row of the points, by which Canvas creates a new column."""
    column = assignment.course.canvas or assignment.title
    return [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", column],
        ["Points Possible", "", "", "", "", assignment.total],
    ]


def without_canvas(person: Person) -> str:
    """Why a student has no row in canvas.csv; "" for one who has. An empty cell clears a mark."""
    if not person.is_marked:
        return person.state
    origin = _origin(person)
    if canvas_keys(person.standing.student, origin):
        return ""
    if origin.platform == "canvas" and origin.platform_ids:
        return "anonymous in Canvas, which cannot import that"
    return "no id that Canvas knows"


def canvas(assignment: Assignment, person: Person) -> Rows:
    """A student's row of canvas.csv.

    Where Canvas finds none of the ids it looks for the name, which two students may have. With an
    id after it, the name is nobody's, and Canvas asks whom the row is about. A row that says
    "Points Possible" is no student to Canvas, whoever has that name.
    """
    if without_canvas(person):
        return
    student = person.standing.student
    keys = canvas_keys(student, _origin(person))
    name = person.name.replace("Points Possible", "")
    shown = one_line(f"{name} ({student.id})")
    yield [shown, keys.id, keys.sis_user, keys.sis_login, "", final_mark(person)]


# --- Moodle


def moodle_head(assignment: Assignment) -> list[list[Cell]]:
    """The header of moodle.csv, with the names that the site's language gives the columns."""
    names = assignment.course.moodle
    before = [names["identifier"], "Full name", "Email address", "Status", names["grade"]]
    after = ["Maximum grade", "Grade can be changed", "Last modified (submission)"]
    return [[*before, *after, names["modified"], names["comments"]]]


def without_moodle(person: Person) -> str:
    """Why a student has no row in moodle.csv; "" for one who has. Empty comments overwrite."""
    if not person.is_marked:
        return person.state
    origin = person.standing.origin
    if moodle_number(person.standing.student, origin):
        return ""
    if origin.platform == "moodle" and origin.team:
        return "a team without participant numbers, which Moodle's grading worksheet has"
    return "no participant number of Moodle"


def moodle(assignment: Assignment, person: Person) -> Rows:
    """A student's row of moodle.csv.

    Moodle passes over a row if its own grade is newer than "Last modified (grade)".
    """
    if without_moodle(person):
        return
    student, names = person.standing.student, assignment.course.moodle
    now = datetime.now(UTC).astimezone(assignment.course.zone)
    yield [
        f"{names['participant']} {moodle_number(student, person.standing.origin)}",
        _without_backslash(one_line(person.name)),
        _without_backslash(one_line(student.email)),
        "Submitted for grading" if person.has_handed_in else "No submission",
        final_mark(person),
        assignment.total,
        "Yes",
        "",
        now.isoformat(timespec="seconds"),
        comments(person),
    ]


def comments(person: Person) -> str:
    """The feedback comments as HTML, which is what Moodle shows to the student. Never empty."""
    report = person.standing.report
    said = in_words(report)
    if report.problem:
        said.append(plain(report.problem))
    lost = [section for section in report.sections if section.status is not Status.PASSED]
    said += [f"{section.number} {section.title}: {feedback(section)}" for section in lost]
    if not lost and not report.problem:
        said.append("All sections passed.")
    text = "<br><br>".join(html.escape(one) for one in said).replace("\n", "<br>")
    # PHP takes a quote after a backslash for a part of the cell, and would not see where it ends.
    return defused_html(text.replace("\\", "&#92;"))


def _without_backslash(text: str) -> str:
    return text.replace("\\", "/")


# --- Gradescope


def gradescope_head(assignment: Assignment) -> list[list[Cell]]:
    """The header of gradescope.csv."""
    who = ["First Name", "Last Name", "SID", "Email", "Sections"]
    what = ["Total Score", "Max Points", "Status", "Submission ID", "Submission Time"]
    how = ["Lateness (H:M:S)", "View Count", "Submission Count"]
    questions = [f"{s.number}: {s.title} ({s.points:g} pts)" for s in assignment.sections]
    return [[*who, *what, *how, *questions, "Changed"]]


def gradescope(assignment: Assignment, person: Person) -> Rows:
    """A student's row of gradescope.csv."""
    standing = person.standing
    student, origin, at = standing.student, _origin(person), standing.handed_in.at
    first, _, last = person.name.strip().rpartition(" ")
    # numbers that another platform gave are no student ids
    is_sid = origin.platform in ("", "gradescope") and origin.platform_ids
    sid = student.id if is_sid and "@" not in student.id[1:] else ""
    submission = re.fullmatch(r"submission_([0-9]+)", origin.place)
    zone = assignment.course.zone
    yield [
        first or last,
        last if first else "",
        sid,
        student.email or (student.id if is_sid and not sid else ""),
        student.group,
        final_mark(person),
        assignment.total,
        _status(person),
        submission[1] if submission and origin.platform == "gradescope" else "",
        "" if at is None else at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S %z"),
        _lateness(assignment, person),
        "",
        standing.attempts,
        *earned(assignment, person),
        changed(standing.report.decisions),
    ]


def _status(person: Person) -> str:
    if person.is_marked:
        return "Graded"
    return "Ungraded" if person.has_handed_in else "Missing"


def _lateness(assignment: Assignment, person: Person) -> str:
    """The time after the due date as H:MM:SS; "" if one of the two is unknown."""
    standing = person.standing
    due, at = assignment.course.due_of(standing.student.id), standing.handed_in.at
    if due is None or at is None:
        return ""
    seconds = int(max(timedelta(), elapsed(due, at)).total_seconds())
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
