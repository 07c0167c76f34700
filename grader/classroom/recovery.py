"""What can still be read of a damaged gradebook, written to a new one.

Works on a copy. Each table is read from its start and from its end, up to the damage, and around it
by row number; then SQLite's own shell is asked for the rest, if it is installed. If the first page
is lost, that of an empty gradebook takes its place, since both have the same tables.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
import subprocess
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from grader.classroom.database import VERSION, Database
from grader.classroom.gradebook import Gradebook
from grader.classroom.keys import content_hash
from grader.errors import CannotGrade
from grader.questions.question_set import question_set_of
from grader.results import section_from, training_from
from grader.sandbox.temporary import TemporaryFolder
from grader.submission.record import read_as
from grader.training.fitted_network import FittedNetwork

PAGE = 4096  # bytes of a page of a gradebook
SHELL_SECONDS = 600
MAX_STEP = 1 << 20  # of row numbers, when looking for the next one that can be read
# each table, and what its rows need in others: the rest would be left hanging
NEEDS = {
    "meta": "", "rubrics": "", "works": "",
    "files": "work in (select hash from works)",
    "attempts": "student in (select id from students) and work in (select hash from works)",
    "markings": "work in (select hash from works)",
    "results": "marking in (select id from markings)",
    "marks": "work in (select hash from works) and result in (select id from results)",
    "trainings": "work in (select hash from works) and marking in (select id from markings)",
    "students": "id in (select student from attempts)",
    "roster": "", "decisions": "undoes is null or undoes in (select id from decisions)",
    "question_sets": "student in (select id from students)",
    "answers": "student in (select id from students)",
    "networks": "work in (select hash from works)",
}  # fmt: skip
# by their row number
NUMBERED = ("attempts", "markings", "results", "decisions", "question_sets", "answers")
ADDED = ("roster", "decisions", "question_sets", "answers", "networks")  # by later versions
KEYS = {
    "meta": ("name",), "rubrics": ("hash",), "students": ("id",), "works": ("hash",),
    "files": ("work", "kind", "name"), "marks": ("work", "number"), "trainings": ("work", "script"),
    "roster": ("id",), "networks": ("work", "script"),
}  # fmt: skip
# the column of JSON in a table, and what has to be able to read it
JSON: dict[str, tuple[str, Callable[[Any], object]]] = {
    "meta": ("value", str),
    "works": ("problems", lambda how: read_as("", {}, {}, how)),
    "results": ("result", section_from),
    "trainings": ("shown", training_from),
    "question_sets": ("asked", question_set_of),
}

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Recovered:
    """How many rows of a table came back, of how many; None if that cannot be told."""

    table: str
    rows: int
    of: int | None

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing, as far as can be told."""
        return self.rows == self.of


def recover(damaged: Path, out: Path) -> list[Recovered]:
    """The rows of each table that were written to `out`, a new file, which is left out for none.

    Raises CannotGrade for a file that is missing or empty, or an `out` that exists.
    """
    if not damaged.is_file():
        raise CannotGrade(f"{damaged} does not exist, expected a damaged gradebook")
    if not damaged.stat().st_size:
        raise CannotGrade(f"{damaged} is empty: there is nothing to recover")
    if out.exists() or Path(f"{out}-wal").exists():
        raise CannotGrade(f"{out} exists, expected the name of a new file")
    if not out.absolute().parent.is_dir():
        raise CannotGrade(f"{out} cannot be written, expected a file in a folder that exists")
    with TemporaryFolder(".grader-recover-", out.absolute().parent) as folder:
        copy, new = folder.path / "copy.db", folder.path / "new.db"
        Database(new, create=True).close()
        _copy(damaged, copy)
        if not _has_tables(copy):
            _replace_first_page(copy, new)
        found = _written(copy, new, folder.path)
        if any(one.rows for one in found):
            new.rename(out)
    return found


