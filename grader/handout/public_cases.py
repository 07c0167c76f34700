"""The public cases of part 1: the file that the students' own check reads."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assignment.checks.numpy.cases import PUBLIC_CASES, Cases
from assignment.files import write_atomically
from grader.checks.numpy.cases import PUBLIC, draw

SEED = 1  # public
EXPECTED = ("expected", "z1", "a1", "z2", "a2", "gradients")  # compared to four or five digits
PLACE = Path("assignment", "checks", "numpy", PUBLIC_CASES.name)  # in the project or handout


def public() -> Cases:
    """The public cases, drawn from the public seed."""
    return draw(np.random.default_rng(SEED), PUBLIC)


def write_public_cases(folder: Path) -> Path:
    """The path of the public cases, written below `folder`.

    A file that differs in rounding alone is left as it is: machines differ in the last digit.
    """
    path = folder / PLACE
    content = encoded(public())
    if not (path.is_file() and _is_close(json.loads(path.read_text(encoding="utf-8")), content)):
        rows = ",\n".join(f'"{name}": [\n{_lines(cases)}\n]' for name, cases in content.items())
        write_atomically(path, f"{{\n{rows}\n}}\n".encode())
    return path


def encoded(cases: Cases) -> dict[str, list[dict[str, Any]]]:
    """The content of the file: numbers and nested lists, a list of cases for each section."""
    return {field.name: [_encoded(case) for case in getattr(cases, field.name)]
            for field in fields(cases)}  # fmt: skip


def _encoded(value: Any, digits: int = 9) -> Any:
    if is_dataclass(value):
        value = {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, dict):
        single = [name for name, item in value.items() if getattr(item, "dtype", None) == "float32"]
        entry = {
            name: _encoded(item, 7 if name in EXPECTED else digits) for name, item in value.items()
        }
        return entry | ({"float32": single} if single else {})
    if isinstance(value, tuple):
        return [_encoded(item, digits) for item in value]
    if isinstance(value, np.ndarray):
        return [_encoded(item, digits) for item in value]
    return value if isinstance(value, bool) else _number(value, digits)


def _number(value: Any, digits: int) -> float | int:
    """The number with a few digits, as an integer if it is one."""
    single = isinstance(value, np.float32) and digits > 7
    short = float(str(value)) if single else float(f"{value:.{digits}g}")
    is_negative_zero = short == 0 and str(short)[0] == "-"
    return int(short) if short == int(short) and not is_negative_zero else short


def _lines(cases: list[dict[str, Any]]) -> str:
    return ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)


def _is_close(one: Any, other: Any) -> bool:
    """Whether two contents are the same but for rounding."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_is_close(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_is_close, one, other))
    if isinstance(one, int | float) and isinstance(other, int | float):
        return bool(np.isclose(one, other, rtol=1e-6, atol=1e-20))
    return bool(one == other)
