"""The template repository and the workflows: sound YAML with few rights, whose own steps run here on repositories on disk."""

import csv
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from grader.errors import CannotGrade
from grader.publish.fetch import Entry, read_roster, single
from tests.support import ROOT, run, script_with, write_submission

WORKFLOWS = ("template/.github/workflows/check.yml", "marking/.github/workflows/mark.yml")


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


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false"]
    return subprocess.run(["git", *identity, "-C", folder, *arguments], check=True, capture_output=True, text=True).stdout


@pytest.fixture
def server(tmp_path: Path) -> Path:
    """A folder that stands in place of github.com."""
    return tmp_path / "server"


def repository(server: Path, name: str, content: Path) -> Path:
    """A repository at server/owner/name.git with one commit that holds a folder's files."""
    folder = server / f"{name}.git"
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main", ".")
    subprocess.run(["cp", "-a", f"{content}/.", str(folder)], check=True)
    git(folder, "add", "-A", "-f")
    git(folder, "commit", "-q", "-m", "work")
    return folder


def shell_of(published: Path, job: str, name: str) -> tuple[str, dict[str, str]]:
    """The script of a step of mark.yml, and its variables with nothing chosen for any input."""
    (step,) = [step for step in workflow(published, WORKFLOWS[1])["jobs"][job]["steps"] if step.get("name") == name]
    return step["run"], dict.fromkeys(step["env"], "")


def run_step(script: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a step's script as a runner does; `python` is ours."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script], cwd=cwd,
        env={**os.environ, "PATH": path, **environment}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_the_template_is_the_handout_with_its_checks(published: Path) -> None:
    template = published / "template"
    assert {".github", ".gitignore", "constraints.txt", "numpy_ann.py", "utils.py", "tests", "data"} <= {
        path.name for path in template.iterdir()
    }
    text = "".join(path.read_text() for path in template.rglob("*") if path.suffix in (".py", ".yml", ".txt", ".md"))
    assert "SOLUTION" not in text
    assert "grader" not in text.replace("grader error", "")
    ignored = (template / ".gitignore").read_text().splitlines()
    assert "numpy_ann_train_val_metrics.png" in ignored
    assert not [line for line in ignored if line.startswith("*.png") or "pytorch" in line]  # these are handed in


def test_every_command_of_the_students_workflow_runs_in_the_template(published: Path) -> None:
    content = workflow(published, WORKFLOWS[0])
    commands = [step["run"] for step in steps(content) if "run" in step]
    assert commands[0] == "python -m pip install -q -c constraints.txt -r requirements.txt"
    assert [command.split()[1] for command in commands[1:]] == ["numpy_ann.py", "pytorch_ann.py", "pytorch_cnn.py"]
    for command in commands[1:]:
        ran = run_step(command, published / "template")
        assert ran.returncode == 1, ran.stderr  # nothing is written yet
        assert "not written yet" in ran.stdout


def test_a_written_part_is_green(published: Path, tmp_path: Path) -> None:
    (tmp_path / "numpy_ann.py").write_text(script_with("numpy_ann", {}))
    (tmp_path / "utils.py").symlink_to(published / "template" / "utils.py")
    assert run_step("python numpy_ann.py --check", tmp_path).returncode == 0


def test_a_folder_in_use_is_left_alone(published: Path) -> None:
    kept = published / "template" / "README.md"
    before = kept.read_bytes()
    ran = run("-P", "-m", "grader", "publish", "github", "--out", published)
    assert ran.returncode == 2
    assert ran.stderr.count("\n") == 1
    assert "is in use, expected a new folder" in ran.stderr
    assert kept.read_bytes() == before


@pytest.mark.parametrize("name", WORKFLOWS)
def test_workflows_have_few_rights_limits_and_pinned_actions(published: Path, name: str) -> None:
    content = workflow(published, name)
    rights = [content["permissions"], *(job.get("permissions", {}) for job in content["jobs"].values())]
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


def test_the_token_is_where_no_package_and_no_student_code_runs(published: Path) -> None:
    jobs = workflow(published, WORKFLOWS[1])["jobs"]
    assert "secrets." not in str(jobs["mark"])
    assert "secrets.ROSTER_TOKEN" in str(jobs["fetch"])
    assert not [step for step in jobs["fetch"]["steps"] if "pip" in step.get("run", "")]
    assert jobs["mark"]["needs"] == "fetch"


def test_actionlint_finds_nothing(published: Path) -> None:
    actionlint = Path(sys.executable).parent / "actionlint"
    if not actionlint.exists():
        pytest.skip("actionlint is not installed")
    files = [str(published / name) for name in WORKFLOWS]
    ran = subprocess.run([actionlint, "-no-color", *files], capture_output=True, text=True, timeout=60)
    assert (ran.returncode, ran.stdout) == (0, "")


def test_the_workflow_marks_a_roster(published: Path, server: Path, tmp_path: Path) -> None:
    """Its own two scripts, with a folder in place of GitHub: one good, one with a mistake and much else, one not there."""
    repository(server, "course/ada", write_submission(tmp_path / "ada"))
    wrong = write_submission(tmp_path / "ben", {"1.2": "return abs(z)"})
    (wrong / ".venv").mkdir()
    (wrong / ".venv" / "python").symlink_to("/usr/bin/python3")
    (wrong / "numpy.py").write_text("raise SystemExit('imported')\n")
    (wrong / "pytorch_cnn.py").unlink()
    (wrong / "pytorch_cnn.py").symlink_to("/etc/passwd")
    (wrong / ".gitattributes").write_text("*.py filter=evil\n")
    repository(server, "course/ben", wrong)
    work = tmp_path / "workspace"
    work.mkdir()
    (work / "grader").symlink_to(ROOT / "grader")
    (work / "roster.csv").write_text("student,repository\nada,course/ada\nben,course/ben\ncy,course/cy\n")
    temp = tmp_path / "temp"
    temp.mkdir()

    script, variables = shell_of(published, "fetch", "Fetch the checklist's files")
    given = {"GITHUB_SERVER_URL": f"file://{server}", "RUNNER_TEMP": str(temp), **variables, "ROSTER_TOKEN": "s3cret"}
    fetched = run_step(script, work, **given)
    assert fetched.returncode == 0, fetched.stderr
    assert "2 of 3 repositories fetched" in fetched.stdout
    assert re.search(r"^cy: git fetch: .*", fetched.stderr, re.MULTILINE)
    assert "s3cret" not in fetched.stdout + fetched.stderr
    assert sorted(path.name for path in (temp / "submissions" / "ben").iterdir()) == [
        "numpy_ann.py", "pytorch_ann.py", "pytorch_ann_train_val_metrics.png", "pytorch_cnn_train_val_metrics.png",
    ]  # fmt: skip

    script, variables = shell_of(published, "mark", "Mark")
    marked = run_step(script.replace("--out", "--minutes 5 --out"), work, RUNNER_TEMP=str(temp), **variables,
                      **{"SKIP_TRAINING": "--skip-training"} if "SKIP_TRAINING" not in variables else {})  # fmt: skip
    assert marked.returncode == 2, marked.stderr
    rows = {row["student"]: row for row in csv.DictReader((temp / "marks" / "marks.csv").open())}
    assert rows.keys() == {"ada", "ben", "cy"}
    assert rows["cy"]["score"] == ""
    assert rows["cy"]["note"].startswith("not fetched: git fetch: ")


def test_rosters_that_do_not_make_sense(tmp_path: Path) -> None:
    ...
