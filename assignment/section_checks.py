"""The sections of each script in order, and the outcomes of their checks."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType

import numpy as np

from assignment.checks_numpy import (
    check_backward,
    check_cross_entropy,
    check_forward,
    check_relu,
    check_relu_derivative,
    check_softmax,
)
from assignment.failure import CheckFailed
from assignment.handles import LocalScript
from assignment.judgement import check_judgement
from assignment.parts import PARTS, Part

HERE = Path(__file__).resolve().parent
PUBLIC_SEED = 2017  # of the random images; marking draws others


@dataclass(frozen=True)
class Check:
    """One section of a script, and the function that checks it.

    `run` raises CheckFailed for a wrong answer and may return a remark on a right one. `needs`
    names the sections that this one builds on.
    """

    number: str
    title: str
    run: Callable[[ModuleType], str | None]
    needs: tuple[str, ...] = ()
    after_training: bool = False  # training does not wait for it


def _torch_checks(part: Part) -> tuple[Check, ...]:
    """The same five sections for parts 2 and 3."""
    sections = (("layers", ()), ("forward", (1,)), ("training_step", (2,)), ("predict", (2,)))
    return (
        *(
            Check(
                f"{part.number}.{i}",
                title,
                partial(_run_torch_check, title, part),
                tuple(f"{part.number}.{j}" for j in needs),
            )
            for i, (title, needs) in enumerate(sections, start=1)
        ),
        Check(f"{part.number}.5", "JUDGEMENT", check_judgement, after_training=True),
    )


def _run_torch_check(title: str, part: Part, module: ModuleType) -> None:
    from assignment.checks import torch
    from assignment.observing.compiling import left_out

    checks = {
        "layers": torch.check_layers,
        "forward": torch.check_forward,
        "training_step": torch.check_training_step,
        "predict": torch.check_predict,
    }
    rng = np.random.default_rng(PUBLIC_SEED)
    with left_out():
        checks[title](LocalScript(module).module, part.name, rng)


CHECKS: dict[str, tuple[Check, ...]] = {
    "numpy_ann": (
        Check("1.1", "softmax (worked example)", check_softmax),
        Check("1.2", "relu", check_relu),
        Check("1.3", "relu_derivative", check_relu_derivative),
        Check("1.4", "cross_entropy", check_cross_entropy),
        Check("1.5", "forward", check_forward, ("1.1", "1.2")),
        Check("1.6", "backward", check_backward, ("1.3", "1.5")),
    ),
    "pytorch_ann": _torch_checks(PARTS["pytorch_ann"]),
    "pytorch_cnn": _torch_checks(PARTS["pytorch_cnn"]),
}


@dataclass(frozen=True)
class Outcome:
    """The outcome of one check: its status is "passed", "failed", "not written" or "waiting".

    A failed check has a `failure`, or the `error` that the student's code raised. Any other may
    have a `remark`.
    """

    check: Check
    status: str
    remark: str = ""
    failure: CheckFailed | None = None
    error: str = ""

    @property
    def lines(self) -> list[str]:
        """What failed, for the terminal: the failure and its hints, or the error."""
        if self.failure is None:
            return self.error.splitlines()
        return [str(self.failure), *(f"Hint: {hint}" for hint in self.failure.hints)]


def run_checks(part: Part, module: ModuleType, *, verbose: bool = False) -> Iterator[Outcome]:
    """The outcomes of the checks, in order; a check waits until those that it needs have passed."""
    passed: set[str] = set()
    for check in CHECKS[part.name]:
        missing = [number for number in check.needs if number not in passed]
        outcome = (
            Outcome(check, "waiting", f"waits for {' and '.join(missing)}")
            if missing
            else _run_check(check, module, verbose)
        )
        if outcome.status == "passed":
            passed.add(check.number)
        yield outcome


def _run_check(check: Check, module: ModuleType, verbose: bool) -> Outcome:
    try:
        with np.errstate(all="ignore"):  # an overflow shows in the values that are compared
            remark = check.run(module)
    except CheckFailed as failure:
        return Outcome(check, "failed", failure=failure)
    except (Exception, SystemExit) as error:
        if is_stub(error):
            return Outcome(check, "not written", "not written yet")
        return Outcome(check, "failed", error=describe_error(error, verbose=verbose))
    return Outcome(check, "passed", remark or "")


def is_stub(error: BaseException) -> bool:
    """Whether an error comes from a stub; torch raises NotImplementedError for other reasons."""
    message = str(error)
    return isinstance(error, NotImplementedError) and (not message or message.startswith("TODO"))


def describe_error(error: BaseException, *, verbose: bool = False) -> str:
    """The error, after the student's own lines that led to it; all lines with `verbose`."""
    if verbose:
        return "".join(traceback.format_exception(error)).rstrip()
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if _is_own(frame.filename)
    ]
    lines = [
        f"{Path(frame.filename).name}, line {frame.lineno}, in {frame.name}: {frame.line}"
        for frame in frames
    ]
    if len(lines) > 8:  # a recursion, for example
        lines[4:-4] = [f"… {len(lines) - 8} more …"]
    if isinstance(error, SystemExit):
        return "\n".join(
            [*lines, "Your code called exit(). Hint: return from the function instead."]
        )
    return "\n".join([*lines, f"{type(error).__name__}: {error}"])


def _is_own(filename: str) -> bool:
    """Whether a frame belongs to the student's code, not to a library or to given code."""
    if filename.startswith("<") and not filename.startswith("<ipython"):
        return False
    libraries = (sys.base_prefix, sys.prefix)
    in_library = "site-packages" in filename or any(
        filename.startswith(f"{root}{os.sep}lib") for root in libraries
    )
    path = Path(filename).resolve()
    return not in_library and path.parent != HERE and path != HERE.parent / "utils.py"
