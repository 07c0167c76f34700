"""Marks the reference solution, the stubs and a set of cheats, and compares with what each earns.

The cheats are in grader/selftest/cheats, one small script each, with the expected outcome in its
first lines. They are harmless by construction: what they take or leave behind is bounded, and they
only reach for traps set here.
"""

from __future__ import annotations

import base64
import contextlib
import math
import os
import re
import secrets
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from grader import PROJECT, REFERENCE
from grader.errors import CannotGrade
from grader.marking.marking import Marking
from grader.options import Options
from grader.report.text import feedback
from grader.results import SectionResult, Status
from grader.rubric import RUBRIC_FILE, Rubric, load_rubric
from grader.sandbox import process_tree, templates
from grader.sandbox.temporary import TemporaryFolder
from grader.sections import BY_NUMBER, SCRIPTS, SECTIONS
from grader.submission.reading import Submission, open_submission

CHEATS = Path(__file__).with_name("cheats")
TRAP_PORT, TRAP_NAME = 48161, "\0grader-selftest"
LEFTOVERS = "grader-selftest-was-here*"  # files that cheats try to leave behind
LEAKS = ("RuntimeError: LEAK", "LEAK: ")  # raised or printed by a cheat that succeeded
FOLDERS = ("/tmp", "/var/tmp", "/dev/shm", "/root", "/home", "/", "/usr/lib")  # searched for them
# the sections of part 1 that need no training
QUICK = tuple(s.number for s in SECTIONS if s.script == "numpy_ann" and s.stands_alone)
SLOW = "reads_files"  # walks through every folder: a second if none is in the cache
# what the first lines of a cheat may say; script and earns are required
KEYS = ("script", "earns", "says", "asks", "plot", "seconds")
ESCAPES = """
found = []
for path in {wanted!r}:
    try:
        with open(path, "rb"):
            found.append("LEAK: " + path)
    except OSError:
        pass
for source in {sources!r}:
    cheat = {{"__file__": __file__}}
    exec(source, cheat)
    try:
        cheat["relu"]()
    except RuntimeError as told:
        if str(told) != "held":
            found.append(str(told))


def relu(z):
    raise RuntimeError("; ".join(found) or "held")
"""


@dataclass(frozen=True)
class Case:
    """A submission and its expected outcome.

    `earns` are the sections that it may earn, `says` words that its feedback must contain, or
    alternatives between bars. `explained`: diagnose its mistakes, which calls it many times.
    `seconds` is the time that marking it may take.
    """

    name: str
    submission: Submission
    asked: tuple[str, ...]
    earns: tuple[str, ...]
    says: str = ""
    training: bool = False
    explained: bool = True
    seconds: float = math.inf


@dataclass(frozen=True)
class CaseOutcome:
    """The outcome of a case; `problem` is "" if it is as expected."""

    name: str
    expected: str
    found: str
    problem: str
    seconds: float


def run(sandbox: str, *, quick: bool = False) -> Iterator[CaseOutcome]:
    """Mark every case. Raises CannotGrade if the sandbox is unavailable or cheats are missing."""
    rubric = load_rubric()
    with Traps() as traps:
        for case in _cases(rubric, quick):
            cheats = case.name not in ("the reference", "the stubs")
            yield try_case(case, narrow(rubric) if cheats else rubric, sandbox, traps)


def try_sandbox(sandbox: str) -> Iterator[CaseOutcome]:
    """A test of the sandbox in half a second; raises CannotGrade as `run` does.

    The reference solution must earn a section, and the quick cheats, run in one process and told
    where the traps are, must not escape.
    """
    rubric = load_rubric()
    with Traps() as traps:
        yield try_case(
            Case("the reference", open_submission(REFERENCE), QUICK[:1], QUICK[:1]),
            rubric,
            sandbox,
            traps,
        )
        yield try_case(_escapes(rubric, traps), narrow(rubric), sandbox, traps)


