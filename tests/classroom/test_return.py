"""`grader return`: everybody gets their own feedback, as the platforms' importers read our files."""

from __future__ import annotations

import ast
import csv
import io
import json
import tarfile
import zipfile
from pathlib import Path

import pytest

from grader.__main__ import main
from grader.classroom.people import Origin, Student
from grader.classroom.returning.canvas import reads
from grader.classroom.returning.comments import rank
from grader.classroom.returning.folder import readable
from tests.classes import HOSTILE
from tests.classroom.downloads import (
    HandIn,
    canvas_one,
    gradescope_one,
    marked,
    moodle_one,
    moodle_team,
)
from tests.classroom.importers import canvas_comments, moodle_feedback

RELU, BACKWARD = {"1.2": "relu is wrong"}, {"1.6": "backward is wrong"}


def give_back(book: Path, platform: str, name: str = "out", *options: str) -> Path:
    """Return a class's feedback; the path that was written."""
    out = book.parent / name
    assert main(["return", str(book), "--to", platform, "--out", str(out), *options]) in (0, 1)
    return out


def index(folder: Path) -> list[dict[str, str]]:
    """The list of a folder's pages."""
    with (folder / "index.csv").open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def error(capsys: pytest.CaptureFixture[str], *command: object) -> str:
    """The one line of a command that fails."""
    assert main([str(part) for part in command]) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error")]
    return line


# --- Moodle


