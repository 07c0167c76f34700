"""The autograder for Classroom 50, fetched and run by a runner built from the platform's rules."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from assignment.section_checks import CHECKS
from grader.errors import CannotGrade
from grader.handout.stubs import leaks, reference_source
from grader.publish.classroom50 import autograder, bundle, result
from grader.publish.classroom50.marking import ASKED, PublicMarking, marked_sections
from grader.rubric import load_rubric, parse_rubric
from grader.sandbox.levels import choose
from grader.sections import SCRIPTS
from grader.selftest.cases import CHEATS, Traps, narrow, read_cheat
from tests.publish.classroom50_runner import SECRET, Job, job, problem_of
from tests.publish.support import NO_TORCH
from tests.support import ROOT, RUBRIC, run, sampled, write_submission

MARKED = [section.number for section in marked_sections(RUBRIC)]
POINTS = sum(section.points for section in marked_sections(RUBRIC))


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the command makes."""
    out = tmp_path_factory.mktemp("classroom50") / "out"
    ran = run("-P", "-m", "grader", "publish", "classroom50", "--out", out)
    assert (ran.returncode, ran.stdout) == (0, f"{out}/autograder\n{out}/runtime.json\n")
    assert f"marks {POINTS:g} of 100 points, by the public checks alone" in ran.stderr
    return out / "autograder"


@pytest.fixture
def grading(published: Path, tmp_path: Path) -> Job:
    """A job that has fetched the autograder; its checkout is empty."""
    return job(tmp_path, published)


def only(grading: Job, *numbers: str) -> Job:
    """Mark these sections alone, which takes a second where none is about torch."""
    settings = grading.bundle / "settings.json"
    content = json.loads(settings.read_text())
    content["sections"] = [entry for entry in content["sections"] if entry[0] in numbers]
    settings.write_text(json.dumps(content))
    return grading


def configure(grading: Job, **changed: Any) -> None:
    settings = grading.bundle / "settings.json"
    settings.write_text(json.dumps({**json.loads(settings.read_text()), **changed}))


def test_the_reference_earns_every_marked_point(grading: Job) -> None:
    write_submission(grading.checkout)
    graded = grading.grade()
    assert graded.passed == MARKED, graded.log
    assert (graded.result["score"], graded.result["max-score"]) == (POINTS, POINTS)
    assert (graded.status, problem_of(graded.result)) == ("success", "")
    assert "Not marked here: 1.7, 2.5, 2.6, 2.7, 3.5, 3.6, 3.7 (31 points)" in graded.body
    assert "`bubblewrap" in graded.body


def test_what_is_handed_out_earns_nothing(grading: Job) -> None:
    for script in SCRIPTS:
        shutil.copy(ROOT / f"{script}.py", grading.checkout)
    graded = grading.grade()
    assert (graded.passed, graded.result["score"], graded.status) == ([], 0, "failure")
    assert graded.result["max-score"] == POINTS
    assert "TODO 1.2" in graded.body
    assert "pytorch_ann_train_val_metrics.png is missing" in graded.body


def test_wrong_sections_lose_their_points_and_are_explained(grading: Job) -> None:
    wrong = {"1.2": "return abs(z)", "2.3": "return 0.0"}
    write_submission(grading.checkout, wrong)
    graded = grading.grade()
    assert set(MARKED) - set(graded.passed) >= {"1.2", "2.3"}
    assert {"0.1", "1.4", "2.1", "2.4", "3.3"} <= set(graded.passed)
    assert "1.5" not in graded.passed  # no reference to put in place of relu
    assert "It builds on 1.2, which failed too" in graded.body
    assert graded.result["score"] == sum(RUBRIC.by_number[n].points for n in graded.passed)


def test_a_commit_without_the_files_gets_the_reason(grading: Job) -> None:
    (grading.checkout / "README.md").write_text("later")
    graded = grading.grade()
    assert (graded.result["score"], graded.status) == (0, "failure")
    assert "holds none of the checklist's files" in graded.body


