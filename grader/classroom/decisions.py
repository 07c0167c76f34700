"""Decisions that people make about marks: appeals, excuses, comments. The log is only added to.

A decision stands whatever the marking says later: neither marking again nor a changed rubric
overwrites it. Undoing one adds a row that says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from grader.classroom.database import Database
from grader.errors import CannotGrade
from grader.results import Decision, Lateness, Report, SectionResult, Status, Verdict

KINDS = ("points", "excuse", "total", "comment")


@dataclass(frozen=True)
class LogEntry:
    """A row of the log: a student's decision, or the undoing of number `undoes`."""

    student: str
    decision: Decision
    undoes: int | None = None


class DecisionLog(Database):
    """The gradebook's log of decisions."""

    def decide(
        self,
        student: str,
        kind: str,
        *,
        section: str = "",
        points: float | None = None,
        reason: str = "",
        comment: str = "",
        who: str,
        undoes: int | None = None,
    ) -> int:
        """Add a decision to the log; returns its number."""
        with self.transaction():
            number = self._db.execute(
                "insert into decisions (student, kind, section, points, reason, comment, who, at, "
                "undoes) values (?, ?, ?, ?, ?, ?, ?, strftime('%Y-%m-%dT%H:%M:%SZ'), ?)",
                (student, kind, section, points, reason, comment, who, undoes),
            ).lastrowid
        assert number is not None
        return number

    def log(self, student: str | None = None) -> list[LogEntry]:
        """The log, or a student's part of it, in order."""
        columns = "student, undoes, id, kind, section, points, reason, comment, who, at"
        query = f"select {columns} from decisions"
        given: tuple[Any, ...] = ()
        if student is not None:
            query, given = f"{query} where student = ?", (student,)
        rows = self._db.execute(f"{query} order by id", given)
        return [LogEntry(row[0], Decision(*row[2:]), row[1]) for row in rows]


@dataclass(frozen=True)
class Standing:
    """The decisions about one student that count: the last of each section and of the total."""

    sections: dict[str, Decision]
    total: Decision | None
    comments: tuple[Decision, ...]

    def within(self, points: dict[str, float]) -> Standing:
        """What counts of it: no decision more than a section, or all together, has points now."""
        return Standing(
            {number: _at_most(one, points) for number, one in self.sections.items()},
            None if self.total is None else _at_most(self.total, points),
            tuple(_at_most(one, points) for one in self.comments),
        )


def _at_most(decision: Decision, points: dict[str, float]) -> Decision:
    most = sum(points.values()) if decision.kind == "total" else points.get(decision.section)
    if most is None or decision.points is None or decision.points <= most:
        return decision
    return replace(decision, points=most)


def standing_decisions(log: Iterable[LogEntry]) -> Standing:
    """What counts of a student's log."""
    entries = list(log)
    undone = {entry.undoes for entry in entries if entry.undoes is not None}
    kept = [
        entry.decision
        for entry in entries
        if entry.undoes is None and entry.decision.number not in undone
    ]
    return Standing(
        {one.section: one for one in kept if one.section},
        next((one for one in reversed(kept) if one.kind == "total"), None),
        tuple(one for one in kept if one.comment),
    )


def to_undo(log: Iterable[LogEntry], number: int | None, where: str) -> Decision:
    """The decision with this number, or the last one, if it is not undone yet.

    Raises CannotGrade if there is none; `where` names the student.
    """
    entries = list(log)
    undone = {entry.undoes for entry in entries}
    left = [
        entry.decision
        for entry in entries
        if entry.undoes is None and entry.decision.number not in undone
    ]
    found = [one for one in left if number in (None, one.number)]
    if not found:
        numbers = ", ".join(str(one.number) for one in left) or "none"
        what = "there is nothing to undo" if number is None else f"--undo is {number}"
        raise CannotGrade(f"{what} for {where}; decisions that can be undone: {numbers}")
    return found[-1]


def decided(
    report: Report,
    standing: Standing,
    points: dict[str, float],
    titles: dict[str, str],
    lateness: Lateness | None,
) -> Report:
    """The report with what people decided and what lateness costs.

    `points` and `titles` by section number, from the present rubric; decisions about sections that
    it does not have stay in the log and change nothing here, and points
    above its own do not count.
    """
    standing = standing.within(points)
    marked = {section.number: section for section in report.sections}
    sections = []
    for number, most in points.items():
        decision = standing.sections.get(number)
        section = marked.get(number)
        if section is None and (decision is not None or (report.problem and standing.sections)):
            # of an unreadable submission all sections: the others earned nothing
            section = _unmarked(number, titles, most)
        if section is not None and decision is not None:
            section = replace(section, decision=decision)
        if section is not None:
            sections.append(section)
    return replace(
        report,
        sections=tuple(sections),
        lateness=lateness,
        total=standing.total,
        comments=standing.comments,
    )


def _unmarked(number: str, titles: dict[str, str], points: float) -> SectionResult:
    verdict = Verdict(Status.FAILED, got="the marking has no result for this section")
    return SectionResult(number, titles[number], points, 0.0, verdict)


def would_give_more(report: Report) -> list[str]:
    """A line for each decision that is below what the marking gives now."""
    lines = [
        f"{section.number}: a person gave {section.points:g} points, marking gives "
        f"{section.marked_points:g} now"
        for section in report.sections
        if section.decision is not None
        and section.decision.kind == "points"
        and section.marked_points > section.points
    ]
    total = report.total
    if total is not None and report.mark_without_decision > report.mark:
        lines.append(
            f"total: a person gave {report.mark:g} points, marking gives "
            f"{report.mark_without_decision:g} now"
        )
    return lines


def above_maximum(standing: Standing, points: dict[str, float]) -> list[str]:
    """A line for each decision that gives more than `points`, the present rubric, has."""
    counted = standing.within(points)
    pairs = [(one, counted.sections[number]) for number, one in standing.sections.items()]
    if standing.total is not None and counted.total is not None:
        pairs.append((standing.total, counted.total))
    return [
        f"{given.section or 'total'}: a person gave {given.points:g} points, the rubric has "
        f"{most.points:g} now, which count"
        for given, most in pairs
        if given != most
    ]
