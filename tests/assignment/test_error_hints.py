"""Each common error of NumPy, PyTorch and Python gets its hint, raised by the code that causes it."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from assignment.error_hints import hint_for

z, ones = np.ones((5, 4)), torch.ones(5, 4)
labels = torch.zeros(5, dtype=torch.long)


class NoForward(nn.Module):
    pass


class NoSuper(nn.Module):
    def __init__(self) -> None:
        self.fc = nn.Linear(2, 2)


class NoSelf:
    def forward(X):  # noqa: N805
        return X


class NumpyANN:
    def forward(self):
        return self.softmax(z)

    def backward(self):
        return self.z1 + W1  # noqa: F821


def twice() -> None:
    loss = (torch.ones(3, requires_grad=True) ** 2).sum()
    loss.backward()
    loss.backward()


def no_parentheses() -> None:
    with torch.no_grad:
        pass


def net(*layers: nn.Module) -> nn.Module:
    return nn.Sequential(*layers)


CASES: dict[str, tuple[Callable[[], object], str]] = {
    "max of an array": (lambda: max(0, z), "one for each element"),
    "if of an array": (lambda: 1 if z > 0 else 0, "one for each element"),
    "max of a tensor": (lambda: max(0, ones), "one for each element"),
    "array as a size": (lambda: np.zeros(3)[: np.arange(3)],  # type: ignore[misc]
                        "one whole number"),
    "ragged list": (lambda: np.array([[1, 2], [3]]), "no single array"),
    "two loops over one axis": (lambda: [v for row in z[0] for v in row], "any number of them"),
    "one-hot rows as an index": (lambda: z[range(5), np.eye(5)], "argmax(axis=1) gives"),
    "math.exp of an array": (lambda: math.exp(z), "np.exp for math.exp"),
    "float of an array": (lambda: float(z), "takes a single number"),
    "layer of its input": (lambda: nn.Linear(4, 2)(nn.ReLU(ones)), "nn.ReLU(…)(x)"),
    "pooling of its input": (
        lambda: nn.Conv2d(1, 2, 3)(nn.MaxPool2d(ones, 2)), "nn.MaxPool2d(…)(x)"),
    "one size of a linear layer": (lambda: nn.Linear(784), "two sizes"),
    "one size of a convolution": (lambda: nn.Conv2d(1), "three sizes"),
    "product": (lambda: z @ z, "A has 4 columns and B has 5 rows"),
    "dot": (lambda: np.dot(z, z), "A has 4 and B has 5"),
    "product with a number": (lambda: z @ 5, "single number"),
    "sum of shapes": (lambda: z + np.ones(3), "element-wise"),
    "labels in place of one-hot rows": (lambda: z - z.argmax(axis=1), "y_true is one-hot"),
    "sum of tensors": (lambda: ones + torch.ones(3), "element-wise"),
    "in place": (lambda: np.ones(4).__iadd__(z), "element-wise"),
    "whole numbers": (lambda: np.ones(3, int).__isub__(np.full(3, 0.5)), "whole numbers cannot"),
    "reshape": (lambda: z.reshape(3, 7), "number of values"),
    "view": (lambda: ones.view(3, 7), "number of values"),
    "view of a transpose": (lambda: ones.T.view(-1), "reshape or flatten"),
    "index": (lambda: z[0, 0, 0], "fewer axes"),
    "axis": (lambda: z.sum(axis=2), "no such axis"),
    "dim": (lambda: ones.argmax(dim=2), "no such axis"),
    "dim in NumPy": (lambda: z.argmax(dim=1), "NumPy says axis"),
    "class 9 of 5": (lambda: F.cross_entropy(torch.ones(1, 5), torch.tensor([9])), "10|one output"),
    "flatten size": (lambda: nn.Linear(1568, 128)(torch.ones(64, 800)),
                     "your layer receives 800 numbers an image; the Linear in 3.1 expects 1568"),
    "no flatten": (lambda: nn.Linear(1568, 128)(torch.ones(64, 32, 7, 7)), "flatten them"),
    "no flatten, channels last": (
        lambda: nn.Linear(1568, 9)(
            torch.ones(3, 32, 7, 7).to(memory_format=torch.channels_last)), "flatten them"),
    "image into Linear": (lambda: nn.Linear(784, 128)(torch.ones(64, 1, 28, 28)), "flatten them"),
    "all in one row": (lambda: nn.Linear(1568, 9)(torch.ones(3, 32, 7, 7).flatten()),
                       "all images of the batch came out as one row"),
    "channels": (lambda: nn.Conv2d(32, 8, 3)(torch.ones(2, 16, 9, 9)), "expects 32 channels and"),
    "first channel": (lambda: nn.Conv2d(3, 8, 3)(torch.ones(2, 1, 9, 9)), "the image has 1"),
    "rows into a convolution": (lambda: nn.Conv2d(1, 8, 3)(torch.ones(64, 784)), "not before"),
    "normalisation": (lambda: nn.BatchNorm2d(16)(torch.ones(2, 32, 4, 4)), "made for 16 features"),
    "2d after flatten": (lambda: nn.BatchNorm2d(16)(torch.ones(2, 16)), "BatchNorm1d"),
    "1d before flatten": (lambda: nn.BatchNorm1d(16)(torch.ones(2, 16, 4, 4)), "BatchNorm2d"),
    "too small": (lambda: nn.Conv2d(1, 1, 3)(torch.ones(1, 1, 1, 1)), "fewer poolings"),
    "pooled away": (lambda: nn.MaxPool2d(2)(torch.ones(1, 1, 1, 1)), "fewer poolings"),
    "one image": (lambda: nn.BatchNorm1d(4)(torch.ones(1, 4)), "evaluation mode"),
    "mixed images": (lambda: F.cross_entropy(torch.ones(800, 10), labels), "800 rows of logits"),
    "maps as logits": (lambda: F.cross_entropy(torch.ones(5, 10, 7, 7), labels), "height and width"),
    "float labels": (lambda: F.cross_entropy(torch.ones(5, 10), torch.zeros(5)), "int64"),
    "int32 labels": (lambda: F.cross_entropy(torch.ones(5, 10), labels.int()), "int64"),
    "whole logits": (lambda: F.cross_entropy(torch.ones(5, 10).long(), labels), "float32"),
    "column of labels": (lambda: F.cross_entropy(torch.ones(5, 10), labels[:, None]), "extra axis"),
    "binary loss": (lambda: F.binary_cross_entropy_with_logits(torch.ones(5, 10), labels),
                    "shape (n,)"),
    "double": (lambda: nn.Linear(4, 2)(ones.double()), "Double and Float"),
    "long": (lambda: nn.Linear(4, 2)(ones.long()), "Long and Float"),
    "double product": (lambda: ones.double() @ ones.T, "double and float"),
    "double convolution": (lambda: nn.Conv2d(1, 2, 3)(torch.ones(1, 1, 9, 9).double()), "double"),
    "long convolution": (lambda: nn.Conv2d(1, 2, 3)(torch.ones(1, 1, 9, 9).long()), "long int"),
    "mean of labels": (lambda: labels.mean(), ".float()"),
    "no graph": (lambda: ones.sum().backward(), "set_grad_enabled"),
    "many losses": (lambda: torch.ones(3, requires_grad=True).mul(2).backward(), "one number"),
    "twice": (twice, "once for each forward"),
    "numpy with gradients": (lambda: torch.ones(3, requires_grad=True).numpy(), "no_grad"),
    "leaf": (lambda: torch.ones(3, requires_grad=True).add_(1), "in place"),
    "no parameters": (lambda: torch.optim.SGD([], lr=1), "attributes of self"),
    "item before backward": (lambda: ones.sum().item().backward(), "only after backward"),
    "no forward": (lambda: NoForward()(ones), "no forward"),
    "no super": (NoSuper, "super().__init__() must"),
    "no self": (lambda: NoSelf().forward(z), "is self missing"),
    "no parentheses after with": (lambda: no_parentheses(), "parentheses are missing"),
    "one-hot labels": (lambda: F.cross_entropy(torch.ones(5, 10), F.one_hot(labels, 10)), "y_batch"),
    "forgotten self.": (lambda: NumpyANN.backward(type("Net", (), {"z1": 1})()), "self.W1"),
    "function as a method": (lambda: NumpyANN().forward(), "leave out self."),
    "not kept": (lambda: NumpyANN().backward(), "self.z1"),
    "None": (lambda: None + z, "return statement missing"),
    "None as logits": (lambda: F.cross_entropy(None, labels), "return statement missing"),
    "array into a layer": (lambda: nn.Linear(4, 2)(z), "tensors all the way"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_common_errors_have_a_hint(name: str) -> None:
    cause, said = CASES[name]
    with pytest.raises(Exception) as caught:  # noqa: PT011
        cause()
    hint = hint_for(type(caught.value).__name__, str(caught.value), script="pytorch_cnn")
    assert any(part in hint for part in said.split("|")), (str(caught.value), hint)
    assert "\n" not in hint
    assert len(hint) < 330


@pytest.mark.parametrize("source", [
    "loss = nn.CrossEntropyLoss(self(X_batch), y_batch)", "nn.NLLLoss( logits, y_batch).backward()",
])  # fmt: skip
def test_a_loss_made_of_logits_is_not_called_an_if(source: str) -> None:
    with pytest.raises(RuntimeError) as caught:
        nn.CrossEntropyLoss(ones, labels)
    assert "()(logits, labels)" in hint_for("RuntimeError", str(caught.value), source=source)
    others = "if nn.CrossEntropyLoss()(ones, labels) > ones:"
    assert "yes or no" in hint_for("RuntimeError", str(caught.value), source=others)


@pytest.mark.parametrize("source", [
    "return self.output(nn.Dropout(F.relu(self.hidden(X))))", "X = nn.Dropout(X)",
])  # fmt: skip
def test_a_layer_made_of_its_input_is_not_called_an_if(source: str) -> None:
    with pytest.raises(RuntimeError) as caught:
        nn.Dropout(ones)
    assert "nn.Dropout(…)(x)" in hint_for("RuntimeError", str(caught.value), source=source)
    others = "if nn.Dropout(0.5)(ones) > ones:"
    assert "yes or no" in hint_for("RuntimeError", str(caught.value), source=others)


@pytest.mark.parametrize("message", ["", "my own words", "list index out of range", "'x'"])
def test_other_errors_have_none(message: str) -> None:
    assert hint_for("ValueError", message) == ""


@pytest.mark.parametrize(("cause", "source", "said"), [
    (lambda: np.max(0, z), "return np.max(0, z)", "np.maximum compares two values"),
    (lambda: np.max([0, z]), "return np.max([0, z])", "np.maximum compares two values"),
    (lambda: z[0].shape[1], "for j in range(z.shape[1]):", "any number of them"),
    (lambda: (1, 2)[2], "a, b = pair[1], pair[2]", ""),
])  # fmt: skip
def test_the_line_tells_what_was_meant(cause: Callable[[], object], source: str, said: str) -> None:
    with pytest.raises(Exception) as caught:  # noqa: PT011
        cause()
    hint = hint_for(type(caught.value).__name__, str(caught.value), source=source)
    assert said in hint if said else hint == ""


@pytest.mark.parametrize(("source", "is_own"), [
    ("import seaborn as sns", True), ("from seaborn import utils", True), ("", True),
    ("import utils", False), ("sys.exit(utils.run_part(name, module))", False),
])  # fmt: skip
def test_only_the_students_own_import_is_to_be_removed(source: str, is_own: bool) -> None:
    hint = hint_for("ModuleNotFoundError", "No module named 'seaborn'", source=source)
    assert ("remove the import" in hint) == is_own


def test_the_section_is_that_of_the_script() -> None:
    message = "mat1 and mat2 shapes cannot be multiplied (3x256 and 128x10)"
    assert "the Linear in 2.1 expects 128" in hint_for(
        "RuntimeError", message, script="pytorch_ann"
    )
    assert "the Linear expects 128" in hint_for("RuntimeError", message)


def test_hints_hold_no_line_of_a_solution() -> None:
    from grader.handout.stubs import leaks
    from grader.sections import SCRIPTS
    from tests.support import ROOT

    for name in ("error_hints.py", "computed_hints.py"):
        text = (ROOT / "assignment" / name).read_text()
        assert all(leaks(text, script) == [] for script in SCRIPTS)
