"""The ladders of hints: three for every mistake and section, short, without a line of a solution."""

import pytest

from assignment.hints import RUNGS, hints_for, ladder, ladder_of
from grader.errors import RubricError
from grader.feedback.misconceptions import CATALOGUE
from grader.rubric import RUBRIC_FILE, load_rubric, parse_rubric
from tests.leaks import leaked

RUBRIC = RUBRIC_FILE.read_text(encoding="utf-8")
LADDERS = {name: entry.hints for name, entry in CATALOGUE.items()} | {
    section.number: section.hints for section in load_rubric().sections
}


@pytest.mark.parametrize("name", LADDERS)
def test_three_hints_are_short_and_give_no_solution_away(name: str) -> None:
    hints = LADDERS[name]
    assert len(set(hints)) == len(RUNGS)
    for hint in hints:
        assert 10 < len(hint) < 330, hint
        assert hint == " ".join(hint.split())
        assert hint[-1] in ".?", hint
        assert leaked(hint) == []


def test_every_hint_of_a_mistake_belongs_to_the_catalogue() -> None:
    from assignment.hints import _hints

    mistakes, symptoms = _hints()
    assert symptoms.keys() == {name for name, entry in CATALOGUE.items() if entry.general}
    assert mistakes.keys() | symptoms.keys() == CATALOGUE.keys()
    with pytest.raises(KeyError):
        hints_for("no-such-mistake")


@pytest.mark.parametrize("text", [
    "so return np.maximum(z,0)", "dW = (a.T) @ d", "use loss.backward()",
    "log_p = np.log(np.maximum(p, 1e-12))",
])  # fmt: skip
def test_the_leak_test_sees_through_names_and_spaces(text: str) -> None:
    assert leaked(text) or leaked(text.replace("(a.T)", "a.T"))


def test_mistakes_share_their_steps_and_sections_end_symptoms() -> None:
    own = ("own 1", "own 2", "own 3")
    leaky, sign = hints_for("relu-leaky"), hints_for("ce-sign")
    assert ladder(["relu-leaky"], own) == leaky
    assert ladder(["relu-leaky", "ce-sign"], own)[2] == f"{leaky[2]} {sign[2]}"
    assert ladder(["wrong-shape", "relu-leaky"], own) == leaky
    assert ladder(["wrong-shape"], own) == (*hints_for("wrong-shape")[:2], "own 3")
    assert ladder(["not-written"], own) == ladder([], own) == ladder(["unknown"], own) == own


@pytest.mark.parametrize(("value", "message"), [
    ("a text", "is 'a text', expected three texts: where to look, why, almost the answer"),
    (["one", "two"], "is a list of 2, expected three texts"),
    (["one", "two", 3], "is no list of texts, expected three texts"),
    (["one", "two", " "], "is no list of texts"),
    (None, "is None"),
])  # fmt: skip
def test_anything_but_three_texts_is_refused(value: object, message: str) -> None:
    with pytest.raises(ValueError, match=f"^relu: hints {message}"):
        ladder_of("relu: hints", value)


@pytest.mark.parametrize(("new", "message"), [
    ('hints = ["only one"]', "section 0.1: hints is a list of 1, expected three texts"),
    ('hints = "python"', "section 0.1: hints is 'python', expected three texts"),
    ("", "section 0.1: hints is missing"),
    ('hint = "old"\nhints = ["a", "b", "c"]', "section 0.1: hint and hints, expected hints alone"),
    ('hintz = ["a", "b", "c"]', "unknown entry 'hintz'; did you mean hint"),
])  # fmt: skip
def test_mistakes_in_the_rubrics_hints_are_named(new: str, message: str) -> None:
    with pytest.raises(RubricError) as caught:
        parse_rubric(_with_first_hints(new), "rubric.toml")
    assert message in str(caught.value)


def test_a_rubric_with_one_hint_is_still_read() -> None:
    rubric = parse_rubric(_with_first_hints('hint = "README."'), "an old rubric")
    assert rubric.by_number["0.1"].hints == ("README.",)
    assert ladder(["not-written"], rubric.by_number["0.1"].hints) == ("README.",)


def _with_first_hints(new: str) -> str:
    before, _, rest = RUBRIC.partition("hints = [")
    return before + new + rest.partition("\n]")[2]
