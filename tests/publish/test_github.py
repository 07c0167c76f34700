"""The template repository and the workflows, whose own steps run here on local repositories."""

import csv
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from grader.classroom.gradebook import Gradebook
from tests.classes import Pupil, write_class
from tests.classroom.support import make_class, marked_some, until
from tests.publish.repositories import git, repository
from tests.support import ROOT, run, sampled, script_with, write_submission

WORKFLOWS = ("template/.github/workflows/check.yml", "marking/.github/workflows/mark.yml")

PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command makes."""
    out = tmp_path_factory.mktemp("github") / "out"
    ran = run("-P", "-m", "grader", "publish", "github", "--out", out)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, f"{out}/template\n{out}/marking\n", "")
    return out


def workflow(published: Path, name: str) -> dict[str, Any]:
    """A workflow's content; YAML 1.1 reads its key `on` as true."""
    found = yaml.safe_load((published / name).read_text())
    return {("on" if key is True else key): value for key, value in found.items()}


def steps(content: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in content["jobs"].values() for step in job["steps"]]


def shell_of(published: Path, job: str, name: str) -> tuple[str, dict[str, str]]:
    """The script of a step of mark.yml, and its variables with nothing chosen for any input."""
    (step,) = [
        step
        for step in workflow(published, WORKFLOWS[1])["jobs"][job]["steps"]
        if step.get("name") == name
    ]
    return step["run"], dict.fromkeys(step.get("env", {}), "")