def _escapes(rubric: Rubric, traps: Traps) -> Case:
    """The quick cheats that read, write and connect wherever they can at import, as one script."""
    cheats = [case for case in _quick_cheats(rubric) if case.says == "held" and case.name != SLOW]
    wanted = [str(path) for path in (traps.secret_file, RUBRIC_FILE, Path(__file__))]
    sources = [case.submission.scripts["numpy_ann"].decode() for case in cheats]
    script = ESCAPES.format(wanted=wanted, sources=sources).encode()
    return Case(
        "the escapes",
        Submission("escapes", {"numpy_ann": script}, {}, {}),
        QUICK[:1],
        (),
        "held",
        explained=False,
    )


def narrow(rubric: Rubric) -> Rubric:
    """The rubric with limits that a cheat reaches soon."""
    limits = replace(
        rubric.limits,
        call_seconds=5.0,
        section_seconds=8.0,
        train_seconds=dict.fromkeys(SCRIPTS, 10.0),
        memory_bytes=dict.fromkeys(SCRIPTS, 800_000_000),
        reply_bytes=100_000_000,
    )
    return replace(rubric, limits=limits)


def _cases(rubric: Rubric, quick: bool) -> Iterator[Case]:
    every = tuple(section.number for section in rubric.sections)
    yield Case(
        "the reference",
        open_submission(REFERENCE),
        QUICK if quick else every,
        QUICK if quick else every,
        training=True,
    )
    stubs = {script: (PROJECT / f"{script}.py").read_bytes() for script in SCRIPTS}
    yield Case(
        "the stubs",
        Submission("stubs", stubs, {}, {}),
        tuple(n for n in QUICK if not rubric.by_number[n].needs) if quick else every,
        (),
    )
    yield from _quick_cheats(rubric) if quick else (read_cheat(path, rubric) for path in _cheats())


def _cheats() -> list[Path]:
    cheats = sorted(CHEATS.glob("*.py"))
    if not cheats:
        raise CannotGrade(f"{CHEATS} holds no cheats, expected those of this project")
    return cheats


def _quick_cheats(rubric: Rubric) -> Iterator[Case]:
    for path in _cheats():
        if "\n# quick\n" in path.read_text(encoding="utf-8"):
            yield replace(read_cheat(path, rubric), asked=QUICK[:1], explained=False)


def read_cheat(path: Path, rubric: Rubric) -> Case:
    """The case of a cheat. Raises CannotGrade if its first lines lack the expected outcome."""
    source = path.read_text(encoding="utf-8")
    found = {
        key: value.strip()
        for key, value in re.findall(rf"^# ({'|'.join(KEYS)}): (.*)$", source, re.MULTILINE)
    }
    if found.get("script") not in SCRIPTS or "earns" not in found:
        raise CannotGrade(
            f"{path.name} does not say `# script: …` and `# earns: …`, "
            "expected both in its first lines"
        )
    script, trains = found["script"], "\n# trains\n" in source
    numbers = [
        section.number
        for section in rubric.sections
        if section.script == script and section.training == trains
    ]
    asked = tuple(number for number in numbers if trains or BY_NUMBER[number].stands_alone)
    if "asks" in found:
        asked = tuple(found["asks"].split())
    earns = () if found["earns"] == "nothing" else tuple(found["earns"].split())
    plots = {script: base64.b64decode(found["plot"])} if "plot" in found else {}
    submission = Submission(path.stem, {script: source.encode()}, plots, {})
    return Case(
        path.stem,
        submission,
        asked,
        earns,
        found.get("says", ""),
        trains,
        seconds=float(found.get("seconds", "inf")),
    )


def try_case(case: Case, rubric: Rubric, sandbox: str, traps: Traps) -> CaseOutcome:
    """Mark a case, and compare it with the expected outcome."""
    started = time.perf_counter()
    options = Options(
        seed=secrets.randbits(48), only=case.asked, skip_training=not case.training, sandbox=sandbox
    )
    marking = Marking(case.submission, rubric, options, explains=case.explained)
    results = marking.mark_all()
    earned = tuple(
        number for number, result in results.items() if result.status is not Status.FAILED
    )
    problems = [*_wrong_marks(case, results, earned), *traps.sprung(results)]
    if (seconds := time.perf_counter() - started) > case.seconds:
        problems.append(f"took {seconds:.0f} s, expected at most {case.seconds:.0f}")
    return CaseOutcome(
        case.name,
        _words(case.earns, case.asked),
        _words(earned, tuple(results)),
        "; ".join(problems),
        seconds,
    )


