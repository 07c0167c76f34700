"""The report's folder: foreign files are not touched, outdated files of a report are removed."""

import json
import os
import signal
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import pytest

from assignment.data import DATA_VARIABLE
from grader.classroom.gradebook import Gradebook
from grader.classroom.people import Student
from grader.classroom.reports.build import build
from grader.classroom.reports.folder import MANIFEST, Folder
from grader.classroom.reports.names import stem
from grader.errors import CannotGrade
from grader.submission.reading import Submission
from tests.classes import HOSTILE, RUBRIC, Pupil, network, page_of, write_class, write_report
from tests.support import ROOT, run, script_with


def files(report: Path) -> set[str]:
    return {path.relative_to(report).as_posix() for path in report.rglob("*") if path.is_file()}


def again(folder: Path) -> None:
    with Gradebook(folder / "grades.db") as gradebook:
        build(gradebook, folder / "report")


def test_a_student_who_is_forgotten_leaves_no_page(tmp_path: Path) -> None:
    ada = Pupil("1", "Ada", accuracy=0.8, network=network())
    report = write_report(tmp_path, [ada, Pupil("2", "Blaise")])
    assert (report / "networks" / f"{stem(Student('1', 'Ada'))}.html").is_file()
    (report / "students" / "notes.html").write_text("mine")
    with Gradebook(tmp_path / "grades.db") as gradebook:
        gradebook.forget("1")
    again(tmp_path)
    left = files(report)
    assert "students/notes.html" in left
    assert not [name for name in left if "/ada-" in name]
    assert len([name for name in left if "/blaise-" in name]) == 3


def test_near_copies_are_shown_until_one_is_forgotten(tmp_path: Path) -> None:
    with Gradebook(tmp_path / "grades.db", create=True) as gradebook:
        for name in ("1", HOSTILE):
            source = (
                script_with(
                    "numpy_ann", {"1.2": "return z * np.heaviside(z, 0.0) + 0 * np.tanh(z)"}
                )
                + f"# {name!a}\n"
            )
            gradebook.hand_in(
                [Student(name, name)],
                f"work of {name!a}",
                Submission(name, {"numpy_ann": source.encode()}, {}, {}),
            )
    report = write_report(tmp_path, [])
    page = (report / "index.html").read_text()
    assert 'href="similarity.html"' in page
    assert "2 students handed in the same numpy_ann.py but for comments and names" in page
    assert "<script>alert" not in page + (report / "similarity.html").read_text()
    with Gradebook(tmp_path / "grades.db") as gradebook:
        gradebook.forget("1")
    again(tmp_path)
    assert "similarity.html" not in files(report)
    assert "Near-copies" not in (report / "index.html").read_text()


def test_a_result_that_counts_no_more_goes(tmp_path: Path) -> None:
    report = write_report(tmp_path, [Pupil("1", "Ada")])
    assert [name for name in files(report) if name.startswith("results/ada-")]
    with Gradebook(tmp_path / "grades.db") as gradebook:
        gradebook.count("work of 1", {})
    again(tmp_path)
    assert not [name for name in files(report) if name.startswith("results/ada-")]


def test_a_network_is_shown_while_its_training_is(tmp_path: Path) -> None:
    pupil = Pupil("1", "Ada <b>", accuracy=0.8, network=network())
    report = write_report(tmp_path, [pupil, Pupil("2", "Blaise", accuracy=0.8)])
    (inside,) = (report / "networks").iterdir()
    text = inside.read_text()
    assert "<h1>Ada &lt;b&gt;: inside the network</h1>" in text
    assert "for 99.9 % of the 10,000 test images" in text
    assert f'<a href="../networks/{inside.name}">' in page_of(report, "ada")
    assert "networks/" not in page_of(report, "blaise")
    before = inside.stat()
    again(tmp_path)
    assert inside.stat().st_ino == before.st_ino  # nothing new, so it was not written again
    with Gradebook(tmp_path / "grades.db") as gradebook:
        gradebook.keep_network("work of 1", "numpy_ann", 0.8, None)
    again(tmp_path)
    assert not inside.exists()
    assert "networks/" not in page_of(report, "ada")


