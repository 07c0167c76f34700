"""The SQLite file of a gradebook: its tables, opening, transactions, and values of the whole file.

A kill loses nothing: SQLite's write-ahead log keeps whatever a transaction has committed.
"""

from __future__ import annotations

import json
import re
import secrets
import shlex
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from grader.classroom import connection
from grader.errors import CannotGrade, no_room
from grader.report.text import one_line

# Version 1 kept a text of feedback in place of a verdict, which is still read. Version 2 had no
# decisions, no roster, and no times of submissions. Version 3 had no questions and no answers.
# Version 4 had no networks.
VERSION = 5
DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
PROTECTED = (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM)
_TABLES = """
create table meta (name text primary key, value text not null) without rowid;
create table students (id text primary key, name text not null,
    email text not null default '', team text not null default '') without rowid;
create table works (hash text primary key, name text not null, problems text not null,
    problem text not null) without rowid;
create table files (work text not null references works on delete cascade, kind text not null,
    name text not null, content blob not null, primary key (work, kind, name)) without rowid;
create table attempts (id integer primary key,
    student text not null references students on delete cascade,
    work text not null references works, party text not null,
    at text not null default current_timestamp, handed_in text not null default '{}',
    origin text not null default '{}');
create index attempts_of on attempts (student, id);
create index attempts_at on attempts (work);
create table markings (id integer primary key,
    work text not null references works on delete cascade, seconds real not null,
    seed integer not null, device text not null, sandbox text not null, rubric text not null,
    grader text not null, environment text not null, options text not null,
    at text not null default current_timestamp);
create index markings_of on markings (work);
create table results (id integer primary key, key text not null,
    marking integer not null references markings on delete cascade,
    number text not null, status text not null, result text not null);
create index results_by on results (key, id);
create index results_in on results (marking);
create table marks (work text not null references works on delete cascade, number text not null,
    result integer not null references results on delete cascade,
    primary key (work, number)) without rowid;
create index marks_with on marks (result);
create table trainings (work text not null references works on delete cascade,
    script text not null, marking integer not null references markings on delete cascade,
    accuracy real not null, shown text not null, runs text not null default '[]',
    primary key (work, script)) without rowid;
create index trainings_in on trainings (marking);
create table rubrics (hash text primary key, toml text not null) without rowid;
"""
_PEOPLE = """
create table roster (id text primary key, name text not null, email text not null,
    team text not null) without rowid;
create table decisions (id integer primary key, student text not null, kind text not null,
    section text not null, points real, reason text not null, comment text not null,
    who text not null, at text not null, undoes integer references decisions);
create index decisions_on on decisions (student, id);
create trigger decisions_stay before update on decisions
    begin select raise(abort, 'decisions are never changed, only added'); end;
"""
_QUESTIONS = """
create table question_sets (id integer primary key,
    student text not null references students on delete cascade, work text not null,
    seed integer not null, wanted integer not null, made_by text not null, asked text not null,
    at text not null default current_timestamp);
create index question_sets_of on question_sets (student, id);
create table answers (id integer primary key,
    student text not null references students on delete cascade, question text not null,
    option integer not null, source text not null, at text not null default current_timestamp);
create index answers_of on answers (student, id);
"""
_NETWORKS = """
create table networks (work text not null references works on delete cascade,
    script text not null, accuracy real not null, units integer not null,
    agreement real not null, weights blob not null, primary key (work, script));
"""
# What turns a gradebook of version 2 into one of version 3, but for the tables of people.
_NEW_COLUMNS = (
    ("students", "email text not null default ''"),
    ("students", "team text not null default ''"),
    ("attempts", "handed_in text not null default '{}'"),
    ("attempts", "origin text not null default '{}'"),
    ("trainings", "runs text not null default '[]'"),
)


