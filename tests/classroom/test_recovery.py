"""What can be read of a damaged gradebook comes back, and the damaged file stays as it is."""

import random
import shutil
import sqlite3
from pathlib import Path

import pytest

from grader.__main__ import main
from grader.classroom.gradebook import Gradebook, Provenance
from grader.classroom.keys import content_hash
from grader.classroom.people import Student
from grader.classroom.recovery import NEEDS, recover
from grader.rubric import RUBRIC_FILE, load_rubric
from grader.submission.record import Submission
from tests.classes import Pupil, network
from tests.support import sampled

PAGE = 4096
NAMES = [f"student{number:03}" for number in range(60)]
RUBRIC = load_rubric()
POINTS = {number: section.points for number, section in RUBRIC.by_number.items()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gradebook of 60 students, each with scripts, a plot, results and trainings."""
    book = tmp_path_factory.mktemp("whole") / "grades.db"
    how = Provenance("rubric", "grader", "environment", "{}")
    with Gradebook(book, create=True) as gradebook, gradebook.transaction():
        gradebook.keep_rubric("rubric", RUBRIC_FILE.read_text(encoding="utf-8"))
        gradebook.set_meta(rubric="rubric", sections=list(RUBRIC.by_number))
        for name in NAMES:
            script = f"# {name}\n".encode() + random.Random(name).randbytes(3000).hex().encode()
            plots = {"pytorch_ann": random.Random(name).randbytes(9000)}
            submission = Submission(name, {"numpy_ann": script}, plots, {})
            work = content_hash(submission)
            gradebook.hand_in([Student(name, name.title())], work, submission)
            pupil = Pupil(name, lost={"1.2": "wrong"} if "7" in name else {}, accuracy=0.8)
            keys = {number: f"{name} {number}" for number in RUBRIC.by_number}
            networks = {"numpy_ann": network(1)} if "3" in name else {}
            gradebook.record(work, pupil.report(), keys, {}, how, networks=networks)
            if "3" in name:
                gradebook.decide(name, "total", points=50.0, reason="agreed", who="eve")
        gradebook.keep_roster(
            [Student(name, name.title(), f"{name}@uni.example") for name in NAMES]
        )
    return book


def scores(book: Path, *, is_checked: bool = True) -> dict[str, float]:
    """The score of every student; reads all that a report would."""
    with Gradebook(book) as gradebook:
        found = {}
        for student in gradebook.students():
            work = gradebook.last_work(student.id)
            if is_checked:
                assert content_hash(gradebook.submission(work)) == work
            record = gradebook.standing(student, POINTS, RUBRIC.bars)
            found[student.id] = record.report.score if not record.pending else -1.0
        return found


def half_random(content: bytearray, draw: random.Random) -> None:
    """Half of all pages are random bytes, never the first."""
    pages = range(1, len(content) // PAGE)
    for page in draw.sample(pages, len(pages) // 2):
        content[page * PAGE : (page + 1) * PAGE] = draw.randbytes(PAGE)


def random_end(content: bytearray, draw: random.Random) -> None:
    at = draw.randrange(PAGE, len(content))
    content[at:] = draw.randbytes(len(content) - at)


def random_start(content: bytearray, draw: random.Random) -> None:
    content[:PAGE] = draw.randbytes(PAGE)


def flipped(content: bytearray, draw: random.Random) -> None:
    for _ in range(30):
        content[draw.randrange(PAGE, len(content))] ^= 1 << draw.randrange(8)


def truncated(content: bytearray, draw: random.Random) -> None:
    del content[draw.randrange(PAGE, len(content)) :]


@pytest.mark.parametrize("seed", sampled(range(6), every=3))
@pytest.mark.parametrize(
    "damage", sampled([half_random, random_end, random_start, flipped, truncated], every=2)
)
def test_a_part_comes_back_and_is_right(
    whole: Path, tmp_path: Path, damage, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    content = bytearray(whole.read_bytes())
    damage(content, random.Random(seed))
    book, new = tmp_path / "grades.db", tmp_path / "new.db"
    book.write_bytes(content)
    status = main(["recover", str(book), "--out", str(new)])
    assert book.read_bytes() == content
    assert sorted(path.name for path in tmp_path.iterdir()) in (
        ["grades.db", "grades.db.lock", "new.db"],
        ["grades.db", "grades.db.lock"],
    )
    assert new.exists() == (status < 2)
    assert "Traceback" not in capsys.readouterr().err
    if damage in (random_start, flipped):
        assert status < 2
    if status < 2:
        right, found = scores(whole), scores(new)
        if damage is not flipped:  # a digit may have become another one
            marked = {name: score for name, score in found.items() if score >= 0}
            assert marked.items() <= right.items()
        if damage is random_start:
            assert found == right


@pytest.mark.parametrize("seed", range(6))
def test_a_damaged_gradebook_is_never_called_safe(
    whole: Path, tmp_path: Path, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    content = bytearray(whole.read_bytes())
    (half_random, random_end, random_start, truncated)[seed % 4](content, random.Random(seed))
    book = tmp_path / "grades.db"
    book.write_bytes(content)
    assert main(["report", str(book), "--out", str(tmp_path / "report")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "safe" not in line
    assert f"grader recover {book}" in line


def test_a_whole_gradebook_comes_back_whole(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book = Path(shutil.copyfile(whole, tmp_path / "grades.db"))
    assert main(["recover", str(book)]) == 0
    new = tmp_path / "grades-recovered.db"
    assert scores(new) == scores(whole)
    for table in NEEDS:
        with sqlite3.connect(book) as old, sqlite3.connect(new) as other:
            query = f"select * from {table} order by 1, 2"
            assert other.execute(query).fetchall() == old.execute(query).fetchall(), table
    assert "students        60 of 60" in capsys.readouterr().out


def test_what_the_log_holds_comes_back(whole: Path, tmp_path: Path) -> None:
    book = Path(shutil.copyfile(whole, tmp_path / "open.db"))
    with Gradebook(book) as gradebook:
        gradebook.set_meta(logged_only=True)
        for ending in ("", "-wal"):
            shutil.copyfile(f"{book}{ending}", f"{tmp_path / 'left.db'}{ending}")
    assert b"logged_only" not in (tmp_path / "left.db").read_bytes()
    log = (tmp_path / "left.db-wal").read_bytes()
    recover(tmp_path / "left.db", tmp_path / "new.db")
    with Gradebook(tmp_path / "new.db") as gradebook:
        assert gradebook.meta("logged_only") is True
    assert (tmp_path / "left.db-wal").read_bytes() == log


def test_without_the_shell_nearly_as_much_comes_back(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    content = bytearray(whole.read_bytes())
    random_start(content, random.Random(0))
    (tmp_path / "grades.db").write_bytes(content)
    found = recover(tmp_path / "grades.db", tmp_path / "new.db")
    assert all(one.is_whole for one in found)
    assert scores(tmp_path / "new.db") == scores(whole)


@pytest.mark.parametrize("version", [1, 2, 3, 4])
def test_a_gradebook_of_an_earlier_version_comes_back(version: int, tmp_path: Path) -> None:
    old = Path(__file__).with_name(f"gradebook_version_{version}.sqlite")
    book = Path(shutil.copyfile(old, tmp_path / "old.db"))
    assert main(["recover", str(book), "--out", str(tmp_path / "new.db")]) == 0
    assert scores(tmp_path / "new.db", is_checked=False) == scores(book, is_checked=False)


def other_schema(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("create table shopping (item text)")
        database.execute("insert into shopping values ('milk')")


NOTHING = {
    "no database": lambda path: path.write_bytes(b"no database at all " * 1000),
    "random": lambda path: path.write_bytes(random.Random(0).randbytes(100_000)),
    "a header alone": lambda path: path.write_bytes(b"SQLite format 3\0"),
    "another schema": other_schema,
    "empty": lambda path: path.write_bytes(b""),
    "missing": lambda path: None,
    "a folder": lambda path: path.mkdir(),
}


@pytest.mark.parametrize("case", NOTHING)
def test_nothing_is_one_line_and_no_file(
    tmp_path: Path, case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    book, new = tmp_path / "grades.db", tmp_path / "new.db"
    NOTHING[case](book)
    before = book.read_bytes() if book.is_file() else None
    assert main(["recover", str(book), "--out", str(new)]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert not new.exists()
    assert (book.read_bytes() if book.is_file() else None) == before


def test_no_file_is_overwritten(whole: Path, tmp_path: Path) -> None:
    book = Path(shutil.copyfile(whole, tmp_path / "grades.db"))
    new = tmp_path / "new.db"
    new.write_bytes(b"kept")
    for out in (new, book):
        before = out.read_bytes()
        assert main(["recover", str(book), "--out", str(out)]) == 2
        assert out.read_bytes() == before


def test_an_empty_file_is_no_gradebook_to_report_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book = tmp_path / "grades.db"
    book.write_bytes(b"")
    assert main(["report", str(book), "--out", str(tmp_path / "report")]) == 2
    assert "is empty, expected a gradebook" in capsys.readouterr().err
    assert book.read_bytes() == b""


@pytest.mark.parametrize("folder", [".", "class"])
def test_a_folder_is_no_gradebook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: str
) -> None:
    (tmp_path / "class").mkdir()
    monkeypatch.chdir(tmp_path)
    assert main(["recover", folder]) == 2
    assert capsys.readouterr().err.startswith(f"error: {folder} is a folder, expected the file")