def _copy(damaged: Path, copy: Path) -> None:
    """Copy the file, with what its log holds that was not written to it yet."""
    shutil.copyfile(damaged, copy)
    log = Path(f"{damaged}-wal")
    if log.is_file():
        shutil.copyfile(log, f"{copy}-wal")


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    database = sqlite3.connect(path, isolation_level=None)
    database.text_factory = lambda content: content.decode("utf-8", "replace")
    try:
        yield database
    finally:
        database.close()


def _has_tables(path: Path) -> bool:
    """Whether the names of all tables can be read."""
    with _opened(path) as database:
        try:
            names = {name for (name,) in database.execute("select name from sqlite_master")}
        except sqlite3.Error:
            return False
    return bool(names)


def _replace_first_page(copy: Path, new: Path) -> None:
    """Give a file that cannot be opened the first page of an empty gradebook."""
    Path(f"{copy}-wal").unlink(missing_ok=True)  # it belongs to the page that is lost
    with _opened(new) as database:
        database.execute("pragma wal_checkpoint(truncate)")
    page = bytearray(new.read_bytes()[:PAGE])
    pages = copy.stat().st_size // PAGE
    page[28:32] = pages.to_bytes(4, "big")
    page[32:40] = bytes(8)  # no list of free pages
    page[92:96] = page[24:28]  # so that the number of pages counts
    with copy.open("r+b") as stream:
        stream.write(page)


def _written(copy: Path, new: Path, folder: Path) -> list[Recovered]:
    sources = [copy, *_by_the_shell(copy, folder)]
    with _opened(new) as target:
        target.execute("pragma foreign_keys = off")
        # the seed of the new file must not stand for one that is lost
        target.execute("delete from meta where name != 'version'")
        columns = {
            table: [str(row[1]) for row in target.execute(f"pragma table_info({table})")]
            for table in NEEDS
        }
        for table, names in columns.items():
            _copy_table(sources, target, table, names)
        target.execute("insert or replace into meta values ('version', ?)", (json.dumps(VERSION),))
        has_all_files = _rows(target, "files") == _count(copy, "files")
    lost = [] if has_all_files else _incomplete(new)
    with _opened(new) as target:
        target.executemany("delete from works where hash = ?", [(work,) for work in lost])
        for table, needed in NEEDS.items():
            if needed:
                target.execute(f"delete from {table} where not ({needed})")
        rows = {table: _rows(target, table) for table in NEEDS}
        rows["meta"] -= not _was_read(copy, "version")
        _complete(target)
        (problem,) = target.execute("pragma integrity_check(1)").fetchone()
        assert problem == "ok", problem
        target.execute("pragma wal_checkpoint(truncate)")
    return [Recovered(table, rows[table], _count(copy, table)) for table in NEEDS]


def _rows(target: sqlite3.Connection, table: str) -> int:
    (rows,) = target.execute(f"select count(*) from {table}").fetchone()
    return int(rows)


def _incomplete(new: Path) -> list[str]:
    """The submissions whose files do not have the hash that they had when they were handed in."""
    with Gradebook(new) as gradebook:
        return [work for work in gradebook.works() if not _is_complete(gradebook, work)]


def _is_complete(gradebook: Gradebook, work: str) -> bool:
    try:
        return content_hash(gradebook.submission(work)) == work
    except (ValueError, TypeError, zlib.error):
        return False


def _copy_table(
    sources: list[Path], target: sqlite3.Connection, table: str, columns: list[str]
) -> None:
    """Copy the rows that are what such rows are; of two versions, the first source's counts."""
    replace = "replace" if table == "meta" else "ignore"
    target.execute("begin")
    for source in reversed(sources) if table == "meta" else sources:
        with _opened(source) as database:
            there = _columns(database, table)
            names = [name for name in columns if name in there] or columns
            marks = ", ".join("?" * len(names))
            insert = f"insert or {replace} into {table} ({', '.join(names)}) values ({marks})"
            for row in _readable(database, table, names):
                if _is_sound(table, dict(zip(names, row, strict=True))):
                    with contextlib.suppress(sqlite3.Error):  # a value that must not be null
                        target.execute(insert, row)
    target.execute("commit")


