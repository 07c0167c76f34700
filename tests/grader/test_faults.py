"""What the feedback says about errors and wrong names: the same sentences as the student's check."""

from contextlib import nullcontext
from itertools import product
from pathlib import Path

import pytest

from assignment.constants import Missing, constant_failures
from assignment.expect import CheckFailed
from grader.marking.marking import Marking
from grader.options import Options
from grader.report.text import feedback
from grader.rubric import load_rubric
from grader.submission.reading import Submission
from grader.training.run import _expect_constants
from tests.support import mark_here, sampled, script_with, write_submission


def changed(script: str, *changes: tuple[str, str], after: str = "") -> str:
    """The reference's script with some text replaced."""
    source = script_with(script, {}, after=after)
    for old, new in changes:
        assert old in source, old
        source = source.replace(old, new, 1)
    return source


def text_of(tmp_path: Path, script: str, section: str, source: str) -> str:
    work = write_submission(tmp_path / "work", **{script: source})
    (result,) = mark_here(work, [section]).values()
    return feedback(result)


@pytest.mark.parametrize(("script", "section", "old", "new", "said"), sampled([
    ("numpy_ann", "1.2", "def relu(", "def Relu(", "relu is not defined in numpy_ann.py; it defines Re"),
    ("numpy_ann", "1.5", "class NumpyANN", "class NumpyAnn", "numpy_ann.py; it defines NumpyAnn."),
    ("numpy_ann", "1.6", "def backward(", "def back_ward(", "class NumpyANN of numpy_ann.py; it def"),
    ("pytorch_ann", "2.2", "def forward(", "def foward(", "class PyTorchANN of pytorch_ann.py; it d"),
    ("pytorch_ann", "2.3", "def training_step(", "def train_step(", "it defines train_step"),
    ("pytorch_ann", "2.4", "def predict(", "def predictions(", "it defines predictions"),
    ("pytorch_ann", "2.1", "PyTorchANN(nn.Module)", "PyTorchANN", "is not an nn.Module, expected"),
    ("pytorch_ann", "2.2", "class PyTorchANN", "torch.set_grad_enabled(False)\nclass PyTorchANN",
     "torch.set_grad_enabled(False) stands at its top level"),
    ("numpy_ann", "1.2", "class NumpyANN", "utils.load_fashion_mnist()\nclass NumpyANN",
     "numpy_ann.py loads data or trains while it is imported"),
    ("numpy_ann", "1.2", 'if __name__ == "__main__":', "if True:",
     "numpy_ann.py loads data or trains while it is imported"),
    ("numpy_ann", "1.2", "class NumpyANN", "open('fashion.csv')\nclass NumpyANN",
     "marking imports the script without data"),
], every=3))  # fmt: skip
def test_wrong_names_and_work_at_import_have_a_sentence(
    tmp_path: Path, script: str, section: str, old: str, new: str, said: str
) -> None:
    assert said in text_of(tmp_path, script, section, changed(script, (old, new)))


@pytest.mark.parametrize(("section", "code", "said"), [
    ("1.2", "return max(0, z)", "a whole array has one for each element"),
    ("1.5", "return X @ W1", "Then write self.W1"),
    ("1.5", "return X @ X", "needs as many columns in A as rows in B"),
])  # fmt: skip
def test_a_common_error_is_followed_by_its_hint(
    tmp_path: Path, section: str, code: str, said: str
) -> None:
    source = script_with("numpy_ann", {section: code})
    lines = text_of(tmp_path, "numpy_ann", section, source).splitlines()
    error = next(number for number, line in enumerate(lines) if "Error: " in line)
    assert lines[error + 1].startswith("Hint: ")
    assert said in lines[error + 1]


CONSTANTS = ("EPOCHS", "BATCH_SIZE", "LEARNING_RATE", "HIDDEN_SIZE")
VALUES = (
    '"64"', "True", "0", "-5", "2.5", "float('nan')", "float('inf')", "None", "[64]", "(1, 'x')",
    "10**9", "10**400", "10**5000", "{}", "1e-12", "np.float64(0.0)", "np.array([1, 2])", "object()",
    "1j", "b'64'", "'x' * 500",
)  # fmt: skip


@pytest.mark.parametrize(("name", "value"), sampled(product(CONSTANTS, VALUES), every=4))
def test_script_and_grader_say_the_same_of_a_constant(name: str, value: str) -> None:
    source = (
        "import numpy as np\nEPOCHS, BATCH_SIZE, LEARNING_RATE, HIDDEN_SIZE = 1, 2, 0.1, 3\n"
        f"{name} = {value}\n"
    )
    namespace: dict = {}
    exec(source, namespace)
    (expected, *_) = [
        *map(str, constant_failures("numpy_ann", lambda name: namespace.get(name, Missing))),
        "",
    ]
    submission = Submission("ada", {"numpy_ann": source.encode()}, {}, {})
    marking = Marking(submission, load_rubric(), Options(seed=0, sandbox="none"))
    try:
        with pytest.raises(CheckFailed) if expected else nullcontext() as caught:
            _expect_constants(marking.students["numpy_ann"].module, "numpy_ann")
    finally:
        marking.close()
    if caught is not None:
        assert (str(caught.value), caught.value.kind) == (expected, "constant-invalid")