def test_each_participant_gets_the_own_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also each member of a team, one who could not be read, and one whose name holds a number."""
    handed_in = [
        moodle_one("101", "Ada_102_Lovelace", lost=RELU),
        moodle_one("102", "Jürgen Müller/../..", lost=BACKWARD),
        moodle_one("103", "Emmy Noether", missing=("1.6",)),
        moodle_one("104", "...", problem="work.zip is damaged"),
        moodle_team("Team Rot", "105"),  # participant 105 is somebody else
        moodle_team("Team Blau", "9", Student("106", "Lise"), Student("107", "Otto")),
    ]
    out = give_back(marked(tmp_path / "grades.db", handed_in), "moodle", "feedback.zip")
    found = moodle_feedback(out, set(range(1, 120)))
    assert found.keys() == {101, 102, 104, 106, 107}
    assert all(files.keys() == {"feedback.html"} for files in found.values())
    pages = {number: files["feedback.html"].decode() for number, files in found.items()}
    for number, words in {101: "relu is wrong", 102: "backward is wrong", 104: "damaged"}.items():
        assert [n for n, page in pages.items() if words in page] == [number]
    assert "Lise" in pages[106]
    assert "Otto" not in pages[106]
    said = capsys.readouterr().out
    assert "Team Rot (team:Team Rot)): a team without participant numbers" in said
    assert "Emmy Noether (103)): partly marked" in said
    assert "Import moodle.csv first" in said


def test_the_pages_are_those_of_the_report(tmp_path: Path) -> None:
    book = marked(tmp_path / "grades.db", [moodle_one("101", "Ada", lost=RELU)])
    assert main(["report", str(book), "--out", str(tmp_path / "report")]) == 0
    (page,) = (tmp_path / "report" / "students").iterdir()
    found = moodle_feedback(give_back(book, "moodle", "a.zip"), {101})
    assert found[101]["feedback.html"] == page.read_bytes()


# --- Canvas


def test_each_user_gets_the_own_file_in_canvas(tmp_path: Path) -> None:
    handed_in = [
        canvas_one("lovelaceada_LATE_1234", "1_plot.png", "2_numpy_ann.py", lost=RELU),
        canvas_one("müllerjürgen_1235", "3_numpy_ann (1).py", "4_work.zip", lost=BACKWARD),
        canvas_one("LATE_anon_aB3de", "5_numpy_ann.ipynb"),
        canvas_one("noetheremmy_1236", "6_my_work_LATE_7.tar.gz", problem="damaged"),
        canvas_one("planckmax_1237", "7_plot.png"),
    ]
    attachments = {
        "1234": {"1": "plot.png", "2": "numpy_ann.py"},
        "1235": {"3": "numpy_ann (1).py", "4": "work.zip"},
        "aB3de": {"5": "numpy_ann.ipynb"},
        "1236": {"6": "my_work_LATE_7.tar.gz"},
        "1237": {"7": "plot.png"},
    }
    out = give_back(marked(tmp_path / "grades.db", handed_in), "canvas")
    found = canvas_comments(out / "canvas_feedback.zip", attachments)
    assert {user: name for user, (name, _) in found.items()} == {
        "1234": "numpy_ann.py",
        "1235": "work.zip",
        "aB3de": "numpy_ann.ipynb",
        "1236": "my_work_LATE_7.tar.gz",
    }
    assert b"relu is wrong" in found["1234"][1]
    with zipfile.ZipFile(io.BytesIO(found["1235"][1])) as archive:
        assert b"backward is wrong" in archive.read("feedback.html")
    with tarfile.open(fileobj=io.BytesIO(found["1236"][1])) as archive:
        page = archive.extractfile("feedback.html")
        assert page is not None
        assert b"damaged" in page.read()


def test_a_script_of_feedback_is_the_students_own_below(tmp_path: Path) -> None:
    lost = {"1.2": f"\\\r\x0cimport os\u2028print(1)\n'''{HOSTILE}"}
    book = marked(tmp_path / "grades.db", [canvas_one("a_1", "2_numpy_ann.py", lost=lost)])
    out = give_back(book, "canvas", "feedback.zip")
    source = canvas_comments(out, {"1": {"2": "numpy_ann.py"}})["1"][1].decode()
    names = [type(node).__name__ for node in ast.parse(source).body]
    assert names == ["Import", "FunctionDef"]
    assert "of 100 points" in source.splitlines()[2]


def test_a_notebook_of_feedback_is_one_cell_of_text(tmp_path: Path) -> None:
    import nbformat

    lost = {"1.2": "```` \n# heading <b>bold</b>"}
    book = marked(tmp_path / "grades.db", [canvas_one("a_1", "2_numpy_ann.ipynb", lost=lost)])
    out = give_back(book, "canvas", "feedback.zip")
    content = canvas_comments(out, {"1": {"2": "numpy_ann.ipynb"}})["1"][1]
    nbformat.validate(nbformat.reads(content.decode(), as_version=4))
    (cell,) = json.loads(content)["cells"]
    fence = cell["source"].splitlines()[-1]
    assert cell["source"].count(fence) == 2


def test_a_groups_file_says_nothing_about_one_member(tmp_path: Path) -> None:
    """Canvas sends it to all of them."""
    origin = Origin("canvas", "rot_1", ("rot_1_2_numpy_ann.py",), "Rot", "1")
    handed_in = [HandIn((Student("1", "Ada"), Student("5", "Bob")), origin, RELU)]
    book = marked(tmp_path / "grades.db", handed_in)
    decide = ["decide", str(book), "1", "--section", "1.2", "--points", "4"]
    assert main([*decide, "--reason", "was ill"]) == 0
    out = give_back(book, "canvas", "feedback.zip")
    source = canvas_comments(out, {"1": {"2": "numpy_ann.py"}})["1"][1].decode()
    assert "96 of 100 points" in source
    assert "was ill" not in source
    scores = {row["name"]: row["score"] for row in index(give_back(book, "folder"))}
    assert scores == {"Ada": "100", "Bob": "96"}


@pytest.mark.parametrize(("name", "team", "found"), [
    ("lovelaceada_1234_56789_numpy_ann.py", "", ("1234", "56789", "numpy_ann.py")),
    ("x_LATE_1_2_a b.zip", "", ("1", "2", "a b.zip")),
    ("anon_aB3de_2_a.py", "", ("anon_aB3de", "2", "a.py")),
    ("team_7_1234_5_a.py", "Team_7", ("1234", "5", "a.py")),
    ("team_7_1234_5_a.py", "", ("7", "1234", "5_a.py")),
    ("ada_1234_text.html", "", None),
    ("ada_1234_link.html", "", None),
    ("anon_aB3de_x_a.py", "", None),
    ("notes.txt", "", None),
])  # fmt: skip
def test_names_are_read_as_canvas_reads_them(
    name: str, team: str, found: tuple[str, str, str] | None
) -> None:
    assert reads(name, team) == found


def test_a_name_that_canvas_reads_as_somebody_elses_is_not_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A student whose name holds numbers: Canvas would look for user 7."""
    handed_in = [canvas_one("ada_7_1234", "5_numpy_ann.py"), canvas_one("bob_8", "9_a.py")]
    out = give_back(marked(tmp_path / "grades.db", handed_in), "canvas", "a.zip")
    assert canvas_comments(out, {"8": {"9": "a.py"}}).keys() == {"8"}
    assert "no file that Canvas gave a number" in capsys.readouterr().out


