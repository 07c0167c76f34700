"""Tests of grader/exam/finding.py: mistakes in right code of many styles, each proved."""

import re
from collections.abc import Iterator
from random import Random
from typing import cast

import pytest

from grader.exam.finding import TRANSFORMED, WRAPPED, Changed, with_mistake
from grader.exam.recipes import RECIPES
from grader.marking.one_script import ScriptBench
from grader.rubric import load_rubric
from grader.submission.record import Submission
from tests.exam.table import rows
from tests.exam.written_differently import COUNT, codes, submission
from tests.support import sampled, script_with

PART_1 = ("1.2", "1.3", "1.4", "1.5", "1.6")
REFERENCE = script_with("numpy_ann", {})


@pytest.fixture(scope="module")
def bench() -> Iterator[ScriptBench]:
    own = Submission("ada", {"numpy_ann": REFERENCE.encode()}, {}, {})
    with ScriptBench(own, load_rubric()) as opened:
        yield opened


def put(
    bench: ScriptBench, source: str | Changed, mistake: str, passed: tuple[str, ...] = PART_1
) -> Changed | None:
    """The source with a mistake, the first of its sections that is asked."""
    before = source if isinstance(source, Changed) else Changed(source.encode())
    recipe = next(one for one in RECIPES if one.id == mistake)
    section = recipe.sections[0]
    return with_mistake(bench, before, recipe, section, passed, seed=1, rng=Random(1))


def test_two_mistakes_in_one_script_have_lines_and_cures(bench: ScriptBench) -> None:
    first = put(bench, REFERENCE, "backward-changes-weights")
    assert first is not None
    both = put(bench, first, "drelu-scalar")  # 1.6 is then marked with the reference's
    assert both is not None
    verdicts = bench.mark("numpy_ann", both.source, PART_1, seed=77)
    assert {n: v.misconceptions for n, v in verdicts.items() if v.misconceptions} == {
        "1.3": ("drelu-scalar",), "1.6": ("backward-changes-weights",),
    }  # fmt: skip
    lines = both.source.decode().splitlines()
    for mistake in both.mistakes:
        assert mistake.wrong.splitlines()[0] in lines[mistake.line - 1]
    cured = both.source.decode()
    for mistake in both.mistakes:
        whole = mistake.wrong if mistake.cure else f"{' ' * 8}{mistake.wrong}\n"
        cured = cured.replace(whole, mistake.cure, 1)
    assert cured == REFERENCE  # which earns full marks


class JudgedTogether:
    """A bench on which every mistake makes the sections fail that are judged together."""

    def fails_alone(
        self, script: str, source: bytes, choices: list[dict[str, str]], others: object, seed: int
    ) -> dict[str, str]:
        return choices[-1]


def test_sections_that_fail_with_a_mistake_are_kept() -> None:
    passed = ("2.1", "2.2", "2.3", "2.4")
    bench = cast("ScriptBench", JudgedTogether())
    first = put(bench, script_with("pytorch_ann", {}), "torch-softmax-before-loss", passed)
    assert first is not None
    assert first.mistakes[0].sections == ("2.2", "2.1")
    both = put(bench, first, "torch-no-step", passed)
    assert both is not None
    assert both.wanted == first.wanted | {"2.3": "torch-no-step"}
    assert both.mistakes[1].also == ()


def test_a_dropped_statement_names_the_line_that_cures_it(bench: ScriptBench) -> None:
    found = put(bench, REFERENCE, "backward-missing-key")
    assert found is not None
    (mistake,) = found.mistakes
    assert mistake.how == TRANSFORMED
    assert mistake.cure in REFERENCE
    assert found.wanted == {"1.6": "backward-missing-key"}


def test_odd_code_gets_a_wrapper_and_says_so(bench: ScriptBench) -> None:
    odd = re.sub(
        r"def relu\(.*?return np.maximum\(z, 0\)\n",
        "for relu in [np.frompyfunc(lambda v: max(v, 0), 1, 1)]:\n"
        "    relu = (lambda f: lambda z: f(z).astype(float))(relu)\n",
        REFERENCE, count=1, flags=re.DOTALL,
    )  # fmt: skip
    found = put(bench, odd, "relu-leaky", ("1.2", "1.3"))
    assert found is not None
    (mistake,) = found.mistakes
    assert mistake.how == WRAPPED
    assert "def relu(z)" in mistake.wrong
    assert odd.splitlines()[:40] == found.source.decode().splitlines()[:40]


def test_no_section_that_failed_before_is_asked_to_pass(bench: ScriptBench) -> None:
    wrong = script_with("numpy_ann", {"1.6": "return {}"})
    assert put(bench, wrong, "relu-negated", ("1.2", "1.3", "1.4", "1.5")) is not None
    lower, upper = Changed(wrong.encode()), ("1.2", "1.6")
    assert bench.fails_alone("numpy_ann", lower.source, [{"1.6": "x"}], upper, seed=1) is None


@pytest.mark.parametrize("source", sampled([
    "def relu(z): return (" + "(" * 3000, "relu = 1\n" * 30_000, "\0", "class NumpyANN: pass",
], every=2))  # fmt: skip
def test_hostile_sources_get_no_mistake(bench: ScriptBench, source: str) -> None:
    assert put(bench, source, "relu-negated") is None


@pytest.mark.parametrize(("number", "section", "mistake"), sampled([
    (4, "1.2", "relu-scalar"), (14, "1.4", "ce-sign"), (24, "1.6", "backward-bias-not-summed"),
    (14, "1.4", "ce-epsilon-too-large"), (14, "1.4", "ce-wrong-entries"),
    (24, "1.6", "backward-learning-rate"),
], every=3))  # fmt: skip
def test_right_code_in_other_styles_takes_mistakes(number: int, section: str, mistake: str) -> None:
    assert number < COUNT
    scripts = {"numpy_ann": submission(number)["numpy_ann"]}
    found = list(rows("one", scripts, (section,), frozenset({mistake})))
    assert [row.how for row in found] == [TRANSFORMED]


def test_no_two_right_submissions_are_alike() -> None:
    assert len({tuple(sorted(codes(number).items())) for number in range(COUNT)}) == COUNT
