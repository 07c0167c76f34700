"""The sandbox levels: which of them this machine supports, and what each does not protect against.

    bubblewrap   own namespaces for everything: no network, no other processes, few files
    user         where those are not available: Landlock, seccomp, and (for root) a uid per worker
    none         a plain process with limits: stops crashes and hangs, not malicious code

docs/security.md says what each of them promises. The level is chosen once per marking, and printed
with the marks.
"""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

from grader.errors import CannotGrade
from grader.sandbox import bubblewrap, plain, seccomp
from grader.sandbox.launch import LaunchSpec, Started, become_fresh_user, is_root
from grader.sandbox.templates import Template, Unavailable, do_without, template_for
from grader.sandbox.workdir import Workdir

TRIAL_BYTES = 1 << 24  # of the scratch folder while a level is tried out
CHOICES = ("auto", "bubblewrap", "user", "none")
APPARMOR = (
    "on Ubuntu 24.04: apt install apparmor-profiles, copy bwrap-userns-restrict from "
    "/usr/share/apparmor/extra-profiles/ to /etc/apparmor.d/, and reload AppArmor"
)


@dataclass(frozen=True)
class Sandbox:
    """A level, and what it does not protect against here, in words for the instructor."""

    level: str
    gaps: tuple[str, ...] = ()
    expected_for: str = ""  # what was requested, where the level has not been tried out

    @property
    def words(self) -> str:
        """The level with its gaps."""
        return f"{self.level}; not protected: {', '.join(self.gaps)}" if self.gaps else self.level


def start(sandbox: Sandbox, spec: LaunchSpec) -> Started:
    """The worker, started at this level. Raises RuntimeError where it fails: a grader error."""
    if sandbox.level != "none" and is_root():
        become_fresh_user(spec)
    can = seccomp.program() and not spec.cuda  # which bubblewrap does for one that is started
    template = template_for(spec.packages, spec.environment) if can else None
    if template is not None:
        try:
            return _start(sandbox, spec, template)
        except (Unavailable, RuntimeError, OSError) as error:
            do_without(str(error))
    return _start(sandbox, spec, None)


def _start(sandbox: Sandbox, spec: LaunchSpec, template: Template | None) -> Started:
    if sandbox.level != "bubblewrap":
        return plain.start(spec, template, confined=sandbox.level == "user")
    if template is not None:
        return bubblewrap.fork_inside(spec, template)
    return bubblewrap.start(spec)


def finish(sandbox: Sandbox, started: Started, spec: LaunchSpec) -> None:
    """Set the limits that can be set only once the worker runs. Raises RuntimeError.

    Nothing of the submission may have run by then.
    """
    if sandbox.level == "bubblewrap" and started.holder is None:  # a template does it itself
        bubblewrap.limit_files(started.pid, spec)


def choose(requested: str) -> Sandbox:
    """The sandbox for a marking, tried out. Raises CannotGrade, with advice, where there is none."""
    return _first(requested, why_unavailable)


def expected(requested: str) -> Sandbox:
    """The sandbox that `choose` returns unless starting a level fails. Starts nothing.

    The first worker of a marking tries it out: `confirmed` says what to do where that one fails.
    Raises CannotGrade as `choose` does.
    """
    sandbox = _first(requested, _what_is_missing)
    return sandbox if requested == "none" else replace(sandbox, expected_for=requested)


def confirmed(sandbox: Sandbox) -> Sandbox:
    """The same sandbox or, where it was only expected, the one that `choose` finds."""
    return choose(sandbox.expected_for) if sandbox.expected_for else sandbox


def _first(requested: str, why_not: Callable[[str], str]) -> Sandbox:
    """The first of the requested levels that nothing speaks against."""
    if requested not in CHOICES:
        raise CannotGrade(
            f"--sandbox is {requested!r}, expected {', '.join(CHOICES[:-1])} or {CHOICES[-1]}"
        )
    if requested == "none":
        return Sandbox("none", ("malicious code of any kind",))
    reasons = []
    for level in ("bubblewrap", "user") if requested == "auto" else (requested,):
        reason = why_not(level)
        if not reason:
            return Sandbox(level, _gaps(level))
        reasons.append(f"{level}: {reason}")
    raise CannotGrade(
        f"this machine has no sandbox for student code ({'; '.join(reasons)}). "
        "--sandbox none marks without one, for code you trust"
    )


@cache
def why_unavailable(level: str) -> str:
    """Why a level is not available on this machine; "" where it is."""
    problem = _what_is_missing(level) or _try_out(level)
    if level != "bubblewrap":
        return problem
    if "ermission denied" in problem or "not permitted" in problem:
        return f"{problem} ({APPARMOR}; in a container: CAP_SYS_ADMIN is missing)"
    return problem


def _what_is_missing(level: str) -> str:
    """What a level needs and this machine does not have; "" for nothing."""
    if sys.platform != "linux":
        return f"needs Linux, this is {sys.platform}"
    if level == "bubblewrap":
        try:
            bubblewrap.executable()
        except CannotGrade as error:
            return str(error)
    elif not is_root() and not plain.landlock_version():
        return "needs a kernel with Landlock (Linux 5.13), or root"
    return ""


@cache
def _try_out(level: str) -> str:
    """The error of a fork server that is started at this level and ended at once; "" for none."""
    ours, theirs = socket.socketpair()
    with Workdir({}, mounted=level == "bubblewrap") as workdir, ours, theirs:
        spec = LaunchSpec(
            folder=workdir.folder,
            ours=workdir.ours,
            packages=("numpy",),
            limits={"FSIZE": TRIAL_BYTES},  # whatever this process has
            scratch_bytes=TRIAL_BYTES,
            cuda=False,
            environment={},
            control=theirs.fileno(),
        )
        started = None
        try:
            started = start(Sandbox(level), spec)
            theirs.close()
            ours.settimeout(30)
            if ours.recv(16):  # it serves
                finish(Sandbox(level), started, spec)
            ours.close()  # which ends it
            status = started.process.wait(timeout=30)
            assert started.process.stderr is not None
            with started.process.stderr as stream:
                errors = stream.read().decode("utf-8", "replace").strip()
        except (RuntimeError, OSError, subprocess.TimeoutExpired) as error:
            return str(error)
        finally:
            if started is not None:
                started.end()
        return "" if status == 0 else errors[-500:]


def _gaps(level: str) -> tuple[str, ...]:
    """What a level does not protect against on this machine."""
    gaps = [] if seccomp.program() else ["system calls (no filter for this processor)"]
    if level == "user":
        version = plain.landlock_version()
        gaps += ["disk space (checked only now and then)", "names of processes"]
        gaps += [] if version else ["files that all users may read"]
        gaps += [] if version >= 6 or is_root() else ["signals to your other processes"]
    return tuple(gaps)