def test_the_file_that_helps_most_is_chosen() -> None:
    names = ["a.png", "b.py", "Numpy_ANN (1).py", "pytorch_cnn.py", "x.ipynb", "w.zip", "n.txt"]
    usable = sorted(filter(None, map(rank, names)))
    assert [name for _, _, name in usable] == [
        "w.zip", "Numpy_ANN (1).py", "pytorch_cnn.py", "b.py", "x.ipynb", "n.txt",
    ]  # fmt: skip


# --- folders


def test_a_folder_lists_whose_each_page_is(tmp_path: Path) -> None:
    """Two students of one name, one in another script, ids with leading zeros and paths in them."""
    names = {
        "0429": "Müller",
        "429": "Müller",
        "../x": "Ada",
        "李": "李明",
        "A1": "eve",
        "a1": "Eve",
    }
    handed_in = [HandIn((Student(key, name),), Origin()) for key, name in names.items()]
    roster = Student("0429", "Müller", "m@x.org", "Tuesday")
    out = give_back(marked(tmp_path / "grades.db", handed_in, roster), "folder")
    assert (out / "index.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    rows = {row["id"]: row for row in index(out)}
    assert rows.keys() == names.keys()
    files = [row["file"] for row in rows.values()]
    assert len({file.casefold() for file in files}) == len(names)
    assert {path.name for path in out.iterdir()} == {"index.csv", *files}
    assert rows["0429"]["file"] == "Müller-0429.html"
    assert rows["0429"]["email"] == "m@x.org"
    for row in rows.values():
        assert row["name"] in (out / row["file"]).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [HOSTILE, "", "../../etc", "con", ".hidden", "a" * 500, "ß" * 500])
def test_file_names_are_safe_whatever_the_name_is(name: str) -> None:
    found = readable(Student("12", name))
    assert found
    assert not set(found) & set('/\\:*?"<>|\0\n ')
    assert not found.startswith(".")
    assert len(found.encode()) < 200


@pytest.mark.parametrize("name", ["CON", "aux", "Com1", "lpt9"])
def test_no_file_has_the_name_of_a_device(name: str) -> None:
    assert readable(Student(name, name)).casefold() != name.casefold()


def test_a_file_is_no_place_for_a_zip(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    book = marked(tmp_path / "grades.db", [moodle_one("101", "Ada")])
    before = book.read_bytes()
    assert main(["return", str(book), "--to", "moodle", "--out", str(book)]) == 2
    assert "grades.db is a file, expected a folder" in capsys.readouterr().err
    assert book.read_bytes() == before


def test_gradescope_gets_pages_and_addresses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    handed_in = [
        gradescope_one(1, Student("200", "Ada", "ada@x.org")),
        gradescope_one(2, Student("bob@x.org", "Bob")),
        gradescope_one(3, Student("300", "Emmy")),
    ]
    out = give_back(marked(tmp_path / "grades.db", handed_in), "gradescope")
    assert [row["email"] for row in index(out)] == ["ada@x.org", "", "bob@x.org"]
    said = capsys.readouterr().out
    assert "1 student (Emmy (300)): no e-mail address" in said
    assert "Gradescope takes no feedback files" in said


# --- who


def test_only_and_group_choose_students(tmp_path: Path) -> None:
    handed_in = [moodle_one(number, f"N {number}") for number in ("101", "102", "103")]
    roster = [Student("101", "A", "", "Tue"), Student("102", "B", "", "Tue"), Student("9", "C")]
    book = marked(tmp_path / "grades.db", handed_in, *roster)
    everybody = set(range(1, 120))
    tuesday = give_back(book, "moodle", "a.zip", "--group", "Tue")
    assert moodle_feedback(tuesday, everybody).keys() == {101, 102}
    two = give_back(book, "moodle", "b.zip", "--only", "101", "--only", "103")
    assert moodle_feedback(two, everybody).keys() == {101, 103}
    one = give_back(book, "moodle", "c.zip", "--only", "102", "--only", "103", "--group", "Tue")
    assert moodle_feedback(one, everybody).keys() == {102}


def test_a_mistaken_choice_is_one_line_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book = marked(
        tmp_path / "grades.db", [moodle_one("101", "Ada")], Student("102", "B", "", "Tue")
    )
    command = ["return", book, "--to", "moodle", "--out", tmp_path / "new" / "a.zip"]
    assert "101" in error(capsys, *command, "--only", "11")
    assert "expected one of Tue" in error(capsys, *command, "--group", "Mon")
    assert "none of the students" in error(capsys, *command, "--only", "101", "--group", "Tue")
    assert "nothing handed in" in error(capsys, *command, "--group", "Tue")
    command[3] = "canvas"
    assert "--to folder works" in error(capsys, *command)
    assert not (tmp_path / "new" / "a.zip").exists()


def test_whoever_handed_nothing_in_is_said_and_costs_no_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book = marked(tmp_path / "grades.db", [moodle_one("101", "Ada")], Student("102", "Bob"))
    assert main(["return", str(book), "--to", "folder", "--out", str(tmp_path / "out")]) == 0
    assert "1 student (Bob (102)): nothing handed in" in capsys.readouterr().out
    assert main(["decide", str(book), "102", "--total", "50", "--reason", "oral exam"]) == 0
    (bob,) = (row for row in index(give_back(book, "folder", "b")) if row["id"] == "102")
    assert (bob["score"], bob["file"]) == ("50", "Bob-102.html")


# --- files


@pytest.mark.parametrize("platform", ["moodle", "folder"])
def test_nothing_is_overwritten(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], platform: str
) -> None:
    book = marked(tmp_path / "grades.db", [moodle_one("101", "Ada")])
    out = give_back(book, platform, "a.zip" if platform == "moodle" else "a")
    before = out.read_bytes() if out.is_file() else sorted(out.iterdir())
    said = error(capsys, "return", book, "--to", platform, "--out", out)
    assert "is there already" in said
    assert (out.read_bytes() if out.is_file() else sorted(out.iterdir())) == before


