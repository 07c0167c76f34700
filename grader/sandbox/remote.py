"""The trusted side's handle on a script: `student.relu(z)` looks like a call into a module, and is one over a pipe.

Attributes of the script come back as values, functions and classes as callables, objects as `Remote`. What goes
wrong on the other side is raised here as a StudentFault.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

import numpy as np

from grader import GRADER
from grader.errors import BadReply, NotWritten, StudentError, StudentFault, TimedOut, WorkerCrashed
from grader.rubric import Rubric
from grader.sandbox.forkserver_client import ForkServer, asked_threads
from grader.sandbox.process import Process
from grader.submission.allowed_imports import expect_allowed
from grader.worker.protocol import Opaque, Tensor
from utils import CheckFailed, expect_unchanged

SUBSTITUTES = {
    "1.2": "relu",
    "1.3": "relu_derivative",
    "1.5": "forward",
    "2.1": "layers",
    "2.2": "layers",
    "3.1": "layers",
    "3.2": "layers",
}
# what the contract has called: anything else under these names is the answer's fault
FUNCTIONS = (
    "relu",
    "relu_derivative",
    "cross_entropy",
    "NumpyANN",
    "PyTorchANN",
    "PyTorchCNN",
    "forward",
    "backward",
    "fit",
    "predict",
)


ARGUMENTS = {
    "relu": ("z",), "relu_derivative": ("z",), "cross_entropy": ("y_true", "y_pred"), "forward": ("X",),
    "backward": ("X", "y_true"),
}  # fmt: skip


class Student:
    """One script of a submission, imported in a worker process that is forked when it is first needed."""

    def __init__(self, script: str, server: ForkServer, rubric: Rubric):
        self._script, self._server, self._rubric, self._limits = (
            script,
            server,
            rubric,
            rubric.limits,
        )
        self._process: Process | None = None
        self._names: list[str] = []
        self._substituted: tuple[str, ...] = ()
        self._load_fault: StudentFault | None = None
        self._source_fault: StudentFault | None = (
            None  # of a script that does not parse, or may not import what it does
        )
        self._is_read = False
        self._last_printed = ""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        self._ensure_loaded()
        if name not in self._names:
            raise StudentError(
                f"{name} is not defined in {self._script}.py, expected it to be there.",
                ["not-written"],
            )
        return self._attribute(None, name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_"):
            object.__setattr__(self, name, value)
        else:
            self._ensure_loaded()
            self._ask("set", {"ref": None, "name": name, "value": value})

    @contextlib.contextmanager
    def with_substitutes(self, sections: tuple[str, ...]) -> Iterator[None]:
        """While this lasts, the script runs with right answers in the place of these sections of its own."""
        self.close()
        self._substituted = tuple(dict.fromkeys(SUBSTITUTES[number] for number in sections))
        try:
            yield
        finally:
            self._substituted = ()
            self.close()

    @property
    def loads(self) -> bool:
        """Whether the script could be imported, as far as was tried."""
        return self._load_fault is None

    @contextlib.contextmanager
    def replaced_by(self, scripts: dict[str, bytes]) -> Iterator[None]:
        """While this lasts, other scripts run in the place of the student's own."""
        own = self._server, self._load_fault, self._source_fault, self._is_read
        self.close()
        self._server = self._server.for_scripts(scripts)
        self._load_fault, self._source_fault, self._is_read = None, None, False
        try:
            yield
        finally:
            self.close()
            self._server.close()
            self._server, self._load_fault, self._source_fault, self._is_read = own

    @property
    def printed(self) -> str:
        """The end of what the script printed, in its present process or the last."""
        return self._process.printed.text() if self._process else self._last_printed

    def prepare_training(self, seed: int) -> None:
        """Seed the generators of NumPy, torch and the standard library in the worker, and give torch all cores."""
        self._ensure_loaded()
        self._ask(
            "prepare_training",
            {
                "seed": seed,
                "threads": self._server.threads or asked_threads() or os.cpu_count() or 1,
            },
        )

    def close(self) -> None:
        """End its process, if one runs; the next question starts another."""
        if self._process is not None:
            self._process.close()
            self._last_printed = self._process.printed.text()
            self._process = None

    def _ensure_loaded(self) -> None:
        if self._process is not None and self._process.alive:
            return
        self.close()
        if self._load_fault is not None:
            raise self._load_fault
        self._process = Process(self._server)
        try:
            self._read_source()
            names = self._ask("load", {"script": self._script}, self._limits.import_seconds)
            if not isinstance(names, list):
                raise BadReply("the answer to the import is not a list of names.")
            self._names = [str(name) for name in names]
            if self._substituted:
                self._ask(
                    "substitute", {"sources": [_substitute(name) for name in self._substituted]}
                )
        except StudentFault as fault:
            self.close()
            self._load_fault = fault  # another try would take as long and end alike
            raise

    def expect_readable(self) -> None:
        """Raises StudentFault where the script does not parse, or imports what it may not."""
        if not self._is_read:
            with contextlib.suppress(StudentFault):
                self._ensure_loaded()
        if self._source_fault is not None:
            raise self._source_fault

    def _read_source(self) -> None:
        try:
            imported = self._ask("imports", {"script": self._script}, self._limits.import_seconds)
            expect_allowed(
                self._script, imported, self._rubric.imports[self._script], self._rubric.forbidden
            )
        except (WorkerCrashed, TimedOut) as fault:
            self._source_fault = StudentFault(
                f"{self._script}.py cannot be parsed: {fault.feedback}", ["syntax-error"]
            )
        except StudentFault as fault:
            name = f"{self._script}.py"
            told = (
                fault.feedback
                if name in fault.feedback
                else f"{name} cannot be parsed: {fault.feedback}"
            )
            self._source_fault = StudentFault(told, fault.diagnosis)
            if fault.diagnosis == ("raises",):  # anything that the parser gives up with
                self._source_fault.diagnosis = ("syntax-error",)
        self._is_read = True
        if self._source_fault is not None:
            raise self._source_fault

    def _ask(self, op: str, arguments: dict[str, Any], seconds: float | None = None) -> Any:
        assert self._process is not None
        reply = self._process.call(op, arguments, seconds or self._limits.call_seconds)
        if "error" in reply:
            raise _fault(reply["error"])
        return self._remote(reply.get("value"))

    def _remote(self, value: Any) -> Any:
        if isinstance(value, Opaque) and value.ref is not None:
            return Remote(self, value)
        if isinstance(value, list | tuple):
            return type(value)(self._remote(item) for item in value)
        if isinstance(value, dict):
            return {key: self._remote(item) for key, item in value.items()}
        return value

    def _attribute(self, ref: int | None, name: str) -> Any:
        value = self._ask("get", {"ref": ref, "name": name})
        if isinstance(value, Remote) and value.opaque.callable:
            return RemoteCallable(self, ref, name)
        if name in FUNCTIONS:
            raise CheckFailed(
                f"{name} is {_article(type_name(value))}, expected a function or class.",
                kind="wrong-type",
            )
        return value


