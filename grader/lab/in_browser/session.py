"""What the page asks Python to do: check, train, and show what happened, as messages."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import functools
import io
import linecache
import math
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from types import ModuleType
from typing import Any

import utils
from assignment.captured import captured_checks
from assignment.definitions import FUNCTIONS, METHODS
from assignment.foreign_imports import import_findings
from assignment.module_level import import_problems
from assignment.parts import PARTS
from assignment.problems import script_problems
from assignment.run import before_training
from assignment.script_loading import loaded, source_of
from assignment.section_checks import Outcome
from assignment.settings import parse_options, settings_of
from assignment.show_hint import hints_of
from assignment.sources import EncodingError
from assignment.student_errors import describe_error, line_of, where_it_ran
from assignment.training import Run, Trained, print_advice, train

from .microscope import look
from .output import Output
from .restoring import Restorer
from .shown_network import shown_network
from .slices import TRAINING, splits
from .watching import TimeUp, Watch

PART = PARTS["numpy_ann"]
SECONDS = 20.0  # for a section's check, or from one batch to the next
INTERVAL = 0.1  # seconds between two reports of progress
NOT_HERE = {"matplotlib", "tqdm"}  # allowed in a script, and maybe not in the browser
MISSING = (
    "{name} is not in the lab, which has NumPy alone. Leave the import out here, or put it inside "
    "the function that needs it"
)
ODD = re.compile("[\0\ud800-\udfff]")  # no file, or no script, can hold them
NOT_TEXT = "{name}, line {line}: a character that cannot be in a script (U+{code:04X}). Delete it"
TOO_LONG = "{name} has {size:,} characters, expected at most {most:,}: marking takes no more"
MOST_TEXT = 200_000  # characters; a script has 10,000
Send = Callable[[dict[str, Any]], None]
MOST_EPOCHS = 100  # of which each is sent; of more, a few a second
CURVES = ("train_losses", "val_losses", "train_accuracies", "val_accuracies")


class Session:
    """One Python in the browser, for as many runs as it lasts.

    `folder` is where the script is written, `data` holds the files of slices.py, and `send` takes
    messages, dictionaries of JSON values that `kind` tells apart.
    """

    def __init__(self, folder: Path, data: Path, send: Send):
        self._path, self._data, self._send = folder / f"{PART.name}.py", data, send
        self._checked: ModuleType | None = None
        self._trained: Trained | None = None
        self._progress_at = 0.0
        self._epochs = self._total = 0
        self._report_progress()
        self._sent_at = 0.0
        self._restorer = Restorer(folder.parent, self._path)
        self._watch = Watch(
            str(self._path), SECONDS, lambda line: send({"kind": "at", "line": line})
        )

    def run(self, text: str) -> bool:
        """Check the script; returns whether it can be trained."""
        started = perf_counter()
        self._checked = None
        with self._student_code():
            module = self._load(text)
            if module is not None:
                before = self._check(module, text)
                seconds = perf_counter() - started
                self._send({"kind": "checked", "next": before, "seconds": seconds})
                self._checked = None if before else module
        return self._checked is not None

    def train(self, images: int) -> None:
        """Train and test the network of the script that `run` has found right."""
        module, self._trained = self._checked, None
        if module is not None:
            with self._student_code():
                self._train(module, images)

    def network(self) -> dict[str, Any] | None:
        """The network that was trained last: arrays as bytes of float32, and their shapes.

        None, after a message, for one that the page cannot show.
        """
        if self._trained is None:
            return None
        with self._student_code():  # reading an attribute can run it
            try:
                return shown_network(self._trained.model)
            except ValueError as error:
                text = f"The tab Network cannot show this network: {error}."
                self._send({"kind": "remark", "text": text})
        return None

    def is_worn(self) -> bool:
        """Whether Python has to start anew: files of ours are changed, or tasks would go on."""
        try:
            tasks = asyncio.all_tasks()
        except RuntimeError:  # no event loop
            tasks = set()
        return self._restorer.is_worn() or bool(tasks)

    @contextlib.contextmanager
    def _student_code(self) -> Iterator[None]:
        """Student code with its output sent and its time limited; what ends it becomes a message."""
        output = Output(lambda text: self._send({"kind": "printed", "text": text}))
        streams = sys.stdin, sys.stdout, sys.stderr
        sys.stdin, sys.stdout, sys.stderr = io.StringIO(), output, output
        try:
            with self._watch:
                yield
        except TimeUp as stop:
            where, line = where_it_ran(stop), line_of(stop)
            where = where if line else ""
            self._send({"kind": "stopped", "seconds": SECONDS, "where": where, "line": line})
        except BaseException as error:
            # an exception that no check expects, or it has replaced what our own code needs
            self._restorer.restore()
            self._broken(error)
        finally:
            sys.stdin, sys.stdout, sys.stderr = streams
            self._restorer.restore()
            output.send()

    def _load(self, text: str) -> ModuleType | None:
        """The script as a module; None, after a message, if it cannot be loaded."""
        linecache.clearcache()
        try:
            problem, line = _not_a_script(self._path.name, text)
            if problem:
                self._send({"kind": "broken", "lines": [problem], "line": line})
                return None
            self._path.write_text(text, encoding="utf-8")
            source = source_of(self._path)
            problems = import_problems(source, self._path.name)
            if problems:  # the import would do all that work
                self._send({"kind": "broken", "lines": problems, "line": 0})
                return None
            return loaded(self._path, source)
        except TimeUp:
            raise
        except EncodingError as error:
            self._send({"kind": "broken", "lines": [f"{self._path.name} {error}"], "line": 1})
        except BaseException as error:
            self._restorer.restore()
            self._broken(error)
        return None

    def _broken(self, error: BaseException) -> None:
        lines = describe_error(error).splitlines()
        if isinstance(error, ModuleNotFoundError):
            found = import_findings(PART.name, self._path.name, self._path.read_bytes())
            if found.problems:
                lines = list(found.problems)
            elif error.name in NOT_HERE:
                lines = [MISSING.format(name=error.name)]
        self._send({"kind": "broken", "lines": lines, "line": line_of(error)})

    def _check(self, module: ModuleType, text: str) -> str:
        """What to do before training, "" if nothing; each section is a message."""
        source = text.encode()
        imports = import_findings(PART.name, self._path.name, source)
        problems = [*imports.problems, *script_problems(PART, module, source)]
        outcomes = []
        for outcome, printed in captured_checks(PART, module, echo=sys.stdout):
            self._watch.renew()
            outcomes.append(outcome)
            self._send(_section(outcome, printed, text))
        self._watch.renew()
        self._send({"kind": "seen", "result": look(module, source=source_of(self._path))})
        for problem in problems:
            self._send({"kind": "problem", "text": problem})
        for remark in imports.remarks:
            self._send({"kind": "remark", "text": remark})
        return before_training(outcomes, problems)

    def _train(self, module: ModuleType, images: int) -> None:
        options = parse_options(PART, module, ["--train-size", str(images)])
        settings = settings_of(options, module)
        self._watch.renew()
        self._send({"kind": "training", "images": images, "epochs": settings.epochs})
        self._epochs, self._total = 0, settings.epochs
        data = splits(self._data, images)
        run = Run(plot=Path(), data=data, device="cpu", fingerprint="")
        self._watch.renew()
        self._trained = train(PART, module, settings, run)
        if self._trained is None:
            self._send({"kind": "failed"})
            return
        if images < TRAINING and not self._trained.bar_met:
            print(f"Hint: train on {TRAINING:,} images before you compare with the bar.")
        print_advice(self._trained, replace(settings, changed={}))
        accuracy, met = self._trained.accuracy, self._trained.bar_met
        self._send({"kind": "trained", "accuracy": accuracy, "bar": PART.bar, "met": met})

    def _report_progress(self) -> None:
        """Let utils report each batch and each epoch."""
        utils.progress = self._progress
        record = utils.History.record

        @functools.wraps(record)
        def recorded(history: Any, *arguments: Any, **named: Any) -> None:
            record(history, *arguments, **named)
            self._epochs = len(history.train_losses)
            if self._epochs <= self._total:  # a loop that records without end is not progress
                self._watch.renew()
            now = perf_counter()
            if self._epochs > MOST_EPOCHS and now - self._sent_at < INTERVAL:
                return
            self._sent_at = now
            last = {name: _number((getattr(history, name) or [None])[-1]) for name in CURVES}
            self._send({"kind": "epoch", "epoch": self._epochs, **last})

        setattr(utils.History, "record", recorded)  # noqa: B010

    def _progress(
        self, items: Iterable[Any], *, description: str = "", total: int | None = None
    ) -> Iterator[Any]:
        for done, item in enumerate(items):
            self._watch.renew()
            now = perf_counter()
            if now - self._progress_at >= INTERVAL:
                self._progress_at = now
                part = done / total if total else 0.0
                self._send({"kind": "progress", "epochs": self._epochs + min(part, 1.0)})
            yield item


def _section(outcome: Outcome, printed: str, text: str) -> dict[str, Any]:
    check = outcome.check
    failed = outcome.status == "failed"
    hints = hints_of(check.number, outcome) if outcome.status in ("failed", "not written") else ()
    line = outcome.line or (_place(text, check.number) if outcome.status != "passed" else 0)
    return {
        "kind": "section",
        "number": check.number,
        "title": check.title,
        "status": outcome.status,
        "remark": outcome.remark,
        "lines": outcome.lines if failed else [],
        "printed": printed,
        "hints": list(hints),
        "line": line,
    }


def _not_a_script(name: str, text: str) -> tuple[str, int]:
    """Why a text is no script, "" if it may be one, and the line."""
    if len(text) > MOST_TEXT:
        return TOO_LONG.format(name=name, size=len(text), most=MOST_TEXT), 0
    odd = ODD.search(text)
    if odd is None:
        return "", 0
    line = text.count("\n", 0, odd.start()) + 1
    return NOT_TEXT.format(name=name, line=line, code=ord(odd[0])), line


def _place(text: str, number: str) -> int:
    """The line of the only return in the function that a section asks for, else of its definition.

    0 if it is not there.
    """
    name = {**FUNCTIONS, **METHODS}.get(number)
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return 0
    nodes = ast.walk(tree)
    found = [node for node in nodes if isinstance(node, ast.FunctionDef) and node.name == name]
    if not found:
        return 0
    returns = [node.lineno for node in ast.walk(found[-1]) if isinstance(node, ast.Return)]
    is_short = number in FUNCTIONS and len(returns) == 1  # else any line may be the wrong one
    return returns[0] if is_short else found[-1].lineno


def _number(value: Any) -> float | None:
    """A number as JSON can hold it, None for anything else."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
