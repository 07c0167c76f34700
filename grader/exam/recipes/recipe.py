"""One recipe: a mistake, its sections, and the changes that may put it in."""

from __future__ import annotations

from dataclasses import dataclass

from assignment.definitions import FUNCTIONS, METHODS
from assignment.parts import PARTS
from grader.sections import BY_NUMBER
from grader.variants.variants import Template, Variant


@dataclass(frozen=True)
class Recipe:
    """How a mistake is put in. Every change is tried and proved, so it may be wrong for some code.

    `operators` are general ones of grader/variants, tried first: the student's own line then holds
    nothing that was not there. "other name: a1 z1" wants more of z1 and less of a1 than before,
    "other name: a1" less of a1.
    `changes` are templates as (on, text), from the most natural to the one that fits any code.
    `also` are sections that may fail with the same id, since they cannot be judged apart.
    """

    id: str
    sections: tuple[str, ...]
    operators: tuple[str, ...] = ()
    changes: tuple[tuple[str, str], ...] = ()
    also: tuple[str, ...] = ()

    def templates(self, function: str) -> list[Template]:
        """The changes as templates for a function."""
        return [Template(self.id, function, on, text) for on, text in self.changes]

    @property
    def general(self) -> list[str]:
        """The names of its general operators."""
        return list(dict.fromkeys(name.partition(":")[0] for name in self.operators))

    def rank(self, variant: Variant) -> int | None:
        """How early a variant by a general operator is tried; None for one that is not."""
        for rank, wanted in enumerate(self.operators):
            operator, _, names = wanted.partition(": ")
            if operator == variant.operator and _exchanges(variant, names.split()):
                return rank
        return None


def _exchanges(variant: Variant, names: list[str]) -> bool:
    """Whether a variant has less of the first name and more of the second, if they are given."""
    counts = [variant.after.count(name) - variant.before.count(name) for name in names]
    return all(count * sign < 0 for count, sign in zip(counts, (1, -1), strict=False))


def functions_of(section: str) -> tuple[str, ...]:
    """The function or method that a section is about, such as "NumpyANN.backward"."""
    if section in FUNCTIONS:
        return (FUNCTIONS[section],)
    class_name = PARTS[BY_NUMBER[section].script].class_name
    return (f"{class_name}.{METHODS.get(section, '__init__')}",)