class Database:
    """An open gradebook file, written by one process at a time.

    With `read_only` the file stays as it is: one of an earlier version is read from a copy. Raises
    CannotGrade for a file that is not a gradebook, is locked, or cannot be written.
    """

    def __init__(self, path: Path, *, create: bool = False, read_only: bool = False):
        self.path = path
        if not create and not path.is_file():
            raise CannotGrade(
                f"{path} does not exist, expected a gradebook. Create one with: "
                f"grader batch SUBMISSIONS --gradebook {shlex.quote(str(path))}"
            )
        if not create and not path.stat().st_size:
            raise CannotGrade(f"{path} is empty, expected a gradebook")
        with self._sqlite_errors():
            self._db = connection.to_read(path) if read_only else connection.to_write(path)
            tables = self._db.execute("select 1 from sqlite_master limit 1").fetchone()
            if not tables and not read_only:
                self._set_up()
            self._expect_whole()
            self._expect_own(read_only=read_only)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self.close()
        if isinstance(error, sqlite3.Error | json.JSONDecodeError | zlib.error):
            raise self._unusable(error) from None

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _set_up(self) -> None:
        with self.transaction():
            self._add(_TABLES)
            self._add_people()
            self._add(_QUESTIONS)
            self._add(_NETWORKS)
            self._set("version", VERSION)
            self._set("seed", secrets.randbits(48))

    def _expect_own(self, *, read_only: bool) -> None:
        try:
            version = self.meta("version")
        except sqlite3.OperationalError as error:
            if "no such table" not in str(error):
                raise
            version = None
        if version in range(1, VERSION):
            if read_only:
                self._db = connection.copied(self._db)
            self._convert()
            if read_only:
                connection.only_read(self._db)
        elif version != VERSION:
            raise CannotGrade(
                f"{self.path} is not a gradebook of this version ({version}), "
                f"expected {VERSION}: use another file"
            )

    def _add_people(self) -> None:
        for statement in re.split(r";\n(?!    )", _PEOPLE):  # a trigger has one inside
            self._db.execute(statement)

    def _add(self, tables: str) -> None:
        for statement in tables.split(";"):
            self._db.execute(statement)

    def _convert(self) -> None:
        """Bring a gradebook of an earlier version up to this one: all of it, or nothing."""
        with self.transaction():
            if self.meta("version") == VERSION:  # another process was faster
                return
            if self.meta("version") < 3:
                for table, column in _NEW_COLUMNS:
                    self._db.execute(f"alter table {table} add column {column}")
                self._add_people()
            if self.meta("version") < 4:
                self._add(_QUESTIONS)
            self._add(_NETWORKS)
            self._set("version", VERSION)

    @contextmanager
    def _sqlite_errors(self) -> Iterator[None]:
        """Turn SQLite's errors into CannotGrade."""
        try:
            yield
        except sqlite3.Error as error:
            raise self._unusable(error) from None

    def _unusable(self, error: Exception) -> CannotGrade:
        """What to do about an error: make room, recover what is damaged, or fix the rest."""
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code in DAMAGED or isinstance(error, json.JSONDecodeError | zlib.error):
            return self.damaged(str(error))
        if code == sqlite3.SQLITE_FULL:
            return no_room(self.path.absolute().parent, error)
        if code == sqlite3.SQLITE_IOERR:
            return CannotGrade(
                f"the gradebook {self.path} cannot be read or written ({error}): a quota or a limit "
                "of file sizes (ulimit -f) is reached, or the disk has a fault. Remove the cause "
                "and run the command again; what was stored before is kept unless the disk lost it"
            )
        if code in PROTECTED:
            return CannotGrade(
                f"the gradebook {self.path} cannot be used ({error}): it and its folder must be "
                f"writable. Copy it to a folder of your own, with {self.path.name}-wal if that "
                "lies beside it"
            )
        return CannotGrade(
            f"the gradebook {self.path} cannot be used ({error}), and was not changed. "
            "Fix the problem and run the command again"
        )

    def damaged(self, how: str) -> CannotGrade:
        """The error for a file that holds something else than what was written to it."""
        return CannotGrade(
            f"the gradebook {self.path} is damaged, or is none ({how}). Use a copy of it from before, or write "
            f"what can still be read to a new one: grader recover {shlex.quote(str(self.path))}"
        )

    def _expect_whole(self) -> None:
        (found,) = self._db.execute("pragma quick_check(1)").fetchone()
        if found != "ok":
            raise self.damaged(one_line(found))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All changes of the block, or none. A nested transaction is part of the outer one."""
        if self._db.in_transaction:
            yield
            return
        with self._sqlite_errors():
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
        """A consistent view for all reads of the block, which does not hold up a batch's writes."""
        with self._sqlite_errors():
            self._db.execute("begin")
            try:
                yield
            finally:
                self._db.execute("rollback")

    def meta(self, name: str) -> Any:
        """A value of the gradebook as a whole; None if it is not set."""
        row = self._db.execute("select value from meta where name = ?", (name,)).fetchone()
        return None if row is None else json.loads(row[0])

    def set_meta(self, **values: Any) -> None:
        """Set values of the gradebook as a whole; None removes a value."""
        with self.transaction():
            for name, value in values.items():
                self._set(name, value)

    def _set(self, name: str, value: Any) -> None:
        if value is None:
            self._db.execute("delete from meta where name = ?", (name,))
        else:
            self._db.execute("insert or replace into meta values (?, ?)", (name, json.dumps(value)))