class Remote:
    """An object that lives in the worker."""

    def __init__(self, student: Student, opaque: Opaque):
        object.__setattr__(self, "student", student)
        object.__setattr__(self, "opaque", opaque)

    student: Student
    opaque: Opaque

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self.student._attribute(self.opaque.ref, name)

    def __setattr__(self, name: str, value: Any) -> None:
        self.student._ask("set", {"ref": self.opaque.ref, "name": name, "value": value})

    def probe(self, name: str, *args: Any, seconds: float | None = None) -> Any:
        """One of the worker's observations of this object."""
        return self.student._ask(
            "probe", {"name": name, "ref": self.opaque.ref, "args": _plain(args)}, seconds
        )


class RemoteCallable:
    """A function, class or method in the worker."""

    def __init__(self, student: Student, ref: int | None, name: str):
        self.student, self.ref, self.name = student, ref, name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """What it returns; its arguments must come out as they went in."""
        result, after = self._call(args, kwargs, None, echo=True)
        for name, before, now in zip(
            ARGUMENTS.get(self.name, ("an argument",) * len(args)), args, after, strict=False
        ):
            if isinstance(before, np.ndarray) and isinstance(now, np.ndarray):
                expect_unchanged(name, now, before)
        return result

    def observe(self, *args: Any) -> tuple[Any, list[Any]]:
        """What it returns, and its arguments as they are afterwards."""
        result, after = self._call(args, {}, None, echo=True)
        return result, after

    def within(self, seconds: float, *args: Any, **kwargs: Any) -> Any:
        """What it returns, with a time limit of its own; large arguments are not sent back to be compared."""
        return self._call(args, kwargs, seconds, echo=False)

    def _call(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], seconds: float | None, *, echo: bool
    ) -> Any:
        arguments = {
            "ref": self.ref,
            "name": self.name,
            "args": _plain(args),
            "kwargs": kwargs,
            "echo": echo,
        }
        answer = self.student._ask("call", arguments, seconds)
        if not echo:
            return answer
        if (
            not isinstance(answer, list)
            or len(answer) != 2
            or not isinstance(answer[1], list)
            or len(answer[1]) != len(args)
        ):
            raise BadReply("the answer does not belong to the call.")
        return answer


def _substitute(name: str) -> str:
    return (GRADER / "worker" / "substitutes" / f"{name}.py").read_text(encoding="utf-8")


def _plain(args: tuple[Any, ...]) -> list[Any]:
    """Arguments as they travel: Remote objects by their numbers."""
    return [arg.opaque if isinstance(arg, Remote) else arg for arg in args]


def _fault(error: Any) -> StudentFault:
    """The worker's description of an exception as one to raise here."""
    if not isinstance(error, dict) or not isinstance(error.get("lines"), list):
        return BadReply("the answer does not describe its error.", ["raises"])
    message, name, kind = (str(error.get(key, "")) for key in ("message", "type", "kind"))
    lines = [str(line) for line in error["lines"]]
    if kind == "stub":
        return NotWritten(
            f"not written yet ({message})" if message.startswith("TODO") else "not written yet"
        )
    diagnosis = ["syntax-error"] if kind == "syntax" else ["raises"]
    return StudentError("\n".join([*lines, f"{name}: {message}"]), diagnosis)


def type_name(value: Any) -> str:
    """The name of an answer's type, as the student knows it."""
    if isinstance(value, Remote | Opaque):
        return value.opaque.type_name if isinstance(value, Remote) else value.type_name
    return type(value).__name__


def _article(name: str) -> str:
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


def as_array(value: Any) -> Any:
    """A tensor's content as an array, anything else as it is."""
    return value.array if isinstance(value, Tensor) else value


def as_number(value: Any) -> float | None:
    """What a loss of any type or one-element shape amounts to; None for anything that is not one number."""
    value = as_array(value)
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.reshape(-1)[0]
    if isinstance(value, Remote | Opaque):
        return value.opaque.number if isinstance(value, Remote) else value.number
    return (
        float(value)
        if isinstance(value, int | float | np.number) and not isinstance(value, bool)
        else None
    )
