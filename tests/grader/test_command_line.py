"""Both commands as instructors run them: exit statuses, files, and hostile submissions."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import pytest

from grader import REFERENCE
from grader.sandbox import process_tree
from grader.sandbox.levels import choose
from grader.sandbox.process_tree import is_ended
from tests.support import ROOT, mark, points, run, sampled, script_with, write_submission


def with_pytest(
    submission: str | Path, *options: str, cwd: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    return run("-m", "pytest", ROOT / "grader", "--submission", submission, *options, cwd=cwd)


def marks(path: Path) -> list[tuple[object, ...]]:
    """What a results.json says of each section, but for its seconds."""
    tests = json.loads(path.read_text())["tests"]
    return [(t["number"], t["score"], t["output"], t["extra_data"]["verdict"]) for t in tests]


def test_both_commands_give_the_same_marks(tmp_path: Path) -> None:
    work = write_submission(tmp_path / "ada", {"1.3": "return z * 0"})
    options = ["--only", "1.2", "--only", "1.3", "--seed", "1"]
    one = run("-P", "-m", "grader", "grade", work, *options, "--results", tmp_path / "one.json")
    two = with_pytest(work, *options, "--results", str(tmp_path / "two.json"))
    assert one.returncode == two.returncode == 1
    assert "✗  1.3" in one.stdout
    assert "✗  1.3" in two.stdout
    assert marks(tmp_path / "one.json") == marks(tmp_path / "two.json")


def test_grade_needs_no_pytest(tmp_path: Path) -> None:
    (tmp_path / "pytest.py").write_text("raise ImportError")
    code = (
        f"import sys\nsys.path[:0] = [{str(tmp_path)!r}, {str(ROOT)!r}]\nfrom grader.__main__ import main\n"
        f"raise SystemExit(main(['grade', {str(REFERENCE)!r}, '--only=1.2']))"
    )
    assert run("-P", "-c", code).returncode == 0


def test_results_follow_gradescopes_format(tmp_path: Path) -> None:
    marked = mark(
        write_submission(tmp_path / "ada", {"1.2": "return -z"}),
        "--only",
        "1.2,1.4",
        "--seed",
        "5",
        "--skip-training",
    )
    results = marked.results
    assert (results["score"], results["max_score"]) == (points("1.4"), points("1.2", "1.4"))
    assert {
        "score",
        "max_score",
        "execution_time",
        "output",
        "tests",
        "extra_data",
    } <= results.keys()
    failed = marked.section("1.2")
    assert failed["status"] == "failed"
    assert (failed["number"], failed["name"], failed["score"], failed["max_score"]) == (
        "1.2",
        "relu",
        0,
        points("1.2"),
    )
    assert failed["output_format"] == "text"
    assert failed["extra_data"]["diagnosis"] == []
    assert results["extra_data"] == {
        "accuracy": {},
        "device": "cpu",
        "seconds": results["extra_data"]["seconds"],
        "seed": 5,
        "attempt": 1,
        "sandbox": choose("auto").level,
        "submission": "ada",
        "notes": [],
    }


def test_skip_training_leaves_out_the_training_sections_and_their_points(tmp_path: Path) -> None:
    marked = mark(write_submission(tmp_path / "ada"), "--skip-training")
    assert marked.status == 0
    assert marked.results["score"] == marked.results["max_score"] == points()
    assert {"1.7", "2.6", "3.6"}.isdisjoint(test["number"] for test in marked.results["tests"])


def test_an_html_report_escapes_what_students_write(tmp_path: Path) -> None:
    work = write_submission(
        tmp_path / "ada", {"1.2": "raise ValueError('<script>alert(1)</script>\\x1b[2J')"}
    )
    marked = mark(work, "--only", "1.2", "--html", str(tmp_path / "report.html"))
    page = (tmp_path / "report.html").read_text()
    assert "&lt;script&gt;alert(1)" in page
    assert "<script" not in page
    assert "\x1b[2J" not in marked.out + json.dumps(marked.results, ensure_ascii=False) + page


STARTED = [["-m", "pytest", "-n1", "grader/"], ["-m", "grader", "grade"]]


@pytest.mark.parametrize("started", sampled(STARTED, every=2))
def test_a_training_gives_a_page_beside_the_report(tmp_path: Path, started: list[str]) -> None:
    work = write_submission(tmp_path / "ada")
    options = ["--only=1.7", "--train-size=1000", f"--html={tmp_path / 'a#b.html'}"]
    given = [work] if "grade" in started else ["--submission", work]
    assert run("-P", *started, *given, *options, cwd=ROOT).returncode < 2
    assert 'href="a%23b-network.html"' in (tmp_path / "a#b.html").read_text()
    assert "<h1>ada: inside the network</h1>" in (tmp_path / "a#b-network.html").read_text()


@pytest.mark.parametrize(("options", "message"), sampled([
    (["--device", "abacus"], "--device is 'abacus', expected auto, cpu, cuda or mps"),
    (["--seed", "-1"], "--seed is '-1', expected a whole number from 0"),
    (["--seed", "x"], "--seed is 'x', expected a whole number"),
    (["--train-size", "0"], "--train-size is '0', expected a whole number from 1 to 54000"),
    (["--only", "9.9"], "there is no section '9.9'"),
    (["--data-dir", "/nowhere"], "/nowhere/FashionMNIST/raw/train-images-idx3-ubyte.gz is missing"),
    (["--results", "/nowhere/r.json"], "/nowhere/r.json cannot be written"),
], every=3))  # fmt: skip
def test_bad_options_give_one_line_and_status_2(
    tmp_path: Path, options: list[str], message: str
) -> None:
    work = write_submission(tmp_path / "ada")
    for ran in (run("-P", "-m", "grader", "grade", work, *options), with_pytest(work, *options)):
        assert ran.returncode == 2
        assert ran.stderr.startswith("error: ")
        assert message in ran.stderr
        assert ran.stderr.count("\n") == 1
        assert ran.stdout == ""


def test_what_cannot_be_read_leaves_results_and_status_2(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    damaged = tmp_path / "damaged.zip"
    with zipfile.ZipFile(damaged, "w") as stream:
        stream.writestr("numpy_ann.py", "x = 1\n" * 100)
    content = (
        damaged.read_bytes()
        .replace(b"numpy_ann.py", b"\xff\xfe\xfd\xfcann.py")
        .replace(b"PK\x01\x02\x14\x03", b"PK\x01\x02\x14\x03")
    )
    flags = bytearray(content)
    for start in (content.index(b"PK\x03\x04") + 6, content.index(b"PK\x01\x02") + 8):
        flags[start : start + 2] = (0x800).to_bytes(
            2, "little"
        )  # "the name is UTF-8", which it is not
    damaged.write_bytes(bytes(flags))
    for path in (empty, damaged, tmp_path / "missing"):
        marked = mark(path)
        assert marked.status == 2, marked.out
        assert (marked.results["score"], marked.results["tests"]) == (0, [])
        assert path.name in marked.results["output"]
        assert marked.err.count("\n") == 1


HOSTILE = "import pathlib\npathlib.Path({proof!r}).write_text('imported')\nraise SystemExit(0)\n"


def test_nothing_in_a_submission_is_imported_or_read_as_configuration(tmp_path: Path) -> None:
    work = write_submission(tmp_path / "ada", {"1.2": "return -z"})
    proof = tmp_path / "proof"
    for name in (
        "conftest.py",
        "tests/conftest.py",
        "numpy.py",
        "json.py",
        "argparse.py",
        "utils.py",
        "grader/__init__.py",
        "grader/__main__.py",
        "sitecustomize.py",
        "pytest.py",
        "PIL.py",
    ):
        (work / name).parent.mkdir(exist_ok=True)
        (work / name).write_text(HOSTILE.format(proof=str(proof)))
    (work / "pytest.ini").write_text("[pytest]\naddopts = --help\n")
    (work / "pyproject.toml").write_text('[tool.pytest.ini_options]\naddopts = "--help"\n')
    binary = Path(sys.executable).parent
    commands: list[tuple[list[str | Path], Path]] = [
        ([binary / "pytest", ROOT / "grader", "--submission", work], ROOT),
        ([binary / "pytest", ROOT / "grader", f"--submission={work}"], tmp_path),
        ([binary / "pytest", ROOT / "grader"], work),
        ([sys.executable, "-P", "-m", "grader", "grade", "."], work),
        ([sys.executable, "-P", "-m", "grader", "grade", work], ROOT),
        ([binary / "grader", "grade"], work),
    ]
    for command, cwd in commands:
        ran = subprocess.run(
            [*command, "--only", "1.2"], cwd=cwd, capture_output=True, text=True, timeout=60
        )
        assert ran.returncode == 1, (command, ran.stdout, ran.stderr)
        assert "✗  1.2" in ran.stdout, (command, ran.stdout, ran.stderr)
        assert not proof.exists(), command


@pytest.mark.parametrize(
    "number", sampled([signal.SIGKILL, signal.SIGTERM, signal.SIGINT], every=3)
)
@pytest.mark.parametrize("level", ["bubblewrap", "user"])
def test_no_worker_outlives_the_marking(tmp_path: Path, level: str, number: signal.Signals) -> None:
    folder = tmp_path / "scratch"
    folder.mkdir()
    work = write_submission(tmp_path / "ada", {"1.2": "while True: pass"})
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "grader", "grade", work, "--only", "1.2", "--sandbox", level],
        env={**os.environ, "TMPDIR": str(folder)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 30
    while (
        len(workers := workers_below(process.pid)) < 2 and time.monotonic() < deadline
    ):  # the fork server and the worker
        time.sleep(0.05)
    assert len(workers) >= 2
    process.send_signal(number)
    process.wait(timeout=20)
    deadline = time.monotonic() + 5
    while not all(map(is_ended, workers)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert all(map(is_ended, workers))
    if number is not signal.SIGKILL:
        assert process.returncode == 2
    else:  # the next run removes it
        again = ["grade", REFERENCE, "--only", "1.2", "--sandbox", level]
        assert run("-P", "-m", "grader", *again, TMPDIR=str(folder)).returncode == 0
    assert not list(folder.glob("submission-*"))


def workers_below(pid: int) -> list[int]:
    """The processes below a grader that run our worker's files, and not bubblewrap itself."""
    return [
        one
        for one in process_tree.descendants(pid)
        if b"entry.py" in command_line_of(one) and b"bwrap" not in command_line_of(one)
    ]


