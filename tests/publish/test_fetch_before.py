"""Fetching what was there at a deadline: by push times, else by commit times, which is said."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from grader.__main__ import main
from grader.classroom.intake import entries
from grader.errors import CannotGrade
from grader.publish.fetch import RosterEntry, fetch_all, read_before
from tests.publish.activity import serving
from tests.publish.repositories import git, repository

DEADLINE = datetime(2026, 11, 20, 23, 59, tzinfo=UTC)
PUSHED, COMMITTED = "GitHub's push times", "commit times, which a student can set"
ZERO = "0" * 40


def at(hours: float) -> datetime:
    """A time so many hours after the deadline."""
    return DEADLINE + timedelta(hours=hours)


def commit(folder: Path, text: str, when: datetime, monkeypatch: pytest.MonkeyPatch) -> str:
    """A new version of numpy_ann.py, which says that it is of that time."""
    monkeypatch.setenv("GIT_COMMITTER_DATE", when.isoformat())
    (folder / "numpy_ann.py").write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", text)
    return git(folder, "rev-parse", "HEAD").strip()


@pytest.fixture
def ada(server: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, list[str]]:
    """A repository of four commits; the last, pushed late, claims to be of long before."""
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "README").write_text("handout")
    monkeypatch.setenv("GIT_COMMITTER_DATE", at(-90).isoformat())
    folder = repository(server, "course/ada", tmp_path / "work")
    first = git(folder, "rev-parse", "HEAD").strip()
    own = [commit(folder, f"x = {n}", at(h), monkeypatch) for n, h in ((1, -2), (2, 1), (3, -1))]
    return folder, [first, *own]


def change(
    before: str, after: str, hours: float, ref: str = "refs/heads/main", **more: str
) -> dict[str, Any]:
    time = f"{at(hours):%Y-%m-%dT%H:%M:%SZ}"
    return {"before": before, "after": after, "ref": ref, "timestamp": time, **more}


def history(commits: list[str]) -> list[dict[str, Any]]:
    """GitHub's list of pushes, the newest first."""
    zero, one, two, three = commits
    return [
        change(two, three, 3), change(one, two, 1), change(zero, one, -1.5),
        change(ZERO, three, -3, "refs/heads/other"), change(ZERO, zero, -90),
    ]  # fmt: skip


def fetched(to: Path) -> tuple[str, dict[str, str]]:
    """What numpy_ann.py holds, and what is noted of its time."""
    return (to / "ada" / "numpy_ann.py").read_text(), json.loads((to / "ada.handed_in").read_text())


ADA = [RosterEntry("ada", "course/ada")]


