"""Which commit of a repository counts, when it was handed in, and how that is known."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from grader.publish.git import FetchFailed, environment, git
from grader.publish.pushes import Api, NoActivity
from grader.report.text import one_line

PUSHED = "GitHub's push times"
COMMITTED = "commit times, which a student can set"
FLAGS = ("--quiet", "--no-tags", "--no-recurse-submodules")
_HEAD = re.compile(rb"^ref: refs/heads/([^\t\n]+)\tHEAD$", re.MULTILINE)


@dataclass(frozen=True)
class Source:
    """A repository on a server. `ref` is what is fetched: HEAD, or that of a pull request."""

    server: str
    token: str
    repository: str
    ref: str = "HEAD"

    @property
    def address(self) -> str:
        """What git fetches from."""
        return f"{self.server}/{self.repository}.git"

    @property
    def environment(self) -> dict[str, str]:
        """The variables that git runs with."""
        return environment(self.server, self.token)


@dataclass(frozen=True)
class Commit:
    """A commit, when it was handed in, and how that is known."""

    id: str
    at: datetime
    source: str

    def __str__(self) -> str:
        at = self.at.astimezone(UTC)
        return f"commit {self.id[:10]} of {at:%Y-%m-%d %H:%M} UTC ({self.source})"


def newest(place: str, source: Source) -> Commit:
    """The newest commit, fetched into the repository at `place`. Raises FetchFailed."""
    return _fetched(place, source, source.ref, COMMITTED)


def of_branch(place: str, source: Source, before: datetime) -> Commit:
    """What the branch was at a time, fetched into the repository at `place`.

    By the server's own times where it has them, else by those of commits, which the commit's
    `source` says. Raises FetchFailed where there was nothing.
    """
    if not source.server.startswith(("http://", "https://")):
        return _by_commit_time(place, source, before, COMMITTED)
    if source.ref != "HEAD":
        why = "GitHub lists no pushes to a pull request"
        return _by_commit_time(place, source, before, f"{COMMITTED}: {why}")
    branch = _default_branch(place, source)
    try:
        api = Api.of(source.server, source.token)
        wanted, at = api.state(source.repository, branch, before)
    except NoActivity as why:
        return _by_commit_time(place, source, before, f"{COMMITTED}: {why}")
    try:
        commit = _fetched(place, source, wanted, COMMITTED)
    except FetchFailed as failure:
        raise FetchFailed(
            f"{wanted[:10]}, which {branch} was then, cannot be fetched; it may have been replaced "
            f"by a forced push ({failure})"
        ) from None
    if at is None:  # older than all that GitHub lists
        return Commit(commit.id, commit.at, f"{COMMITTED}: GitHub lists no push of it")
    return Commit(commit.id, at, PUSHED)


def _fetched(place: str, source: Source, ref: str, how: str) -> Commit:
    git(place, source.environment, "fetch", *FLAGS, "--depth=1", source.address, ref)
    found = git(place, source.environment, "log", "-1", "--format=%H %ct", "FETCH_HEAD")
    return _commit(found.decode(), how)


def _default_branch(place: str, source: Source) -> str:
    listed = git(place, source.environment, "ls-remote", "--symref", source.address, "HEAD")
    match = _HEAD.search(listed)
    if not match:
        raise FetchFailed("the repository has no default branch, expected one that was pushed to")
    return match[1].decode("utf-8", "replace")


def _by_commit_time(place: str, source: Source, before: datetime, how: str) -> Commit:
    """The newest commit on the branch itself whose committer's time is not later.

    What was merged later stands on the branch only since then.
    """
    git(place, source.environment, "fetch", *FLAGS, source.address, source.ref)
    listed = git(
        place, source.environment, "log", "--first-parent", "--format=%H %ct", "FETCH_HEAD"
    )
    for line in listed.decode().splitlines():
        commit = _commit(line, how)
        if commit.at <= before:
            return commit
    raise FetchFailed(f"no commit is from before {before:%Y-%m-%d %H:%M %Z} ({how})")


def _commit(line: str, how: str) -> Commit:
    identity, _, seconds = line.strip().partition(" ")
    try:
        return Commit(identity, datetime.fromtimestamp(int(seconds), UTC), one_line(how))
    except (ValueError, OverflowError, OSError):
        raise FetchFailed(f"the time of commit {identity[:10]} is {seconds[:30]!r}") from None
