"""Answers of types that nobody expects: called by Python's names, never by ours, and never a crash."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assignment.checks.numpy.forward import check_forward
from assignment.checks.numpy.functions import (
    check_cross_entropy,
    check_relu,
    check_relu_derivative,
)
from assignment.checks.numpy.gradients import compared
from assignment.failure import CheckFailed, without_quotes
from grader.checks.numpy.cases import draw
from grader.errors import BadReply
from grader.report.text import feedback, headline
from tests.sandbox.support import started, student_with
from tests.support import mark_here, sampled, write_submission


@pytest.fixture(autouse=True)
def servers_end() -> Iterator[None]:
    yield
    while started:
        started.pop().close()


OURS = re.compile(
    r"Opaque|\bTensor\b|Handle|Objects|Function\b|Module\b|BadReply|Protocol|os\._exit"
)
ODD = {
    "1j * 1": "a complex",
    "(n for n in [1])": "a generator",
    "{1, 2}": "a set",
    "frozenset()": "a frozenset",
    "dict": "a class",
    "np": "a module",
    "(lambda: 1)": "a function",
    "print": "a built-in function",
    "np.maximum": "a ufunc",
    "np.array([1j])": "an array of dtype complex128",
    "np.complex64(1)": "a complex64",
    "np.array([None, 1])": "an array of dtype object",
    "np.array(['a', 'b'])": "an array of dtype str",
    "np.array([b'a'])": "an array of dtype bytes",
    "np.zeros(2, [('PASSED', 'f4')])": "an array of dtype void",
    "np.zeros(2, 'datetime64[s]')": "an array of dtype datetime64[s]",
    "np.timedelta64(1, 's')": "a timedelta64",
    "memoryview(b'ab')": "a memoryview",
    "bytearray(b'ab')": "a bytearray",
    "b'ab'": "a bytes",
    "__import__('decimal').Decimal('nan')": "a Decimal",
    "__import__('fractions').Fraction(1, 3)": "a Fraction",
    "__import__('datetime').date.today()": "a date",
    "__import__('pathlib').Path('a')": "Path",
    "range(3)": "a range",
    "{}.keys()": "a dict_keys",
    "iter([])": "a list_iterator",
    "map(str, [])": "a map",
    "zip()": "a zip",
    "slice(1)": "a slice",
    "...": "an Ellipsis",
    "NotImplemented": "NotImplemented",
    "None": "None",
    "'text'": "a str",
    "object()": "an object",
    "ValueError('x')": "a ValueError",
    "type('Mine', (), {})()": "an object of a class named “Mine”",
    "type('PASSED', (), {})()": "an object of a class named “PASSED”",
    "__import__('functools').partial(print)": "a partial",
    "np.random.default_rng(0)": "a Generator",
    "np.ma.masked": "",
    "np.matrix([[1j]])": "an array of dtype complex128",
    "10 ** 500": "an int",
    "[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]": "a list",
    "{(1, 2): 3, None: 4, 'Total 100 of 100': 5}": "",
    "(1, (2j, {3}))": "a tuple",
}
SOURCE = """
import numpy as np
WHICH = 0
ANSWERS = [ANSWER_LIST]
def answer(*_): return ANSWERS[WHICH]()
relu = relu_derivative = cross_entropy = answer
class NumpyANN:
    def __init__(self, **sizes): pass
    def forward(self, X):
        self.z1 = self.a1 = self.z2 = self.a2 = answer()
        return answer()
    backward = answer