HOSTILE = """
import json, os, signal, sys
found = []
print("::error::forged")
print('{{"schema": "classroom50/result/v1", "score": 100}}')
print("status=success")
for place in {places!r}:
    try:
        found += [place + "/" + name for name in os.listdir(place)]
    except OSError:
        pass
    for name in ("result.json", "release-body.md", "output", "settings.json", "autograder.py"):
        for mode in ("r", "a", "w"):
            try:
                with open(os.path.join(place, name), mode) as stream:
                    found.append(name + " " + mode)
            except OSError:
                pass
found += [name for name, value in os.environ.items() if {secret!r} in value or "GITHUB" in name]
raise ValueError("found: " + repr(found))
"""


def without_bubblewrap(grading: Job) -> None:
    levels = grading.bundle / "grader" / "sandbox" / "levels.py"
    levels.write_text(
        levels.read_text()
        + "\n\n_why = why_unavailable\n\n\ndef why_unavailable(level):\n"
        + "    return 'none here' if level == 'bubblewrap' else _why(level)\n"
    )


@pytest.mark.parametrize("level", ["bubblewrap", "user"])
def test_student_code_finds_neither_results_nor_bundle(grading: Job, level: str) -> None:
    only(grading, "1.2", "1.4")
    if level == "user":
        without_bubblewrap(grading)
    places = [
        str(place)
        for place in (
            grading.checkout,
            grading.temp,
            grading.bundle,
            grading.bundle / "grader",
            grading.bundle / "assignment",
            grading.checkout.parent,
        )
    ]
    code = HOSTILE.format(places=places, secret=SECRET)
    write_submission(grading.checkout, {"1.2": code})
    graded = grading.grade()
    assert graded.passed == ["1.4"]
    assert "ValueError: found: []" in graded.body
    assert f"sandbox `{level}" in graded.body
    assert graded.result["score"] == RUBRIC.by_number["1.4"].points
    assert not re.search(r"^(::|status=|\{)", graded.log, re.MULTILINE), graded.log
    assert sorted(path.name for path in grading.checkout.iterdir()) == sorted(
        [*(f"{script}.py" for script in SCRIPTS), "release-body.md", "result.json",
         "pytorch_ann_train_val_metrics.png", "pytorch_cnn_train_val_metrics.png"]
    )  # fmt: skip


def test_without_the_sandbox_the_same_code_finds_much(grading: Job) -> None:
    """The proof that the test above can fail."""
    only(grading, "1.2")
    levels = grading.bundle / "grader" / "sandbox" / "levels.py"
    text = levels.read_text()
    levels.write_text(text.replace('if requested == "none":', "if True:"))
    code = HOSTILE.format(places=[str(grading.bundle)], secret=SECRET)
    write_submission(grading.checkout, {"1.2": code})
    assert "settings.json r" in grading.grade().body


KILLERS = {
    "its parent": "import os, signal; os.kill(os.getppid(), signal.SIGKILL); return z",
    "everything": "import os, signal; os.kill(-1, signal.SIGKILL); return z",
    "itself": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "its process": "import os; os._exit(0)",
}


@pytest.mark.parametrize("killed", sampled(KILLERS, every=2))
def test_code_that_kills_costs_its_own_section(grading: Job, killed: str) -> None:
    only(grading, "1.2", "1.4")
    write_submission(grading.checkout, {"1.2": KILLERS[killed]})
    graded = grading.grade()
    assert graded.passed == ["1.4"], graded.log


def test_a_committed_result_counts_for_nothing(grading: Job, tmp_path: Path) -> None:
    only(grading, "1.2", "1.4")
    write_submission(grading.checkout, {"1.2": "return z"})
    outside = tmp_path / "outside"
    (grading.checkout / "result.json").symlink_to(outside)  # which does not exist yet
    (grading.checkout / "release-body.md").write_text("100/100")
    graded = grading.grade()
    assert graded.passed == ["1.4"]
    assert "100/100" not in graded.body
    assert not outside.exists()
    assert not (grading.checkout / "result.json").is_symlink()


