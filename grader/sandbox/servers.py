"""The fork servers of one submission: one for each set of packages that its scripts may import."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from grader.rubric import Rubric
from grader.sandbox.budget import Clock
from grader.sandbox.forkserver_client import ForkServer
from grader.sandbox.levels import Sandbox, confirmed
from grader.submission.record import Submission

if TYPE_CHECKING:
    from grader.sandbox.remote import StudentScript


def files_of(submission: Submission) -> dict[str, bytes]:
    """The scripts by the names of their files."""
    return {f"{name}.py": source for name, source in submission.scripts.items()}


class Servers:
    """Fork servers that start when a worker is needed, or early by `begin`.

    `sandbox` is their level; one that was only expected may be another after `confirm`.
    """

    def __init__(
        self, submission: Submission, rubric: Rubric, sandbox: Sandbox, *, device: str = "cpu"
    ):
        self._files = files_of(submission)
        self.sandbox = sandbox
        self._rubric, self._device = rubric, device
        self._servers: dict[tuple[str, ...], ForkServer] = {}

    def student(self, script: str, clock: Clock) -> StudentScript:
        """A script, whose worker is forked by the server with the script's packages."""
        from grader.sandbox.remote import StudentScript  # imports NumPy, while servers start

        return StudentScript(script, self._of(script), self._rubric, clock)

    def _of(self, script: str) -> ForkServer:
        packages = self._rubric.packages(script)
        if packages not in self._servers:
            self._servers[packages] = ForkServer(
                self._files,
                self._rubric.limits,
                self.sandbox,
                packages=packages,
                device=self._device,
                # NumPy's matrix products are too small here to gain from a second thread
                threads=None if "torch" in packages else 1,
            )
        return self._servers[packages]

    def begin(self, scripts: Iterable[str]) -> None:
        """Start the servers of these scripts, as far as they were handed in.

        Importing torch takes a while. What fails is retried, and reported, for the first worker.
        """
        for script in scripts:
            if f"{script}.py" in self._files:
                with contextlib.suppress(OSError, RuntimeError):
                    self._of(script).begin()

    def confirm(self, submission: Submission) -> None:
        """Give them the scripts as they are marked, and find out whether their level works.

        No worker may have been forked yet. Raises RuntimeError or OSError where no server gets
        ready, and CannotGrade where no level works.
        """
        self._files = files_of(submission)
        for server in self._servers.values():
            server.give(self._files)
        begun = [server for server in self._servers.values() if server.is_begun]
        if begun:
            begun[0].confirm()
        self.sandbox = begun[0].sandbox if begun else confirmed(self.sandbox)
        for server in self._servers.values():
            server.sandbox = self.sandbox

    def close(self) -> None:
        """End all servers."""
        for server in self._servers.values():
            server.close()
