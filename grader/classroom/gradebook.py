"""The gradebook: one SQLite file that holds every attempt of every student, and every result the moment it exists.

    students   who                              works     what was handed in, by the hash of its content, once each
    attempts   who handed in what, in order     files     its scripts and plots
    results    one section of a work, by key    markings  when, how and with which versions results came about
    marks      which result counts now          trainings accuracies, curves, confusions and mistakes, by key

A submission that several students share is kept and marked once. Nothing is ever lost by a kill: SQLite's write-ahead log, and
a transaction for each thing that happens.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from grader.classroom.intake import Student
from grader.errors import CannotGrade
from grader.results import Report, SectionResult, Training, section_from, training_from
from grader.submission.reading import Submission

VERSION = 2  # 1 kept a text of feedback in place of a verdict; such results are still read
_TABLES = """
create table meta (name text primary key, value text not null) without rowid;
create table students (id text primary key, name text not null) without rowid;
create table works (hash text primary key, name text not null, problems text not null, problem text not null) without rowid;
create table files (work text not null references works on delete cascade, kind text not null, name text not null,
    content blob not null, primary key (work, kind, name)) without rowid;
create table attempts (id integer primary key, student text not null references students on delete cascade,
    work text not null references works, party text not null, at text not null default current_timestamp);
create index attempts_of on attempts (student, id);
create index attempts_at on attempts (work);
create table markings (id integer primary key, work text not null references works on delete cascade, seconds real not null,
    seed integer not null, device text not null, sandbox text not null, rubric text not null, grader text not null,
    environment text not null, options text not null, at text not null default current_timestamp);
create index markings_of on markings (work);
create table results (id integer primary key, key text not null, marking integer not null references markings on delete cascade,
    number text not null, status text not null, result text not null);
create index results_by on results (key, id);
create index results_in on results (marking);
create table marks (work text not null references works on delete cascade, number text not null,
    result integer not null references results on delete cascade, primary key (work, number)) without rowid;
create index marks_with on marks (result);
create table trainings (work text not null references works on delete cascade, script text not null,
    marking integer not null references markings on delete cascade, accuracy real not null, shown text not null,
    primary key (work, script)) without rowid;
