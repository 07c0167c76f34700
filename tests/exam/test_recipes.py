"""Tests of grader/exam/recipes, planning, and [exam] of the rubric."""

from itertools import pairwise

import pytest

from grader.errors import RubricError
from grader.exam.planning import candidates, classes
from grader.exam.recipes import RECIPES, functions_of
from grader.feedback.misconceptions import CATALOGUE
from grader.rubric import RUBRIC_FILE, load_rubric, parse_rubric
from grader.sections import SCRIPTS
from grader.variants.variants import OPERATORS

RULES = load_rubric().exam
TEXT = RUBRIC_FILE.read_text()


def test_every_mistake_of_the_functions_has_a_recipe_and_a_difficulty() -> None:
    wanted = ("1.2", "1.3", "1.4", "1.5", "1.6")
    known = {(section, recipe.id) for recipe in RECIPES for section in recipe.sections}
    for entry in CATALOGUE.values():
        # these two show in numbers that only the handout's own constants give
        if entry.id in ("backward-gate-in-one", "backward-batch-size", "forward-clips-logits"):
            continue
        for section in set(entry.sections) & set(wanted):
            assert (section, entry.id) in known, entry.id
    for recipe in RECIPES:
        assert recipe.id in CATALOGUE
        assert RULES.difficulty(recipe.id), recipe.id
        for section in recipe.sections:
            assert section in CATALOGUE[recipe.id].sections
            assert functions_of(section)


def test_recipes_name_operators_that_exist() -> None:
    assert {name for recipe in RECIPES for name in recipe.general} <= set(OPERATORS)


@pytest.mark.parametrize(("old", "new", "said"), [
    ('easy = ["relu-negated"', 'easy = ["relu-negatd"', "did you mean relu-negated"),
    ('easy = ["relu-negated"', 'easy = ["relu-leaky"', "relu-leaky is in easy too"),
    ("easy = [", 'simple = "x"\neasy = [', "unknown entry 'simple'"),
    ("[exam] ", "[exams] ", "unknown entry 'exams'"),
])  # fmt: skip
def test_wrong_difficulties_are_named(old: str, new: str, said: str) -> None:
    assert old in TEXT
    with pytest.raises(RubricError, match=said):
        parse_rubric(TEXT.replace(old, new, 1), "rubric.toml")


def test_old_rubrics_without_an_exam_are_read() -> None:
    start, end = TEXT.index("[exam]"), TEXT.index("[imports]")
    assert parse_rubric(TEXT[:start] + TEXT[end:], "old").exam.difficulty("ce-sign") == ""


def test_neighbours_start_with_different_mistakes_of_one_difficulty() -> None:
    passed = ["1.2", "1.3", "1.4", "1.5", "1.6", "2.3", "2.4", "3.3", "3.4"]
    for difficulty in classes(3):
        first = [
            candidates(RULES, difficulty, SCRIPTS, passed, number=number, seed=1)[0]
            for number in range(30)
        ]
        for one, other in pairwise(first):
            assert one != other
        assert {RULES.difficulty(recipe.id) for _, recipe in first} == {difficulty}
    assert candidates(RULES, "easy", SCRIPTS, ["1.7"], number=0, seed=1) == []
    assert classes(4) == ("hard", "medium", "medium", "easy")
