"""Planted copies in a generated class are found, and honest pairs are not."""

import pytest

from benchmarks.classroom import Classroom, classroom
from benchmarks.copying import WAYS
from grader.commands.similarity import table
from grader.sections import SCRIPTS
from grader.similarity.comparing import ClassComparison, Pair, compare
from tests.similarity.support import SOLVED, facts, students, with_own_number


def test_the_drawn_scripts_are_python(drawn: Classroom) -> None:
    for work in [*drawn.works.values(), *drawn.earlier.values()]:
        for script, content in work.items():
            compile(content, script, "exec")


@pytest.mark.parametrize("way", WAYS)
def test_a_copy_is_found_however_it_is_disguised(
    drawn: Classroom, comparison: ClassComparison, way: str
) -> None:
    (copied,) = [pair for pair, how in drawn.copies.items() if how == way]
    assert copied in students(comparison) | facts(comparison)


def test_equal_scripts_are_not_listed_again_as_pairs(comparison: ClassComparison) -> None:
    assert facts(comparison)
    assert not facts(comparison) & students(comparison)


def test_few_honest_pairs_are_listed(drawn: Classroom, comparison: ClassComparison) -> None:
    assert len(students(comparison) - drawn.copies.keys()) <= 1


def test_a_class_without_copies_lists_no_pair() -> None:
    assert compare(classroom(40, 0, seed=8).works).pairs == ()


def test_plain_copies_are_facts_about_all_scripts(
    drawn: Classroom, comparison: ClassComparison
) -> None:
    (plain,) = [set(pair) for pair, way in drawn.copies.items() if way == "as it is"]
    (group,) = [one for one in comparison.equal if set(one.members + one.earlier) == plain]
    assert group.scripts == SCRIPTS
    assert group.is_identical


def test_a_copy_from_an_earlier_year_says_so(drawn: Classroom, comparison: ClassComparison) -> None:
    copied = {one for pair in drawn.copies for one in pair if one in drawn.earlier}
    assert copied
    pairs = {pair.b for pair in comparison.pairs if pair.b_is_earlier}
    equal = {one for group in comparison.equal for one in group.earlier}
    assert copied <= pairs | equal
    assert all(pair.b_is_earlier == (pair.b in drawn.earlier) for pair in comparison.pairs)


def test_earlier_years_are_not_compared_among_themselves() -> None:
    drawn = classroom(16, 0, seed=3)
    earlier = {one: with_own_number(drawn.works["s001"], n) for n, one in enumerate("xy")}
    works = {one: work for one, work in drawn.works.items() if one != "s001"}
    assert frozenset("xy") not in students(compare(works, earlier))
    near = with_own_number(drawn.works["s001"], 7)
    assert students(compare(drawn.works, {"x": near})) == {frozenset(("s001", "x"))}


def test_repeating_students_are_not_compared_with_themselves() -> None:
    drawn = classroom(16, 0, seed=3)
    for again in (drawn.works["s001"], with_own_number(drawn.works["s001"], 7)):
        comparison = compare(drawn.works, {"s001 (before)": again}, {"s001 (before)": "s001"})
        assert (comparison.pairs, comparison.equal) == ((), ())


def test_code_that_everybody_writes_does_not_count() -> None:
    works = {f"s{number}": with_own_number(SOLVED, number) for number in range(30)}
    comparison = compare(works)
    assert comparison.different == 30
    assert max((pair.score for pair in comparison.pairs), default=0) < 10


def test_the_expected_answer_weighs_less_than_another_one() -> None:
    works = dict(classroom(20, 0, seed=4).works)
    other = SOLVED | {
        "numpy_ann": SOLVED["numpy_ann"].replace(
            b"dz1 = da1 * relu", b"dz1 = np.copy(da1) * 1.0 * relu"
        )
    }
    expected, unexpected = (
        compare(works | {"x": one, "y": with_own_number(one, 7)}) for one in (SOLVED, other)
    )
    assert {"x", "y"} in students(expected) & students(unexpected)
    scores = [
        next(pair.score for pair in one.pairs if {pair.a, pair.b} == {"x", "y"})
        for one in (expected, unexpected)
    ]
    assert scores[0] < scores[1]


def test_a_small_class_is_only_ordered() -> None:
    works = classroom(4, 1, seed=2).works
    comparison = compare(works)
    assert comparison.few
    assert "the closest" in table(comparison)
    assert "usual, to the closest other" not in table(comparison)


def test_a_pair_can_be_pickled(comparison: ClassComparison) -> None:
    pair = comparison.pairs[0]
    assert isinstance(pair, Pair)
    assert hash(pair) == hash(
        Pair(
            pair.a,
            pair.b,
            pair.script,
            pair.score,
            pair.usual,
            pair.passages,
            pair.b_is_earlier,
            pair.a_all,
            pair.b_all,
        )
    )
