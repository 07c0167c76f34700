"""Local repositories in place of GitHub."""

import subprocess
from pathlib import Path


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


def repository(server: Path, name: str, content: Path) -> Path:
    """A repository at server/owner/name.git with one commit that holds a folder's files."""
    folder = server / f"{name}.git"
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", "main", ".")
    subprocess.run(["cp", "-a", f"{content}/.", str(folder)], check=True)
    git(folder, "add", "-A", "-f")
    git(folder, "commit", "-q", "-m", "work")
    return folder
