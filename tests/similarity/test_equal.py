"""Equal scripts are found as groups, whatever their number, and then count as one."""

import pytest

from benchmarks.classroom import classroom
from benchmarks.similarity_equal import EQUAL, SIZE, WAYS, outcome, with_equal
from grader.commands.similarity import table
from grader.handout.stubs import reference_source, stub
from grader.sections import SCRIPTS
from grader.similarity.comparing import compare, compare_equal
from grader.similarity.equal import digests
from grader.similarity.names import Names
from grader.similarity.wording import by_works, title
from tests.similarity.support import SOLVED
from tests.support import sampled

HONEST = classroom(SIZE, 0, seed=1).works
STUBS = {script: stub(reference_source(script), f"{script}.py").encode() for script in SCRIPTS}


@pytest.mark.parametrize("count", sampled(EQUAL, every=4))
def test_all_equal_works_are_one_group(count: int) -> None:
    way = list(WAYS)[EQUAL.index(count) % len(WAYS)]
    found = outcome(HONEST, count, way, seed=1)
    assert (found.groups, found.found) == (1, count)
    assert found.new_to_different == 0


@pytest.mark.parametrize("way", WAYS)
def test_a_group_says_how_its_works_are_equal(way: str) -> None:
    works, who = with_equal(HONEST, 3, way, seed=2)
    (group,) = compare(works).equal
    assert group.members == tuple(who)
    assert group.scripts == SCRIPTS
    assert group.is_identical == (way == "byte for byte")
    assert not group.is_short


def test_those_equal_byte_for_byte_are_named_within_a_group() -> None:
    comments = {script: text + b"# mine\n" for script, text in SOLVED.items()}
    works = {"a": SOLVED, "b": comments, "c": comments}
    (group,) = compare(works).equal
    assert group.members == ("a", "b", "c")
    assert group.identical == (("b", "c"),)
    assert group.is_reference
    assert "byte for byte: b, c" in table(compare(works))


def test_one_script_in_common_is_a_fact_about_that_script() -> None:
    works, who = with_equal(HONEST, 4, "byte for byte", seed=3)
    mixed = {
        one: HONEST[one] | {"numpy_ann": work["numpy_ann"]} if one in who else work
        for one, work in works.items()
    }
    (group,) = compare(mixed).equal
    assert group.scripts == ("numpy_ann",)
    assert group.members == tuple(who)


def test_unwritten_scripts_are_left_out_and_counted() -> None:
    other_epochs = STUBS["numpy_ann"].replace(b"EPOCHS = ", b"EPOCHS = 1")
    assert other_epochs != STUBS["numpy_ann"]
    works = {
        "a": STUBS,
        "b": STUBS | {"numpy_ann": other_epochs},
        "c": STUBS | {"numpy_ann": other_epochs},
        "d": {"numpy_ann": b"# nothing\n", "pytorch_ann": STUBS["pytorch_ann"]},
    }
    comparison = compare(works)
    assert comparison.equal == ()
    assert comparison.untouched == {"numpy_ann": 4, "pytorch_ann": 4, "pytorch_cnn": 3}
    assert "4 of numpy_ann.py, 4 of pytorch_ann.py, 3 of pytorch_cnn.py" in table(comparison)


def test_a_short_answer_is_called_short() -> None:
    short = STUBS["numpy_ann"].replace(
        b'raise NotImplementedError("TODO 1.2: relu in numpy_ann.py")', b"return np.maximum(z, 0)"
    )
    (group,) = compare({"a": {"numpy_ann": short}, "b": {"numpy_ann": short}}).equal
    assert group.own_lines == 1
    assert group.is_short
    assert "1 line of own code: short enough to coincide by chance" in table(
        compare({"a": {"numpy_ann": short}, "b": {"numpy_ann": short}})
    )


def test_an_equal_script_of_an_earlier_year_is_named() -> None:
    comparison = compare(HONEST, {"old": HONEST["s003"], "older": SOLVED})
    (group,) = comparison.equal
    assert (group.members, group.earlier) == (("s003",), ("old",))
    text = " ".join(table(comparison, Names(years={"old": "last.db"})).split())
    assert "1 student handed in the same three scripts" in text
    assert "as 1 student of an earlier year" in text
    assert "s003, old (last.db)" in text


def test_handing_in_the_same_again_is_no_fact_about_others() -> None:
    earlier = {"s003 (last year)": HONEST["s003"]}
    people = {"s003 (last year)": "s003"}
    assert compare(HONEST, earlier, people).equal == ()
    copied = HONEST | {"zoe": HONEST["s003"]}
    (group,) = compare(copied, earlier, people).equal
    assert (group.members, group.earlier) == (("s003", "zoe"), ())


def test_equal_scripts_of_earlier_years_alone_are_none_of_ours() -> None:
    assert compare(HONEST, {"x": SOLVED, "y": SOLVED}).equal == ()


def test_a_pair_names_everybody_with_the_same_script() -> None:
    copied, who = with_equal(HONEST, 12, "byte for byte", seed=1)
    near = {
        script: text.replace(b"np.", b"numpy.").replace(b"import numpy as np", b"import numpy")
        for script, text in copied[who[0]].items()
    }
    changed = near | {"numpy_ann": near["numpy_ann"] + b"\nprint('another line of my own', 12)\n"}
    (pairs,) = by_works(compare(copied | {"zoe": changed}))
    assert title(pairs, Names()) == f"12 students ({who[0]}, {who[1]}, …) and zoe"


def test_a_class_of_any_size_is_searched_for_equal_scripts() -> None:
    ids = [f"s{number}" for number in range(3000)]
    works = (SOLVED if number % 2 else STUBS for number in range(3000))
    comparison = compare_equal(ids, ((work, digests(work)) for work in works))
    (group,) = comparison.equal
    assert len(group.members) == 1500
    assert comparison.different == 2
    assert "were not compared" in table(comparison)


def test_a_copy_of_one_shared_script_is_listed_once() -> None:
    copied, who = with_equal(HONEST, 4, "byte for byte", seed=3)
    shared = copied[who[0]]["numpy_ann"]
    works = HONEST | {one: HONEST[one] | {"numpy_ann": shared} for one in who}
    zoe = HONEST["s002"] | {"numpy_ann": shared + b"\nMINE = 7\n"}
    works = {one: work for one, work in works.items() if one != "s002"} | {"zoe": zoe}
    assert "s002" not in who
    pairs = by_works(compare(works))
    with_zoe = [pair for pair in pairs if "zoe" in (pair[0].a, pair[0].b)]
    assert [title(pair, Names()) for pair in with_zoe] == [
        f"4 students ({who[0]}, {who[1]}, …) and zoe"
    ]
