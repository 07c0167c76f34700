"""No worker waits for PyTorch's compiler, and a script that compiles still gets it."""

from collections.abc import Iterator

import numpy as np
import pytest

from assignment.answers import Tensor
from grader.rubric import load_rubric
from grader.sandbox.forkserver_client import ForkServer
from grader.sandbox.levels import choose
from grader.sandbox.process import Process
from grader.sandbox.remote import StudentScript

RUBRIC = load_rubric()
SCRIPT = """
import sys
import time
import torch


class PyTorchANN(torch.nn.Module):
    def __init__(self, seed=0):
        super().__init__()
        self.layer = torch.nn.Linear(784, 10)

    def forward(self, X):
        return self.layer(X)

    def training_step(self, X, y, optimizer):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(self(X), y)
        loss.backward()
        optimizer.step()
        return loss.item()


def used():
    return [len(sys.modules), time.process_time()]


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

    @torch._dynamo.optimize("eager")
    def twice(x):
        return 2 * x

    methods = vars(torch.optim.Optimizer).values()
    functions = [getattr(method, "__wrapped__", None) for method in methods]
    kept = [f.__name__ for f in functions if getattr(f, "__dynamo_disable", 0) is f]
    return twice(torch.ones(2)).tolist(), kept, step("SGD", lr=0.1)


def as_it_is():
    layer = torch.nn.Linear(2, 2)
    layer.compile()

    @torch.compile(mode="default")
    def twice(x):
        return 2 * x

    compiled = torch.compile(layer)
    return [compiled is layer, compiled._orig_mod is layer, twice(2) == 4]


def part():
    step("SGD", lr=0.1)
    import torch._dynamo.config as config

    config.verbose = True
    return [
        config is sys.modules["torch._dynamo.config"],
        torch._dynamo.config.verbose,
        torch._dynamo is sys.modules["torch._dynamo"],
        config.__spec__.origin == config.__file__,
    ]


def looked_through():
    return [
        name for name, module in list(sys.modules.items())
        if hasattr(module, "__warningregistry__") and "dynamo" in name
    ]
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
def student(server: ForkServer) -> Iterator[StudentScript]:
    student = StudentScript("pytorch_ann", server, RUBRIC)
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
def test_an_optimizer_steps_without_the_compiler(
    student: StudentScript, optimizer: str, settings: dict[str, float]
) -> None:
    import torch

    here: dict[str, object] = {"torch": torch}
    exec(SCRIPT, here)
    expected = here["step"](optimizer, **settings)  # type: ignore[operator]
    assert student.module.step(optimizer, **settings) == pytest.approx(expected)
    assert student.module.looked_through() == []
    assert student.module.is_there() is False


def test_a_checked_step_imports_no_compiler(server: ForkServer) -> None:
    worker = Process(server, "pytorch_ann")

    def ask(op: str, **arguments: object) -> object:
        reply = worker.call(op, arguments, 60)
        assert "error" not in reply, reply
        return reply["value"]

    def call(name: str) -> object:
        return ask("call", ref=None, name=name, args=[], kwargs={}, echo=False)

    try:
        ask("load", script="pytorch_ann")
        model = call("PyTorchANN")
        X = Tensor(np.ones((8, 784), np.float32))
        y = Tensor(np.arange(8))
        ask("probe", name="structure", ref=model.ref, args=[])  # imports the probes
        modules, seconds = call("used")
        ask("probe", name="step", ref=model.ref, args=[X, y, 0.1])
        modules_after, seconds_after = call("used")
    finally:
        worker.close()
    assert modules_after - modules < 100  # the compiler has 880
    assert seconds_after - seconds < 0.5  # of the processor; importing the compiler takes 1 or 2


def test_torch_compile_returns_what_it_is_given(student: StudentScript) -> None:
    assert student.module.as_it_is() == [True, True, True]
    assert student.module.is_there() is False


def test_using_the_compiler_imports_the_real_one(student: StudentScript) -> None:
    result, kept, stepped = student.module.compiled()
    assert stepped == student.module.step("SGD", lr=0.1)
    assert result == [2.0, 2.0]
    assert kept == []  # the answers of the stand-in are forgotten
    assert student.module.is_there() is True


def test_importing_a_submodule_imports_the_real_compiler(student: StudentScript) -> None:
    assert student.module.part() == [True, True, True, True]
    assert student.module.is_there() is True