def _wrong_marks(
    case: Case, results: dict[str, SectionResult], earned: tuple[str, ...]
) -> Iterator[str]:
    if errors := [number for number, result in results.items() if result.status is Status.ERROR]:
        yield f"grader error in {', '.join(errors)}: {feedback(results[errors[0]])[:200]}"
    if unearned := [number for number in earned if number not in case.earns]:
        yield f"earned {', '.join(unearned)}"
    if missing := [number for number in case.earns if number not in earned and number in results]:
        yield f"lost {', '.join(missing)}: {feedback(results[missing[0]])[:200]}"
    if case.says and not any(
        words in feedback(result) for words in case.says.split(" | ") for result in results.values()
    ):
        first = feedback(next(iter(results.values())))[:200]
        yield f"the feedback does not say {case.says!r}: {first!r}"


def _words(numbers: tuple[str, ...], asked: tuple[str, ...]) -> str:
    return "everything" if numbers == asked else ", ".join(numbers) or "nothing"


class Traps:
    """A secret file and variable, a port and a socket, and folders to be checked for leftovers."""

    def __enter__(self) -> Traps:
        # such as those of a pool that is starting
        self.others = set(process_tree.descendants(os.getpid()))
        self.secret = secrets.token_hex(16)
        self.temporary = TemporaryFolder("grader-selftest-")
        self.folder = self.temporary.path
        self.secret_file = self.folder / "grader-selftest-secret"
        self.secret_file.write_text(self.secret)
        for path in (self.folder, self.secret_file):
            path.chmod(0o755 if path.is_dir() else 0o644)
        os.environ["GRADER_SELFTEST_SECRET"] = self.secret
        self.calls: list[str] = []
        self.listening = [
            *_listening(socket.AF_INET, ("127.0.0.1", TRAP_PORT)),
            *_listening(getattr(socket, "AF_UNIX", None), TRAP_NAME),
        ]
        for trap in self.listening:
            threading.Thread(target=self._answer, args=(trap,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for trap in self.listening:
            with contextlib.suppress(OSError):
                trap.shutdown(socket.SHUT_RDWR)
            trap.close()
        os.environ.pop("GRADER_SELFTEST_SECRET", None)
        self.temporary.remove()

    def _answer(self, trap: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = trap.accept()
                self.calls.append("a socket was reached")
                connection.close()

    def sprung(self, results: dict[str, SectionResult]) -> Iterator[str]:
        """What was read, written, sent or left behind since the last call."""
        told = "\n".join(feedback(result) for result in results.values())
        for line in told.splitlines():
            said = line.strip().removeprefix("| ")
            if said.startswith(LEAKS) or "“LEAK: " in said or self.secret in said:
                yield f"read or did something forbidden: {said[:300]}"
                break
        yield from self.calls
        self.calls = []
        for folder in {*FOLDERS, tempfile.gettempdir(), str(PROJECT)}:
            for path in Path(folder).glob(LEFTOVERS):
                yield f"left {path}"
                path.unlink()
        for pid in process_tree.descendants(os.getpid()):
            known = self.others | templates.pids()
            if pid not in known and not process_tree.is_ended(pid):
                yield f"process {pid} is still running"


def _listening(family: int | None, address: object) -> list[socket.socket]:
    """A listening socket; none where the system has no such kind, or the address is in use."""
    if family is None:
        return []
    trap = socket.socket(family, socket.SOCK_STREAM)
    try:
        trap.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        trap.bind(address)  # type: ignore[arg-type]
        trap.listen()
    except OSError:
        trap.close()
        return []
    return [trap]


def table(outcomes: list[CaseOutcome]) -> str:
    """The outcomes as text, one line each."""
    width = max(len(outcome.name) for outcome in outcomes)
    lines = [f"{'case':<{width}}  {'expected':<12} {'earned':<12} {'time':>7}"]
    for one in outcomes:
        verdict = "as expected" if not one.problem else f"NOT AS EXPECTED: {one.problem}"
        row = f"{one.name:<{width}}  {one.expected:<12} {one.found:<12} {one.seconds:5.1f} s"
        lines.append(f"{row}  {verdict}")
    return "\n".join(lines)