@pytest.mark.parametrize("platform", ["moodle", "canvas", "folder"])
@pytest.mark.parametrize("kind", [KeyboardInterrupt, OSError(28, "full"), ZeroDivisionError])
def test_an_interrupted_run_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str, kind: BaseException
) -> None:
    one = moodle_one if platform == "moodle" else canvas_one
    handed_in = [one("a_1", "2_work.zip"), one("b_2", "3_work.zip")]
    if platform == "moodle":
        handed_in = [moodle_one("1", "Ada"), moodle_one("2", "Bob")]
    book = marked(tmp_path / "grades.db", handed_in)
    before = sorted(tmp_path.iterdir())
    from grader.classroom.returning import feedback

    real, calls = feedback.page, []

    def failing(*given: object) -> str:
        calls.append(given)
        if len(calls) == 2:
            raise kind
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(feedback, "page", failing)
    out = tmp_path / ("a" if platform == "folder" else "a.zip")
    assert main(["return", str(book), "--to", platform, "--out", str(out)]) == 2
    assert len(calls) == 2
    assert sorted(tmp_path.iterdir()) == before


def test_what_a_killed_run_left_goes_with_the_next(tmp_path: Path) -> None:
    book = marked(tmp_path / "grades.db", [moodle_one("101", "Ada")])
    (tmp_path / ".a.zip-abcd_234").write_text("half")
    (tmp_path / ".a-abcd_234" / "new").mkdir(parents=True)
    others = [tmp_path / ".a.zip-notes", tmp_path / ".b.zip-abcd_234"]
    for other in others:
        other.write_text("mine")
    before = set(tmp_path.iterdir())
    out = {give_back(book, "moodle", "a.zip"), give_back(book, "folder", "a")}
    halves = {tmp_path / ".a.zip-abcd_234", tmp_path / ".a-abcd_234"}
    assert set(tmp_path.iterdir()) == before - halves | out


def test_an_out_that_cannot_be_written_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book = marked(tmp_path / "grades.db", [moodle_one("101", "Ada")])
    (tmp_path / "file").write_text("mine")
    for platform in ("moodle", "folder"):
        out = tmp_path / "file" / "below"
        assert "cannot be written" in error(capsys, "return", book, "--to", platform, "--out", out)
    assert (tmp_path / "file").read_text() == "mine"


def test_a_folder_without_the_data_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book = marked(tmp_path / "grades.db", [moodle_one("101", "Ada")])
    options = ["--to", "folder", "--out", tmp_path / "a", "--data-dir", tmp_path / "nowhere"]
    assert f"{tmp_path}/nowhere/" in error(capsys, "return", book, *options)
    assert not (tmp_path / "a").exists()
