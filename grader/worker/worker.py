"""The process in which a submission's script runs: imports it and answers calls over two pipes.

forkserver.py forks it, with a pristine utils.py and the three scripts to import. Once a script is
imported it shares this process, so the grader trusts nothing that comes from here: every reply is
judged as the student's answer.

A request is a dict with "id", "op" and the op's "arguments"; a reply has the same id and either
"value" or "error". Before it, a worker with stand-ins may ask for values (stand_ins.py): "id",
"question", "number" and "arguments", answered by "number" and either "values" or "refused".
"""

from __future__ import annotations

import ast
import importlib
import importlib.abc
import importlib.util
import os
import sys
import traceback
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from assignment.answers import CAUSE, NUMPY_DEFAULTS, Objects, set_attribute
from assignment.imports import Rule, prepare
from assignment.observing import counting
from assignment.observing.outline import outline
from assignment.observing.tracing import traced

from . import protocol
from .circumstances import circumstances
from .stand_ins import Questions, install

HERE = Path(__file__).absolute().parent.parent  # of the scripts: `worker` may be a link in it
GIVEN = "utils.py"  # lies beside them, but is not the student's


class Worker:
    """Holds the imported script and the objects that its calls returned."""

    def __init__(self, read_fd: int, write_fd: int):
        self.read_fd, self.write_fd = read_fd, write_fd
        self.module: ModuleType | None = None
        self.given: dict[str, bytes] = {}  # scripts in place of those beside utils.py
        self.objects = Objects()
        self.questions = Questions(self._ask)
        self._identity = ""  # of the call being answered
        self.gradients_off = False  # since the script was imported
        self.watched = counting.Watched(None, [])

    def serve(self) -> None:
        """Answer until the pipe closes."""
        while True:
            try:
                request = protocol.unpack(self._read, 1 << 40)
            except EOFError:
                return
            self._identity = request["id"]
            self.questions.begin_call()
            reply: dict[str, Any] = {"id": self._identity}
            try:
                # not as an earlier np.seterr of the script's says: given code would raise too
                with np.errstate(**NUMPY_DEFAULTS):
                    reply["value"] = getattr(self, f"op_{request['op']}")(**request["arguments"])
            except BaseException as error:  # SystemExit and KeyboardInterrupt are answers too
                reply["error"] = describe_error(error) | self._circumstances(error)
            for buffer in self._packed(reply, request["reply_bytes"]):
                self._write(buffer)

    def _packed(self, reply: dict[str, Any], max_bytes: int) -> list[bytes | memoryview]:
        """The reply as it travels; what cannot travel is an error of the script's."""
        try:
            return protocol.pack(reply, self.objects.describe, max_bytes)
        except protocol.TooLarge as error:
            what: dict[str, Any] = {"too_large": [error.held, error.allowed, error.unit]}
        except BaseException as error:  # of the answer's own methods, or out of memory
            what = describe_error(error)
        return protocol.pack({"id": reply["id"], "error": {"frames": [], **what}})

    def _circumstances(self, error: BaseException) -> dict[str, Any]:
        try:
            return circumstances(error, self.module, gradients_off=self.gradients_off)
        except BaseException:  # of a class with a __getattr__ of its own, for example
            return {}

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """The trusted side's reply to a question in the middle of a call."""
        for buffer in protocol.pack({"id": self._identity, **question}, self.objects.describe):
            self._write(buffer)
        reply: dict[str, Any] = protocol.unpack(self._read, 1 << 40)
        if reply["number"] != question["number"]:
            raise protocol.ProtocolError("this answers another question")
        return reply

    def _read(self, count: int) -> bytearray:
        content = bytearray(count)
        view, filled = memoryview(content), 0
        while filled < count:
            got = os.readv(self.read_fd, [view[filled:]])
            if not got:
                raise EOFError
            filled += got
        return content

    def _write(self, buffer: bytes | memoryview) -> None:
        view = memoryview(buffer)
        while view:
            view = view[os.write(self.write_fd, view) :]

    def _holder(self, ref: int | None) -> Any:
        return self.module if ref is None else self.objects[ref]

    # --- the ops

    def op_hello(self) -> str:
        """Proof that the worker runs, before anything of the submission is imported."""
        return "ready"

    def op_give(self, script: str, source: np.ndarray) -> None:
        """Read these bytes in place of a script's file: the same script with a change."""
        self.given[script] = source.tobytes()

    def _content(self, script: str) -> bytes:
        return self.given.get(script) or (HERE / f"{script}.py").read_bytes()

    def op_imports(self, script: str, allowed: list[str], forbidden: list[str]) -> list[Any]:
        """The forbidden imports of a script as [module, line]; none of it has run yet."""
        content = self._content(script)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as an invalid escape in a string
            ast.parse(content, f"{script}.py")  # for an error that says where
        source = importlib.util.decode_source(content)
        rule = Rule(tuple(allowed), tuple(forbidden))
        return [list(found) for found in prepare(source, rule).forbidden]

    def op_load(self, script: str) -> list[str]:
        """Import the script; returns the names that it defines."""
        if "torch" in sys.modules:
            from assignment.observing import compiling

            compiling.leave_out()
        self.module = (
            import_given(script, self.given[script], str(HERE / f"{script}.py"))
            if script in self.given
            else importlib.import_module(script)
        )
        if any(action == "error" for action, *_ in warnings.filters):
            warnings.simplefilter("default")  # or the warnings of given code would be errors
        if "torch" in sys.modules:
            # Section checks are small: two threads would wait for each other.
            sys.modules["torch"].set_num_threads(1)
            self.gradients_off = not sys.modules["torch"].is_grad_enabled()
        return sorted(name for name in vars(self.module) if not name.startswith("__"))

    def op_get(self, ref: int | None, name: str) -> Any:
        """An attribute of the script, or of one of its objects."""
        return getattr(self._holder(ref), name)

    def op_get_all(self, ref: int | None, names: list[str]) -> list[Any]:
        """Several attributes of the script, or of one of its objects."""
        holder = self._holder(ref)
        return [getattr(holder, name) for name in names]

    def op_set(self, ref: int | None, values: dict[str, Any]) -> None:
        """Set attributes."""
        holder = self._holder(ref)
        for name, value in values.items():
            set_attribute(holder, name, self.objects.local(value))

    def op_call(
        self, ref: int | None, name: str, args: list[Any], kwargs: dict[str, Any], echo: bool
    ) -> Any:
        """The result of a function of the script or a method of an object.

        With `echo`, a list of the result and the arguments as they are after the call.
        """
        arguments = self.objects.local(args)
        result = getattr(self._holder(ref), name)(
            *arguments, **{key: self.objects.local(value) for key, value in kwargs.items()}
        )
        return [result, arguments] if echo else result

    def op_stand_in(self, stand_ins: list[dict[str, Any]]) -> None:
        """Let right answers stand in for some of the script's own, which are marked already."""
        for stand_in in stand_ins:
            install(self.module, stand_in, self.questions)

    def op_prepare_training(self, seed: int, threads: int) -> None:
        """Seed all global random generators, and set torch's number of threads."""
        import random

        random.seed(seed)
        np.random.seed(seed % 2**32)
        if "torch" in sys.modules:
            sys.modules["torch"].manual_seed(seed)
            sys.modules["torch"].set_num_threads(threads)

    def op_watch(self, ref: int, names: list[str]) -> None:
        """Count from now on the calls of these methods of an object's class."""
        self.watched = counting.Watched(self.objects[ref], names)

    def op_watched(self) -> dict[str, list[int]]:
        """The counts since op_watch, by method; the methods are as they were again."""
        return self.watched.ended()

    def op_count_backward(self, ref: int, X: Any, Y: Any) -> dict[str, Any]:
        """What one backward pass of a network in NumPy uses."""
        return counting.uses_of_backward(self.objects[ref], X, Y, HERE)

    def op_outline(self) -> list[list[Any]]:
        """The statements in the script's functions: [function, line, end, targets]."""
        return [
            [one.function, one.line, one.end, list(one.targets)] for one in outline(self._source())
        ]

    def op_trace(self, ref: int | None, name: str, args: list[Any]) -> list[Any]:
        """[line, target, value] for each assignment while a function ran, and each return."""
        assert self.module is not None
        call = getattr(self._holder(ref), name)
        file = str(self.module.__file__)
        return traced(call, self.objects.local(args), file, outline(self._source()))

    def _source(self) -> str:
        assert self.module is not None
        return importlib.util.decode_source(self._content(self.module.__name__))

    def op_probe(self, name: str, ref: int, args: list[Any]) -> Any:
        """The result of one of the observations of a model."""
        from assignment.observing.probes import PROBES  # needs torch, which part 1 does not

        return PROBES[name](self.objects[ref], *self.objects.local(args))


