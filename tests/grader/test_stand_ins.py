"""What stands in for a wrong answer: right values, and no line of the reference in the worker."""

import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pytest

from grader.errors import BadReply, StudentError, TimedOut
from grader.handout.stubs import Solution, reference_source, split
from grader.marking.own_words import WITHHELD
from grader.oracle.stand_ins import MAX_NUMBERS, STAND_INS
from grader.reference import numpy_ann as reference
from grader.report.text import feedback
from grader.rubric import load_rubric
from grader.sandbox.forkserver_client import ForkServer
from grader.sandbox.levels import choose
from grader.sandbox.remote import StudentScript
from grader.sandbox.stand_ins import MAX_COMPUTED, Computed
from grader.sandbox.workdir import Workdir
from grader.sections import SCRIPTS
from tests.support import mark_here, sampled, write_submission

NUMPY = [STAND_INS[name] for name in ("relu", "relu_derivative", "cross_entropy", "forward")]
Z = np.array([[-1.5, 0.0, 2.0]])
PLAIN = """
import numpy as np
def relu(z): return None
def relu_derivative(z): return None
def cross_entropy(targets, probabilities): return None
class NumpyANN:
    def __init__(self): pass
    def forward(self, X): return None
"""
SPY = """
import ast, builtins, collections, dis, gc, inspect, io, linecache, re, sys, threading
found = []
def keep(function):
    def wrapper(*arguments, **named):
        found.extend(repr(a) for a in arguments if isinstance(a, (str, bytes, ast.AST)))
        return function(*arguments, **named)
    return wrapper
for name in ("compile", "exec", "eval", "open", "__import__"):
    setattr(builtins, name, keep(getattr(builtins, name)))
linecache.getlines = keep(linecache.getlines)
sys.addaudithook(lambda event, arguments: found.extend(map(repr, arguments))
                 if event in ("compile", "exec", "open", "import", "marshal.loads") else None)
codes = set()
def trace(frame, event, argument):
    codes.add(frame.f_code)
    found.extend(v for v in frame.f_locals.values() if isinstance(v, str))
    return trace
def tracing(call):
    threading.settrace(trace); sys.settrace(trace); sys.setprofile(trace)
    try:
        call()
    finally:
        sys.settrace(None); sys.setprofile(None); threading.settrace(None)
def text_of(code):
    for part in code.co_consts:
        if isinstance(part, type(code)):
            yield from text_of(part)
    yield f"{code.co_names} {code.co_varnames} {code.co_consts}"
    try:
        yield inspect.getsource(code)
    except Exception:
        yield "".join(linecache.getlines(code.co_filename))
    out = io.StringIO()
    dis.dis(code, file=out)
    yield out.getvalue()
def reachable(start):
    seen, waiting = {}, [start]
    while waiting and len(seen) < 150_000:
        one = waiting.pop()
        if id(one) not in seen:
            seen[id(one)] = one
            waiting += gc.get_referents(one)
    return seen.values()
def memory():
    with open("/proc/self/maps") as maps:
        regions = [line.split() for line in maps]
    left = 1 << 27
    with io.open("/proc/self/mem", "rb", 0) as mem:
        for span, rights, *rest in regions:
            first, last = (int(n, 16) for n in span.split("-"))
            if "r" in rights and "w" in rights and "/" not in "".join(rest) and last - first < left:
                try:
                    mem.seek(first)
                    content = mem.read(last - first)
                except (OSError, ValueError):
                    continue
                left -= len(content)
                yield content.decode("latin-1")
def everything(*starts):
    for start in [*starts, sys.modules, dict(enumerate(sys._current_frames().values()))]:
        for one in reachable(start):
            if isinstance(one, str):
                found.append(one)
            elif isinstance(one, type(trace.__code__)) and not one.co_filename.startswith(("/usr", "<frozen")):
                codes.add(one)
    for code in list(codes):
        if "-packages" not in code.co_filename:
            found.extend(text_of(code))
    found.extend(memory())
    text = chr(10).join(found)
    return np.frombuffer(text.encode("utf-8", "replace"), np.uint8)
"""
NUMPY_SPY = (
    PLAIN
    + SPY
    + """
def spy(X):
    net = NumpyANN()
    net.W1 = net.W2 = np.eye(3); net.b1 = net.b2 = np.zeros(3)
    def use(): relu(X); relu_derivative(X); net.forward(X)
    try: tracing(use)
    except TypeError: pass
    return everything(relu, relu_derivative, net.forward, net, NumpyANN)
"""
)
TORCH_SPY = """
import numpy as np
import torch
from torch import nn
""" + SPY + """
class {owner}(nn.Module):
    def __init__(self, seed=0): super().__init__()
    def forward(self, X): return X
def spy(X):
    made = []
    def use(): made.append({owner}()); made[0](torch.from_numpy(X).float())
    tracing(use)
    return everything(made, {owner}.forward, {owner}.__init__)
"""  # fmt: skip


