"""The assignment as rubric.toml describes it, checked entry by entry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from assignment.hints import ladder_of, mistakes
from grader.checked_toml import expect_keys, nearest, number_in, parse
from grader.errors import RubricError
from grader.rules import (
    CREDITS,
    DIFFICULTIES,
    Band,
    ExamRules,
    JudgementRules,
    Limits,
    RubricSection,
    TrainingRules,
    Weights,
)
from grader.sections import BY_NUMBER, SCRIPTS

RUBRIC_FILE = Path(__file__).with_name("rubric.toml")


@dataclass(frozen=True)
class Rubric:
    """The whole assignment.

    `imports` lists the packages that each script may import, `forbidden` the modules of the
    standard library that no script may import.
    """

    title: str
    max_score: float
    sections: tuple[RubricSection, ...]
    limits: Limits
    training: TrainingRules
    judgement: JudgementRules
    imports: dict[str, tuple[str, ...]]
    forbidden: tuple[str, ...]
    exam: ExamRules = field(default_factory=ExamRules)
    weights: Weights | None = None

    def packages(self, script: str) -> tuple[str, ...]:
        """The installed packages that a script may import."""
        return tuple(sorted({*self.imports[script]} - {*SCRIPTS, "utils"}))

    @cached_property
    def bars(self) -> dict[str, float]:
        """The accuracy that each script must reach."""
        return {section.script: section.bar for section in self.sections if section.bar is not None}

    @cached_property
    def by_number(self) -> dict[str, RubricSection]:
        """The sections by their numbers."""
        return {section.number: section for section in self.sections}

    def select(self, only: list[str], skip_training: bool) -> tuple[RubricSection, ...]:
        """The sections to report, in order. Raises RubricError for a number that does not exist."""
        for number in only:
            if number not in self.by_number:
                raise RubricError(
                    f"there is no section {number!r}{nearest(number, list(self.by_number))}"
                )
        chosen = [s for s in self.sections if not only or s.number in only]
        return tuple(s for s in chosen if not (skip_training and s.training))

    def with_needs(self, chosen: Iterable[RubricSection]) -> list[RubricSection]:
        """These sections and all that they need, in order."""
        numbers = {section.number for section in chosen}
        for section in reversed(self.sections):  # needs come earlier, so one pass finds all
            if section.number in numbers:
                numbers.update(section.needs)
        return [section for section in self.sections if section.number in numbers]


def load_rubric(path: Path = RUBRIC_FILE) -> Rubric:
    """The rubric in a TOML file. Raises RubricError, which names the file and the wrong entry."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RubricError(f"{path.name} cannot be read: {error}") from None
    return parse_rubric(text, path.name)


@lru_cache(maxsize=8)  # many ask for it, and it takes 20 ms
def parse_rubric(text: str, name: str) -> Rubric:
    """The rubric in a TOML text called `name`.

    Raises RubricError, which names the text and the wrong entry.
    """
    table = parse(text, name)
    try:
        return _rubric(table)
    except RubricError as error:
        raise RubricError(f"{name}: {error}") from None


def _rubric(table: dict[str, Any]) -> Rubric:
    expect_keys(
        "the top level",
        table,
        {"title", "max_score", "limits", "training", "judgement", "imports", "section"},
        {"exam", "weights"},  # rubrics in old gradebooks have none
    )
    imports = dict(table["imports"])
    expect_keys("[imports]", imports, {*SCRIPTS, "forbidden"}, set())
    forbidden = tuple(imports.pop("forbidden"))
    sections = tuple(_section(entry) for entry in table["section"])
    limits = _limits(table["limits"])
    rubric = Rubric(
        title=str(table["title"]),
        max_score=number_in("max_score", table["max_score"], low=1, high=10_000),
        sections=sections,
        limits=limits,
        training=_training(table["training"]),
        judgement=_judgement(table["judgement"]),
        imports={script: tuple(names) for script, names in imports.items()},
        forbidden=forbidden,
        exam=_exam(table.get("exam", {})),
        weights=_weights(table["weights"]) if "weights" in table else None,
    )
    _expect_consistent(rubric)
    return rubric


def _section(entry: dict[str, Any]) -> RubricSection:
    number = str(entry.get("number", "?"))
    name = f"section {number}"
    expect_keys(
        name,
        entry,
        {"number", "title", "points"},
        {"script", "needs", "training", "bar", "credit", "hint", "hints"},
    )
    if number not in BY_NUMBER:
        raise RubricError(f"{name} is unknown{nearest(number, list(BY_NUMBER))}")
    section = BY_NUMBER[number]
    for key in ("script", "training"):  # rubrics in old gradebooks still have these entries
        if entry.get(key, getattr(section, key)) != getattr(section, key):
            raise RubricError(
                f"{name}: {key} is {entry[key]!r}, expected {getattr(section, key)!r} or no entry"
            )
    credit = entry.get("credit", CREDITS[0])
    if credit not in CREDITS:
        raise RubricError(
            f"{name}: credit is {credit!r}, expected {' or '.join(map(repr, CREDITS))}"
        )
    if section.training != ("bar" in entry):
        raise RubricError(f"{name}: expected a bar if it marks training, and only then")
    return RubricSection(
        section=section,
        title=str(entry["title"]),
        points=number_in(f"{name}: points", entry["points"], low=0, high=1000),
        hints=_hints(name, entry),
        needs=tuple(entry.get("needs", ())),
        bar=number_in(f"{name}: bar", entry["bar"], low=0, high=1) if section.training else None,
        credit=credit,
    )


