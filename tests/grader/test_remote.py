"""The names of a script are the student's: the handle's own never stand in their way."""

import numpy as np
import pytest

from assignment.failure import CheckFailed
from assignment.handles import Handle, Module, attributes, set_attributes
from grader.errors import StudentError
from grader.marking.marking import Marking
from grader.options import Options
from grader.rubric import load_rubric
from grader.sandbox.remote import StudentScript
from grader.submission.reading import Submission

TAKEN = sorted(
    {
        name
        for kind in (StudentScript, Module, Handle)
        for name in dir(kind)
        if not name.startswith("__")
    }
    | {"module", "script", "student", "opaque", "probe", "loads", "close", "printed", "ask"}
)


@pytest.fixture
def student() -> StudentScript:
    names = [name for name in TAKEN if name.isidentifier()]
    functions = "".join(f"def {name}(z): return z + 1\n" for name in names)
    attributes = "".join(f"        self.{name} = 7\n" for name in names)
    source = f"{functions}class NumpyANN:\n    def __init__(self):\n{attributes}"
    marking = Marking(
        Submission("ada", {"numpy_ann": source.encode()}, {}, {}),
        load_rubric(),
        Options(seed=0, sandbox="none"),
    )
    yield marking.students["numpy_ann"]
    marking.close()


def test_every_name_of_a_script_can_be_reached(student: StudentScript) -> None:
    net = student.module.NumpyANN()
    for name in TAKEN:
        assert np.array_equal(getattr(student.module, name)(np.ones(2)), [2, 2]), name
        assert getattr(net, name) == 7, name
        setattr(net, name, 8)
        assert getattr(net, name) == 8, name


def test_a_name_that_is_not_there_is_not_written(student: StudentScript) -> None:
    with pytest.raises(StudentError) as caught:
        student.module.relu(np.ones(2))
    assert caught.value.kind == "not-written"


def count_questions(student: StudentScript) -> list[str]:
    """The names of the requests to its workers, from now on."""
    asked: list[str] = []
    ask = student.ask

    def counted(op: str, *rest: object) -> object:
        asked.append(op)
        return ask(op, *rest)

    student.ask = counted
    return asked


def test_a_worker_is_not_asked_what_is_known(student: StudentScript) -> None:
    one = student.module.NumpyANN()
    student.module.named(np.ones(2))
    asked = count_questions(student)
    assert attributes(one, ("close", "ask")) == [7, 7]
    set_attributes(one, {"close": 1, "ask": 2})
    assert attributes(one, ("close", "ask")) == [1, 2]
    assert asked == ["get_all", "set", "get_all"]
    asked.clear()
    student.module.NumpyANN()
    assert asked == ["call"]  # that it is a class was seen before
    student.close()
    asked.clear()
    student.module.NumpyANN()
    assert asked == ["load", "get", "call"]  # its imports were seen before, its names may differ


def test_several_attributes_fail_as_one_does(student: StudentScript) -> None:
    net = student.module.NumpyANN()
    with pytest.raises(StudentError) as one:
        net.W1  # noqa: B018
    with pytest.raises(StudentError) as several:
        attributes(net, ("close", "W1", "b1"))
    assert str(several.value) == str(one.value)


def test_a_function_that_was_overwritten_is_called_that() -> None:
    source = b"def relu(z):\n    global relu\n    relu = 3\n    return z\n"
    marking = Marking(
        Submission("ada", {"numpy_ann": source}, {}, {}),
        load_rubric(),
        Options(seed=0, sandbox="none"),
    )
    module = marking.students["numpy_ann"].module
    try:
        module.relu(np.ones(2))
        with pytest.raises(CheckFailed, match="relu is an int, expected a function"):
            module.relu(np.ones(2))
    finally:
        marking.close()
