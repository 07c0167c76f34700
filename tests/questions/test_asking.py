"""Which questions a submission gets, whatever it holds."""

import json
import re
from pathlib import Path

import pytest

from grader.errors import CannotGrade
from grader.questions.asking import questions_of
from grader.questions.question_set import QuestionSet, question_set_from
from grader.questions.registry import KINDS
from grader.submission.reading import open_submission
from tests.classes import HOSTILE
from tests.leaks import leaked
from tests.questions.works import OPTIONS, report_of
from tests.right_works import right_work
from tests.support import ROOT, RUBRIC, sampled, write_submission

PART_1 = {"pytorch_ann": None, "pytorch_cnn": None}


def ask(
    path: Path, *, seed: int = 1, count: int = 5, name: str = "ada", failed: tuple[str, ...] = ()
) -> QuestionSet:
    report = report_of(name, failed=failed)
    return questions_of(open_submission(path), report, RUBRIC, OPTIONS, count=count, seed=seed)


def test_kinds_have_names_of_their_own_and_sections_that_exist() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS) >= 16
    for kind in KINDS:
        for script, needs in kind.needs.items():
            assert {RUBRIC.by_number[number].script for number in needs} == {script}


def test_the_documents_list_every_kind() -> None:
    text = (ROOT / "docs" / "understanding.md").read_text()
    assert re.findall(r"^\| `([a-z-]+)` \|", text, re.MULTILINE) == [kind.name for kind in KINDS]


@pytest.mark.exhaustive
def test_the_same_seed_asks_the_same_questions(tmp_path: Path) -> None:
    path = write_submission(tmp_path / "work", **PART_1)
    first, again, other = ask(path), ask(path), ask(path, seed=2)
    assert first == again
    assert not {q.id for q in first.questions} & {q.id for q in other.questions}
    assert not {q.id for q in first.questions} & {q.id for q in ask(path, name="bob").questions}


def test_questions_come_back_from_their_file(tmp_path: Path) -> None:
    found = ask(write_submission(tmp_path / "work", **PART_1))
    assert question_set_from(found.to_json()) == found
    fields = json.loads(found.to_json())
    assert fields.keys() == {"submission", "seed", "questions"}
    for question in fields["questions"]:
        assert question.keys() >= {
            "id", "kind", "section", "text", "code", "options", "answer", "why", "misconceptions", "evidence"
        }  # fmt: skip
        assert len(set(question["options"])) == 4
        assert question["misconceptions"][question["answer"]] == ""


def test_only_sections_that_passed_are_asked_about(tmp_path: Path) -> None:
    path = write_submission(tmp_path / "work", **PART_1)
    failed = ("1.6", *(n for n in RUBRIC.by_number if n.startswith(("2.", "3."))))
    found = ask(path, count=20, failed=failed)
    assert {question.section for question in found.questions} == {"1.4", "1.7"}
    assert ask(path, failed=tuple(RUBRIC.by_number)).questions == ()


def test_questions_hold_no_line_of_the_reference_but_the_students_own(tmp_path: Path) -> None:
    own = {"numpy_ann": right_work(5)["numpy_ann"]}
    found = ask(write_submission(tmp_path / "work", **{**PART_1, **own}), count=50)
    known = set(leaked(own["numpy_ann"]))
    assert len(found.questions) > 8
    for question in found.questions:
        if question.kind == "same-result":  # its options are all forms of a product there are
            continue
        # a belief may quote another change to the student's own lines
        beliefs = [one for one in question.beliefs if not one.startswith("the change were:")]
        said = [question.text, question.why, *question.options, *beliefs]
        assert set(leaked("\n".join(said))) <= known


ODD = {
    "names like markup": f"\n\nNumpyANN.__qualname__ = {HOSTILE!r}\n",
    "answers that are no arrays": "\n\nNumpyANN.backward = lambda self, X, y: {HOSTILE: 1}\n",
    "numbers without end": "\n\nNumpyANN.backward = lambda self, X, y: {n: np.nan for n in 'abcd'}\n",
    "an outline that lies": "\n\nimport ast\nast.parse = lambda *a, **k: ast.Module([])\n",
    "a trace that is switched off": "\n\nimport sys\nsys.settrace = lambda f: None\n",
    "a way out": "\n\ndef relu(z):\n    raise SystemExit\n",
    "constants of other types": "\n\nBATCH_SIZE, EPOCHS, LEARNING_RATE = 'a', [], None\n",
}


@pytest.mark.parametrize("odd", sampled(ODD, every=2))
def test_odd_scripts_get_fewer_questions_and_break_nothing(odd: str, tmp_path: Path) -> None:
    source = right_work(0)["numpy_ann"] + ODD[odd]
    path = write_submission(tmp_path / "work", **{**PART_1, "numpy_ann": source})
    for question in ask(path, count=6).questions:
        assert len(set(question.options)) == 4


def test_pictures_do_not_tell_which_mistake_is_meant(tmp_path: Path) -> None:
    path = write_submission(tmp_path / "work", **PART_1)
    failed = tuple(n for n in RUBRIC.by_number if n not in ("1.7",))
    asked = [q for seed in range(3) for q in ask(path, seed=seed, failed=failed).questions]
    assert "confusions" in {question.kind for question in asked}
    for question in asked:
        if question.kind == "confusions":
            classes = {name for option in question.options for name in option.split(" for ")}
            numbers = question.evidence["figure"].partition(":")[2].split(",")
            assert len(numbers) == len(classes)


def test_a_missing_package_is_said_and_not_taken_for_odd_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_submission(tmp_path / "work", **PART_1)
    monkeypatch.setattr("grader.variants.variants.find_spec", lambda name: None)
    with pytest.raises(CannotGrade, match="libcst"):
        ask(path, count=30)


def test_a_sandbox_without_workers_is_no_fault_of_the_script(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fork(*_: object) -> int:
        raise RuntimeError("the worker did not start: no room")

    path = write_submission(tmp_path / "work", **PART_1)
    monkeypatch.setattr("grader.sandbox.forkserver_client.ForkServer.fork", fork)
    with pytest.raises(RuntimeError, match="did not start"):
        ask(path)
