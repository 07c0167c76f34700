"""The trusted side's handle on a script: `student.module.relu(z)` is a call over a pipe.

Attributes of the script come back as values, functions and classes as callables, objects as
`Handle`. An exception on the other side is raised here as a StudentFault.

Students choose the names in their scripts, so the handle's own names are kept apart from them:
`StudentScript` starts, watches and ends the worker; its `module` has the script's names and no
others.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from assignment.answers import Opaque
from assignment.failure import named
from assignment.handles import (
    FUNCTIONS,
    Function,
    Handle,
    Module,
    expect_callable,
    opaque_of,
    plain,
)
from assignment.observing.outline import Statement
from grader.errors import (
    BadReply,
    StudentError,
    StudentFault,
    TimedOut,
    WorkerCrashed,
)
from grader.rubric import Rubric
from grader.sandbox.budget import Budget, Clock
from grader.sandbox.faults import at_import, missing, student_fault
from grader.sandbox.forkserver_client import ForkServer, asked_threads
from grader.sandbox.process import Process
from grader.sandbox.stack import Place, place, shown
from grader.sandbox.stand_ins import Computed, StandIn
from grader.submission.allowed_imports import expect_allowed
from grader.submission.preparing import import_rule

# the share of a call's time without a processor above which the machine is at fault
STARVED = 1 / 3
EXCUSED = 2.0  # times the limit, at most, that a call may wait if waiting is excused
READING = ("imports", "load")  # the requests that read and import the script


class StudentScript:
    """One script of a submission, imported in a worker process that is forked when needed.

    `stand_ins` are right answers in place of some of the script's own, `source` a changed script.
    """

    def __init__(
        self,
        script: str,
        server: ForkServer,
        rubric: Rubric,
        clock: Clock | None = None,
        stand_ins: tuple[StandIn, ...] = (),
        source: str = "",
    ):
        self.module = Module(self)
        self.clock = clock or Clock()
        self.script, self._server, self._rubric = script, server, rubric
        self._stand_ins, self._source = stand_ins, source
        self._answers = {one.name: one.answer for one in stand_ins if isinstance(one, Computed)}
        self._limits = rubric.limits
        self._process: Process | None = None
        self._names: list[str] = []
        # of the present process: the types of what its functions returned, "" for the script itself,
        # and by type and name what is known to be a function and need not be asked for again
        self._types: dict[int | None, str] = {None: ""}
        self._functions: dict[tuple[str, str], str] = {}
        self._load_fault: StudentFault | None = None
        # of a script that does not parse, or imports what it may not
        self._source_fault: StudentFault | None = None
        self._is_read = False
        self._is_allowed = False  # its imports were looked at, and none is forbidden
        self._last_printed = ""
        self._hangs: set[Place] = set()  # where calls hung, which are not waited for again
        self.patience = 1.0  # multiplies the time limits of calls
        self.excuses_waiting = False  # for a processor, which then does not count
        self.time_outs = 0  # calls that were not answered in time
        self.was_starved = False  # one of them because the machine was busy

    def with_stand_ins(self, stand_ins: Iterable[StandIn]) -> StudentScript:
        """The same script with right answers in place of some of its own.

        There is one worker at a time, so this one's is ended.
        """
        self.close()
        other = StudentScript(
            self.script, self._server, self._rubric, self.clock, tuple(stand_ins), self._source
        )
        other._hangs, other._is_allowed = self._hangs, self._is_allowed
        return other

    def with_source(self, source: str) -> StudentScript:
        """The same script with a change: `source` is read in place of what was handed in.

        There is one worker at a time, so this one's is ended.
        """
        self.close()
        return StudentScript(self.script, self._server, self._rubric, self.clock, source=source)

    def forget_starving(self) -> None:
        """Be ready to try again what failed because the machine was busy."""
        self.close()
        self.was_starved, self._is_read = False, False
        self._load_fault = self._source_fault = None

    @property
    def server(self) -> ForkServer:
        """What its workers are forked from."""
        return self._server

    @property
    def loads(self) -> bool:
        """Whether the script could be imported, as far as that was tried."""
        return self._load_fault is None

    @property
    def printed(self) -> str:
        """The end of what the script printed, in its present process or the last."""
        return self._process.printed.text() if self._process else self._last_printed

    def prepare_training(self, seed: int) -> None:
        """Seed every random generator in the worker, and let torch use all cores."""
        self._ensure_loaded()
        threads = self._server.threads or asked_threads() or os.cpu_count() or 1
        self.ask("prepare_training", {"seed": seed, "threads": threads})

    def close(self) -> None:
        """End its process, if one runs; the next question starts another."""
        if self._process is not None:
            self._process.close()
            self._last_printed = self._process.printed.text()
            self._process = None

    def expect_readable(self) -> None:
        """Raises StudentFault where the script does not parse, or imports what it may not."""
        if not self._is_read:
            with contextlib.suppress(StudentFault):
                self._ensure_loaded()
        if self._source_fault is not None:
            raise self._source_fault

    def expect_imported(self) -> None:
        """Raises StudentFault where the script cannot be read or imported, as far as that is known.

        It is imported for this if it has not been yet.
        """
        if self._load_fault is not None or not self._names:
            self._ensure_loaded()

    def named(self, name: str) -> Any:
        """What the script defines under a name. Raises StudentError where it defines nothing."""
        self._ensure_loaded()
        if name not in self._names:
            raise missing(name, f"{self.script}.py", self._names)
        return self.attribute(None, name)

    def attribute(self, ref: int | None, name: str) -> Any:
        """An attribute of one of the script's objects, or of the script itself if `ref` is None."""
        known = self._functions.get((self._types[ref], name)) if ref in self._types else None
        if known is not None:
            return Function(self, ref, name, known)
        return self._attribute(ref, name, self.ask("get", {"ref": ref, "name": name}))

    def attributes(self, ref: int | None, names: Sequence[str]) -> list[Any]:
        """Several attributes of one of the script's objects, or of the script itself."""
        values = self.ask("get_all", {"ref": ref, "names": list(names)})
        if not isinstance(values, list) or len(values) != len(names):
            raise BadReply("the answer does not belong to the question")
        return [
            self._attribute(ref, name, value) for name, value in zip(names, values, strict=True)
        ]

    def _attribute(self, ref: int | None, name: str, value: Any) -> Any:
        if isinstance(value, Handle) and opaque_of(value).callable:
            kind = opaque_of(value).type_name
            if ref in self._types and name in FUNCTIONS:
                self._functions[self._types[ref], name] = kind
            return Function(self, ref, name, kind)
        return expect_callable(name, value)

    def set_attributes(self, ref: int | None, values: Mapping[str, Any]) -> None:
        """Set attributes of an object, or of the script itself if `ref` is None."""
        if ref is None:
            self._ensure_loaded()
        self.ask("set", {"ref": ref, "values": dict(values)})

    def call(
        self,
        ref: int | None,
        name: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        seconds: float | None,
        *,
        echo: bool,
    ) -> Any:
        """What a function returns; with `echo`, also its arguments as they are afterwards."""
        arguments = {"ref": ref, "name": name, "args": plain(args), "kwargs": kwargs, "echo": echo}
        try:
            answer = self.ask("call", arguments, seconds)
        except StudentError:
            if self._functions.pop((self._types.get(ref, ""), name), None) is not None:
                self.attribute(ref, name)  # has its own error where it is a function no longer
            raise
        if not echo:
            return answer
        pair = isinstance(answer, list) and len(answer) == 2
        if not pair or not isinstance(answer[1], list) or len(answer[1]) != len(args):
            raise BadReply("the answer does not belong to the call")
        if isinstance(answer[0], Handle):
            returned = opaque_of(answer[0])
            self._types[returned.ref] = returned.type_name
        return answer

    def observe(
        self, ref: int | None, name: str, args: tuple[Any, ...], seconds: float | None
    ) -> Any:
        """An observation of an object, by assignment/observing/probes.py in the worker."""
        return self.ask("probe", {"name": name, "ref": ref, "args": plain(args)}, seconds)

    def outline(self) -> list[Statement]:
        """The statements in the script's functions, as its worker sees them."""
        self._ensure_loaded()
        answer = self.ask("outline", {})
        try:
            return [
                Statement(str(function), int(line), int(end), tuple(map(str, targets)))
                for function, line, end, targets in answer
            ]
        except (TypeError, ValueError) as error:
            raise BadReply("the answer is no list of statements") from error

    def trace(self, ref: int | None, name: str, args: tuple[Any, ...]) -> list[Any]:
        """[line, target, value] for each assignment while a function ran, and each return."""
        answer = self.ask("trace", {"ref": ref, "name": name, "args": plain(args)})
        if not isinstance(answer, list) or any(
            not isinstance(step, list) or list(map(type, step[:2])) != [int, str] or len(step) != 3
            for step in answer
        ):
            raise BadReply("the answer is no list of steps")
        return answer

    def ask(self, op: str, arguments: dict[str, Any], seconds: float | None = None) -> Any:
        """The worker's answer to one request. Raises StudentFault."""
        assert self._process is not None
        # an import that is cut short would count against every section
        patience = max(1.0, self.patience) if op in READING else self.patience
        budget = self.clock.current.tightest()
        limit = min(patience * (seconds or self._limits.call_seconds), budget.left)
        excused = EXCUSED * limit if self.excuses_waiting else 0.0
        try:
            if not limit:
                raise TimedOut(0.0)
            with self._charged(self._process, excused):
                reply = self._process.call(
                    op, arguments, limit, frozenset(self._hangs), excused, self._answers
                )
        except TimedOut as fault:
            raise self._located(fault, op, arguments, None if budget.left else budget) from None
        if "error" in reply:
            raise student_fault(reply["error"], self.script, self._limits.memory_bytes[self.script])
        return self._remote(reply.get("value"))

    @contextlib.contextmanager
    def _charged(self, process: Process, excused: float) -> Iterator[None]:
        """Counts a call in the budgets, without waiting that is excused."""
        started = time.monotonic()
        try:
            yield
        finally:
            passed = time.monotonic() - started
            self.clock.current.charge(passed - min(process.waited, excused), process.waited)

    def _located(
        self, fault: TimedOut, op: str, arguments: dict[str, Any], exhausted: Budget | None
    ) -> TimedOut:
        """The fault with the function that was called, noted as a hang unless the machine is busy.

        A probe calls one of the script's functions, the outermost on the stack. `exhausted` is the
        budget that has run out, if one has.
        """
        self.time_outs += 1
        waited = exhausted.waited / exhausted.seconds if exhausted else fault.waited
        if waited > STARVED:
            self.was_starved = True
        elif exhausted is None and (hang := place(fault.trace)) is not None:
            self._hangs.add(hang)
        called = next((frame.function for frame in fault.trace if frame.function), "")
        what = (
            f"the import of {self.script}.py"
            if op in READING
            else str(arguments["name"])
            if op == "call"
            else named(called)
            if called
            else "the script"
        )
        return TimedOut(
            exhausted.seconds if exhausted else fault.seconds,
            what=what,
            trace=shown(fault.trace),
            again=fault.again,
            waited=waited,
            together=exhausted.what if exhausted else "",
        )

    def _remote(self, value: Any) -> Any:
        if isinstance(value, Opaque) and value.ref is not None:
            return Handle(self, value)
        if isinstance(value, list | tuple):
            return type(value)(self._remote(item) for item in value)
        if isinstance(value, dict):
            return {key: self._remote(item) for key, item in value.items()}
        return value

    def _ensure_loaded(self) -> None:
        if self._process is not None and self._process.alive:
            return
        self.close()
        if self._load_fault is not None:
            raise self._load_fault
        started = time.monotonic()
        self._process = Process(self._server, self.script)
        self._types, self._functions = {None: ""}, {}
        # importing torch from a cold disk is no section's fault
        self.clock.whole.charge(time.monotonic() - started)
        try:
            if self._source:
                content = np.frombuffer(self._source.encode(), np.uint8)  # too long for a text
                self.ask("give", {"script": self.script, "source": content})
            self._read_source()
            names = self._load()
            if not isinstance(names, list):
                raise BadReply("the answer to the import is not a list of names")
            self._names = [str(name) for name in names]
            if self._stand_ins:
                self.ask("stand_in", {"stand_ins": [s.specification() for s in self._stand_ins]})
        except StudentFault as fault:
            self.close()
            if not _is_exhausted(fault):
                self._load_fault = fault  # another try would take as long and end alike
            raise

    def _load(self) -> Any:
        try:
            return self.ask("load", {"script": self.script}, self._limits.import_seconds)
        except StudentFault as fault:
            raise at_import(fault, self.script) from None

    def _read_source(self) -> None:
        if self._is_allowed:
            return
        try:
            rule = import_rule(self._rubric, self.script)
            request = {
                "script": self.script,
                "allowed": list(rule.allowed),
                "forbidden": list(rule.forbidden),
            }
            expect_allowed(
                self.script, self.ask("imports", request, self._limits.import_seconds), rule
            )
        except (StudentError, WorkerCrashed, TimedOut) as fault:
            if _is_exhausted(fault):
                raise
            self._source_fault = fault.within(
                f"{self.script}.py cannot be parsed", kind="syntax-error"
            )
        except StudentFault as fault:
            self._source_fault = fault
        self._is_read = True
        if self._source_fault is not None:
            raise self._source_fault
        self._is_allowed = True


def _is_exhausted(fault: StudentFault) -> bool:
    """Whether a budget ran out, which says nothing about the next step."""
    return isinstance(fault, TimedOut) and bool(fault.together)