def _columns(database: sqlite3.Connection, table: str) -> set[str]:
    """The columns that a table has in a source: earlier versions have fewer. Empty if unknown."""
    try:
        return {str(row[1]) for row in database.execute(f"pragma table_info({table})")}
    except sqlite3.Error:
        return set()


def _readable(database: sqlite3.Connection, table: str, columns: list[str]) -> Iterator[Row]:
    """The rows of a table that can be read, some of them twice."""
    select = f"select {', '.join(columns)} from {table} not indexed"
    if table in NUMBERED:
        yield from _by_number(database, select)
    else:
        for way in ("asc", "desc"):
            order = ", ".join(f"{name} {way}" for name in KEYS[table])
            yield from _until_damage(database, f"{select} order by {order}")


def _until_damage(database: sqlite3.Connection, query: str) -> Iterator[Row]:
    with contextlib.suppress(sqlite3.Error, UnicodeError, OverflowError):
        yield from database.execute(query)


def _by_number(database: sqlite3.Connection, select: str) -> Iterator[Row]:
    """The rows of a numbered table, upwards; behind damage, from the next number that works."""
    last, step = 0, 1
    while step < MAX_STEP:
        before = last
        for row in _until_damage(database, f"{select} where id > {last} order by id"):
            last = max(last, int(row[0]))
            yield row
        step = 1 if last > before else step
        last, step = (last + step, 2 * step)
    yield from _until_damage(database, f"{select} order by id desc")


def _by_the_shell(copy: Path, folder: Path) -> list[Path]:
    """The file that SQLite's shell makes of a damaged one; none if it is not installed, or fails."""
    shell = shutil.which("sqlite3")
    if shell is None:
        return []
    made, script = folder / "shell.db", folder / "shell.sql"
    try:
        with script.open("wb") as stream:
            command = [shell, "-batch", str(copy), ".recover --ignore-freelist"]
            subprocess.run(command, stdout=stream, stderr=subprocess.DEVNULL, timeout=SHELL_SECONDS)
        with script.open("rb") as stream:
            command = [shell, "-batch", str(made)]
            subprocess.run(
                command, stdin=stream, capture_output=True, timeout=SHELL_SECONDS, check=False
            )
    except (OSError, subprocess.SubprocessError):
        return []
    return [made] if made.is_file() else []


def _is_sound(table: str, row: dict[str, Any]) -> bool:
    """Whether a row holds what such a row holds, as far as can be told."""
    try:
        if table in JSON:
            column, reads = JSON[table]
            reads(json.loads(row[column]))
        if table == "results" and json.loads(row["result"])["number"] != row["number"]:
            return False
        if table == "files" and row["kind"] == "script":
            zlib.decompress(row["content"])
        if table == "networks":
            FittedNetwork(row["units"], row["agreement"], row["weights"])
        numbers = [row["id"]] if table in NUMBERED else []
        return all(isinstance(number, int) and number > 0 for number in numbers)
    except (ValueError, TypeError, KeyError, AttributeError, zlib.error, RecursionError):
        return False


def _count(copy: Path, table: str) -> int | None:
    """The number of rows in the damaged file, if it can be counted; 0 in an earlier version."""
    with _opened(copy) as database:
        try:
            names = database.execute("select name from sqlite_master where type = 'table'")
            if table in ADDED and (table,) not in names.fetchall():
                return 0
            (count,) = database.execute(f"select count(*) from {table}").fetchone()
        except sqlite3.Error:
            return None
    return int(count)


def _was_read(copy: Path, name: str) -> bool:
    with _opened(copy) as database:
        try:
            query = "select 1 from meta where name = ?"
            return database.execute(query, (name,)).fetchone() is not None
        except sqlite3.Error:
            return False


def _complete(target: sqlite3.Connection) -> None:
    """Set what a gradebook cannot do without: of a lost seed, that of the last marking."""
    if target.execute("select 1 from meta where name = 'seed'").fetchone() is None:
        last = target.execute("select seed from markings order by id desc limit 1").fetchone()
        if last is not None:
            target.execute("insert into meta values ('seed', ?)", (json.dumps(last[0]),))
