"""When a branch was pushed to, and what it was at a time, by GitHub's own clock.

The endpoint is "List repository activities" of GitHub's REST API, docs.github.com/rest/repos/repos.
It has no filter by time: its pages are read, newest first, until the time is reached.
"""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

from grader.publish.git import FetchFailed
from grader.report.text import one_line

MAX_PAGES = 200  # of 100 changes each
MAX_PAGE = 10_000_000  # bytes
SECONDS = 30.0  # for one page
NO_COMMIT = "0" * 40
_NEXT = re.compile(r'<([^<>]*)>\s*;\s*rel="next"')
_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


class NoActivity(Exception):
    """The server lists no pushes of this repository; the message says why, in a clause."""


@dataclass(frozen=True)
class Change:
    """One change of a branch: from which commit, to which, when."""

    before: str
    after: str
    at: datetime


@dataclass(frozen=True)
class Api:
    """The REST API of the server that has the repositories."""

    root: str
    token: str = ""

    @staticmethod
    def of(server: str, token: str) -> Api:
        """The API of github.com, or of a GitHub Enterprise Server."""
        server = server.rstrip("/")
        if urllib.parse.urlsplit(server).hostname in ("github.com", "www.github.com"):
            return Api("https://api.github.com", token)
        return Api(f"{server}/api/v3", token)

    def state(self, repository: str, branch: str, before: datetime) -> tuple[str, datetime | None]:
        """The commit that the branch was at then, and when it was pushed; None if not listed.

        Raises NoActivity where the server lists no pushes, FetchFailed where it refuses, or where
        the branch had no commit then.
        """
        oldest = None
        for change in self._changes(repository, branch):
            if change.at <= before:
                if change.after == NO_COMMIT:
                    raise FetchFailed(f"the branch {branch} was deleted at that time")
                return change.after, change.at
            oldest = change
        if oldest is None:
            raise NoActivity(f"GitHub lists no push to {branch}")
        if oldest.before == NO_COMMIT:
            raise FetchFailed(f"nothing was pushed to {branch} before {before:%Y-%m-%d %H:%M %Z}")
        return oldest.before, None

    def _changes(self, repository: str, branch: str) -> Iterator[Change]:
        """The changes of the branch, the newest first."""
        query = urllib.parse.urlencode({"ref": f"refs/heads/{branch}", "per_page": 100})
        address = f"{self.root}/repos/{repository}/activity?{query}"
        for _ in range(MAX_PAGES):
            content, link = self._get(address)
            yield from map(_change, content)
            match = _NEXT.search(link)
            if not match:
                return
            address = urllib.parse.urljoin(address, match[1])
        raise FetchFailed(f"GitHub lists more than {100 * MAX_PAGES:,} changes of {branch}")

    def _get(self, address: str) -> tuple[list[Any], str]:
        """A page and its Link header. The token goes to the API's host alone."""
        request = urllib.request.Request(
            address,
            headers={
                "Accept": "application/vnd.github+json",
                "X-GitHub-Api-Version": "2022-11-28",
                "User-Agent": "grader",
                **({"Authorization": f"Bearer {self.token}"} if self.token else {}),
            },
        )
        if _origin(address) != _origin(self.root):
            raise FetchFailed(f"GitHub's list of pushes goes on at {one_line(address)[:100]!r}")
        try:
            with urllib.request.build_opener(_SameHost).open(request, timeout=SECONDS) as answer:
                content = json.loads(answer.read(MAX_PAGE + 1))
                link = answer.headers.get("Link", "")
        except urllib.error.HTTPError as error:
            raise _refused(error) from None
        except (OSError, ValueError) as error:
            reason = one_line(str(getattr(error, "reason", error)))[:200]
            raise FetchFailed(f"the list of pushes cannot be read ({reason})") from None
        if not isinstance(content, list):
            raise FetchFailed("the list of pushes is no list, expected GitHub's REST API")
        return content, link


def _refused(error: urllib.error.HTTPError) -> Exception:
    with error:
        if error.code == 404:
            host = urllib.parse.urlsplit(error.url or "").hostname
            return NoActivity(f"{host} lists no pushes (404), or not to this ROSTER_TOKEN")
        what = f"the list of pushes cannot be read (HTTP {error.code})"
        if error.code in (401, 403, 429):
            what += ": set ROSTER_TOKEN to a token that may read the repositories, or wait an hour"
        return FetchFailed(what)


def _change(entry: Any) -> Change:
    try:
        at = datetime.fromisoformat(entry["timestamp"])
        before, after = entry["before"], entry["after"]
        if not at.tzinfo or not _COMMIT.fullmatch(before) or not _COMMIT.fullmatch(after):
            raise ValueError
    except (TypeError, KeyError, ValueError):
        raise FetchFailed("the list of pushes has an entry that is none of GitHub's") from None
    return Change(before, after, at)


def _origin(address: str) -> tuple[str, str]:
    parts = urllib.parse.urlsplit(address)
    return parts.scheme, parts.netloc


class _SameHost(urllib.request.HTTPRedirectHandler):
    """Follows a renamed repository's redirection, but takes the token to no other host."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: Any,
        newurl: str,
    ) -> urllib.request.Request | None:
        """The request to follow; none to another host."""
        if _origin(newurl) != _origin(req.full_url):
            return None
        return super().redirect_request(req, fp, code, msg, headers, newurl)
