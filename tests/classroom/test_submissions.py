"""When an unchanged submission that comes again was handed in: what is known best counts."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from grader.classroom.gradebook import Gradebook
from grader.classroom.people import FILE_TIMES, HandedIn, Student
from grader.submission.record import Submission

DUE = datetime(2026, 11, 20, 12, tzinfo=UTC)
LATER = DUE + timedelta(days=9)
ZIP = f"{FILE_TIMES}, read as"
NEW_YORK = DUE.replace(tzinfo=ZoneInfo("America/New_York"))
NOTHING = HandedIn()
CANVAS = HandedIn(is_late=True, source="Canvas's LATE mark")
FIRST, COPIED = HandedIn(DUE, None, FILE_TIMES), HandedIn(LATER, None, FILE_TIMES)
MOODLE = HandedIn(LATER, False, "Moodle's grading worksheet")


def hand_in(gradebook: Gradebook, work: str, when: HandedIn) -> HandedIn:
    content = Submission(work, {"numpy_ann": work.encode()}, {}, {})
    gradebook.hand_in([Student("ada", "Ada")], work, content, handed_in=when)
    return gradebook.handed_in()["ada"]


@pytest.mark.parametrize(("before", "now", "expected"), [
    (FIRST, COPIED, FIRST),
    (COPIED, FIRST, FIRST),
    (FIRST, MOODLE, MOODLE),
    (MOODLE, FIRST, MOODLE),
    (CANVAS, FIRST, CANVAS),
    (FIRST, NOTHING, FIRST),
    (NOTHING, COPIED, COPIED),
    (HandedIn(DUE, None, f"{ZIP} UTC"), HandedIn(NEW_YORK, None, f"{ZIP} America/New_York"),
     HandedIn(NEW_YORK, None, f"{ZIP} America/New_York")),  # the course's zone was corrected
])  # fmt: skip
def test_an_unchanged_submission_keeps_its_earliest_file_time(
    tmp_path: Path, before: HandedIn, now: HandedIn, expected: HandedIn
) -> None:
    with Gradebook(tmp_path / "grades.db", create=True) as gradebook:
        hand_in(gradebook, "one", before)
        assert hand_in(gradebook, "one", now) == expected
        assert hand_in(gradebook, "changed", COPIED) == COPIED
