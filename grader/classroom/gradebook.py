"""The gradebook: one SQLite file with every attempt of every student and every result.

    students   id and name                   works      submissions, by the hash of their content
    attempts   who submitted what, in order  files      the scripts and plots of a submission
    results    one section of one work       markings   when, how and with which versions
    marks      which result counts now       trainings  accuracies, curves, confusions and mistakes
    roster     who is in the class           decisions  what people decided, only ever added to
    question_sets  what was asked whom       answers    what they answered, only ever added to
    networks  weights of part 1, of the submissions that count

A submission shared by several students is kept and marked once. Every step is a transaction
(database.py), so that a kill loses nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

from grader.classroom.people import HandedIn, Origin, Student
from grader.classroom.question_log import Answered, QuestionLog
from grader.classroom.submissions import origin_from_json, time_from_json
from grader.errors import CannotGrade
from grader.results import Report, SectionResult, Training, section_from, training_from
from grader.training.fitted_network import FittedNetwork
from grader.training.several import StoredRun


@dataclass(frozen=True)
class Provenance:
    """How a marking was done: hashes of rubric and grader, versions, options as JSON."""

    rubric: str
    grader: str
    environment: str
    options: str


@dataclass(frozen=True)
class StudentRecord:
    """What counts for a student now:

    `report` has the sections marked so far, `attempts` the number of submissions. `work` is "" for
    a student on the roster who handed nothing in. `party` are the ids of those who handed in together.
    """

    student: Student
    work: str
    attempts: int
    report: Report
    pending: bool
    handed_in: HandedIn = field(default_factory=HandedIn)
    origin: Origin = field(default_factory=Origin)
    party: tuple[str, ...] = ()
    marked_at: str = ""  # in UTC, as SQLite writes it; "" if it never was
    failure: str = ""  # why marking it was given up; "" if it was not
    answered: Answered | None = None  # None for a student who was asked nothing


class Gradebook(QuestionLog):
    """An open gradebook."""

    def keep_rubric(self, digest: str, toml: str) -> None:
        """Keep a rubric's text, by its hash."""
        with self.transaction():
            self._db.execute("insert or ignore into rubrics values (?, ?)", (digest, toml))

    def rubric(self, digest: str) -> str:
        """The text of a rubric that was kept."""
        text: str = self._db.execute(
            "select toml from rubrics where hash = ?", (digest,)
        ).fetchone()[0]
        return text

    # --- results

    def known(self, keys: dict[str, str], after: int = 0) -> dict[str, int]:
        """The last result with each section's key, by section number, except grader errors."""
        found = {}
        for number, key in keys.items():
            row = self._db.execute(
                "select max(id) from results where key = ? and id > ? and status != 'grader error'",
                (key, after),
            ).fetchone()
            if row[0] is not None:
                found[number] = row[0]
        return found

    def seeds(self, work: str) -> list[int]:
        """The seeds with which a work was marked, the last one last."""
        rows = self._db.execute(
            "select seed from markings where work = ? group by seed order by max(id)", (work,)
        )
        return [seed for (seed,) in rows]

    def all_passed(self, work: str) -> bool:
        """Whether every result that counts for a work is a pass."""
        row = self._db.execute(
            "select count(*), sum(status = 'passed') from marks "
            "join results on results.id = marks.result where work = ?",
            (work,),
        ).fetchone()
        return bool(row[0]) and row[0] == row[1]

    def last_result(self) -> int:
        """The number of the newest result, 0 if there is none."""
        number: int = self._db.execute("select coalesce(max(id), 0) from results").fetchone()[0]
        return number

    def count(self, work: str, results: dict[str, int]) -> None:
        """Make these results the ones that count for a work, and no others."""
        with self.transaction():
            self._count(work, results)

    def counted(self, work: str) -> dict[str, int]:
        """The results that count for a work now, by section number."""
        return dict(self._db.execute("select number, result from marks where work = ?", (work,)))

    def _count(self, work: str, results: dict[str, int]) -> None:
        if self.counted(work) != results:
            self._db.execute("delete from marks where work = ?", (work,))
            self._db.executemany(
                "insert into marks values (?, ?, ?)", [(work, n, r) for n, r in results.items()]
            )

    def record(
        self,
        work: str,
        report: Report,
        keys: dict[str, str],
        reused: dict[str, int],
        how: Provenance,
        runs: Mapping[str, tuple[StoredRun, ...]] | None = None,
        networks: Mapping[str, FittedNetwork] | None = None,
    ) -> None:
        """Keep a marking's results under their keys; they and the `reused` ones count now.

        `runs` are all trainings by script, of which the report shows the one that counts, and
        `networks` come from that one.
        """
        with self.transaction():
            marking = self._db.execute(
                "insert into markings (work, seconds, seed, device, sandbox, rubric, grader, "
                "environment, options) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    work,
                    report.seconds,
                    report.seed,
                    report.device,
                    report.sandbox,
                    *asdict(how).values(),
                ),
            ).lastrowid
            assert marking is not None
            counted = dict(reused)
            for section in report.sections:
                key = keys.get(section.number)
                if key is None:
                    continue
                counted[section.number] = self.add_result(marking, key, section)
            for script, training in report.trainings.items():
                all_of_them = (runs or {}).get(script, ())
                self._db.execute(
                    "insert or replace into trainings (work, script, marking, accuracy, shown, runs) "
                    "values (?, ?, ?, ?, ?, ?)",
                    (
                        work,
                        script,
                        marking,
                        report.accuracy[script],
                        json.dumps(asdict(training)),
                        json.dumps([asdict(run) for run in all_of_them]),
                    ),
                )
                self.keep_network(
                    work, script, report.accuracy[script], (networks or {}).get(script)
                )
            self._drop_old_networks(work)
            self._count(work, counted)
            self._forget_failures({work})

    # --- reading

    def standing(
        self, student: Student, points: dict[str, float], bars: dict[str, float]
    ) -> StudentRecord:
        """What counts for a student now.

        `points` by section number, from the present rubric, also name the sections expected.
        """
        last = self._db.execute(
            "select work, party, handed_in, origin, (select count(*) from attempts "
            "where student = ?1) from attempts where student = ?1 order by id desc limit 1",
            (student.id,),
        ).fetchone()
        if last is None:  # on the roster only
            empty = Report((), {}, bars, 0.0, self.meta("seed"), "", "", student.id)
            return StudentRecord(student, "", 0, empty, pending=True)
        work, party, handed_in, origin, attempts = last
        (problem,) = self._db.execute(
            "select problem from works where hash = ?", (work,)
        ).fetchone()
        sections = [
            _pointed(section_from(json.loads(text)), points)
            for number, text in self._db.execute(
                "select results.number, results.result from marks "
                "join results on results.id = marks.result where work = ?",
                (work,),
            )
            if number in points
        ]
        order = list(points)
        sections.sort(key=lambda section: order.index(section.number))
        accuracy, trainings = self._trainings(work)
        seconds, seed, device, sandbox, marked_at = self._db.execute(
            "select seconds, seed, device, sandbox, at from markings where work = ? "
            "order by id desc limit 1",
            (work,),
        ).fetchone() or (0.0, self.meta("seed"), "", "", "")
        report = Report(
            tuple(sections),
            accuracy,
            bars,
            seconds,
            seed,
            device,
            sandbox,
            student.id,
            problem,
            trainings,
            attempt=self.attempt(work),
        )
        members = self._db.execute(
            "select student from attempts where work = ? and party = ? order by student",
            (work, party),
        )
        return StudentRecord(
            student,
            work,
            attempts,
            report,
            pending=not problem and len(sections) < len(points),
            handed_in=time_from_json(handed_in),
            origin=origin_from_json(origin),
            marked_at=marked_at,
            failure=self.failures().get(work, ""),
            answered=self.answered(student.id),
            party=tuple(dict.fromkeys(member for (member,) in members)),
        )

    def _trainings(self, work: str) -> tuple[dict[str, float], dict[str, Training]]:
        accuracy, trainings = {}, {}
        for script, reached, shown in self._db.execute(
            "select script, accuracy, shown from trainings where work = ? order by script", (work,)
        ):
            accuracy[script], trainings[script] = reached, training_from(json.loads(shown))
        return accuracy, trainings

    def forget(self, student: str) -> None:
        """Erase a student and everything that no other student submitted too.

        Raises CannotGrade for an unknown student.
        """
        with self.transaction():
            everybody = {one.id for one in [*self.students(), *self.without_submission()]}
            if student not in everybody:
                raise CannotGrade(
                    f"{student} is not in {self.path}, expected the id of a student who is"
                )
            self._db.execute("delete from students where id = ?", (student,))
            self._db.execute("delete from decisions where student = ?", (student,))
            self._db.execute("delete from roster where id = ?", (student,))
            self._db.execute("delete from works where hash not in (select work from attempts)")
            self._rename(student)
            kept = {work for (work,) in self._db.execute("select hash from works")}
            self._forget_failures(self.failures().keys() - kept)
            regrade = self.meta("regrade")
            if regrade is not None and student in regrade["only"]:
                self._set("regrade", None)
        with self._sqlite_errors():
            self._db.execute("vacuum")  # so that the data is erased, not only unlinked
            self._db.execute("pragma wal_checkpoint(truncate)")

    def _rename(self, forgotten: str) -> None:
        """Rename what was named after a forgotten student to another one who submitted it too."""
        others = self._db.execute(
            "select work, party, min(student) from attempts where party = ? group by work",
            (forgotten,),
        ).fetchall()
        self._db.executemany(
            "update attempts set party = ?3 where work = ?1 and party = ?2",
            [tuple(other) for other in others],
        )
        self._db.execute(
            "update works set name = (select min(student) from attempts where work = hash) "
            "where name = ?",
            (forgotten,),
        )


def _pointed(section: SectionResult, points: dict[str, float]) -> SectionResult:
    """A result with the present points of its section."""
    return replace(section, max_points=points[section.number])