def test_a_report_without_data_keeps_an_earlier_look_inside(tmp_path: Path) -> None:
    report = write_report(tmp_path, [Pupil("1", "Ada", accuracy=0.8, network=network())])
    (inside,) = (report / "networks").iterdir()
    before = inside.read_bytes()
    command = ["-P", "-m", "grader", "report", tmp_path / "grades.db", "--out", report]
    ran = run(*command, "--data-dir", tmp_path / "nowhere")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith(f"error: {tmp_path}/nowhere/")
    ran = run(*command, **{DATA_VARIABLE: str(tmp_path / "nowhere")})
    assert ran.returncode == 0
    assert ran.stderr.startswith("note: the pages show no test images: ")
    assert ran.stderr.count("\n") == 1
    assert inside.read_bytes() == before
    assert f'<a href="../networks/{inside.name}">' in page_of(report, "ada")


def test_a_report_is_the_same_when_it_is_made_again(tmp_path: Path) -> None:
    report = write_report(tmp_path, [Pupil("1", "Ada", accuracy=0.9), Pupil("2", missing=("1.2",))])
    before = {name: (report / name).read_bytes() for name in files(report)}
    again(tmp_path)
    assert {name: (report / name).read_bytes() for name in files(report)} == before


@pytest.mark.parametrize("name", ["index.html", "grades.csv", "students", "manifest.json", "ada"])
def test_what_no_report_made_is_not_overwritten(tmp_path: Path, name: str) -> None:
    write_class(tmp_path / "grades.db", [Pupil("1")])
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / name).write_text("mine")
    with pytest.raises(CannotGrade, match="expected a new or empty folder"):
        again(tmp_path)
    assert (tmp_path / "report" / name).read_text() == "mine"


def test_a_folder_of_submissions_takes_no_report(tmp_path: Path) -> None:
    write_class(tmp_path / "grades.db", [Pupil("1")])
    (tmp_path / "class" / "ada").mkdir(parents=True)
    ran = run("-P", "-m", "grader", "report", tmp_path / "grades.db", "--out", tmp_path / "class")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert f"{tmp_path}/class holds ada and no earlier report" in ran.stderr
    assert [path.name for path in (tmp_path / "class").rglob("*")] == ["ada"]


# what a report leaves that is killed at its start, and what a desktop adds
@pytest.mark.parametrize("name", [f".{MANIFEST}-abcd1234", ".DS_Store"])
def test_hidden_files_keep_no_report_from_being_written(tmp_path: Path, name: str) -> None:
    write_class(tmp_path / "grades.db", [Pupil("1")])
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / name).write_text("half")
    again(tmp_path)
    assert (tmp_path / "report" / "index.html").is_file()


def test_a_manifest_can_name_nothing_outside(tmp_path: Path) -> None:
    outside = tmp_path / "outside.html"
    outside.write_text("mine")
    report = write_report(tmp_path, [Pupil("1")])
    named = [
        "../outside.html",
        str(outside),
        "students/../../outside.html",
        "index.html",
        "students/gone-1.html",
    ]
    (report / "students" / "gone-1.html").write_text("made earlier")
    (report / MANIFEST).write_text(json.dumps({"files": named}))
    again(tmp_path)
    assert outside.exists()
    assert (report / "index.html").exists()
    assert not (report / "students" / "gone-1.html").exists()


def test_halves_of_files_that_a_kill_left_are_removed(tmp_path: Path) -> None:
    report = write_report(tmp_path, [Pupil("1", "Ada")])
    (page,) = (report / "students").glob("ada-*")
    halves = [page.with_name(f".{page.name}-abcd1234"), report / ".grades.csv-abcd_234"]
    mine = report / ".mine-abcd1234"
    for path in (*halves, mine):
        path.write_text("half")
    again(tmp_path)
    assert [path.exists() for path in (*halves, mine)] == [False, False, True]


def test_a_table_that_is_not_finished_leaves_the_old_one(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "report", [], ["a.csv"])
    (tmp_path / "report" / "a.csv").write_text("old")
    with pytest.raises(ZeroDivisionError), folder.tables(["a.csv"]) as tables:  # noqa: PT012
        tables["a.csv"].add(["new"])
        raise ZeroDivisionError
    assert (tmp_path / "report" / "a.csv").read_text() == "old"
    assert files(tmp_path / "report") == {"a.csv", MANIFEST}


