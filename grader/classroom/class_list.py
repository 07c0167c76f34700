"""The people in a gradebook: students who handed in, and those that the roster expects."""

from __future__ import annotations

from grader.classroom.decisions import DecisionLog
from grader.classroom.people import Student
from grader.errors import CannotGrade


class ClassList(DecisionLog):
    """The gradebook's students and roster. What the roster says of a person is believed."""

    def keep_roster(self, roster: list[Student]) -> None:
        """Replace the roster by this one."""
        with self.transaction():
            self._db.execute("delete from roster")
            self._db.executemany(
                "insert into roster values (?, ?, ?, ?)",
                [(one.id, one.name, one.email, one.group) for one in roster],
            )

    def roster(self) -> list[Student]:
        """The roster, by id; empty if none was given."""
        rows = self._db.execute("select id, name, email, team from roster order by id")
        return [Student(*row) for row in rows]

    def students(self) -> list[Student]:
        """All students with a submission, by id, with what the roster says of them."""
        rows = self._db.execute(
            "select students.id, coalesce(nullif(roster.name, ''), students.name), "
            "coalesce(nullif(roster.email, ''), students.email), "
            "coalesce(nullif(roster.team, ''), students.team) "
            "from students left join roster on roster.id = students.id order by students.id"
        )
        return [Student(*row) for row in rows]

    def without_submission(self) -> list[Student]:
        """Students on the roster who handed nothing in, by id."""
        rows = self._db.execute(
            "select id, name, email, team from roster "
            "where id not in (select id from students) order by id"
        )
        return [Student(*row) for row in rows]

    def not_on_roster(self) -> list[Student]:
        """Students who handed in and are not on the roster; none if there is no roster."""
        known = {one.id for one in self.roster()}
        return [one for one in self.students() if known and one.id not in known]

    def expect_student(self, student: str) -> Student:
        """The student with this id. Raises CannotGrade if there is none in the class."""
        everybody = {one.id: one for one in [*self.without_submission(), *self.students()]}
        if student not in everybody:
            raise CannotGrade(
                f"{student} is not in {self.path}, expected the id of a student, such as "
                + (", ".join(list(everybody)[:5]) or "those of a class that was marked")
            )
        return everybody[student]
