"""The template repository and the workflows: sound YAML with few rights, whose own steps run here on repositories on disk."""

import csv
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import yaml

from grader.classroom.intake import entries
from grader.errors import CannotGrade
from grader.publish import fetch as fetching
from grader.publish.fetch import FetchFailed, RosterEntry, fetch_all, read_roster, wanted
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
    identity = [
        "-c",
        "user.name=Ada",
        "-c",
        "user.email=ada@example.com",
        "-c",
        "commit.gpgsign=false",
    ]
    return subprocess.run(
        ["git", *identity, "-C", folder, *arguments], check=True, capture_output=True, text=True
    ).stdout


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
    (step,) = [
        step
        for step in workflow(published, WORKFLOWS[1])["jobs"][job]["steps"]
        if step.get("name") == name
    ]
    return step["run"], dict.fromkeys(step["env"], "")


def run_step(script: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a step's script as a runner does; `python` is ours."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=cwd,
        env={**os.environ, "PATH": path, **environment},
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
    """A checkout of the private copy in tmp_path/workspace, and a runner's temporary folder; its variables."""
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
    narrowed = script.replace(" --gradebook ", f" --sections {only} --gradebook ")
    assert narrowed != script
    return run_step(narrowed, tmp_path / "workspace", **given, **variables)


def marks(tmp_path: Path) -> dict[str, dict[str, str]]:
    with (tmp_path / "temp" / "marks" / "grades.csv").open() as stream:
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
    """Its own two scripts, with a folder in place of GitHub; one of three repositories is not there."""
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


@pytest.mark.parametrize("inside", [
    ["bob/numpy_ann.py", "cat/numpy_ann.py"], ["Bob_7_assignsubmission_file/numpy_ann.py"], ["bob_7_90_x/numpy_ann.py"],
])  # fmt: skip
def test_one_students_folders_are_no_class(
    server: Path, tmp_path: Path, inside: list[str]
) -> None:
    for name in inside:
        (tmp_path / "work" / name).parent.mkdir(parents=True)
        (tmp_path / "work" / name).write_text("x = 1")
    repository(server, "course/eve", tmp_path / "work")
    assert (
        fetch_all([RosterEntry("eve", "course/eve")], tmp_path / "to", f"file://{server}", "") == 0
    )
    with entries(tmp_path / "to") as found:
        assert [[student.id for student in entry.students] for entry in found] == [["eve"]]


def test_a_partly_fetched_repository_is_not_marked(
    server: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository(server, "course/ada", write_submission(tmp_path / "ada"))
    real = fetching._git

    def interrupted(
        folder: str, environment: dict[str, str], *arguments: str, **more: int
    ) -> bytes:
        if arguments[0] == "cat-file" and list((tmp_path / "to" / "ada").iterdir()):
            raise FetchFailed("git cat-file did not end")
        return real(folder, environment, *arguments, **more)

    monkeypatch.setattr(fetching, "_git", interrupted)
    assert (
        fetch_all([RosterEntry("ada", "course/ada")], tmp_path / "to", f"file://{server}", "") == 2
    )
    assert sorted(path.name for path in (tmp_path / "to").iterdir()) == [
        "ada.problem",
        "roster.csv",
    ]


def test_a_repository_without_checklist_files_is_reported(
    server: Path, tmp_path: Path
) -> None:
    """An empty folder would be lost on the way from one job to the next."""
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "essay.txt").write_text("later")
    repository(server, "course/ada", tmp_path / "work")
    assert (
        fetch_all([RosterEntry("ada", "course/ada")], tmp_path / "to", f"file://{server}", "") == 2
    )
    assert sorted(path.name for path in (tmp_path / "to").iterdir()) == [
        "ada.problem",
        "roster.csv",
    ]
    assert (
        "has none of the checklist's files (numpy_ann.py"
        in (tmp_path / "to" / "ada.problem").read_text()
    )


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


@pytest.mark.parametrize(
    "value", ["1; touch proof", "$(touch proof)", "--upload-pack=touch proof", "0"]
)
def test_an_input_is_never_run(published: Path, tmp_path: Path, value: str) -> None:
    given = workspace(tmp_path)
    for inputs in ({"REPOSITORY": value}, {"REPOSITORY": "course/ada", "PULL_REQUEST": value}):
        ran = fetch(published, tmp_path, given, **inputs)
        assert ran.returncode == 2
        assert ran.stderr.count("\n") == 1
        assert "expected" in ran.stderr
    assert not list(tmp_path.rglob("proof"))


def test_a_token_is_in_no_command_and_for_its_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A git of our own writes down how it was called."""
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "git").write_text(
        f'#!/bin/sh\necho "$@" >>{tmp_path}/called\nenv | grep ^GIT_ >>{tmp_path}/variables\n'
        'case "$3" in ls-tree) printf "100644 blob 1\\tnumpy_ann.py" ;; esac\n'
    )
    (tools / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("GIT_SSH_COMMAND", "touch proof")
    assert (
        fetch_all(
            [RosterEntry("ada", "course/ada")], tmp_path / "to", "https://git.example.org", "s3cret"
        )
        == 0
    )
    encoded = "eC1hY2Nlc3MtdG9rZW46czNjcmV0"  # x-access-token:s3cret
    assert "https://git.example.org/course/ada.git HEAD" in (tmp_path / "called").read_text()
    assert not re.search(f"s3cret|{encoded}", (tmp_path / "called").read_text())
    variables = (tmp_path / "variables").read_text()
    assert "=http.https://git.example.org/.extraHeader" in variables
    assert f"=Authorization: Basic {encoded}" in variables
    assert "GIT_ALLOW_PROTOCOL=https\n" in variables
    assert "GIT_SSH_COMMAND" not in variables


@pytest.mark.parametrize(("text", "message"), [
    ("", "begins with nothing, expected the line student,repository"),
    ("name,url\nada,course/ada\n", "begins with ['name', 'url'], expected the line student,repository"),
    ("student,repository\n", "no students"),
    ("student,repository\nada\n", "line 2: 1 columns, expected 2"),
    ("student,repository\n../ada,course/ada\n", "line 2: the student is '../ada', expected"),
    ("student,repository\n::warning::,course/ada\n", "line 2: the student is '::warning::'"),
    ("student,repository\nada.problem,course/ada\n", "line 2: the student is 'ada.problem'"),
    ("student,repository\nada,https://a.example/b\n", "line 2: the repository is 'https://a.example/b', expected owner/name"),
    ("student,repository\nada,course/..\n", "line 2: the repository is 'course/..'"),
    ("student,repository\nada,-c/x\n", "line 2: the repository is '-c/x'"),
    ("student,repository\nada,course/a\n\nAda,course/b\n", "line 4: Ada is listed twice"),
])  # fmt: skip
def test_an_invalid_roster_is_refused_with_its_line(
    tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "roster.csv"
    path.write_text(text)
    with pytest.raises(CannotGrade, match=re.escape(message)):
        read_roster(path)


def test_a_roster_from_a_spreadsheet_is_read(tmp_path: Path) -> None:
    path = tmp_path / "roster.csv"
    path.write_bytes("\ufeffStudent,Repository\r\nada@example.com, course/ada \r\n,\r\n".encode())
    assert read_roster(path) == [RosterEntry("ada@example.com", "course/ada")]


def tree_of(*names: str) -> bytes:
    return "\0".join(f"100644 blob {'0' * 40}\t{name}" for name in names).encode()


def test_only_the_checklists_regular_files_are_wanted() -> None:
    listing = b"120000 blob 1\tnumpy_ann.py\x00160000 commit 2\tpytorch_ann.py\x00100755 blob 3\twork/pytorch_cnn.ipynb\x00"
    assert wanted(listing) == [(PurePosixPath("work/pytorch_cnn.ipynb"), "3")]
    assert wanted(tree_of("essay.txt", ".git/numpy_ann.py", "venv/numpy_ann.py")) == []


@pytest.mark.parametrize(
    "name",
    [
        "../numpy_ann.py",
        "/etc/numpy_ann.py",
        "a\\..\\/numpy_ann.py",
        "a:b/numpy_ann.py",
        "\x1b[2J/numpy_ann.py",
    ],
)
def test_suspicious_paths_are_not_written(name: str) -> None:
    with pytest.raises(FetchFailed, match="a file with the name"):
        wanted(tree_of(name))


def test_a_tree_of_many_copies_is_not_written() -> None:
    with pytest.raises(FetchFailed, match="200 files"):
        wanted(tree_of(*(f"{number}/numpy_ann.py" for number in range(200))))


def test_folders_in_use_are_not_mixed_with_new_marks(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "eve").write_text("")
    with pytest.raises(CannotGrade, match="is not empty, expected a new folder"):
        fetch_all([RosterEntry("ada", "course/ada")], tmp_path / "old", "https://example.org", "")