create index trainings_in on trainings (marking);
create table rubrics (hash text primary key, toml text not null) without rowid;
"""


@dataclass(frozen=True)
class Provenance:
    """With what a marking was done, beside its report: hashes of rubric and grader, versions, the options as JSON."""

    rubric: str
    grader: str
    environment: str
    options: str


@dataclass(frozen=True)
class StudentRecord:
    """What counts for a student now. `report` has the sections that are marked so far; `attempts` how often was handed in."""

    student: Student
    work: str
    attempts: int
    report: Report
    pending: bool


class Gradebook:
    """An open gradebook; one process writes it. Raises CannotGrade for a file that is none, or that is full or locked."""

    def __init__(self, path: Path, *, create: bool = False):
        self.path = path
        if not create and not path.is_file():
            raise CannotGrade(
                f"{path} does not exist, expected a gradebook: python -m grader batch SUBMISSIONS --gradebook {path}"
            )
        with self._told():
            self._db = sqlite3.connect(path, timeout=10, isolation_level=None)
            self._db.execute("pragma foreign_keys = on")
            self._db.execute("pragma journal_mode = wal")
            self._db.execute("pragma synchronous = full")  # a commit outlives a power cut
            if not self._db.execute("select 1 from sqlite_master limit 1").fetchone():
                self._set_up()
            self._expect_own()

    def __enter__(self) -> Gradebook:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self.close()
        if isinstance(error, sqlite3.Error):
            raise self._unusable(error) from None

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _set_up(self) -> None:
        with self.transaction():
            for statement in _TABLES.split(";"):
                self._db.execute(statement)
            self._set("version", VERSION)
            self._set("seed", secrets.randbits(48))

    def _expect_own(self) -> None:
        try:
            version = self.meta("version")
        except sqlite3.OperationalError as error:
            if "no such table" not in str(error):
                raise
            version = None
        if version == 1:
            self.set_meta(version=VERSION)
        elif version != VERSION:
            raise CannotGrade(
                f"{self.path} is no gradebook of this version ({version}), expected {VERSION}: take another file"
            )

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._unusable(error) from None

    def _unusable(self, error: sqlite3.Error) -> CannotGrade:
        return CannotGrade(
            f"the gradebook {self.path} cannot be used ({error}); what it holds is safe. Mend that and give the command again"
        )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing of what is done in it; within another, part of that."""
        if self._db.in_transaction:
            yield
            return
        with self._told():
            self._db.execute("begin immediate")
            try:
                yield
                self._db.execute("commit")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("rollback")
                raise

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """What is read in it belongs together, though a batch may be writing meanwhile; that is not kept waiting."""
        with self._told():
            self._db.execute("begin")
            try:
                yield
            finally:
                self._db.execute("rollback")

    def meta(self, name: str) -> Any:
        """A value of the gradebook as a whole, None if it has none."""
        row = self._db.execute("select value from meta where name = ?", (name,)).fetchone()
        return None if row is None else json.loads(row[0])

    def set_meta(self, **values: Any) -> None:
        """Set values of the gradebook as a whole; None removes one."""
        with self.transaction():
            for name, value in values.items():
                self._set(name, value)

    def _set(self, name: str, value: Any) -> None:
        if value is None:
            self._db.execute("delete from meta where name = ?", (name,))
        else:
            self._db.execute("insert or replace into meta values (?, ?)", (name, json.dumps(value)))

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

    # --- handing in

    def hand_in(
        self, students: list[Student], work: str, submission: Submission | None, problem: str = ""
    ) -> None:
        """Note what students handed in, unless it is what they handed in last. `problem` says why it cannot be read."""
        with self.transaction():
            name = students[0].id if submission is None else submission.name
            problems = {} if submission is None else submission.problems
            new = self._db.execute(
                "insert or ignore into works values (?, ?, ?, ?)",
                (work, name, json.dumps(problems), problem),
            ).rowcount
            if new and submission is not None:
                for kind, files in (("script", submission.scripts), ("plot", submission.plots)):
                    pack = zlib.compress if kind == "script" else bytes  # a PNG is packed already
                    rows = [(work, kind, file, pack(content)) for file, content in files.items()]
                    self._db.executemany("insert into files values (?, ?, ?, ?)", rows)
            for student in students:
                self._db.execute(
                    "insert into students values (?, ?) on conflict (id) do update set name = excluded.name",
                    (student.id, student.name),
                )
                last = self._db.execute(
                    "select work from attempts where student = ? order by id desc limit 1",
                    (student.id,),
                ).fetchone()
                if last is None or last[0] != work:
                    row = (student.id, work, students[0].id)
                    self._db.execute(
                        "insert into attempts (student, work, party) values (?, ?, ?)", row
                    )

    def submission(self, work: str) -> Submission:
        """What was handed in, as it was."""
        name, problems = self._db.execute(
            "select name, problems from works where hash = ?", (work,)
        ).fetchone()
        found: dict[str, dict[str, bytes]] = {"script": {}, "plot": {}}
        for kind, file, content in self._db.execute(
            "select kind, name, content from files where work = ?", (work,)
        ):
            found[kind][file] = zlib.decompress(content) if kind == "script" else content
        return Submission(name, found["script"], found["plot"], json.loads(problems))

    # --- results

    def known(self, keys: dict[str, str], after: int = 0) -> dict[str, int]:
        """By section number, the last result with the section's key; one with an error of the grader's does not count."""
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
        """The seeds that a work was marked with."""
        rows = self._db.execute("select distinct seed from markings where work = ?", (work,))
        return [seed for (seed,) in rows]

    def all_passed(self, work: str) -> bool:
        """Whether every result that counts for a work is a pass."""
        row = self._db.execute(
            "select count(*), sum(status = 'passed') from marks join results on results.id = marks.result where work = ?",
            (work,),
        ).fetchone()
        return bool(row[0]) and row[0] == row[1]

    def last_result(self) -> int:
        """The number of the newest result, 0 if there is none."""
        number: int = self._db.execute("select coalesce(max(id), 0) from results").fetchone()[0]
        return number

    def count(self, work: str, results: dict[str, int]) -> None:
        """Let these results be the ones that count for a work, and no others."""
        with self.transaction():
            self._count(work, results)

    def _count(self, work: str, results: dict[str, int]) -> None:
        before = dict(self._db.execute("select number, result from marks where work = ?", (work,)))
        if before != results:
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
    ) -> None:
        """Keep a marking's results under their keys; with the `reused` ones they are what counts for the work now."""
        with self.transaction():
            marking = self._db.execute(
                "insert into markings (work, seconds, seed, device, sandbox, rubric, grader, environment, options) "
                "values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    work,
                    report.seconds,
                    report.seed,
                    report.device,
                    report.sandbox,
                    *asdict(how).values(),
                ),
            ).lastrowid
            counted = dict(reused)
            for section in report.sections:
                key = keys.get(section.number)
                if key is None:
                    continue
                row = (
                    key,
                    marking,
                    section.number,
                    str(section.status),
                    json.dumps(asdict(section)),
                )
                inserted = self._db.execute(
                    "insert into results (key, marking, number, status, result) values (?, ?, ?, ?, ?)",
                    row,
                ).lastrowid
                assert inserted is not None
                counted[section.number] = inserted
            for script, training in report.trainings.items():
                self._db.execute(
                    "insert or replace into trainings values (?, ?, ?, ?, ?)",
                    (work, script, marking, report.accuracy[script], json.dumps(asdict(training))),
                )
            self._count(work, counted)

    # --- what there is

    def students(self) -> list[Student]:
        """Everybody who handed in, by id."""
        return [
            Student(*row) for row in self._db.execute("select id, name from students order by id")
        ]

    def last_work(self, student: str) -> str:
        """The hash of what a student handed in last."""
        work: str = self._db.execute(
            "select work from attempts where student = ? order by id desc limit 1", (student,)
        ).fetchone()[0]
        return work

    def parties(self) -> dict[str, str]:
        """By those who handed in together ("ada, bob"), the hash of what they handed in last."""
        found: dict[tuple[str, str], list[str]] = {}
        for student in self.students():
            work, party = self._db.execute(
                "select work, party from attempts where student = ? order by id desc limit 1",
                (student.id,),
            ).fetchone()
            found.setdefault((party, work), []).append(student.id)
        return {", ".join(members): work for (_, work), members in found.items()}

    def scripts_by_party(self, most: int = 10**9) -> dict[str, dict[str, bytes]]:
        """By those who handed in together, their scripts; nothing where there are more than `most` of them."""
        parties = self.parties()
        if len(parties) > most:
            return {}
        scripts = {party: self.submission(work).scripts for party, work in parties.items()}
        return {
            party: own for party, own in scripts.items() if own
        }  # what could not be read is like nobody's

    def standing(
        self, student: Student, points: dict[str, float], bars: dict[str, float]
    ) -> StudentRecord:
        """What counts for a student now; points by section number are the present rubric's, and name the sections expected."""
        work = self.last_work(student.id)
        attempts = self._db.execute(
            "select count(*) from attempts where student = ?", (student.id,)
        ).fetchone()[0]
        problem = self._db.execute("select problem from works where hash = ?", (work,)).fetchone()[
            0
        ]
        sections = [
            _pointed(section_from(json.loads(text)), points)
            for number, text in self._db.execute(
                "select results.number, results.result from marks join results on results.id = marks.result where work = ?",
                (work,),
            )
            if number in points
        ]
        order = list(points)
        sections.sort(key=lambda section: order.index(section.number))
        accuracy, trainings = self._trainings(work)
        seconds, seed, device, sandbox = self._db.execute(
            "select seconds, seed, device, sandbox from markings where work = ? order by id desc limit 1",
            (work,),
        ).fetchone() or (0.0, self.meta("seed"), "", "")
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
        )
        return StudentRecord(
            student, work, attempts, report, pending=not problem and len(sections) < len(points)
        )

    def _trainings(self, work: str) -> tuple[dict[str, float], dict[str, Training]]:
        accuracy, trainings = {}, {}
        for script, reached, shown in self._db.execute(
            "select script, accuracy, shown from trainings where work = ? order by script", (work,)
        ):
            accuracy[script], trainings[script] = reached, training_from(json.loads(shown))
        return accuracy, trainings

    def forget(self, student: str) -> None:
        """Erase a student and all that nobody else handed in too. Raises CannotGrade for one who is not there."""
        with self.transaction():
            known = student.isascii() or student in {
                one.id for one in self.students()
            }  # a terminal's bytes may be no text
            if (
                not known
                or not self._db.execute("delete from students where id = ?", (student,)).rowcount
            ):
                raise CannotGrade(
                    f"{student} is not in {self.path}, expected the id of a student who is"
                )
            self._db.execute("delete from works where hash not in (select work from attempts)")
            self._rename(student)
            regrade = self.meta("regrade")
            if regrade is not None and student in regrade["only"]:
                self._set("regrade", None)
        with self._told():
            self._db.execute("vacuum")  # erased, not only unlinked
            self._db.execute("pragma wal_checkpoint(truncate)")

    def _rename(self, forgotten: str) -> None:
        """What was named after a student is named after another one who handed it in too."""
        others = self._db.execute(
            "select work, party, min(student) from attempts where party = ? group by work",
            (forgotten,),
        ).fetchall()
        self._db.executemany(
            "update attempts set party = ?3 where work = ?1 and party = ?2",
            [tuple(other) for other in others],
        )
        self._db.execute(
            "update works set name = (select min(student) from attempts where work = hash) where name = ?",
            (forgotten,),
        )


def _pointed(section: SectionResult, points: dict[str, float]) -> SectionResult:
    """A result with the points that its section has now."""
    return replace(section, max_points=points[section.number])