def command_line_of(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def test_a_full_disk_ends_with_one_line_and_leaves_nothing(tmp_path: Path) -> None:
    # no file may grow beyond 8 kB: to a program it looks like a full disk
    ulimit = f"ulimit -f 8; exec {sys.executable} -P -m grader grade {REFERENCE} --only 1.2"
    ran = subprocess.run(
        ["bash", "-c", ulimit],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 2, ran.stdout
    assert len(ran.stderr.splitlines()) == 1
    assert ran.stderr.startswith(f"error: there is no room in {tmp_path}")
    assert "File too large" in ran.stderr
    assert list(tmp_path.iterdir()) == []


def test_results_that_cannot_be_written_end_with_status_2(tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()
    code = (
        f"import shutil\nfrom grader.__main__ import main\nfrom grader.report import results_json\nwrite = results_json.write\n"
        f"results_json.write = lambda *a: (shutil.rmtree({str(tmp_path / 'gone')!r}), write(*a))\n"
        f"raise SystemExit(main(['grade', {str(REFERENCE)!r}, '--only=1.2', {f'--results={tmp_path}/gone/r.json'!r}]))"
    )
    ran = run("-P", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{code}")
    assert ran.returncode == 2
    assert ran.stderr.startswith("error: operating system error: [Errno 2]")


def test_a_missing_script_costs_its_sections(tmp_path: Path) -> None:
    marked = mark(write_submission(tmp_path / "ada", pytorch_ann=None), "--only", "0.1,1.2,2.1,2.5")
    assert marked.failed == ["0.1", "2.1", "2.5"]
    assert "pytorch_ann.py is missing" in marked.section("2.1")["output"]


@pytest.mark.parametrize(("code", "diagnosis", "message"), sampled([
    ("import scipy.optimize; scipy.optimize", "forbidden-import", "import of scipy.optimize"),
    ("x = (" * 5000, "syntax-error", "numpy_ann.py"),
    ("x = '\0'", "syntax-error", "numpy_ann.py"),
    ("import sys; sys.exit(0)", "raises", "SystemExit"),
], every=2))  # fmt: skip
def test_scripts_that_may_not_or_cannot_be_imported(
    tmp_path: Path, code: str, diagnosis: str, message: str
) -> None:
    source = script_with("numpy_ann", {}).replace(
        "import numpy as np", f"{code}\nimport numpy as np", 1
    )
    marked = mark(write_submission(tmp_path / "ada", numpy_ann=source), "--only", "1.2,1.6,2.5")
    assert marked.failed == ["1.2", "1.6"]
    assert marked.section("1.2")["extra_data"]["diagnosis"] == [diagnosis]
    assert message in marked.section("1.2")["output"]


def test_an_encoding_that_does_not_exist_is_said_to_be_so(tmp_path: Path) -> None:
    source = "# coding: none-such\n" + script_with("numpy_ann", {})
    marked = mark(write_submission(tmp_path / "ada", numpy_ann=source), "--only=1.2")
    assert marked.section("1.2")["extra_data"]["diagnosis"] == ["syntax-error"]
    assert "unknown encoding: none-such" in marked.section("1.2")["output"]


@pytest.mark.parametrize("style", sampled(["crlf", "bom", "latin-1", "tabs"], every=2))
def test_encodings_and_line_ends_are_accepted(tmp_path: Path, style: str) -> None:
    work = write_submission(tmp_path / "ada")
    source = (work / "numpy_ann.py").read_text()
    content = {
        "crlf": source.replace("\n", "\r\n").encode(),
        "bom": b"\xef\xbb\xbf" + source.encode(),
        "latin-1": b"# -*- coding: latin-1 -*-\n# caf\xe9\n" + source.encode("ascii", "ignore"),
        "tabs": source.replace("    ", "\t").encode(),
    }[style]
    (work / "numpy_ann.py").write_bytes(content)
    assert mark(work, "--only", "1.2,1.3,1.4,1.5,1.6").status == 0


def test_notebooks_earn_what_scripts_earn(tmp_path: Path) -> None:
    from grader.handout.notebooks import notebook
    from grader.handout.stubs import reference_source, solved

    work = write_submission(tmp_path / "ada")
    for script in ("numpy_ann", "pytorch_ann", "pytorch_cnn"):
        (work / f"{script}.py").unlink()
        (work / f"{script}.ipynb").write_text(
            notebook(solved(reference_source(script), f"{script}.py"))
        )
    assert mark(work, "--skip-training").status == 0


def test_a_grader_error_costs_no_point_and_ends_with_status_2(tmp_path: Path) -> None:
    """A copy of the grader with a broken check: the fault is the grader's, and it says so."""
    copy = tmp_path / "project"
    shutil.copytree(ROOT / "grader", copy / "grader", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(ROOT / "utils.py", copy / "utils.py")
    check = copy / "grader" / "checks" / "numpy" / "cases.py"
    check.write_text(
        check.read_text().replace(
            "for z in some_z(rng, sizes)", "for z in some_z(rng, sizes) / 0", 1
        )
    )
    work = write_submission(tmp_path / "ada")
    ran = run(
        "-P",
        copy / "grader" / "__main__.py",
        "grade",
        work,
        "--only",
        "1.2",
        "--results",
        tmp_path / "r.json",
    )
    assert ran.returncode == 2
    section = json.loads((tmp_path / "r.json").read_text())["tests"][0]
    assert (section["score"], section["status"]) == (points("1.2"), "passed")
    assert section["output"].startswith("grader error, not your code: TypeError")


def test_marking_leaves_nothing_in_the_temporary_folder(tmp_path: Path) -> None:
    folder = tmp_path / "scratch"
    folder.mkdir()
    work = write_submission(tmp_path / "ada", {"1.4": "import os; os._exit(1)"})
    ran = run("-P", "-m", "grader", "grade", work, "--only", "1.2,1.4", TMPDIR=str(folder))
    assert ran.returncode == 1
    assert list(folder.iterdir()) == []
    assert tempfile.gettempdir() != str(folder)


def test_names_in_an_archive_do_nothing_to_the_terminal(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "work.zip", "w") as stream:
        for place in ("\x1b]0;owned\x07a", "b\nc"):
            stream.writestr(f"{place}/numpy_ann.py", "x = 1")
    ran = run("-P", "-m", "grader", "grade", str(tmp_path / "work.zip"))
    assert ran.returncode == 2
    assert "in more than one place" in ran.stderr
    assert "\x1b" not in ran.stderr
    assert ran.stderr.count("\n") == 1
