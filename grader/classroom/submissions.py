"""The gradebook's submissions: who handed in what, when, and which attempt it was."""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict
from datetime import datetime

from grader.classroom.people import HandedIn, Origin, Student
from grader.classroom.stored_results import StoredResults
from grader.submission.record import Submission, read_as


class Submissions(StoredResults):
    """The gradebook's works and attempts. A work that several students share is kept once."""

    def hand_in(
        self,
        students: list[Student],
        work: str,
        submission: Submission | None,
        problem: str = "",
        *,
        handed_in: HandedIn | None = None,
        origin: Origin | None = None,
    ) -> None:
        """Record what students submitted; if it equals their last submission, only when and where.

        `problem` says why it cannot be read.
        """
        said = (handed_in or HandedIn(), json.dumps(asdict(origin or Origin())))
        with self.transaction():
            name = students[0].id if submission is None else submission.name
            problems = {} if submission is None else submission.how_read()
            new = self._db.execute(
                "insert or ignore into works values (?, ?, ?, ?)",
                (work, name, json.dumps(problems), problem),
            ).rowcount
            if new and submission is not None:
                for kind, files in (("script", submission.scripts), ("plot", submission.plots)):
                    pack = (
                        zlib.compress if kind == "script" else bytes
                    )  # a PNG is compressed already
                    rows = [(work, kind, file, pack(content)) for file, content in files.items()]
                    self._db.executemany("insert into files values (?, ?, ?, ?)", rows)
            for student in students:
                self._db.execute(
                    "insert into students values (?, ?, ?, ?) on conflict (id) do update set "
                    "name = excluded.name, email = excluded.email, team = excluded.team",
                    (student.id, student.name, student.email, student.group),
                )
                self._attempt(student.id, work, students[0].id, said)

    def _attempt(self, student: str, work: str, party: str, said: tuple[HandedIn, str]) -> None:
        handed_in, origin = said
        last = self._db.execute(
            "select id, work, handed_in from attempts where student = ? order by id desc limit 1",
            (student,),
        ).fetchone()
        if last is None or last[1] != work:
            self._db.execute(
                "insert into attempts (student, work, party, handed_in, origin) "
                "values (?, ?, ?, ?, ?)",
                (student, work, party, _time_to_json(handed_in), origin),
            )
        else:
            known = _better(time_from_json(last[2]), handed_in)
            self._db.execute(
                "update attempts set origin = ?, handed_in = ? where id = ?",
                (origin, _time_to_json(known), last[0]),
            )

    def submission(self, work: str) -> Submission:
        """A submission, as it was handed in."""
        name, problems = self._db.execute(
            "select name, problems from works where hash = ?", (work,)
        ).fetchone()
        found: dict[str, dict[str, bytes]] = {"script": {}, "plot": {}}
        for kind, file, content in self._db.execute(
            "select kind, name, content from files where work = ?", (work,)
        ):
            found[kind][file] = zlib.decompress(content) if kind == "script" else content
        return read_as(name, found["script"], found["plot"], json.loads(problems))

    def scripts(self, work: str) -> dict[str, bytes]:
        """The scripts of a submission, as they were handed in."""
        rows = self._db.execute(
            "select name, content from files where work = ? and kind = 'script'", (work,)
        )
        return {name: zlib.decompress(content) for name, content in rows}

    def works(self) -> list[str]:
        """The hashes of all submissions that could be read."""
        return [work for (work,) in self._db.execute("select hash from works where problem = ''")]

    def last_work(self, student: str) -> str:
        """The hash of a student's last submission."""
        work: str = self._db.execute(
            "select work from attempts where student = ? order by id desc limit 1", (student,)
        ).fetchone()[0]
        return work

    def handed_in(self) -> dict[str, HandedIn]:
        """When each student handed in last, by id."""
        rows = self._db.execute(
            "select student, handed_in from attempts "
            "where id in (select max(id) from attempts group by student) order by student"
        )
        return {student: time_from_json(text) for student, text in rows}

    def attempt(self, work: str) -> int:
        """Which attempt a submission is, from 1: the readable ones before it, and itself.

        It is counted where the work was handed in first, so it never changes. Of several students
        together, the one with the most attempts counts: none of them has seen its inputs.
        """
        (before,) = self._db.execute(
            "select max((select count(distinct old.work) from attempts old "
            "join works on works.hash = old.work and works.problem = '' "
            "where old.student = attempts.student and old.id < attempts.id and old.work != ?1)) "
            "from attempts where work = ?1 and party = "
            "(select party from attempts where work = ?1 order by id limit 1) "
            "and id = (select min(id) from attempts same "
            "where same.work = ?1 and same.student = attempts.student)",
            (work,),
        ).fetchone()
        return 1 + (before or 0)

    def parties(self) -> dict[str, str]:
        """The hash of the last submission of each group that submitted together, by "ada, bob"."""
        found: dict[tuple[str, str], list[str]] = {}
        for student in self.students():
            work, party = self._db.execute(
                "select work, party from attempts where student = ? order by id desc limit 1",
                (student.id,),
            ).fetchone()
            found.setdefault((party, work), []).append(student.id)
        return {", ".join(members): work for (_, work), members in found.items()}

    def scripts_by_party(self, most: int = 10**9) -> dict[str, dict[str, bytes]]:
        """The scripts of each group that submitted together; empty for more than `most` groups."""
        parties = self.parties()
        if len(parties) > most:
            return {}
        scripts = {party: self.scripts(work) for party, work in parties.items()}
        # unreadable submissions have no scripts to compare
        return {party: own for party, own in scripts.items() if own}

    def members(self) -> dict[str, list[Student]]:
        """The students of each group that submitted together, by the keys of `parties`."""
        together: dict[tuple[str, str], list[Student]] = {}
        for student in self.students():
            work, party = self._db.execute(
                "select work, party from attempts where student = ? order by id desc limit 1",
                (student.id,),
            ).fetchone()
            together.setdefault((party, work), []).append(student)
        return {", ".join(one.id for one in found): found for found in together.values()}


def _better(before: HandedIn, now: HandedIn) -> HandedIn:
    """When a work was handed in that came again unchanged: what the platform says now.

    A download without times keeps those of an earlier one. File times change whenever files are
    copied: they replace later file times, and the same time in another zone, and nothing else.
    """
    if _is_unknown(now) or _is_unknown(before):
        return before if _is_unknown(now) else now
    if not now.is_by_file_times:
        return now
    if not before.is_by_file_times or before.at is None or now.at is None:
        return before
    is_same = before.at.replace(tzinfo=None) == now.at.replace(tzinfo=None)
    return now if is_same or now.at < before.at else before


def _is_unknown(handed_in: HandedIn) -> bool:
    return handed_in.at is None and handed_in.is_late is None


def _time_to_json(handed_in: HandedIn) -> str:
    """As JSON; "{}" if nothing is known."""
    if _is_unknown(handed_in):
        return "{}"
    at = "" if handed_in.at is None else handed_in.at.isoformat()
    return json.dumps({"at": at, "is_late": handed_in.is_late, "source": handed_in.source})


def time_from_json(text: str) -> HandedIn:
    """What was kept of when a submission was handed in."""
    fields = json.loads(text)
    at = fields.get("at")
    return HandedIn(
        datetime.fromisoformat(at) if at else None, fields.get("is_late"), fields.get("source", "")
    )


def origin_from_json(text: str) -> Origin:
    """What was kept of where a submission lay."""
    fields = json.loads(text)
    return Origin(**fields | {"files": tuple(fields.get("files", ()))})