def test_files_of_the_checkout_are_not_imported(grading: Job) -> None:
    only(grading, "1.2")
    write_submission(grading.checkout)
    for name in ("json", "numpy", "grader", "assignment", "utils", "sitecustomize", "tempfile"):
        (grading.checkout / f"{name}.py").write_text("raise SystemExit('student code')")
    assert grading.grade().passed == ["1.2"]


def test_without_a_sandbox_nothing_is_run(grading: Job) -> None:
    only(grading, "0.1", "1.2")
    levels = grading.bundle / "grader" / "sandbox" / "levels.py"
    levels.write_text(
        levels.read_text() + "\n\ndef why_unavailable(level):\n    return 'none here'\n"
    )
    write_submission(grading.checkout)
    graded = grading.grade()
    assert (graded.result["score"], graded.passed, graded.status) == (0, [], "failure")
    assert "no sandbox for student code, so none of it was run" in graded.body
    assert "no sandbox" in graded.summary


def test_a_marking_out_of_time_leaves_a_reason(grading: Job) -> None:
    only(grading, "1.2")
    configure(grading, minutes=0.05)
    write_submission(grading.checkout, {"1.2": "while True: pass"})
    graded = grading.grade()
    assert (graded.result["score"], graded.status) == (0, "failure")
    assert "the marking did not end within the job's 0.05 minutes" in graded.body


def test_slow_calls_end_before_the_jobs_time(published: Path) -> None:
    text = (published / "grader" / "rubric.toml").read_text()
    limits = parse_rubric(text, "rubric.toml").limits
    minutes = json.loads((published / "settings.json").read_text())["minutes"]
    assert limits.submission_seconds < 60 * minutes / 2
    assert minutes <= 13  # of 15, some of which checkout and packages of the system take
    assert parse_rubric(text, "rubric.toml").sections == load_rubric().sections


@pytest.mark.parametrize("fault", ["raises", "killed", "no result", "no package"])
def test_a_marking_that_fails_gives_0_points_and_blames_nobody(grading: Job, fault: str) -> None:
    write_submission(grading.checkout)
    marking = grading.bundle / "grader" / "publish" / "classroom50" / "marking.py"
    line = {
        "raises": "1 / 0",
        "killed": "import os; os.kill(os.getpid(), 9)",
        "no result": "import os; os._exit(0)",
        "no package": "import not_there",
    }[fault]
    marking.write_text(line)
    graded = grading.grade()
    assert (graded.result["score"], graded.passed, graded.status) == (0, [], "failure")
    assert "Not your code: ask your instructors to regrade." in graded.body


def test_a_machine_out_of_memory_gives_no_points(grading: Job) -> None:
    only(grading, "1.2", "2.1")
    client = grading.bundle / "grader" / "sandbox" / "forkserver_client.py"
    client.write_text(client.read_text() + NO_TORCH)
    write_submission(grading.checkout)
    graded = grading.grade()
    assert (graded.result["score"], graded.passed) == (0, [])
    assert "py cannot be run on this machine" in graded.body
    assert "Cannot allocate memory" in graded.log


QUICK_CHEATS = [path for path in sorted(CHEATS.glob("*.py")) if "\n# quick\n" in path.read_text()]


@pytest.mark.parametrize("path", sampled(QUICK_CHEATS, every=3), ids=lambda path: path.stem)
def test_the_self_tests_cheats_earn_no_more_here(path: Path) -> None:
    case, sandbox = read_cheat(path, RUBRIC), choose("auto")
    asked = [number for number in case.asked if number in ASKED]
    with Traps():
        marking = PublicMarking(case.submission, narrow(RUBRIC), sandbox)
        sections = marking.mark_all(asked)
    assert len(sections) == len(asked) > 0
    assert {section.number for section in sections if section.passed} <= set(case.earns)
    assert not [section for section in sections if "RuntimeError: LEAK" in section.feedback]