class _Given(importlib.abc.ExecutionLoader):
    """Loads a module from a source that is in no file."""

    def __init__(self, source: bytes, path: str):
        self.source, self.path = importlib.util.decode_source(source), path

    def get_source(self, fullname: str) -> str:
        return self.source

    def get_filename(self, fullname: str) -> str:
        return self.path


def import_given(name: str, source: bytes, path: str) -> ModuleType:
    """A new module with this source, as if it were the file at `path`."""
    loader = _Given(source, path)
    spec = importlib.util.spec_from_file_location(name, path, loader=loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    loader.exec_module(module)
    return module


def describe_error(error: BaseException) -> dict[str, Any]:
    """Type, message, cause where one is known, and the script's own frames of an exception."""
    frames = [_frame(f) for f in traceback.extract_tb(error.__traceback__) if _is_own(f.filename)]
    message = _message(error)
    if isinstance(error, SyntaxError):
        frames, message = _place_of_syntax_error(error), error.msg
    stub = isinstance(error, NotImplementedError) and (not message or message.startswith("TODO"))
    return {
        "type": type(error).__name__[:100],
        "kind": "stub" if stub else "syntax" if isinstance(error, SyntaxError) else "",
        "cause": str(getattr(error, CAUSE, ""))[:100],
        "message": message[:2000],
        "frames": frames[:3] + frames[-3:] if len(frames) > 6 else frames,  # of a recursion
    }


def _message(error: BaseException) -> str:
    try:
        message = str(error)
    except BaseException:
        message = "(its message cannot be shown)"
    for folder in (HERE, os.environ["HOME"], sys.prefix, sys.base_prefix):
        message = message.replace(
            f"{folder}{os.sep}", ""
        )  # the marking machine's paths tell nothing
    return message


def _is_own(filename: str) -> bool:
    path = Path(filename)
    return path.parent == HERE and path.name != GIVEN


def _frame(frame: traceback.FrameSummary) -> dict[str, Any]:
    return {
        "file": Path(frame.filename).name,
        "line": frame.lineno or 0,
        "function": frame.name,
        "source": (frame.line or "")[:300],
    }


def _place_of_syntax_error(error: SyntaxError) -> list[dict[str, Any]]:
    if not error.text:
        return []
    name = Path(error.filename or "?").name
    source = error.text.strip()[:300]
    return [{"file": name, "line": error.lineno or 0, "function": "", "source": source}]