def test_push_times_are_githubs_over_pages(
    ada: tuple[Path, list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, commits = ada
    to = tmp_path / "to"
    with serving(folder.parent.parent, history(commits)) as (address, handler):
        assert fetch_all(ADA, to, address, "s3cret", DEADLINE) == 0
    assert fetched(to) == (
        "x = 1", {"at": at(-1.5).isoformat(), "source": PUSHED, "commit": commits[1]}
    )  # fmt: skip
    pages = [path for path, _ in handler.seen if "/api/v3/" in path]
    assert pages[0] == "/api/v3/repos/course/ada/activity?ref=refs%2Fheads%2Fmain&per_page=100"
    assert len(pages) == 2
    assert "after=cursor-2" in pages[1]
    assert {token for path, token in handler.seen if "/api/" in path} == {"Bearer s3cret"}
    assert "GitHub's push times" in capsys.readouterr().out
    with entries(to) as found:
        assert [(e.handed_in.at, e.handed_in.source, e.origin.commit) for e in found] == [
            (at(-1.5), PUSHED, commits[1])
        ]


def test_a_push_at_the_time_itself_counts(ada: tuple[Path, list[str]], tmp_path: Path) -> None:
    folder, commits = ada
    with serving(folder.parent.parent, history(commits)) as (address, _):
        assert fetch_all(ADA, tmp_path / "to", address, "", at(1)) == 0
    assert fetched(tmp_path / "to")[0] == "x = 2"


def test_other_servers_have_commit_times_which_is_said(
    ada: tuple[Path, list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, commits = ada
    to = tmp_path / "to"
    assert fetch_all(ADA, to, f"file://{folder.parent.parent}", "", DEADLINE) == 0
    # the commit of long after the deadline claims to be of before: so its time is only claimed
    assert fetched(to) == (
        "x = 3", {"at": at(-1).isoformat(), "source": COMMITTED, "commit": commits[3]}
    )  # fmt: skip
    assert COMMITTED in capsys.readouterr().out


@pytest.mark.parametrize("settings", [{"status": 404}, {"changes": []}])
def test_a_server_without_push_times_is_said(
    ada: tuple[Path, list[str]], tmp_path: Path, settings: dict[str, Any]
) -> None:
    folder, commits = ada
    listed = settings.pop("changes", history(commits))
    with serving(folder.parent.parent, listed, **settings) as (address, _):
        assert fetch_all(ADA, tmp_path / "to", address, "", DEADLINE) == 0
    text, noted = fetched(tmp_path / "to")
    assert text == "x = 3"
    assert re.fullmatch(f"{COMMITTED}: .*lists no push.*", noted["source"])


def test_what_was_there_before_the_first_listed_push(
    ada: tuple[Path, list[str]], tmp_path: Path
) -> None:
    folder, commits = ada
    with serving(folder.parent.parent, history(commits)[:2]) as (address, _):
        assert fetch_all(ADA, tmp_path / "to", address, "", DEADLINE) == 0
    text, noted = fetched(tmp_path / "to")
    assert text == "x = 1"
    assert noted["source"] == f"{COMMITTED}: GitHub lists no push of it"


@pytest.mark.parametrize(("changes", "settings", "reason"), [
    (None, {"status": 403}, "HTTP 403.: set ROSTER_TOKEN"),
    (None, {"status": 500}, "HTTP 500"),
    (None, {"go_on_at": "http://127.0.0.1:9"}, "goes on at 'http://127.0.0.1:9"),
    (None, {"moved_to": "http://127.0.0.1:9/api/v3/repositories/1"}, "HTTP 301"),
    ([(ZERO, "1" * 40, 1)], {}, "nothing was pushed to main before 2026-11-20 23:59 UTC"),
    ([("1" * 40, ZERO, -1)], {}, "the branch main was deleted at that time"),
    ([(ZERO, "1" * 40, -1)], {}, "may have been replaced by a forced push"),
    ([(ZERO, "--upload-pack=x", -1)], {}, "an entry that is none of GitHub's"),
])  # fmt: skip
def test_nothing_is_guessed_where_github_refuses(
    ada: tuple[Path, list[str]], tmp_path: Path, changes: list[tuple[str, str, float]] | None,
    settings: dict[str, Any], reason: str,
) -> None:  # fmt: skip
    folder, commits = ada
    listed = history(commits) if changes is None else [change(*one) for one in changes]
    with serving(folder.parent.parent, listed, **settings) as (address, _):
        assert fetch_all(ADA, tmp_path / "to", address, "s3cret", DEADLINE) == 2
    assert re.search(reason, (tmp_path / "to" / "ada.problem").read_text())
    assert not (tmp_path / "to" / "ada.handed_in").exists()


def test_a_renamed_repository_is_followed_on_its_host(
    ada: tuple[Path, list[str]], tmp_path: Path
) -> None:
    folder, commits = ada
    moved = "/api/v3/repositories/7/activity?ref=refs%2Fheads%2Fmain"
    with serving(folder.parent.parent, history(commits), moved_to=moved) as (address, _):
        assert fetch_all(ADA, tmp_path / "to", address, "", DEADLINE) == 0
    assert fetched(tmp_path / "to")[1]["source"] == PUSHED


def test_a_merge_after_the_deadline_brings_nothing_from_before(
    ada: tuple[Path, list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, _ = ada
    git(folder, "checkout", "-q", "-b", "side")
    commit(folder, "x = 'side'", at(-0.5), monkeypatch)
    git(folder, "checkout", "-q", "main")
    monkeypatch.setenv("GIT_COMMITTER_DATE", at(5).isoformat())
    git(folder, "merge", "-q", "--no-ff", "side", "-m", "merge")
    assert fetch_all(ADA, tmp_path / "to", f"file://{folder.parent.parent}", "", DEADLINE) == 0
    assert fetched(tmp_path / "to")[0] == "x = 3"


def test_nothing_from_before_the_deadline_is_a_problem(
    ada: tuple[Path, list[str]], tmp_path: Path
) -> None:
    folder, _ = ada
    assert fetch_all(ADA, tmp_path / "to", f"file://{folder.parent.parent}", "", at(-100)) == 2
    assert "no commit is from before" in (tmp_path / "to" / "ada.problem").read_text()


def test_the_newest_commit_has_its_time_too(ada: tuple[Path, list[str]], tmp_path: Path) -> None:
    folder, commits = ada
    assert fetch_all(ADA, tmp_path / "to", f"file://{folder.parent.parent}", "") == 0
    assert fetched(tmp_path / "to") == (
        "x = 3", {"at": at(-1).isoformat(), "source": COMMITTED, "commit": commits[3]}
    )  # fmt: skip


@pytest.mark.parametrize(
    "text", ["yesterday", "2026-11-20", "2026-11-31T10:00", "20.11.2026 10:00"]
)
def test_a_time_that_is_none_is_one_line(text: str) -> None:
    with pytest.raises(CannotGrade, match="expected date, time and zone"):
        read_before(text)


def test_a_time_without_zone_is_utc_which_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert read_before("2026-11-20T23:59") == DEADLINE
    assert "names no zone" in capsys.readouterr().err
    assert read_before("2026-11-21T00:59+01:00") == DEADLINE
    assert capsys.readouterr().err == ""


def test_the_command_takes_the_time(ada: tuple[Path, list[str]], tmp_path: Path) -> None:
    folder, _ = ada
    roster = tmp_path / "roster.csv"
    roster.write_text("student,repository\nada,course/ada\n")
    command = [
        "roster",
        "fetch",
        str(roster),
        "--to",
        str(tmp_path / "to"),
        "--server",
        f"file://{folder.parent.parent}",
    ]
    assert main([*command, "--before", "2026-11-20T22:30Z"]) == 0
    assert fetched(tmp_path / "to")[0] == "x = 1"