OPEN = "none"  # where a script may read its own memory, which the sandbox does not allow


class Servers:
    """Scripts in workers that end with the test."""

    def __init__(self) -> None:
        self.started: list[ForkServer] = []

    def student(
        self, source: str, script: str = "numpy_ann", level: str = "auto", **limits: float
    ) -> StudentScript:
        rubric = load_rubric()
        rubric = replace(rubric, limits=replace(rubric.limits, **limits))
        packages = rubric.packages(script)
        server = ForkServer(
            {f"{script}.py": source.encode()}, rubric.limits, choose(level), packages=packages
        )
        self.started.append(server)
        return StudentScript(script, server, rubric)


@pytest.fixture
def servers() -> Iterator[Servers]:
    made = Servers()
    yield made
    for server in made.started:
        server.close()


def solution_lines(script: str) -> set[str]:
    """The lines of the reference's solutions without blanks and comments, if they tell anything."""
    parts = split(reference_source(script), f"{script}.py")
    solutions = [part for part in parts if isinstance(part, Solution)]
    lines = {re.sub(r"\s", "", line.partition("#")[0]) for part in solutions for line in part.lines}
    return {line for line in lines if len(line) >= 12 and not line.startswith("JUDGEMENT")}


def texts(student: StudentScript, *arguments: np.ndarray) -> str:
    found = student.module.spy.within(120, *arguments)
    return re.sub(r"\s", "", bytes(found).decode("utf-8", "replace"))


def lines_in(text: str) -> set[str]:
    return {line for script in SCRIPTS for line in solution_lines(script) if line in text}


def test_no_line_of_a_right_answer_can_be_found_in_a_numpy_worker(servers: Servers) -> None:
    student = servers.student(NUMPY_SPY, level=OPEN, call_seconds=120)
    text = texts(student.with_stand_ins(NUMPY), Z)
    assert "W1z1a1" not in text  # a string of ours that is in no worker
    assert "defeverything(*starts)" in text  # it finds sources
    assert not lines_in(text)


class Telling(Computed):
    """A stand-in that brings its source along, as none of ours does."""

    def specification(self) -> dict[str, Any]:
        return super().specification() | {"source": inspect.getsource(reference.relu)}


@pytest.mark.exhaustive
def test_the_search_finds_a_line_that_a_stand_in_brings(servers: Servers) -> None:
    student = servers.student(NUMPY_SPY, level=OPEN, call_seconds=120)
    forward = STAND_INS["forward"]
    assert isinstance(forward, Computed)
    telling = Telling(**vars(forward))
    assert "returnnp.maximum(z,0)" in lines_in(texts(student.with_stand_ins([telling]), Z))


@pytest.mark.exhaustive
@pytest.mark.parametrize("which", ["ann", "cnn"])
def test_torch_workers_hold_no_line_that_torch_does_not_bring(servers: Servers, which: str) -> None:
    stand_in = STAND_INS[f"{which} layers"]
    script = f"pytorch_{which}"
    source = TORCH_SPY.replace("{owner}", stand_in.owner)
    student = servers.student(source, script, level=OPEN, call_seconds=120)
    X = np.zeros((2, 784) if which == "ann" else (2, 1, 28, 28))
    with_it = lines_in(texts(student.with_stand_ins([stand_in]), X))
    alone = lines_in(texts(servers.student(source, script, level=OPEN, call_seconds=120), X))
    assert with_it <= alone
    assert not any(line.startswith(("self.hidden", "self.conv", "a1=")) for line in with_it)