def _hints(name: str, entry: dict[str, Any]) -> tuple[str, ...]:
    """The hints of a section; rubrics in old gradebooks have one, called `hint`."""
    if "hint" in entry and "hints" not in entry:
        return (str(entry["hint"]),)
    if "hints" not in entry:
        raise RubricError(f"{name}: hints is missing")
    if "hint" in entry:
        raise RubricError(f"{name}: hint and hints, expected hints alone")
    try:
        return ladder_of(f"{name}: hints", entry["hints"])
    except ValueError as error:
        raise RubricError(str(error)) from None


_BY_SCRIPT = {"train_seconds": 1e6, "memory_bytes": 1e12}  # and the largest value


def _limits(entry: dict[str, Any]) -> Limits:
    keys = set(Limits.__dataclass_fields__)
    # rubrics in old gradebooks have an address space, one number for the memory of all scripts, and
    # no limits for calls together
    added = {"section_seconds", "submission_seconds"}
    expect_keys("[limits]", entry, keys - added, {"address_bytes", *added})
    memory = entry["memory_bytes"]
    if not isinstance(memory, dict):
        memory = dict.fromkeys(SCRIPTS, memory)
    entry = {key: entry[key] for key in keys & entry.keys()} | {"memory_bytes": memory}
    for key in entry.keys() - _BY_SCRIPT.keys():
        number_in(f"[limits] {key}", entry[key], low=0.001, high=1e12)
    for key, high in _BY_SCRIPT.items():
        expect_keys(f"[limits] {key}", entry[key], set(SCRIPTS), set())
        for script, value in entry[key].items():
            number_in(f"[limits] {key}.{script}", value, low=0.001, high=high)
    entry["memory_bytes"] = {script: int(value) for script, value in memory.items()}
    return Limits(**entry)


def _training(entry: dict[str, Any]) -> TrainingRules:
    expect_keys("[training]", entry, {"margin", "runs", "audit_margin"}, set())
    runs = number_in("[training] runs", entry["runs"], low=1, high=99)
    margin, audit = (
        number_in(f"[training] {key}", entry[key], low=0, high=1)
        for key in ("margin", "audit_margin")
    )
    return TrainingRules(margin, int(runs), audit)


def _judgement(entry: dict[str, Any]) -> JudgementRules:
    bands = {}
    expect_keys("[judgement]", entry, {"gap", "rise", "level"}, set())
    for name, band in entry.items():
        expect_keys(f"[judgement] {name}", band, {"low", "high"}, set())
        low, high = (
            number_in(f"[judgement] {name}.{end}", band[end], low=-10, high=10)
            for end in ("low", "high")
        )
        if low > high:
            raise RubricError(
                f"[judgement] {name}: low is {low:g}, expected at most high, {high:g}"
            )
        bands[name] = Band(low, high)
    return JudgementRules(**bands)


def _exam(entry: dict[str, Any]) -> ExamRules:
    expect_keys("[exam]", entry, set(), set(DIFFICULTIES))
    seen: dict[str, str] = {}
    for name, ids in entry.items():
        if not isinstance(ids, list):
            raise RubricError(f"[exam] {name} is {ids!r}, expected a list of mistakes' ids")
        for id in ids:  # noqa: A001
            _expect_mistake(f"[exam] {name}", id)
            if id in seen:
                raise RubricError(f"[exam] {name}: {id} is in {seen[id]} too, expected once")
            seen[id] = name
    return ExamRules(**{name: tuple(ids) for name, ids in entry.items()})


def _weights(entry: dict[str, Any]) -> Weights:
    expect_keys("[weights]", entry, {"hand_in", "exam"}, set())
    shares = {
        name: number_in(f"[weights] {name}", entry[name], low=0, high=1)
        for name in ("hand_in", "exam")
    }
    if abs(sum(shares.values()) - 1) > 1e-6:
        raise RubricError(
            f"[weights]: hand_in and exam come to {sum(shares.values()):g}, expected 1 together"
        )
    return Weights(**shares)


def _expect_mistake(name: str, id: Any) -> None:  # noqa: A002
    if not isinstance(id, str) or id not in mistakes():
        raise RubricError(f"{name}: {id!r} is unknown{nearest(str(id), sorted(mistakes()))}")


def _expect_consistent(rubric: Rubric) -> None:
    numbers = [section.number for section in rubric.sections]
    for section in rubric.sections:
        if numbers.count(section.number) > 1:
            raise RubricError(f"section {section.number} appears twice")
        if section.credit != CREDITS[0] and not section.section.parts:
            raise RubricError(
                f"section {section.number}: credit is {section.credit!r}, "
                "but its answer has no gradients"
            )
        for need in section.needs:
            if need not in numbers or numbers.index(need) >= numbers.index(section.number):
                raise RubricError(
                    f"section {section.number} needs {need}, which is not an earlier section"
                )
    for number in BY_NUMBER:
        if number not in numbers:
            raise RubricError(f"section {number} is missing")
    total = sum(section.points for section in rubric.sections)
    if total != rubric.max_score:
        raise RubricError(
            f"the sections' points add up to {total:g}, expected max_score, {rubric.max_score:g}"
        )
