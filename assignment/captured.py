"""The section checks with what the student's code prints kept apart from them."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import TextIO

import numpy as np

from assignment.parts import Part
from assignment.section_checks import Outcome, run_checks

MAX_LINE = 100  # characters


class Printed(io.TextIOBase):
    """Takes the place of standard output: keeps the first line, and counts all of them.

    All of it goes on to `echo`, if that is given.
    """

    def __init__(self, echo: TextIO | None = None) -> None:
        self.first, self.count = "", 0
        self._echo = echo
        self._line = ""  # the beginning of the present one

    def writable(self) -> bool:
        """True."""
        return True

    def write(self, text: str) -> int:
        """Count the lines of a text; returns its length."""
        if self._echo is not None:
            self._echo.write(text)
        ended, _, rest = text.rpartition("\n")
        if "\n" in text:
            self.first = self.first or self._first_of(self._line + ended)
            self.count += text.count("\n")
            self._line = ""
        self._line += rest[: MAX_LINE - len(self._line)]
        return len(text)

    @staticmethod
    def _first_of(text: str) -> str:
        return next((line.strip()[:MAX_LINE] for line in text.split("\n") if line.strip()), "")

    def __str__(self) -> str:
        """What was printed, in one line; "" for nothing."""
        first, lines = self.first or self._line.strip(), self.count + bool(self._line)
        if not first:
            return ""
        more = f" … and {lines - 1} more line{'s' if lines > 2 else ''}" if lines > 1 else ""
        return f"printed: {first}{more}"


def captured_checks(
    part: Part, module: ModuleType, *, verbose: bool = False, echo: TextIO | None = None
) -> Iterator[tuple[Outcome, str]]:
    """Each outcome, and a line about what the student's code printed meanwhile.

    With `verbose` the output goes where it always goes; `echo` gets a copy of it. Modes that a section leaves switched are
    put back: they must not decide the next one.
    """
    outcomes = run_checks(part, module, verbose=verbose)
    while True:
        printed = Printed(echo)
        redirect = contextlib.nullcontext() if verbose else contextlib.redirect_stdout(printed)
        with redirect, _modes_kept():
            outcome = next(outcomes, None)
        if outcome is None:
            return
        yield outcome, str(printed)


@contextlib.contextmanager
def _modes_kept() -> Iterator[None]:
    torch = sys.modules.get("torch")
    errors = np.geterr()
    gradients = torch is not None and torch.is_grad_enabled()
    try:
        yield
    finally:
        np.seterr(**errors)
        if torch is not None:
            torch.set_grad_enabled(gradients)
