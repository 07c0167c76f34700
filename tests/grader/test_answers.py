"""How sections depend on each other: a wrong early part, empty parts, and marking twice."""

from pathlib import Path

import pytest

from grader.report.text import feedback
from tests.support import mark, mark_here, points, sampled, script_with, write_submission


@pytest.mark.parametrize(("section", "code"), sampled([
    ("1.2", "relu = 5"), ("1.2", "relu = None"), ("1.3", "relu_derivative = 'x'"),
    ("1.4", "cross_entropy = 0.5"),
    ("1.5", "NumpyANN.forward = 3"), ("1.6", "NumpyANN.backward = {}"), ("1.6", "NumpyANN = None"),
    ("1.5", "def NumpyANN(**k): pass"), ("1.7", "def NumpyANN(**k): pass"),
    ("1.7", "EPOCHS = -10**5000"),
], every=3))  # fmt: skip
def test_what_is_no_function_earns_nothing(tmp_path: Path, section: str, code: str) -> None:
    submission = write_submission(
        tmp_path / "work", numpy_ann=script_with("numpy_ann", {}, after=code)
    )
    marked = mark(submission, "--only", section, "--train-size", "200")
    assert marked.failed == [section], marked.out
    assert marked.status == 1


def test_a_wrong_early_part_costs_its_own_section_alone(tmp_path: Path) -> None:
    wrong = {"1.2": "return np.abs(z)", "1.3": "return z * 0"}
    marked = mark(write_submission(tmp_path / "work", wrong), "--skip-training")
    assert marked.failed == ["1.2", "1.3"]
    assert "in place of your 1.2 (relu)" in marked.section("1.5")["output"]
    assert marked.results["score"] == points() - points("1.2", "1.3")


def test_two_faults_that_cancel_cost_no_third_section(tmp_path: Path) -> None:
    """The relu is right only with its own wrong derivative, so replacing that alone breaks it."""
    wrong = {"1.2": "return z * (1 - relu_derivative(z))", "1.3": "return (z <= 0) * 1.0"}
    results = mark_here(write_submission(tmp_path / "work", wrong), ["1.2", "1.3", "1.5", "1.6"])
    assert [number for number, r in results.items() if r.status == "failed"] == ["1.3"]
    backward = "d = self.a2 - y_true\nreturn dict(W1=X.T @ d, b1=d.sum(0), W2=d, b2=d)"
    results = mark_here(write_submission(tmp_path / "both", {**wrong, "1.6": backward}), ["1.6"])
    assert results["1.6"].points == 0


def test_errors_of_floats_that_a_script_raises_cost_nothing(tmp_path: Path) -> None:
    """The given softmax underflows for large logits, as it should."""
    source = script_with("numpy_ann", {}, after="np.seterr(all='raise')\n")
    results = mark_here(
        write_submission(tmp_path / "work", numpy_ann=source), ["1.2", "1.4", "1.5", "1.6"]
    )
    assert {result.status for result in results.values()} == {"passed"}


def test_a_derivative_made_of_relu_is_marked_with_a_right_relu(tmp_path: Path) -> None:
    wrong = {"1.2": "return np.abs(z)", "1.3": "return np.sign(relu(z))"}
    results = mark_here(write_submission(tmp_path / "work", wrong), ["1.2", "1.3"])
    assert [number for number, r in results.items() if r.status == "failed"] == ["1.2"]


def test_an_unwritten_forward_does_not_cost_backward(tmp_path: Path) -> None:
    marked = mark(
        write_submission(tmp_path / "work", {"1.5": 'raise NotImplementedError("TODO 1.5")'}),
        "--only",
        "1.5,1.6",
    )
    assert marked.failed == ["1.5"]
    assert marked.section("1.5")["extra_data"]["diagnosis"] == ["not-written"]


def test_same_seed_same_marks_and_words(tmp_path: Path) -> None:
    work = write_submission(tmp_path / "work", {"1.2": "return np.abs(z)", "1.6": "return {}"})
    first, again = (
        mark(work, "--only", "1.2,1.6", "--seed", "7").results["tests"] for _ in range(2)
    )
    for test in first + again:
        test["extra_data"].pop("seconds")
    assert first == again


def test_empty_early_parts_do_not_make_later_ones_right(tmp_path: Path) -> None:
    """Only the failed part is replaced, never the function of a later section."""
    stub = "raise NotImplementedError"
    empty = {"1.2": stub, "1.3": stub, "1.5": stub, "1.6": stub}
    assert (
        mark(write_submission(tmp_path / "empty", empty), "--only", "1.2,1.3,1.5,1.6").results[
            "score"
        ]
        == 0
    )
    leaning = {
        "1.2": stub,
        "1.3": stub,
        "1.5": "self.z1 = self.a1 = self.z2 = self.a2 = relu(X)\nreturn self.a2",
        "1.6": "return {name: relu_derivative(getattr(self, name))\n"
        "        for name in ('W1', 'b1', 'W2', 'b2')}",
    }
    assert (
        mark(write_submission(tmp_path / "leaning", leaning), "--only", "1.2,1.3,1.5,1.6").results[
            "score"
        ]
        == 0
    )
    right = {"1.2": stub, "1.3": stub, "1.5": stub}
    assert mark(
        write_submission(tmp_path / "right", right), "--only", "1.2,1.3,1.5,1.6"
    ).failed == [
        "1.2",
        "1.3",
        "1.5",
    ]


@pytest.mark.parametrize(("section", "code", "message"), sampled([
    ("1.2", "return np.where((z > 0) | (z < -50), z, 0)",
     "Smallest failing input found: relu([-100.0]), expected [0.0]: result[0] is"),
    ("1.2", "raise ValueError('never')",
     "Smallest failing input found: relu([1.0]), expected [1.0]: your script raised a ValueError"),
    ("1.3", "return (z > 1e-8) * 1.0",
     "Smallest failing input found: relu_derivative([1e-09]), expected [1.0]"),
    ("1.4", "return -np.sum(y_true * np.log(y_pred + 1e-12)) / 64",
     "Smallest failing input found: 1 image of 2 classes"),
    ("1.6", "d = (self.a2 - y_true) * (1 if len(X) < 7 else 2)\n"
            "g = (d @ self.W2.T) * (self.z1 > 0)\n"
            "return dict(W1=X.T @ g, b1=g.sum(0), W2=self.a1.T @ d, b2=d.sum(0))",
     "Smallest failing size found: n = 7, d = 3, h = 4, k = 5; "
     "n = 2, d = 3, h = 4, k = 5 is right: the gradients differ"),
], every=2))  # fmt: skip
def test_mistakes_without_a_name_show_the_smallest_input(
    tmp_path: Path, section: str, code: str, message: str
) -> None:
    (result,) = mark_here(write_submission(tmp_path / "work", {section: code}), [section]).values()
    assert result.points == 0
    assert message in feedback(result)


def test_a_wrong_torch_forward_does_not_cost_the_training_step(tmp_path: Path) -> None:
    numbers = ["2.1", "2.2", "2.3", "2.4"]
    for name, code in {
        "stub": "raise NotImplementedError",
        "softmax": "return F.softmax(self.output(F.relu(self.hidden2(self.hidden1(X)))), 1)",
    }.items():
        results = mark_here(write_submission(tmp_path / name, {"2.2": code}), numbers)
        assert [number for number in numbers if results[number].points == 0] == ["2.2"]