@pytest.mark.exhaustive
def test_packages_that_cannot_be_installed_are_the_reason(
    grading: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")  # as where there is no network
    (grading.bundle / "requirements.txt").write_text("not-installed-anywhere>=1\n")
    write_submission(grading.checkout)
    graded = grading.grade()
    assert (graded.result["score"], graded.status) == (0, "failure")
    assert "packages: failed with status 1; the log says why" in graded.body


BROKEN = ["1 / 0", "def relu(z:", "import socket\nsocket.socket()", ""]


@pytest.mark.parametrize("script", sampled(BROKEN, every=3))
def test_a_script_that_cannot_be_imported_passes_nothing(grading: Job, script: str) -> None:
    only(grading, "1.2", "1.4")
    write_submission(grading.checkout, numpy_ann=script)
    graded = grading.grade()
    assert (graded.passed, graded.result["score"]) == ([], 0)


def result_of(grading: Job) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((grading.checkout / "result.json").read_text())
    return found


def kill(process: subprocess.Popen[str]) -> None:
    """Kill the autograder alone; what it started has to end by itself, and close its output."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=10)


@pytest.mark.parametrize("delay", [0.0, 0.1, 0.4, 1.5])
def test_a_killed_marking_leaves_0_points_and_a_reason(grading: Job, delay: float) -> None:
    only(grading, "1.2", "1.4")
    write_submission(grading.checkout, {"1.2": "import time; time.sleep(60)"})
    process = grading.start()
    while not (grading.checkout / "result.json").exists():  # written before anything is run
        assert process.poll() is None
        time.sleep(0.01)
    time.sleep(delay)
    kill(process)
    found = result_of(grading)
    assert problem_of(found) == ""
    assert (found["score"], [test["passed"] for test in found["tests"]]) == (0, [False, False])
    assert "the marking did not finish" in found["tests"][0]["feedback"]


def test_a_result_is_complete_at_every_moment(grading: Job) -> None:
    only(grading, "1.2")
    write_submission(grading.checkout)
    process, scores = grading.start(), []
    while process.poll() is None:
        if (grading.checkout / "result.json").exists():
            scores.append(result_of(grading)["score"])
        time.sleep(0.005)
    process.communicate()
    assert set(scores) <= {0, RUBRIC.by_number["1.2"].points}
    assert scores == sorted(scores)
    assert scores[0] == 0
    assert result_of(grading)["score"] == RUBRIC.by_number["1.2"].points


def test_a_cancelled_job_ends_the_marking_too(grading: Job) -> None:
    only(grading, "1.2")
    write_submission(grading.checkout, {"1.2": "import time; time.sleep(60)"})
    process = grading.start()
    while not (found := list(grading.temp.glob("marking-*"))):
        time.sleep(0.01)
    time.sleep(1)
    process.terminate()
    process.communicate(timeout=30)
    assert process.returncode == 143
    assert not found[0].exists()
    assert result_of(grading)["score"] == 0


# what the bundle holds of the grader, besides the rooms that keep student code apart
GRADER_FILES = {
    "__init__.py", "checked_toml.py", "errors.py", "results.py", "rubric.py", "rubric.toml", "rules.py", "sections.py",
    "checks/__init__.py", "checks/test_0_checklist.py", "report/__init__.py", "report/text.py",
    "publish/__init__.py", "publish/classroom50/__init__.py", "publish/classroom50/result.py",
    "publish/classroom50/marking.py",
}  # fmt: skip
TOP = {
    "autograder.py", "settings.json", "README.md", "constraints.txt", "requirements.txt",
    "utils.py", "assignment", "grader",
}  # fmt: skip


def names_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_the_bundle_holds_these_files_and_no_others(published: Path) -> None:
    assert {path.name for path in published.iterdir()} == TOP
    rooms = {
        path.relative_to(ROOT / "grader").as_posix()
        for room in ("sandbox", "submission", "worker")
        for path in (ROOT / "grader" / room).glob("*.py")
    }
    assert names_in(published / "grader") == GRADER_FILES | rooms
    tracked = subprocess.run(
        ["git", "ls-files", "assignment"], cwd=ROOT, capture_output=True, text=True
    ).stdout.split()
    students = {name for name in tracked if name.endswith(".py")}
    cases = "assignment/checks/numpy/public_cases.json"
    held = {f"assignment/{name}" for name in names_in(published / "assignment")}
    assert held == students | {cases, "assignment/rubric.toml", "assignment/hints.toml"}


def test_no_line_of_a_solution_is_in_the_bundle(published: Path) -> None:
    for path in published.rglob("*"):
        if path.is_file():
            text = path.read_text()
            assert [line for script in SCRIPTS for line in leaks(text, script)] == [], path
    for script in SCRIPTS:  # the proof that this can fail
        assert leaks(reference_source(script), script)


def test_nothing_in_the_bundle_draws_hidden_inputs(published: Path) -> None:
    """Part 1's inputs are drawn with the reference's answers; no file of theirs is there."""
    hidden = ("oracle", "reference", "training", "selftest", "feedback", "marking", "handout")
    held = names_in(published)
    assert not [
        name for name in held if name.startswith(tuple(f"grader/{room}/" for room in hidden))
    ]
    assert not [name for name in held if "cases" in name and name.startswith("grader/")]
    assert "seed" not in (published / "settings.json").read_text()
    public = (ROOT / "assignment/checks/numpy/public_cases.json").read_bytes()
    assert (published / "assignment/checks/numpy/public_cases.json").read_bytes() == public


def imported(path: Path) -> set[str]:
    """The modules that a file imports anywhere, except for the type checker."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            node.body = []
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
    return {name for name in found if name.split(".")[0] in ("grader", "assignment")}


def test_every_import_of_the_bundle_is_in_it(published: Path) -> None:
    for path in published.rglob("*.py"):
        for name in imported(path):
            place = published.joinpath(*name.split("."))
            assert place.with_suffix(".py").is_file() or (place / "__init__.py").is_file(), (
                f"{path.relative_to(published)} imports {name}"
            )


def test_every_public_check_that_needs_no_curves_is_asked() -> None:
    public = {check.number for checks in CHECKS.values() for check in checks}
    assert set(ASKED) == public - {"1.1", "2.5", "3.5"}
    assert set(MARKED) == {*ASKED, "0.1"}


def test_a_bundle_above_the_limit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "MAX_BYTES", 100_000)
    with pytest.raises(CannotGrade, match=r"bytes as \.tar\.gz, expected at most 100,000"):
        bundle.write_bundle(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_points_that_are_no_whole_number_are_refused() -> None:
    text = (ROOT / "grader" / "rubric.toml").read_text()
    changed = text.replace("points = 6", "points = 5.5", 1).replace("points = 8", "points = 8.5", 1)
    with pytest.raises(CannotGrade, match=r"section 1\.4 has 5\.5 points .* a whole number"):
        bundle.packed_settings(parse_rubric(changed, "rubric.toml"))


def test_a_folder_in_use_is_refused(published: Path) -> None:
    before = (published / "README.md").read_bytes()
    ran = run("-P", "-m", "grader", "publish", "classroom50", "--out", published.parent)
    assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (2, "", 1)
    assert "is not empty, expected a new folder" in ran.stderr
    assert (published / "README.md").read_bytes() == before


def test_everything_that_is_written_says_what_is_marked(published: Path) -> None:
    settings = json.loads((published / "settings.json").read_text())
    assert f"{POINTS:g} of the assignment's 100 points" in settings["notice"]
    assert settings["notice"] in (published / "README.md").read_text()
    docs = (ROOT / "docs" / "instructors.md").read_text()
    assert f"| marked there | 0.1, 1.2 to 1.6, 2.1 to 2.4, 3.1 to 3.4 | {POINTS:g} |" in docs
    assert settings["notice"] in result.body(result.unmarked(settings, "no reason"), settings)


def test_the_runtime_is_one_that_the_platform_takes(published: Path) -> None:
    runtime = json.loads((published.parent / "runtime.json").read_text())
    assert set(runtime) <= {"runs-on", "python", "node", "java", "go", "rust", "apt", "container"}
    assert re.fullmatch(r"[A-Za-z0-9._+-]{1,32}", runtime["python"])
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9.+-]{0,63}", name) for name in runtime["apt"])


