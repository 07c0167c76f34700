"""The results of a benchmark section, written as JSON and, from the JSON alone, as Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class BenchmarkSettings:
    """The extent of the measurements."""

    repeats: int = 7  # rounds; a section may use fewer for slow measurements
    quick: bool = False  # a test in seconds, whose results mean nothing
    full: bool = False  # everything, however long it takes


@dataclass(frozen=True)
class Spread:
    """The values of repeated measurements, in chronological order.

    >>> Spread((2.0, 4.0, 9.0)) / Spread((1.0, 1.0, 3.0))
    Spread(values=(2.0, 4.0, 3.0))
    """

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    def __truediv__(self, other: Spread) -> Spread:
        """The ratios round by round: a slow round affects both values."""
        return Spread(tuple(a / b for a, b in zip(self.values, other.values, strict=True)))


Cell = str | int | float | Spread | None


@dataclass(frozen=True)
class ResultTable:
    """A table; the first column names the rows, column names include units."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True)
class Goal:
    """A goal and its measurement. `measured` is None if there is none; `note` then says why.

    `never_reached` says that it was tried, and that there is nothing to measure because it failed.

    >>> Goal("a step", 1.9, at_most=1.6, unit="x").verdict
    'missed by 0.3x'
    """

    what: str
    measured: float | Spread | None
    at_most: float | None = None
    at_least: float | None = None
    unit: str = ""
    note: str = ""  # an explanation, for example why it is missed
    never_reached: bool = False

    @property
    def verdict(self) -> str:
        if self.measured is None:
            return "missed: never reached" if self.never_reached else "not measured"
        value = self.measured.median if isinstance(self.measured, Spread) else self.measured
        if self.at_most is not None:
            missed_by = value - self.at_most
        else:
            assert self.at_least is not None
            missed_by = self.at_least - value
        return "met" if missed_by <= 0 else f"missed by {_number(missed_by)}{self.unit}"


@dataclass(frozen=True)
class BenchmarkSection:
    """The results of one section. `notes` are sentences about method and limits."""

    title: str
    tables: Sequence[ResultTable]
    goals: Sequence[Goal] = ()
    notes: Sequence[str] = ()
    data: dict[str, Any] = field(default_factory=dict)  # further data for RESULTS.json only


def as_json(
    section: BenchmarkSection, settings: BenchmarkSettings, machine: dict[str, Any], date: str
) -> dict[str, Any]:
    """The results as JSON values."""
    goals = [
        {**asdict(goal), "measured": _plain(goal.measured), "verdict": goal.verdict}
        for goal in section.goals
    ]
    tables = [
        {
            "title": table.title,
            "columns": list(table.columns),
            "rows": [[_plain(c) for c in row] for row in table.rows],
        }
        for table in section.tables
    ]
    return {
        "title": section.title,
        "date": date,
        "machine": machine,
        "settings": asdict(settings),
        "goals": goals,
        "tables": tables,
        "notes": list(section.notes),
        "data": section.data,
    }


def _plain(value: Cell) -> Any:
    if isinstance(value, Spread):
        ordered = sorted(value.values)
        return {
            "median": _rounded(value.median),
            "lowest": _rounded(ordered[0]),
            "highest": _rounded(ordered[-1]),
            "values": [_rounded(v) for v in value.values],
        }
    return _rounded(value) if isinstance(value, float) else value


def _rounded(value: float) -> float:
    return float(f"{value:.5g}")


def as_markdown(sections: dict[str, dict[str, Any]]) -> str:
    """The text of RESULTS.md, from the content of RESULTS.json."""
    lines = [
        "# Measured",
        "",
        "Written by `make bench`; do not edit. Medians over rounds in which the contenders take "
        "turns, in brackets the",
        "lowest and the highest; a ratio is taken round by round. Seconds mean little beyond "
        "this machine, ratios more.",
    ]
    for name, section in sections.items():
        lines += ["", f"## {section['title']}", "", _conditions(name, section)]
        if section["goals"]:
            rows = [
                [goal["what"], _bound(goal), _measured(goal), goal["verdict"]]
                for goal in section["goals"]
            ]
            lines += ["", *_table(["goal", "aimed at", "measured", ""], rows)]
        for table in section["tables"]:
            lines += ["", f"**{table['title']}**", "", *_table(table["columns"], table["rows"])]
        notes = [
            *section["notes"],
            *(f"{goal['what']}: {goal['note']}" for goal in section["goals"] if goal["note"]),
        ]
        lines += ["", *(f"- {note}" for note in notes)] if notes else []
    return "\n".join(lines) + "\n"


def _conditions(name: str, section: dict[str, Any]) -> str:
    machine, settings = section["machine"], section["settings"]
    how = (
        "quick: these figures mean nothing"
        if settings["quick"]
        else f"{settings['repeats']} rounds"
    )
    load = f"load average {machine['load average']} at the start"
    versions = ", ".join(f"{package} {version}" for package, version in machine["versions"].items())
    return (
        f"`python -m benchmarks {name}`, {section['date']}, {how}; {machine['processor']}, "
        f"{machine['cores']} cores, {machine['memory']}, {load}; {versions}; OPENBLAS_CORETYPE "
        f"{machine['OPENBLAS_CORETYPE']}"
    )


def _bound(goal: dict[str, Any]) -> str:
    return next(
        f"{words} {_number(goal[key])}{goal['unit']}"
        for key, words in (("at_most", "at most"), ("at_least", "at least"))
        if goal[key] is not None
    )


def _measured(goal: dict[str, Any]) -> str:
    return "–" if goal["measured"] is None else _text(goal["measured"], goal["unit"])


def _table(columns: list[str], rows: list[list[Any]]) -> list[str]:
    head = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    return [*head, *(f"| {' | '.join(_text(cell) for cell in row)} |" for row in rows)]


def _text(cell: Any, unit: str = "") -> str:
    """A cell as Markdown."""
    if cell is None:
        return ""
    if isinstance(cell, dict):
        middle = f"{_number(cell['median'])}{unit}"
        if len(cell["values"]) == 1:
            return middle
        return f"{middle} ({_number(cell['lowest'])}–{_number(cell['highest'])})"
    return str(cell) if isinstance(cell, str) else f"{_number(cell)}{unit}"


def _number(value: float) -> str:
    """A number with three significant digits, or an integer with thousands separators.

    >>> _number(0.123456), _number(12345.6), _number(93.18), _number(2)
    ('0.123', '12,346', '93.2', '2')
    """
    if isinstance(value, int) or abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"
