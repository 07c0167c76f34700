"""Runs git for the fetching of repositories: without the user's settings, prompts and hooks."""

from __future__ import annotations

import base64
import os
import subprocess
import tempfile

from grader.errors import CannotGrade
from grader.report.text import one_line

SECONDS = 300  # for one command


class FetchFailed(Exception):
    """A repository could not be fetched; the message is one line."""


def authorization(token: str) -> str:
    """The value of the header that GitHub takes a token in, for git."""
    return f"Basic {base64.b64encode(f'x-access-token:{token}'.encode()).decode()}"


def environment(server: str, token: str) -> dict[str, str]:
    """No user configuration, no prompts; the token only in the environment, not in a file."""
    variables = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": server.partition(":")[0],
        "LC_ALL": "C",
    }
    settings = {"transfer.fsckObjects": "true"}
    if token:
        settings[f"http.{server.rstrip('/')}/.extraHeader"] = (
            f"Authorization: {authorization(token)}"
        )
    for number, (key, value) in enumerate(settings.items()):
        variables |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return {**variables, "GIT_CONFIG_COUNT": str(len(settings))}


def git(folder: str, variables: dict[str, str], *arguments: str, limit: int = 50_000_000) -> bytes:
    """The output of a git command, up to `limit` bytes. Raises FetchFailed with git's last line."""
    with tempfile.TemporaryFile() as output:
        try:
            ran = subprocess.run(
                ["git", "-C", folder, *arguments],
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.PIPE,
                timeout=SECONDS,
                check=False,
            )
        except FileNotFoundError:
            raise CannotGrade("git is not installed: apt install git") from None
        except subprocess.TimeoutExpired:
            raise FetchFailed(f"git {arguments[0]} did not end within {SECONDS} s") from None
        if ran.returncode != 0:
            lines = ran.stderr.decode("utf-8", "replace").strip().splitlines()
            reason = lines[-1] if lines else f"status {ran.returncode}"
            raise FetchFailed(f"git {arguments[0]}: {one_line(reason)[:300]}")
        output.seek(0)
        return output.read(limit)
