"""A function in a copy of the process: its answer, or nothing where it goes too far."""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.sandbox import process_tree
from grader.submission import parsing
from grader.submission.copied_process import answer_of_copy, answers_of_copy
from grader.submission.parse_worker import answer


def called(function: Callable[[], object], **limits: float) -> bytes:
    given = {"memory": 1 << 28, "seconds": 2, "timeout": 30.0, **limits}
    return answer_of_copy(function, **given)  # type: ignore[arg-type]


def test_the_answer_comes_back_and_nothing_else_changes() -> None:
    seen: list[int] = []
    found = json.loads(called(lambda: {"pid": os.getpid(), "seen": seen.append(1)}))
    assert found["pid"] != os.getpid()
    assert seen == []


def endless() -> None:
    while True:
        pass


def own_size() -> int:
    """Bytes of address space that this process holds, free ones of malloc's among them."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return pages * resource.getpagesize()


BEYOND: dict[str, tuple[Callable[[], object], dict[str, float]]] = {
    "a crash": (os.abort, {}),
    "an exit": (lambda: os._exit(0), {}),
    "too much memory": (lambda: len(bytes(own_size() + (1 << 28))), {}),
    "too much computing": (endless, {"seconds": 1}),
    "too long": (lambda: time.sleep(60), {"timeout": 0.5}),
}


@pytest.mark.parametrize("case", BEYOND)
def test_beyond_its_limits_it_has_no_answer(case: str) -> None:
    function, limits = BEYOND[case]
    started = time.monotonic()
    assert called(function, **limits) == b""
    assert time.monotonic() - started < 20


@pytest.mark.parametrize("case", BEYOND)
def test_the_answers_before_the_one_beyond_its_limits_come_back(case: str) -> None:
    function, limits = BEYOND[case]
    given = {"memory": 1 << 28, "seconds": 2, "timeout": 30.0, **limits}
    long = "ü\n" * 1_000_000
    answers = answers_of_copy([lambda: long, os.getpid, function, os.getpid], **given)  # type: ignore[arg-type]
    assert json.loads(next(answers)) == long
    assert json.loads(next(answers)) != os.getpid()
    assert list(answers) == []


def test_answers_that_nobody_takes_end_the_copy() -> None:
    answers = answers_of_copy([os.getpid] * 3, memory=1 << 28, seconds=2, timeout=30.0)
    pid = int(next(answers))
    answers.close()
    assert process_tree.is_ended(pid)


INTERRUPTED = """
import os, signal
from grader.submission.copied_process import answer_of_copy
os.register_at_fork(after_in_parent=lambda: os.kill(os.getpid(), signal.SIGINT))
try:
    answer_of_copy(lambda: 1, memory=1 << 28, seconds=2, timeout=30.0)
except KeyboardInterrupt:
    print("interrupted")
"""


def test_ctrl_c_during_a_fork_is_not_lost() -> None:
    ran = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True)
    assert (ran.stdout, ran.stderr) == ("interrupted\n", "")


def test_what_a_group_starts_ends_with_it() -> None:
    answered = called(lambda: subprocess.Popen(["sleep", "60"]).pid, leads=True)
    end = time.monotonic() + 10
    while not process_tree.is_ended(int(answered)):
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize(
    "code", ["(" * 100_000, "-" * 200_000 + "1", "\0", "x = " + "[" * 90 + "]"]
)
def test_code_that_breaks_the_parser_costs_its_own_answer(code: str) -> None:
    assert parsing.ask("parts", source=code, wanted={}) == {}
    assert parsing.ask("unwritten", sources={"a": "raise NotImplementedError('TODO 1.2')"})
    assert answer("no such", {}) == {}