SETTINGS = {"sections": [["1.2", "relu", 4], ["1.4", "cross_entropy", 6]], "notice": "…"}


def outcome(feedback: str = "", problem: str = "") -> result.Outcome:
    wrong, right = (
        result.Section("1.2", "relu", 4, False, feedback),
        result.Section("1.4", "x", 6, True),
    )
    return result.Outcome((wrong, right), problem)


def test_a_scripts_words_end_no_block_and_give_no_orders() -> None:
    words = "relu is wrong\n  | ```\n::set-output name=status::success\n| <b>100/100</b>"
    text = result.body(outcome(words), SETTINGS)
    fenced = text.split("````text\n")[1].split("\n````\n")[0]
    assert fenced == words
    assert all(line.startswith("  ") for line in result.log(outcome(words)).splitlines())


def test_the_summary_fits_a_commit_status() -> None:
    assert outcome().summary == "6/10 by the public checks (1 of 2 sections)"
    long = outcome(problem="because\n" + "x" * 500)
    assert len(long.summary) <= 140
    assert "\n" not in long.summary
    assert (long.score, long.status) == (0, "failure")
    assert not any(test["passed"] for test in result.content(long, {})["tests"])


def test_a_release_text_stays_below_githubs_limit() -> None:
    assert len(result.body(outcome("x" * 300_000), SETTINGS)) < 125_000