IDIOM = {"withtorch.no_grad():"}  # which the observations of a network need too


def test_no_file_in_the_sandbox_has_lines_of_solutions() -> None:
    with Workdir({}) as folder:
        text = "".join(path.read_text() for path in folder.ours.rglob("*.py"))
    assert lines_in(re.sub(r"\s", "", text)) <= IDIOM


def test_stand_ins_give_the_values_of_the_reference(servers: Servers) -> None:
    rng = np.random.default_rng(3)
    module = servers.student(PLAIN).with_stand_ins(NUMPY).module
    for dtype in (np.float32, np.float64):
        z = rng.normal(size=(3, 2, 4)).astype(dtype)
        for name in ("relu", "relu_derivative"):
            got = getattr(module, name)(z)
            assert got.dtype == dtype
            assert np.array_equal(got, getattr(reference, name)(z))
    Y, P = np.eye(3), rng.dirichlet(np.ones(3), size=3)
    for loss in (
        module.cross_entropy(Y, P),
        module.cross_entropy(probabilities=P, targets=Y),
    ):
        assert isinstance(loss, np.float64)  # which a script can format
        assert loss == reference.cross_entropy(Y, P)
    net = module.NumpyANN()
    twin = reference.NumpyANN(5, 4, 3)
    for name in ("W1", "b1", "W2", "b2"):
        setattr(net, name, getattr(twin, name))
    X = rng.uniform(size=(7, 5))
    assert np.allclose(net.forward(X), twin.forward(X))
    for name in ("z1", "a1", "z2", "a2"):
        assert np.allclose(getattr(net, name), getattr(twin, name))


@pytest.mark.parametrize(
    "call",
    [
        "relu('x')",
        "relu(None)",
        "relu([object()])",
        "relu(np.array(['a']))",
        f"relu(np.zeros({MAX_NUMBERS + 1}, bool))",
        "relu(1j)",
        "cross_entropy(np.eye(2), np.ones(2))",
        "cross_entropy(np.eye(2))",
        "forward(np.zeros((2, 3)), np.zeros((4, 5)), np.zeros(5), np.zeros((5, 2)), np.zeros(2))",
        "forward(np.zeros((9000, 1)), np.zeros((1, 9000)), np.zeros(9000), np.zeros((9000, 2)), np.zeros(2))",
        "forward(np.zeros((2, 3)), np.zeros((3, 5)), np.zeros((2, 5)), np.zeros((5, 2)), np.zeros(2))",
        "forward(*[np.zeros(())] * 5)",
        "forward(np.zeros((0, 0)), np.zeros((0, 0)), np.zeros(0), np.zeros((0, 0)), np.zeros(0))",
    ],
)
def test_arguments_that_do_not_fit_are_a_value_error_there(servers: Servers, call: str) -> None:
    source = PLAIN + dedent("""
        def forward(X, *parameters):
            net = NumpyANN()
            net.W1, net.b1, net.W2, net.b2 = parameters
            return net.forward(X)
        def try_it(z):
            return CALL
        """).replace("CALL", call)
    student = servers.student(source).with_stand_ins(NUMPY)
    with pytest.raises(StudentError) as caught:
        student.module.try_it(Z)
    assert caught.value.exception.startswith("ValueError: ")
    assert np.array_equal(student.module.relu(Z), reference.relu(Z))  # and it goes on