def run_step(script: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a step's script as a runner does; `python` is ours."""
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=cwd,
        env={**os.environ, "PATH": PATH, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_template_is_the_handout_with_its_checks(published: Path) -> None:
    template = published / "template"
    assert {
        ".github",
        ".gitignore",
        "constraints.txt",
        "numpy_ann.py",
        "utils.py",
        "tests",
        "data",
    } <= {path.name for path in template.iterdir()}
    text = "".join(
        path.read_text()
        for path in template.rglob("*")
        if path.suffix in (".py", ".yml", ".txt", ".md")
    )
    assert "SOLUTION" not in text
    assert "grader" not in text.replace("grader error", "")
    ignored = (template / ".gitignore").read_text().splitlines()
    assert "numpy_ann_train_val_metrics.png" in ignored
    assert not [
        line for line in ignored if line.startswith("*.png") or "pytorch" in line
    ]  # these are handed in


def test_the_students_workflow_checks_all_three_parts(published: Path) -> None:
    content = workflow(published, WORKFLOWS[0])
    commands = [step["run"] for step in steps(content) if "run" in step]
    assert commands[0] == "python -m pip install -q -c constraints.txt -r requirements.txt"
    assert [command.split()[1] for command in commands[1:]] == [
        "numpy_ann.py",
        "pytorch_ann.py",
        "pytorch_cnn.py",
    ]
    assert all(command.endswith(".py --check") for command in commands[1:])
    ran = run_step(commands[1], published / "template")
    assert ran.returncode == 1, ran.stderr  # nothing is written yet
    assert "1.2 relu                     not written yet" in ran.stdout


def test_a_written_part_is_green(published: Path, tmp_path: Path) -> None:
    (tmp_path / "numpy_ann.py").write_text(script_with("numpy_ann", {}))
    (tmp_path / "utils.py").symlink_to(published / "template" / "utils.py")
    assert run_step("python numpy_ann.py --check", tmp_path).returncode == 0


def test_a_folder_in_use_is_refused(published: Path) -> None:
    kept = published / "template" / "README.md"
    before = kept.read_bytes()
    ran = run("-P", "-m", "grader", "publish", "github", "--out", published)
    assert ran.returncode == 2
    assert ran.stderr.count("\n") == 1
    assert "is not empty, expected a new folder" in ran.stderr
    assert kept.read_bytes() == before


@pytest.mark.parametrize("name", WORKFLOWS)
def test_workflows_have_few_rights_limits_and_pinned_actions(published: Path, name: str) -> None:
    content = workflow(published, name)
    rights = [
        content["permissions"],
        *(job.get("permissions", {}) for job in content["jobs"].values()),
    ]
    assert all(right in ({}, {"contents": "read"}) for right in rights)
    assert content["concurrency"]["group"]
    assert all(0 < job["timeout-minutes"] <= 360 for job in content["jobs"].values())
    assert "pull_request_target" not in content["on"]
    text = (published / name).read_text()
    used = [step for step in steps(content) if "uses" in step]
    for step in used:
        action, _, commit = step["uses"].partition("@")
        assert re.fullmatch(r"actions/[\w-]+", action)
        assert re.fullmatch(r"[0-9a-f]{40}", commit), step
        assert re.search(rf"{commit} # v\d+\.\d+\.\d+\n", text)
        if action == "actions/checkout":
            assert step["with"] == {"persist-credentials": False}
    assert used


@pytest.mark.parametrize("name", WORKFLOWS)
def test_nothing_is_written_into_a_shell_script(published: Path, name: str) -> None:
    """An input's text in place of ${{ }} would be run."""
    assert not [step for step in steps(workflow(published, name)) if "${{" in step.get("run", "")]


def test_the_token_and_student_code_are_in_different_jobs(published: Path) -> None:
    jobs = workflow(published, WORKFLOWS[1])["jobs"]
    assert "secrets." not in str(jobs["mark"])
    assert "secrets.ROSTER_TOKEN" in str(jobs["fetch"])
    assert not [step for step in jobs["fetch"]["steps"] if "pip" in step.get("run", "")]
    assert jobs["mark"]["needs"] == "fetch"


def test_actionlint_finds_nothing(published: Path) -> None:
    actionlint = shutil.which("actionlint")
    if actionlint is None:
        pytest.skip("actionlint is not installed")
    files = [str(published / name) for name in WORKFLOWS]
    ran = subprocess.run(
        [actionlint, "-no-color", *files], capture_output=True, text=True, timeout=60
    )
    assert (ran.returncode, ran.stdout) == (0, "")


def workspace(tmp_path: Path, roster: str = "") -> dict[str, str]:
    """The variables of a runner, with a checkout of the private copy in tmp_path/workspace."""
    work, temp = tmp_path / "workspace", tmp_path / "temp"
    for folder in (work, temp):
        folder.mkdir()
    (work / "grader").symlink_to(ROOT / "grader")
    (work / "roster.csv").write_text(roster)
    return {"GITHUB_SERVER_URL": f"file://{tmp_path / 'server'}", "RUNNER_TEMP": str(temp)}


def fetch(
    published: Path, tmp_path: Path, given: dict[str, str], **inputs: str
) -> subprocess.CompletedProcess[str]:
    script, variables = shell_of(published, "fetch", "Fetch the checklist's files")
    return run_step(script, tmp_path / "workspace", **given, **{**variables, **inputs})


def mark(
    published: Path, tmp_path: Path, given: dict[str, str], only: str
) -> subprocess.CompletedProcess[str]:
    script, variables = shell_of(published, "mark", "Mark")
    narrowed = script.replace("--gradebook ", f"--sections {only} --gradebook ")
    assert narrowed != script
    marked = run_step(narrowed, tmp_path / "workspace", **given, **variables)
    reported = report(published, tmp_path, given)
    assert reported.returncode == 0, reported.stderr
    return marked


def report(
    published: Path, tmp_path: Path, given: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    script, variables = shell_of(published, "mark", "Report on what is marked")
    return run_step(script, tmp_path / "workspace", **given, **variables)


def marks(tmp_path: Path) -> dict[str, dict[str, str]]:
    with (tmp_path / "temp" / "marks" / "report" / "grades.csv").open(
        encoding="utf-8-sig"
    ) as stream:
        return {row["id"]: row for row in csv.DictReader(stream)}


def a_crowded_submission(folder: Path) -> Path:
    """A mistake in 1.2, a link for a script, and what else is found in repositories."""
    work = write_submission(folder, {"1.2": "print('::error::forged')\nreturn abs(z)"})
    for name in (
        "numpy.py",
        "conftest.py",
        "sitecustomize.py",
        "grader/__main__.py",
        ".venv/numpy_ann.py",
    ):
        (work / name).parent.mkdir(exist_ok=True)
        (work / name).write_text("raise SystemExit('imported')\n")
    (work / ".venv" / "python").symlink_to("/usr/bin/python3")
    (work / "pytorch_cnn.py").unlink()
    (work / "pytorch_cnn.py").symlink_to("/etc/passwd")
    (work / ".gitattributes").write_text("*.py filter=evil export-ignore\n")
    return work


def test_the_workflow_marks_a_roster(published: Path, server: Path, tmp_path: Path) -> None:
    """Its own two scripts, with a folder in place of GitHub without one of the repositories."""
    repository(server, "course/ada", write_submission(tmp_path / "ada"))
    repository(server, "course/ben", a_crowded_submission(tmp_path / "ben"))
    given = workspace(
        tmp_path, "student,repository\nada,course/ada\nben,course/ben\ncy,course/cy\n"
    )

    fetched = fetch(published, tmp_path, given, ROSTER_TOKEN="s3cret")
    assert fetched.returncode == 0, fetched.stderr
    assert fetched.stdout.endswith("2 of 3 repositories fetched\n")
    assert re.search(r"^cy: git fetch: ", fetched.stderr, re.MULTILINE)
    found = tmp_path / "temp" / "submissions"
    assert sorted(
        str(path.relative_to(found)) for path in found.rglob("*") if path.is_file()
    ) == sorted(
        [
            *(f"ada/{path.name}" for path in (tmp_path / "ada").iterdir()),
            *(f"ben/{name}.py" for name in ("numpy_ann", "pytorch_ann")),
            *(f"ben/{name}_train_val_metrics.png" for name in ("pytorch_ann", "pytorch_cnn")),
            "ada.handed_in",
            "ben.handed_in",
            "cy.problem",
            "roster.csv",
        ]
    )

    marked = mark(published, tmp_path, given, "1.2,1.3")
    assert marked.returncode == 1, marked.stderr  # the workflow fails: cy could not be fetched
    assert re.search(r"^cy: not fetched: git fetch: ", marked.stderr, re.MULTILINE)
    assert "::error::" not in marked.stdout + marked.stderr
    rows = marks(tmp_path)
    assert {name: (row["score"], row["max_score"]) for name, row in rows.items()} == {
        "ada": ("8", "8"),
        "ben": ("4", "8"),
    }
    assert (
        sum(
            "::error::forged" in page.read_text()
            for page in (tmp_path / "temp" / "marks").rglob("*.html")
        )
        == 1
    )
    assert (tmp_path / "temp" / "marks" / "grades.db").stat().st_size > 0
    assert "s3cret" not in "".join(
        path.read_text(errors="replace")
        for path in (tmp_path / "temp").rglob("*")
        if path.is_file()
    )


@pytest.mark.exhaustive
def test_a_committed_gradebook_and_course_are_used(
    published: Path, server: Path, tmp_path: Path
) -> None:
    repository(server, "course/ada", write_submission(tmp_path / "ada"))
    given = workspace(tmp_path, "student,repository\nada,course/ada\n")
    assert fetch(published, tmp_path, given).returncode == 0
    work = tmp_path / "workspace"
    with Gradebook(write_class(work / "grades.db", [Pupil("ada"), Pupil("bob")])) as gradebook:
        seed = gradebook.meta("seed")
    before = (work / "grades.db").read_bytes()
    (work / "course.toml").write_text("due = 2020-01-01T12:00:00Z\n[late]\nper_day = 25\n")
    assert mark(published, tmp_path, given, "1.2").returncode == 0
    rows = marks(tmp_path)
    assert (rows["ada"]["attempts"], rows["ada"]["score_before_lateness"]) == ("2", "4")
    assert rows["ada"]["score"] == "0"  # late by more than four days
    assert rows["bob"]["attempts"] == "1"
    with Gradebook(tmp_path / "temp" / "marks" / "grades.db") as gradebook:
        assert gradebook.meta("seed") == seed
    assert (work / "grades.db").read_bytes() == before


@pytest.mark.exhaustive
def test_the_workflow_marks_one_pull_request(published: Path, server: Path, tmp_path: Path) -> None:
    folder = repository(
        server, "course/ada", write_submission(tmp_path / "main", {"1.2": "return -z"})
    )
    git(folder, "checkout", "-q", "-b", "fork")
    write_submission(folder)
    git(folder, "commit", "-q", "-am", "mended")
    git(folder, "update-ref", "refs/pull/7/head", "fork")
    git(folder, "checkout", "-q", "main")
    git(folder, "branch", "-q", "-D", "fork")
    given = workspace(tmp_path)
    assert (
        fetch(published, tmp_path, given, REPOSITORY="course/ada", PULL_REQUEST="7").returncode == 0
    )
    assert mark(published, tmp_path, given, "1.2").returncode == 0
    assert marks(tmp_path)["course_ada-7"]["score"] == "4"


def test_what_is_marked_is_uploaded_whatever_ends_the_job(published: Path) -> None:
    job = workflow(published, WORKFLOWS[1])["jobs"]["mark"]
    names = [step.get("name", step.get("uses", "")) for step in job["steps"]]
    at = names.index("Mark")
    after = job["steps"][at + 1 :]
    assert [step["if"] for step in after] == ["${{ always() }}"] * 2
    assert after[-1]["uses"].startswith("actions/upload-artifact@")
    assert after[-1]["with"]["path"] == "${{ runner.temp }}/marks"
    assert '--gradebook "$RUNNER_TEMP/marks/grades.db"' in job["steps"][at]["run"]
    limits = [step["timeout-minutes"] for step in job["steps"][at:]]
    assert sum(limits) <= job["timeout-minutes"] - 15  # for the steps before


@pytest.mark.exhaustive
def test_a_killed_marking_leaves_what_was_marked(published: Path, tmp_path: Path) -> None:
    given = workspace(tmp_path)
    make_class(tmp_path / "temp" / "submissions", "ada bob cat", seconds=4)
    script, variables = shell_of(published, "mark", "Mark")
    narrowed = script.replace("--gradebook ", "--sections 1.2 --jobs 1 --gradebook ")
    marking = subprocess.Popen(
        ["bash", "-eo", "pipefail", "-c", narrowed],
        cwd=tmp_path / "workspace",
        env={**os.environ, "PATH": PATH, **given, **variables},
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until(marked_some(tmp_path / "temp" / "marks" / "grades.db", 1), 100)
    os.killpg(marking.pid, signal.SIGKILL)
    marking.wait()
    assert report(published, tmp_path, given).returncode == 0
    scores = [row["score"] for row in marks(tmp_path).values()]
    assert 1 <= scores.count("4") < 3


@pytest.mark.parametrize(
    "value",
    sampled(["1; touch proof", "$(touch proof)", "--upload-pack=touch proof", "0"], every=2),
)
def test_an_input_is_never_run(published: Path, tmp_path: Path, value: str) -> None:
    given = workspace(tmp_path)
    for inputs in ({"REPOSITORY": value}, {"REPOSITORY": "course/ada", "PULL_REQUEST": value}):
        ran = fetch(published, tmp_path, given, **inputs)
        assert ran.returncode == 2
        assert ran.stderr.count("\n") == 1
        assert "expected" in ran.stderr
    assert not list(tmp_path.rglob("proof"))