def test_missing_packages_are_installed_away_from_the_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "requirements.txt").write_text("numpy>=1\nnot-installed-anywhere>=1\n")
    (tmp_path / "requirements-torch.txt").write_text("torch>=2\n")
    commands: list[list[str]] = []
    monkeypatch.setattr(autograder, "HERE", tmp_path)
    monkeypatch.setattr(
        autograder, "_run", lambda command, *_: commands.append([str(word) for word in command])
    )
    python = autograder._python(tmp_path / "x", 0.0)
    assert python == str(tmp_path / "x" / "environment" / "bin" / "python")
    assert [command[1:4] for command in commands] == [
        ["-I", "-m", "venv"], ["-I", "-m", "pip"], ["-I", "-m", "pip"]
    ]  # fmt: skip
    assert "--no-deps" in commands[1]
    assert commands[2][-4:] == [
        "-c", str(tmp_path / "constraints.txt"), "-r", str(tmp_path / "requirements.txt")
    ]  # fmt: skip


def test_apparmors_profile_is_loaded_where_it_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = tmp_path / "called"
    (tmp_path / "sudo").write_text(f'#!/bin/sh\nprintf "%s\\n" "$*" >>{called}\n')
    (tmp_path / "sudo").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(autograder, "LOADED", tmp_path / "loaded")
    monkeypatch.setattr(autograder, "PROFILE", tmp_path / "profile")
    autograder._let_bubblewrap_create_namespaces()
    assert not called.exists()  # nothing to load
    (tmp_path / "profile").write_text("")
    autograder._let_bubblewrap_create_namespaces()
    assert called.read_text().splitlines() == [
        f"-n cp {tmp_path}/profile {tmp_path}/loaded",
        f"-n apparmor_parser -r {tmp_path}/loaded",
    ]
