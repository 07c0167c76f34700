"""No worker waits for PyTorch's compiler, and a script that compiles has it all the same."""

from collections.abc import Iterator

import pytest

from grader.rubric import load_rubric
from grader.sandbox.forkserver_client import ForkServer
from grader.sandbox.levels import choose
from grader.sandbox.remote import Student

RUBRIC = load_rubric()
SCRIPT = """
import sys
import torch


def is_there():
    return hasattr(sys.modules["torch._dynamo"], "__file__") and "sympy" in sys.modules


def step(optimizer, **settings):
    parameter = torch.nn.Parameter(torch.tensor([1.0, -2.0]))
    optimizer = getattr(torch.optim, optimizer)([parameter], **settings)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.5, total_iters=3)
    for _ in range(3):
        optimizer.zero_grad()
        (parameter ** 2).sum().backward()
        optimizer.step()
        schedule.step()
    optimizer.load_state_dict(optimizer.state_dict())
    return parameter.detach().tolist()


def compiled():
    step("SGD", lr=0.1)

    @torch.compile(backend="eager")
    def twice(x):
        return 2 * x

    functions = [getattr(function, "__wrapped__", None) for function in vars(torch.optim.Optimizer).values()]
    kept = [function.__name__ for function in functions if getattr(function, "__dynamo_disable", 0) is function]
    return twice(torch.ones(2)).tolist(), kept, step("SGD", lr=0.1)


def part():
    step("SGD", lr=0.1)
    import torch._dynamo.config as config

    config.verbose = True
    return [
        config is sys.modules["torch._dynamo.config"], torch._dynamo.config.verbose, torch._dynamo is sys.modules["torch._dynamo"],
        config.__spec__.origin == config.__file__,
    ]


def looked_through():
    return [name for name, module in list(sys.modules.items()) if hasattr(module, "__warningregistry__") and "dynamo" in name]
"""


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    files = {"pytorch_ann.py": SCRIPT.encode()}
    server = ForkServer(
        files, RUBRIC.limits, choose("auto"), packages=RUBRIC.packages("pytorch_ann")
    )
    yield server
    server.close()


@pytest.fixture
def student(server: ForkServer) -> Iterator[Student]:
    student = Student("pytorch_ann", server, RUBRIC)
    yield student
    student.close()


@pytest.mark.parametrize(
    ("optimizer", "settings"),
    [
        ("SGD", {"lr": 0.1, "momentum": 0.9}),
        ("Adam", {"lr": 0.1}),
        ("AdamW", {"lr": 0.1}),
        ("RMSprop", {"lr": 0.1}),
    ],
)
def test_an_optimizer_steps_as_ever_without_the_compiler(
    student: Student, optimizer: str, settings: dict[str, float]
) -> None:
    import torch

    here: dict[str, object] = {"torch": torch}
    exec(SCRIPT, here)
    assert student.module.step(optimizer, **settings) == pytest.approx(
        here["step"](optimizer, **settings)
    )  # type: ignore[operator]
    assert student.module.looked_through() == []
    assert student.module.is_there() is False


def test_who_compiles_gets_the_compiler(student: Student) -> None:
    result, kept, stepped = student.module.compiled()
    assert stepped == student.module.step("SGD", lr=0.1)
    assert result == [2.0, 2.0]
    assert kept == []  # the answers of the stand-in are forgotten
    assert student.module.is_there() is True


def test_who_imports_a_part_of_it_gets_the_part(student: Student) -> None:
    assert student.module.part() == [True, True, True, True]
    assert student.module.is_there() is True
