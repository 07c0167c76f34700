"""How far a class is: who is marked, and what could not be marked."""

from __future__ import annotations

from dataclasses import dataclass

from grader.classroom.class_list import ClassList


@dataclass(frozen=True)
class Headcount:
    """Counts of students, and of the `different` submissions of those who are marked."""

    students: int
    marked: int
    different: int
    unreadable: int
    pending: int
    failed: int


class ClassState(ClassList):
    """The counts of the class, and the reasons why submissions could not be marked."""

    def headcount(self) -> Headcount:
        """How many students are how far, by their last submissions."""
        expected = set(self.meta("sections") or ())
        failures = self.failures()
        marks: dict[str, set[str]] = {}
        for work, number in self._db.execute("select work, number from marks"):
            marks.setdefault(work, set()).add(number)
        last = self._db.execute(
            "select work, problem from attempts join works on hash = work "
            "where id in (select max(id) from attempts group by student)"
        ).fetchall()
        unreadable = sum(problem != "" for _, problem in last)
        readable = [work for work, problem in last if not problem]
        marked = [work for work in readable if work in marks and expected <= marks[work]]
        done = set(marked)
        failed = sum(work in failures and work not in done for work in readable)
        pending = len(readable) - len(marked) - failed
        return Headcount(len(last), len(marked), len(done), unreadable, pending, failed)

    def note_failure(self, work: str, reason: str) -> None:
        """Note why a submission could not be marked, until it is."""
        with self.transaction():
            self._set("failures", self.failures() | {work: reason})

    def failures(self) -> dict[str, str]:
        """Why submissions could not be marked, by the hashes of their content."""
        kept: dict[str, str] = self.meta("failures") or {}
        return kept

    def _forget_failures(self, works: set[str]) -> None:
        kept = {work: why for work, why in self.failures().items() if work not in works}
        if kept != self.failures():
            self._set("failures", kept or None)
