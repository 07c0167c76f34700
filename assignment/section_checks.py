"""The sections of each script in order, and the outcomes of their checks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial, wraps
from types import ModuleType
from typing import Any

import numpy as np

from assignment.checks.numpy import backward, forward, functions, speed
from assignment.checks.numpy.cases import public_cases
from assignment.definitions import expect_definition
from assignment.failure import CheckFailed
from assignment.handles import LocalScript, Module
from assignment.hints import are_given as hints_are_given
from assignment.judgement import check_judgement
from assignment.parts import PARTS, Part
from assignment.student_errors import describe_error, is_stub, line_of

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


def _numpy_check(
    number: str, title: str, check: Callable[[Module], str | None], needs: tuple[str, ...] = ()
) -> Check:
    """A section of part 1. Its check asks a handle, which notices arguments that are changed."""
    return Check(number, title, lambda module: check(LocalScript(module).module), needs)


def _check_backward(module: Module) -> str:
    speed.expect_quick(module)
    return backward.check_backward(module, public_cases().backward)


_NUMPY_CHECKS = (
    _numpy_check(
        "1.1",
        "softmax (worked example)",
        lambda module: functions.check_softmax(module, public_cases().softmax),
    ),
    _numpy_check("1.2", "relu", lambda module: functions.check_relu(module, public_cases().relu)),
    _numpy_check(
        "1.3",
        "relu_derivative",
        lambda module: functions.check_relu_derivative(module, public_cases().relu_derivative),
    ),
    _numpy_check(
        "1.4",
        "cross_entropy",
        lambda module: functions.check_cross_entropy(module, public_cases().cross_entropy),
    ),
    _numpy_check(
        "1.5",
        "forward",
        lambda module: forward.check_forward(module, public_cases().forward),
        ("1.1", "1.2"),
    ),
    _numpy_check("1.6", "backward", _check_backward, ("1.3", "1.5")),
)
CHECKS: dict[str, tuple[Check, ...]] = {
    "numpy_ann": _NUMPY_CHECKS,
    "pytorch_ann": _torch_checks(PARTS["pytorch_ann"]),
    "pytorch_cnn": _torch_checks(PARTS["pytorch_cnn"]),
}


@dataclass(frozen=True)
class Outcome:
    """The outcome of one check: its status is "passed", "failed", "not written" or "waiting".

    A failed check has a `failure`, or the `error` that the student's code raised, in the script's
    `line` (0 if none is known). Any other may have a `remark`.
    """

    check: Check
    status: str
    remark: str = ""
    failure: CheckFailed | None = None
    error: str = ""
    line: int = 0

    @property
    def lines(self) -> list[str]:
        """What failed, for the terminal: the failure and its hints, or the error."""
        if self.failure is None:
            return self.error.splitlines()
        hints = self.failure.hints if hints_are_given() else ()
        return [str(self.failure), *(f"Hint: {hint}" for hint in hints)]


def run_checks(part: Part, module: ModuleType, *, verbose: bool = False) -> Iterator[Outcome]:
    """The outcomes of the checks, in order; a check waits until those that it needs have passed.

    One that fails after calling the function of a section that has not passed waits for it too.
    """
    open_ones: dict[str, Check] = {}  # that have not passed, by number
    for check in CHECKS[part.name]:
        missing = [number for number in check.needs if number in open_ones]
        if not missing:
            with _calls(module, open_ones.values()) as called:
                outcome = _run_check(part, check, module, verbose)
            missing = called if outcome.status != "passed" else []
        if missing:
            outcome = Outcome(check, "waiting", f"waits for {' and '.join(missing)}")
        if outcome.status != "passed":
            open_ones[check.number] = check
        yield outcome


@contextmanager
def _calls(module: ModuleType, checks: Iterable[Check]) -> Iterator[list[str]]:
    """The numbers of those checks whose function the script calls meanwhile."""
    called: list[str] = []
    own = {check: vars(module).get(check.title) for check in checks}

    def noting(check: Check, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            if check.number not in called:
                called.append(check.number)
            return function(*args, **kwargs)

        return call

    functions = {check: function for check, function in own.items() if callable(function)}
    vars(module).update({one.title: noting(one, function) for one, function in functions.items()})
    try:
        yield called
    finally:
        vars(module).update({one.title: function for one, function in functions.items()})


def _run_check(part: Part, check: Check, module: ModuleType, verbose: bool) -> Outcome:
    try:
        expect_definition(part, module, check.number)
        with np.errstate(all="ignore"):  # an overflow shows in the values that are compared
            remark = check.run(module)
    except CheckFailed as failure:
        return Outcome(check, "failed", failure=failure)
    except (Exception, SystemExit) as error:
        if is_stub(error):
            return Outcome(check, "not written", "not written yet", line=line_of(error))
        described = describe_error(error, verbose=verbose)
        return Outcome(check, "failed", error=described, line=line_of(error))
    return Outcome(check, "passed", remark or "")
