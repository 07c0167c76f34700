"""Put one mistake into a script, and prove it: generate changes, mark each, keep the first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from random import Random

from assignment.definitions import GIVEN
from grader.exam.recipes import Recipe, functions_of, of_section
from grader.exam.wrappers import wrapped
from grader.marking.one_script import ScriptBench
from grader.sections import BY_NUMBER
from grader.variants.variants import Variant, variants_of

MOST_TRIED = 60  # changes by general operators, for one mistake
TRANSFORMED, WRAPPED = "transformed", "wrapper"
TEMPLATE = "template"  # the operator of a change that a recipe spells out
# between the seeds of the search and of the proof
PROOF = 104_729
_DEFINES = re.compile(r"^(class|[ \t]*def)[ \t]+(\w+)", re.MULTILINE)


@dataclass(frozen=True)
class Mistake:
    """A mistake that was put in, where, and the student's own lines that cure it.

    `line` counts from 1 in the exam's script. `how` is TRANSFORMED or WRAPPED. `also` are sections
    that fail with it, since they cannot be judged apart.
    """

    id: str
    section: str
    function: str
    line: int
    wrong: str
    cure: str
    operator: str
    how: str = TRANSFORMED
    also: tuple[str, ...] = ()

    @property
    def sections(self) -> tuple[str, ...]:
        """The sections that fail because of it."""
        return (self.section, *self.also)


@dataclass(frozen=True)
class Changed:
    """A script with mistakes, in the order in which they were put in."""

    source: bytes
    mistakes: tuple[Mistake, ...] = ()

    @property
    def wanted(self) -> dict[str, str]:
        """The ids by section that marking has to find."""
        return {section: mistake.id for mistake in self.mistakes for section in mistake.sections}


def with_mistake(
    bench: ScriptBench,
    script: Changed,
    recipe: Recipe,
    section: str,
    passed: Sequence[str],
    *,
    seed: int,
    rng: Random,
) -> Changed | None:
    """The script with one mistake more, proved; None if no change gives just that.

    `passed` are the sections that passed before. Exactly those with a mistake fail now, each with
    exactly its id, and all others still pass.
    """
    name = BY_NUMBER[section].script
    also = {number: recipe.id for number in recipe.also if number in passed}
    for variant, how in _candidates(script.source, recipe, section, rng):
        new = _added(script, recipe, section, variant, how)
        # the new mistake first: most changes do not give it
        wanted = {section: recipe.id, **new.wanted}
        choices: list[Mapping[str, str]] = [wanted, *([wanted | also] if also else [])]
        for drawn in (seed, seed + PROOF):
            choice = bench.fails_alone(name, new.source, choices, passed, drawn)
            if choice is None:
                break
            choices = [choice]
        else:
            (proved,) = choices
            return _failing(new, tuple(number for number in also if number in proved))
    return None


def _failing(script: Changed, also: tuple[str, ...]) -> Changed:
    """The script, whose last mistake makes these sections fail too."""
    *before, last = script.mistakes
    return replace(script, mistakes=(*before, replace(last, also=also)))


def _added(script: Changed, recipe: Recipe, section: str, variant: Variant, how: str) -> Changed:
    """The script after a change, with the lines of earlier mistakes as they are now."""
    before, after = script.source.decode(), variant.source
    grown = after.count("\n") - before.count("\n")
    moved = tuple(
        replace(m, line=m.line + (grown if variant.line < m.line else 0)) for m in script.mistakes
    )
    mistake = Mistake(
        recipe.id, section, variant.function, variant.line, variant.after, variant.before,
        variant.operator, how,
    )  # fmt: skip
    return Changed(after.encode(), (*moved, mistake))


@lru_cache(maxsize=32)
def _variants(source: bytes, section: str) -> tuple[Variant, ...]:
    """All changes that recipes of a section may want, from one run of the parser.

    A template's operator is its id and its number in the recipe.
    """
    main = functions_of(section)
    recipes = of_section(section)
    templates = [
        replace(template, operator=f"{recipe.id} {number}")
        for recipe in recipes
        for function in main
        for number, template in enumerate(recipe.templates(function))
    ]
    operators = {name for recipe in recipes for name in recipe.general}
    functions = [*main, *_helpers(source, section, main)]
    return tuple(variants_of(source, functions, operators=operators, templates=templates))


def _candidates(
    source: bytes, recipe: Recipe, section: str, rng: Random
) -> Iterator[tuple[Variant, str]]:
    """Changes to try: in the section's function, then in others of the student's own, then around."""
    main = functions_of(section)
    found = _variants(source, section)
    ranked = [(recipe.rank(variant), rng.random(), variant) for variant in found]
    general = sorted((one for one in ranked if one[0] is not None), key=lambda one: one[:2])
    inside = [variant for _, _, variant in general if variant.function in main][:MOST_TRIED]
    outside = [variant for _, _, variant in general if variant.function not in main][:MOST_TRIED]
    by_name: dict[str, list[Variant]] = {}
    for variant in found:
        by_name.setdefault(variant.operator, []).append(variant)
    spelled_out = [
        replace(variant, operator=TEMPLATE)
        for number in range(len(recipe.changes))
        for variant in by_name.get(f"{recipe.id} {number}", ())
    ]
    for variant in (*inside, *spelled_out, *outside):
        yield variant, TRANSFORMED
    for function in main:
        for template in recipe.templates(function):
            around = wrapped(source, template)
            if around is not None:
                yield around, WRAPPED


def _helpers(source: bytes, section: str, main: Sequence[str]) -> list[str]:
    """Functions that the student added: neither the section's own nor of the handout."""
    script = BY_NUMBER[section].script
    known = {*GIVEN[script], *(name.rpartition(".")[2] for name in main), "main", "evaluate",
             "softmax", "_normal", "__init__", "relu", "relu_derivative", "cross_entropy",
             "forward", "backward", "training_step", "predict"}  # fmt: skip
    names, inside = [], ""
    for kind, name in _DEFINES.findall(source.decode("utf-8", "replace")):
        if kind == "class":
            inside = f"{name}."
        elif name not in known:
            names.append(f"{inside}{name}" if kind != "def" else name)
    return names[:8]
