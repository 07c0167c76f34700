"""How each mistake is put into a student's own code, by its id.

To add one, write a Recipe in the file of its part, and name its difficulty in rubric.toml, [exam].
"""

from __future__ import annotations

from grader.exam.recipes.functions import FUNCTIONS
from grader.exam.recipes.network import NETWORK
from grader.exam.recipes.recipe import Recipe, functions_of
from grader.exam.recipes.torch_part import TORCH

__all__ = ["RECIPES", "Recipe", "functions_of", "of_section"]

RECIPES: tuple[Recipe, ...] = (*FUNCTIONS, *NETWORK, *TORCH)


def of_section(number: str) -> list[Recipe]:
    """The recipes for mistakes of a section."""
    return [recipe for recipe in RECIPES if number in recipe.sections]
