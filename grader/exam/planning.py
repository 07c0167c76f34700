"""Who gets which mistakes: the same number of each difficulty for all, others for neighbours.

Everybody has the same order of all mistakes, and starts five places after the one before in the
list. So neighbours get different ones, also with the same code, and a student's exam depends on no
other student's code.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from grader.exam.recipes import RECIPES, Recipe
from grader.rules import DIFFICULTIES, ExamRules
from grader.sections import BY_NUMBER

PATTERN = ("medium", "easy", "hard")  # of the first mistake, of the second, …
STRIDE = 5
MOST_MISTAKES = 4


def classes(mistakes: int) -> tuple[str, ...]:
    """The difficulty of each mistake, hard ones first: fewest sections can have one.

    >>> classes(2)
    ('medium', 'easy')
    """
    chosen = [PATTERN[number % len(PATTERN)] for number in range(mistakes)]
    return tuple(sorted(chosen, key=DIFFICULTIES.index, reverse=True))


def candidates(
    rules: ExamRules,
    difficulty: str,
    scripts: Sequence[str],
    passed: Sequence[str],
    *,
    number: int,
    seed: int,
) -> list[tuple[str, Recipe]]:
    """The mistakes of a class that student `number` of the list may get, in the order to try.

    Each is a section, one of those that the student `passed`, and a recipe.
    """
    every = [
        (section, recipe)
        for recipe in RECIPES
        if rules.difficulty(recipe.id) == difficulty
        for section in recipe.sections
        if BY_NUMBER[section].script in scripts
    ]
    if not every:
        return []
    Random(f"{seed} {difficulty}").shuffle(every)
    start = number * STRIDE % len(every)
    turned = every[start:] + every[:start]
    return [(section, recipe) for section, recipe in turned if section in passed]


def nearest_first(difficulty: str) -> list[str]:
    """The classes, the wanted one first and the one next to it before the farthest."""
    place = DIFFICULTIES.index(difficulty)
    return sorted(DIFFICULTIES, key=lambda name: abs(DIFFICULTIES.index(name) - place))
