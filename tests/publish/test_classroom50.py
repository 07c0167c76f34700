"""The autograder for Classroom 50, fetched and run by a runner built from the platform's rules."""

from __future__ import annotations

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

from grader.publish.classroom50.marking import ASKED, PublicMarking
from grader.rubric import load_rubric, parse_rubric
from grader.sandbox.levels import choose
from grader.sections import SCRIPTS
from grader.selftest.cases import CHEATS, Traps, narrow, read_cheat
from tests.publish.classroom50_runner import MARKED, POINTS, SECRET, Job, problem_of
from tests.publish.support import NO_TORCH
from tests.support import ROOT, RUBRIC, sampled, write_submission


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


@pytest.mark.exhaustive
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


@pytest.mark.exhaustive
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


@pytest.mark.exhaustive
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