FORGED = PLAIN + """
import sys
protocol = sys.modules['worker.protocol']
def worker():
    frame = sys._getframe()
    while "self" not in frame.f_locals or not hasattr(frame.f_locals["self"], "op_call"):
        frame = frame.f_back
    return frame.f_locals["self"]
def forged(z):
    me = worker()
    for buffer in protocol.pack(CHANGE(me)):
        me._write(buffer)
    return 1
"""  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        '{"id": me._identity, "question": "relu", "number": 2, "arguments": [z]}',
        '{"id": "another", "question": "relu", "number": 1, "arguments": [z]}',
        '{"id": me._identity, "question": "backward", "number": 1, "arguments": [z]}',
        '{"id": me._identity, "question": ["relu"], "number": 1, "arguments": [z]}',
        '{"id": me._identity, "question": "relu", "number": 1, "arguments": z}',
        '{"id": me._identity, "question": "relu", "number": 1}',
        '{"id": me._identity, "question": "relu", "number": "1", "arguments": [z]}',
    ],
)
def test_forged_questions_are_bad_replies(servers: Servers, change: str) -> None:
    source = FORGED.replace("CHANGE(me)", change)
    student = servers.student(source).with_stand_ins(NUMPY)
    with pytest.raises(BadReply):
        student.module.forged(Z)


def test_a_worker_without_stand_ins_may_ask_nothing(servers: Servers) -> None:
    question = '{"id": me._identity, "question": "relu", "number": 1, "arguments": [z]}'
    student = servers.student(FORGED.replace("CHANGE(me)", question))
    with pytest.raises(BadReply):
        student.module.forged(Z)


@pytest.mark.exhaustive
def test_questions_are_counted_and_timed(servers: Servers) -> None:
    source = PLAIN + "def ask(z):\n    while True: relu(z)\n"
    limited = servers.student(source, call_seconds=0.5).with_stand_ins(NUMPY)
    with pytest.raises(TimedOut):
        limited.module.ask(Z)
    many = PLAIN + f"def ask(z):\n    for _ in range({MAX_COMPUTED + 1}): relu(z)\n"
    with pytest.raises(BadReply):
        servers.student(many, call_seconds=120).with_stand_ins(NUMPY).module.ask(Z)


def test_threads_of_a_script_take_turns(servers: Servers) -> None:
    source = PLAIN + dedent("""
        import threading
        def ask(z):
            found = []
            def once(n):
                for _ in range(20): found.append(bool((relu(z * n) == n * relu(z)).all()))
            threads = [threading.Thread(target=once, args=(n,)) for n in (1, 2, 3)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            return [len(found), all(found)]
        """)
    assert servers.student(source).with_stand_ins(NUMPY).module.ask(Z) == [60, True]


LAYERS_THAT_FAIL = "self.nothing = None"
SPEAKING = [
    "print('LE' + 'AK', self); raise RuntimeError('LE' + 'AK ' + repr(self))",
    "raise type('LE' + 'AK', (Exception,), {})('LE' + 'AK')",
    "return type('LE' + 'AK', (), {})()",
    "exec(compile('def LE' + 'AK(): 1 / 0\\nLE' + 'AK()', 'LE' + 'AK.py', 'exec'))",
    "raise ValueError('mat1 and mat2 shapes cannot be multiplied (5x784 and LEAKx3)')",
    "return 'LE' + 'AK'",
    "return {'LE' + 'AK': 1}",
]


@pytest.mark.parametrize("section", sampled(["2.3", "2.4", "3.3", "3.4"], every=4))
def test_feedback_has_no_words_of_a_script_that_could_read_layers(
    tmp_path: Path, section: str
) -> None:
    part = section[0]
    for number, code in enumerate(SPEAKING):
        folder = write_submission(
            tmp_path / str(number), {f"{part}.1": LAYERS_THAT_FAIL, section: code}
        )
        result = mark_here(folder, [f"{part}.1", section])[section]
        assert result.status == "failed"
        assert "LEAK" not in repr(result), code
        assert "(ANN layers)" in feedback(result) or "(CNN layers)" in feedback(result)
        if "raise" in code or "exec" in code:
            assert WITHHELD in feedback(result)


def test_solution_lines_are_those_of_the_reference() -> None:
    assert "returnnp.maximum(z,0)" in solution_lines("numpy_ann")
    assert all(ast.parse(reference_source(script)) for script in SCRIPTS)