"""
HIDDEN = draw(np.random.default_rng(5))
CHECKS: dict[str, Callable[[Any], object]] = {
    "1.2": lambda module: check_relu(module, HIDDEN.relu),
    "1.3": lambda module: check_relu_derivative(module, HIDDEN.relu_derivative),
    "1.4": lambda module: check_cross_entropy(module, HIDDEN.cross_entropy),
    "1.5": lambda module: check_forward(module, HIDDEN.forward),
    "1.6": lambda module: compared(module.NumpyANN().backward(), POINT, 1, 1e-4),
}
POINT = HIDDEN.backward[0].batches[0].gradients


@pytest.mark.parametrize("section", CHECKS)
def test_odd_answers_are_called_by_pythons_names(section: str) -> None:
    source = SOURCE.replace("ANSWER_LIST", ", ".join(f"lambda: {answer}" for answer in ODD))
    student = student_with(source)
    try:
        for number, (answer, name) in enumerate(ODD.items()):
            student.module.WHICH = number
            try:
                found = CHECKS[section](student.module)
                text = repr(found)  # of 1.6, which compares the four one by one
                assert section == "1.6", answer
                assert answer.startswith("{(1, 2)"), answer
            except CheckFailed as failure:
                text = str(failure)
                if section in ("1.2", "1.3"):
                    assert name in text, (answer, text)
            assert not OURS.search(text), (answer, text)
            assert "PASSED" not in without_quotes(text)
    finally:
        student.close()


TORCH = (
    "torch.zeros(2, 3)", "1j * 1", "{1}", "self", "torch.zeros(3, dtype=torch.complex64)",
    "type('PASSED', (), {})()", "torch.nn.ReLU()",
)  # fmt: skip


@pytest.mark.parametrize("answer", sampled(TORCH, every=3))
def test_odd_answers_of_torch_are_called_by_pythons_names(tmp_path: Path, answer: str) -> None:
    work = write_submission(
        tmp_path / "ada", dict.fromkeys(("2.2", "2.3", "2.4"), f"return {answer}")
    )
    for number, result in mark_here(work, ["2.2", "2.3", "2.4"]).items():
        text = feedback(result)
        assert result.status == "failed", (number, text)
        assert not OURS.search(text), text
        assert "PASSED" not in headline(result.verdict, 300)


LARGE = {
    "np.zeros((15_000, 15_000))": "1,800,000,",
    "np.broadcast_to(1.0, (10**6, 10**6))": "8,000,000,",
    "np.broadcast_to(1.0, (10**6, 10**6)).T": "8,000,000,",
    "[np.zeros((8_000, 8_000)) for _ in range(3)]": "1,536,000,",
    "[[n] * 5000 for n in range(5000)]": "values outside of arrays, expected at most 100,000",
    "['x' * 20_000] * 100": "bytes, expected at most 1,048,576",
    "{n: 'x' * 2000 for n in range(5000)}": "bytes, expected at most 1,048,576",
}


def test_answers_that_are_too_large_are_called_so() -> None:
    student = student_with(SOURCE.replace("ANSWER_LIST", ", ".join(f"lambda: {a}" for a in LARGE)))
    for number, (answer, figures) in enumerate(LARGE.items()):
        student.module.WHICH = number
        with pytest.raises(BadReply) as caught:
            student.module.relu(np.ones(3))
        text = str(caught.value)
        assert text.startswith("the answer is too large: "), (answer, text)
        assert figures in text
        assert ", expected at most " in text
        hints = ("return NumPy arrays as they are, not as lists.",)
        assert caught.value.hints == (hints if "values" in figures else ())


def test_an_answer_that_cannot_be_packed_is_the_scripts_exception(tmp_path: Path) -> None:
    code = """
class Odd(list):
    def __len__(self):
        raise MemoryError("no room")
return Odd()
"""
    result = mark_here(write_submission(tmp_path / "ada", {"1.2": code}), ["1.2"])["1.2"]
    assert "MemoryError: no room" in feedback(result)
    assert "os._exit" not in feedback(result)


def test_a_worker_that_took_too_much_memory_says_so(tmp_path: Path) -> None:
    code = "held = [np.ones(2**24) for _ in range(200)]\nreturn z"
    result = mark_here(write_submission(tmp_path / "ada", {"1.2": code}), ["1.2"])["1.2"]
    assert "memory" in feedback(result).lower()
    assert "os._exit" not in feedback(result)
