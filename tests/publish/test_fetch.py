"""Fetching repositories: only the files of the checklist, and nothing of a hostile tree."""

import os
import re
from pathlib import Path, PurePosixPath

import pytest

from grader.classroom.intake import entries
from grader.errors import CannotGrade
from grader.publish import fetch as fetching
from grader.publish.fetch import RosterEntry, fetch_all, read_roster, wanted
from grader.publish.git import FetchFailed
from tests.publish.repositories import repository
from tests.support import write_submission


@pytest.mark.parametrize(
    "inside",
    [
        ["bob/numpy_ann.py", "cat/numpy_ann.py"],
        ["Bob_7_assignsubmission_file/numpy_ann.py"],
        ["bob_7_90_x/numpy_ann.py"],
    ],
)
def test_one_students_folders_are_no_class(server: Path, tmp_path: Path, inside: list[str]) -> None:
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
    real = fetching.git

    def interrupted(
        folder: str, environment: dict[str, str], *arguments: str, **more: int
    ) -> bytes:
        if arguments[0] == "cat-file" and list((tmp_path / "to" / "ada").iterdir()):
            raise FetchFailed("git cat-file did not end")
        return real(folder, environment, *arguments, **more)

    monkeypatch.setattr(fetching, "git", interrupted)
    assert (
        fetch_all([RosterEntry("ada", "course/ada")], tmp_path / "to", f"file://{server}", "") == 2
    )
    assert sorted(path.name for path in (tmp_path / "to").iterdir()) == [
        "ada.problem",
        "roster.csv",
    ]


def test_a_repository_without_checklist_files_is_reported(server: Path, tmp_path: Path) -> None:
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


def test_a_token_is_in_no_command_and_for_its_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A git of our own writes down how it was called."""
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "git").write_text(
        f'#!/bin/sh\necho "$@" >>{tmp_path}/called\nenv | grep ^GIT_ >>{tmp_path}/variables\n'
        'case "$3" in ls-tree) printf "100644 blob 1\\tnumpy_ann.py" ;;\n'
        f'log) echo "{"1" * 40} 1700000000" ;; esac\n'
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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "begins with nothing, expected the line student,repository"),
        (
            "name,url\nada,course/ada\n",
            "begins with ['name', 'url'], expected the line student,repository",
        ),
        ("student,repository\n", "no students"),
        ("student,repository\nada\n", "line 2: 1 columns, expected 2"),
        ("student,repository\n../ada,course/ada\n", "line 2: the student is '../ada', expected"),
        ("student,repository\n::warning::,course/ada\n", "line 2: the student is '::warning::'"),
        ("student,repository\nada.problem,course/ada\n", "line 2: the student is 'ada.problem'"),
        (
            "student,repository\nada,https://a.example/b\n",
            "line 2: the repository is 'https://a.example/b', expected owner/name",
        ),
        ("student,repository\nada,course/..\n", "line 2: the repository is 'course/..'"),
        ("student,repository\nada,-c/x\n", "line 2: the repository is '-c/x'"),
        ("student,repository\nada,course/a\n\nAda,course/b\n", "line 4: Ada is listed twice"),
    ],
)
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
    listing = (
        b"120000 blob 1\tnumpy_ann.py\x00160000 commit 2\tpytorch_ann.py\x00"
        b"100755 blob 3\twork/pytorch_cnn.ipynb\x00"
    )
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