def test_a_page_that_is_not_finished_leaves_the_old_one(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "report", [], ["index.html"])
    folder.write_pieces("index.html", ["ol", "d ä"])
    with pytest.raises(ZeroDivisionError):
        folder.write_pieces("index.html", (str(1 // n) for n in (1, 0)))
    assert (tmp_path / "report" / "index.html").read_text() == "old ä"
    assert files(tmp_path / "report") == {"index.html", MANIFEST}


@pytest.mark.exhaustive
def test_memory_grows_little_with_the_class(tmp_path: Path) -> None:
    def most(students: int) -> int:
        """The most bytes that were held at once."""
        folder = tmp_path / str(students)
        folder.mkdir()
        pupils = [Pupil(f"{number}", f"Ada {number}") for number in range(students)]
        book = write_class(folder / "grades.db", pupils)
        tracemalloc.start()
        try:
            with Gradebook(book) as gradebook:
                build(gradebook, folder / "report")
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    most(2)  # what is held after the first report, whatever the class
    few, many = most(20), most(120)
    assert (many - few) / 100 < 8_000


@pytest.mark.exhaustive
def test_a_killed_report_leaves_whole_files_and_can_be_repeated(tmp_path: Path) -> None:
    write_class(tmp_path / "grades.db", [Pupil(str(i), accuracy=0.9) for i in range(200)])
    command = [
        sys.executable,
        "-P",
        "-m",
        "grader",
        "report",
        tmp_path / "grades.db",
        "--out",
        tmp_path / "report",
    ]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 30
    while (
        len(list((tmp_path / "report" / "students").glob("*.html"))) < 3
        and time.monotonic() < deadline
    ):
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    pages = list((tmp_path / "report" / "students").glob("*.html"))
    assert 3 <= len(pages) < 200
    assert all(page.read_text().endswith("</html>\n") for page in pages)
    assert not (tmp_path / "report" / "grades.csv").exists()
    again(tmp_path)
    assert len(list((tmp_path / "report" / "students").iterdir())) == 200


def test_the_command_says_where_the_report_is(tmp_path: Path) -> None:
    write_class(tmp_path / "grades.db", [Pupil("1"), Pupil("2", missing=("1.2",))])
    ran = run(
        "-P",
        "-m",
        "grader",
        "report",
        tmp_path / "grades.db",
        "--out",
        tmp_path / "deep" / "report",
    )
    assert ran.returncode == 0
    assert (
        ran.stdout == f"{tmp_path}/deep/report/index.html: 2 students: 1 marked, 1 not marked yet\n"
    )


def test_a_wrong_gradebook_or_folder_is_one_line(tmp_path: Path) -> None:
    with Gradebook(tmp_path / "new.db", create=True):
        pass
    (tmp_path / "text.db").write_text(
        "no database at all, but a text that is long enough to be looked at"
    )
    (tmp_path / "file").write_text("x")
    write_class(tmp_path / "grades.db", [Pupil("1")])
    for book, out, message in (
        ("new.db", "report", "holds no class yet"),
        ("text.db", "report", "is damaged, or is none"),
        ("missing.db", "report", "does not exist"),
        ("grades.db", "file", "cannot be written"),
    ):
        ran = run("-P", "-m", "grader", "report", tmp_path / book, "--out", tmp_path / out)
        assert (ran.returncode, ran.stdout) == (2, "")
        assert message in ran.stderr
        assert ran.stderr.count("\n") == 1


def test_a_batch_may_write_while_a_report_is_made(tmp_path: Path) -> None:
    write_class(tmp_path / "grades.db", [Pupil("1"), Pupil("2")])
    with (
        Gradebook(tmp_path / "grades.db", read_only=True) as reading,
        Gradebook(tmp_path / "grades.db") as writing,
        reading.snapshot(),
    ):
        assert len(reading.students()) == 2
        writing.set_meta(sections=["1.2"])
        assert reading.meta("sections") == list(RUBRIC.by_number)
    with Gradebook(tmp_path / "grades.db") as after:
        assert after.meta("sections") == ["1.2"]


def test_no_id_is_found_whose_files_are_another_students() -> None:
    stems = {stem(Student(f"s{number}", "Ada")) for number in range(1000)}
    assert len(stems) == 1000
    assert all(
        4 * len(one.removeprefix("ada-")) > 70 for one in stems
    )  # bits: 40 are searched through in minutes
