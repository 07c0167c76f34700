"""The Gradescope autograder, unpacked and run like on the platform, also where it fails."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from grader.sections import SCRIPTS
from tests.publish.support import NO_TORCH, configure, hostile
from tests.support import ROOT, RUBRIC, points, sampled, write_submission


def run_autograder(root: Path) -> tuple[dict[str, Any], str]:
    """What results.json holds after run_autograder, and what it printed."""
    ran = subprocess.run(
        [root / "run_autograder"],
        env={**os.environ, "AUTOGRADER_ROOT": str(root)},
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 0
    return json.loads((root / "results" / "results.json").read_text()), ran.stdout


def test_run_autograder_marks_a_submission(autograder: Path) -> None:
    write_submission(autograder / "submission", {"1.2": "return abs(z)"})
    before = sorted(path.name for path in (autograder / "submission").iterdir())
    configure(autograder, arguments=["--sandbox=auto", "--only=0.1,1.2,1.3"])
    results, printed = run_autograder(autograder)
    assert [(test["number"], test["status"], test["visibility"]) for test in results["tests"]] == [
        ("0.1", "passed", "visible"),
        ("1.2", "failed", "after_published"),
        ("1.3", "passed", "after_published"),
    ]
    assert results["score"] == 6
    assert "points" not in results["output"]
    assert "✗  1.2" in printed  # for the instructor
    assert sorted(path.name for path in (autograder / "submission").iterdir()) == before
    assert [path.name for path in (autograder / "results").iterdir()] == ["results.json"]


@pytest.mark.parametrize("level", ["bubblewrap", "user"])
def test_student_code_reaches_neither_the_grader_nor_the_results(
    autograder: Path, level: str
) -> None:
    write_submission(autograder / "submission", {"1.2": hostile(str(autograder))})
    configure(autograder, arguments=[f"--sandbox={level}", "--only=1.2,1.3"], visibility="visible")
    results, _ = run_autograder(autograder)
    failed, passed = results["tests"]
    assert "ValueError: found: []" in failed["output"]
    assert passed["status"] == "passed"
    assert results["extra_data"]["sandbox"] == level


@pytest.mark.exhaustive
def test_without_a_sandbox_the_same_code_finds_everything(autograder: Path) -> None:
    """The proof that the test above can fail."""
    write_submission(autograder / "submission", {"1.2": hostile(str(autograder))})
    configure(autograder, arguments=["--sandbox=none", "--only=1.2"], visibility="visible")
    results, _ = run_autograder(autograder)
    assert "rubric.toml rb b" in results["tests"][0]["output"]


def test_other_users_lose_access_to_grader_and_results(autograder: Path) -> None:
    write_submission(autograder / "submission")
    configure(autograder, arguments=["--sandbox=auto", "--only=0.1"])
    run_autograder(autograder)
    for name in ("source", "submission", "results", "submission_metadata.json"):
        assert (autograder / name).stat().st_mode & 0o077 == 0, name


def test_an_unreadable_submission_gets_0_points_and_the_reason(autograder: Path) -> None:
    (autograder / "submission" / "essay.docx").write_bytes(b"PK")
    configure(autograder, arguments=["--sandbox=auto", "--skip-training"])
    results, _ = run_autograder(autograder)
    assert (results["score"], results["tests"]) == (0, [])
    assert "submission holds none of the checklist's files (numpy_ann.py" in results["output"]


BLAME = "grader error, not your code: "


def expect_blameless(results: dict[str, Any], reason: str) -> None:
    assert results["output"] == f"{BLAME}{reason} Please ask your instructors for a regrade."
    assert (results["score"], results["visibility"]) == (0, "visible")
    assert results["max_score"] == RUBRIC.max_score


@pytest.mark.parametrize(
    "fault", sampled(["raises", "ends", "killed", "no environment", "bad sandbox"], every=2)
)
def test_a_grader_that_fails_leaves_results_that_blame_nobody(autograder: Path, fault: str) -> None:
    write_submission(autograder / "submission")
    main = autograder / "source" / "grader" / "__main__.py"
    if fault == "no environment":
        (autograder / "venv").unlink()
    elif fault == "bad sandbox":
        configure(autograder, arguments=["--sandbox=docker"])
    else:
        line = {
            "raises": "1 / 0",
            "ends": "import os; os._exit(0)",
            "killed": "import os; os.kill(os.getpid(), 9)",
        }[fault]
        main.write_text(f"{line}\n")
    results, printed = run_autograder(autograder)
    expect_blameless(results, "the marking did not finish.")
    assert "run_autograder: the grader failed with status" in printed or fault == "ends"


@pytest.mark.exhaustive
def test_a_marking_out_of_time_is_ended_and_reported(autograder: Path) -> None:
    write_submission(autograder / "submission", {"1.2": "while True: pass"})
    configure(autograder, arguments=["--sandbox=auto", "--only=1.2"], minutes=0.05)
    results, _ = run_autograder(autograder)
    expect_blameless(results, "the marking did not end within 0.05 minutes.")


def test_a_container_out_of_memory_gives_no_points(autograder: Path) -> None:
    """Sections that could not be run used to get full points, for empty scripts too."""
    for script in SCRIPTS:
        shutil.copy(ROOT / f"{script}.py", autograder / "submission")
    client = autograder / "source" / "grader" / "sandbox" / "forkserver_client.py"
    client.write_text(client.read_text() + NO_TORCH)
    configure(autograder, arguments=["--sandbox=auto", "--only=1.2,2.1,3.1"])
    results, printed = run_autograder(autograder)
    expect_blameless(results, "sections could not be marked on this machine (2.1, 3.1).")
    assert "error: sections could not be marked on this machine (2.1, 3.1)" in printed


def begin_autograder(root: Path) -> subprocess.Popen[bytes]:
    """run_autograder, started as the leader of a process group, with its first results written."""
    started = subprocess.Popen(
        [root / "run_autograder"],
        env={**os.environ, "AUTOGRADER_ROOT": str(root)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    while not (root / "results" / "results.json").exists():
        assert started.poll() is None
        time.sleep(0.005)
    return started


@pytest.mark.parametrize("delay", sampled([0.0, 0.1, 0.5, 2.0], every=2))
def test_a_killed_marking_leaves_0_points_and_a_reason(autograder: Path, delay: float) -> None:
    write_submission(autograder / "submission", {"1.2": "import time; time.sleep(60)"})
    configure(autograder, arguments=["--sandbox=auto", "--only=1.2,1.3,1.4"])
    started = begin_autograder(autograder)
    time.sleep(delay)
    os.killpg(started.pid, signal.SIGKILL)
    started.wait()
    content = json.loads((autograder / "results" / "results.json").read_text())
    expect_blameless(content, "the marking did not finish.")


def test_results_are_complete_at_every_moment(autograder: Path) -> None:
    write_submission(autograder / "submission", {"1.2": "return abs(z)"})
    configure(autograder, arguments=["--sandbox=auto", "--only=1.2,1.3"])
    started, scores = begin_autograder(autograder), []
    results = autograder / "results" / "results.json"
    while started.poll() is None:
        scores.append(json.loads(results.read_text())["score"])
        time.sleep(0.005)
    assert scores[0] == 0
    assert set(scores) <= {0, points("1.3")}
    assert json.loads(results.read_text())["score"] == points("1.3")
