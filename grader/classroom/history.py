"""What the gradebook knows of all attempts, not only of those that count now."""

from __future__ import annotations

import json
from dataclasses import dataclass

from grader.classroom.submissions import Submissions
from grader.results import SectionResult, section_from


@dataclass(frozen=True)
class Attempt:
    """A submission of a student. `party` is the id of the first of those who handed in together."""

    student: str
    party: str
    work: str


class History(Submissions):
    """The gradebook's attempts and what counted for each."""

    def repeated_attempts(self) -> list[Attempt]:
        """The readable attempts of students who have several, by student, in order."""
        rows = self._db.execute(
            "with readable as (select attempts.id, student, party, work from attempts "
            "join works on works.hash = attempts.work where works.problem = '') "
            "select student, party, work from readable where student in "
            "(select student from readable group by student having count(distinct work) > 1) "
            "order by student, id"
        )
        return [Attempt(*row) for row in rows]

    def statuses(self, work: str) -> dict[str, str]:
        """The status of each section of a work by number, by the results that count for it."""
        rows = self._db.execute(
            "select results.number, results.status from marks "
            "join results on results.id = marks.result where work = ?",
            (work,),
        )
        return dict(rows.fetchall())

    def failed_sections(self, work: str) -> list[SectionResult]:
        """The results that count for a work and are failures, in no order."""
        rows = self._db.execute(
            "select results.result from marks join results on results.id = marks.result "
            "where work = ? and status = 'failed'",
            (work,),
        )
        return [section_from(json.loads(text)) for (text,) in rows]
