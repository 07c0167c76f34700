"""The fork servers of one submission: one for each set of packages that its scripts may import."""

from __future__ import annotations

from collections.abc import Iterable

from grader.rubric import Rubric
from grader.sandbox.budget import Clock
from grader.sandbox.forkserver_client import ForkServer
from grader.sandbox.levels import Sandbox
from grader.sandbox.remote import StudentScript
from grader.submission.record import Submission


class Servers:
    """Fork servers that start when a worker is needed, or early by `begin`."""

    def __init__(
        self, submission: Submission, rubric: Rubric, sandbox: Sandbox, *, device: str = "cpu"
    ):
        self._files = {f"{name}.py": source for name, source in submission.scripts.items()}
        self._rubric, self._sandbox, self._device = rubric, sandbox, device
        self._servers: dict[tuple[str, ...], ForkServer] = {}

    def student(self, script: str, clock: Clock) -> StudentScript:
        """A script, whose worker is forked by the server with the script's packages."""
        return StudentScript(script, self._of(script), self._rubric, clock)

    def _of(self, script: str) -> ForkServer:
        packages = self._rubric.packages(script)
        if packages not in self._servers:
            self._servers[packages] = ForkServer(
                self._files,
                self._rubric.limits,
                self._sandbox,
                packages=packages,
                device=self._device,
                # NumPy's matrix products are too small here to gain from a second thread
                threads=None if "torch" in packages else 1,
            )
        return self._servers[packages]

    def begin(self, scripts: Iterable[str]) -> None:
        """Start the servers of these scripts; importing torch takes a while. Raises OSError."""
        for script in scripts:
            self._of(script).begin()

    def close(self) -> None:
        """End all servers."""
        for server in self._servers.values():
            server.close()
