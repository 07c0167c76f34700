"""Cheats in other forms are different, still attack, earn nothing, and are reported if they do."""

import ast
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from grader.selftest import mutation_run
from grader.selftest.cases import CHEATS, Traps
from grader.selftest.mutants import KINDS, Cheat, Mutant, mutants, read_cheats
from grader.selftest.rewriting import PACKINGS, REWRITINGS, packed, rewritten
from tests.support import ROOT, run, sampled

ALL = read_cheats(CHEATS)
CHEAT = """
import sys
import collections as kept
from base64 import b64encode

words = ["text", f"{sys.maxsize} and text", "a'\\n\\"b"]


class Thing:
    name = "thing"

    def __init__(self, size=3):
        self.size = size


def relu(*arguments):
    try:
        raise ValueError("told")
    except ValueError as told:
        text = str(told)
    counts = kept.Counter(word[0] for word in words)
    return [text, words, dict(counts), Thing(size=4).size, Thing.name, b64encode(b"x"), arguments]
"""


@pytest.fixture(scope="module")
def traps() -> Iterator[Traps]:
    with Traps() as set_traps:
        yield set_traps


def made_of(cheat: Cheat) -> Mutant:
    """A mutant of one cheat, in which every function of a script attacks."""
    for seed in range(200):
        (mutant,) = mutants([cheat], 1, seed)
        trigger = mutant.trigger
        if (
            mutant.kind == "renamed"
            and trigger.script == cheat.script
            and trigger.name.startswith("import")
        ):
            return mutant
    raise AssertionError("no such mutant")


@pytest.mark.exhaustive
def test_a_thousand_mutants_differ_and_compile() -> None:
    made = list(mutants(ALL, 1000, 1))
    assert len({mutant.source for mutant in made}) == 1000
    assert len({mutant.recipe for mutant in made}) == 1000
    cells = {(mutant.kind, mutant.cheats[0]) for mutant in made}
    assert cells == {(kind, cheat.name) for kind in KINDS for cheat in ALL}
    for mutant in made[::10]:
        compile(mutant.source, "mutant.py", "exec")
        compile(mutant.twin, "twin.py", "exec")


def test_a_seed_makes_the_same_mutants() -> None:
    assert list(mutants(ALL, 20, 5)) == list(mutants(ALL, 20, 5))
    assert list(mutants(ALL, 20, 5)) != list(mutants(ALL, 20, 6))


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("how", ["as is", *REWRITINGS, " + ".join(REWRITINGS)])
def test_rewritten_code_does_the_same(
    how: str, packing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    names: dict[str, object] = {"__file__": "cheat.py", "__name__": "cheat"}
    exec(CHEAT, expected := dict(names))
    source = packed(rewritten(CHEAT, how, Random(0)), packing, Random(0))
    exec(f"import os\nimport sys\n{source}", names)
    found = names["_cheat"]()  # type: ignore[operator]
    assert found["relu"](1, 2) == expected["relu"](1, 2)  # type: ignore[operator]


def test_renaming_and_hiding_leave_nothing_to_search_for() -> None:
    source = rewritten(CHEAT, "names + imports + strings", Random(0))
    bound = {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
    assert not bound & {"words", "counts", "text", "kept", "Thing"}
    assert "import collections" not in source
    assert "'told'" not in source


# These look for parts of the worker by name, and would attack nothing after a renaming.
@pytest.mark.parametrize(
    "name",
    sampled((n.name for n in ALL if "worker" in n.source or "assignment" in n.source), every=2),
)
def test_attacks_on_the_worker_find_it(name: str, traps: Traps) -> None:
    (cheat,) = [one for one in ALL if one.name == name]
    judge = mutation_run.Judge("auto", 1, traps)
    outcome = judge.judge(made_of(cheat))
    assert (outcome.evidence, outcome.problem) == (mutation_run.RAN, "")


def test_a_mutant_that_earns_is_seen_and_written(traps: Traps, tmp_path: Path) -> None:
    source = "import numpy as np\ndef relu(z):\n    return np.maximum(z, 0)\n"
    judge = mutation_run.Judge("none", 1, traps)
    outcome = judge.judge(made_of(Cheat("honest", source, "numpy_ann", "relu")))
    assert "1.2 earned 100%, and 0% without the attack" in outcome.problem
    mutation_run.write_failing([outcome], tmp_path)
    (folder,) = tmp_path.iterdir()
    assert (folder / "numpy_ann.py").read_text() == outcome.mutant.source
    assert outcome.problem in (folder / "outcome.txt").read_text()


def test_a_mutant_that_reports_success_is_seen(traps: Traps) -> None:
    source = "def relu(*arguments):\n    raise RuntimeError('LEAK: x')\n"
    judge = mutation_run.Judge("none", 1, traps)
    outcome = judge.judge(made_of(Cheat("leak", source, "numpy_ann", "relu")))
    assert "the attack reports success" in outcome.problem


@pytest.mark.parametrize(
    ("source", "evidence"),
    [
        ("def relu(*arguments):\n    return missing_name\n", mutation_run.BROKE),
        ("import socket\nrelu = socket.socket\n", mutation_run.REFUSED),
        ("def relu(*arguments):\n    return 0\n", mutation_run.RAN),
    ],
)
def test_it_says_whether_an_attack_ran(source: str, evidence: str, traps: Traps) -> None:
    judge = mutation_run.Judge("none", 1, traps)
    assert judge.judge(made_of(Cheat("x", source, "numpy_ann", "relu"))).evidence == evidence


def test_a_sample_of_mutants_is_held() -> None:
    ran = run("-P", "-m", "grader", "selftest", "--mutations", "3", "--seed", "1", "--jobs", "2")
    assert ran.returncode == 0, ran.stdout
    assert "3 of 3 held" in ran.stdout


@pytest.mark.exhaustive
def test_an_interrupted_run_says_what_was_done() -> None:
    command = [sys.executable, "-P", "-m", "grader", "selftest", "--mutations", "20"]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stderr is not None
        running.stderr.readline()  # the first is marked
        running.send_signal(signal.SIGINT)
        printed, told = running.communicate(timeout=60)
    assert running.returncode == 2
    assert "of 20 mutants were marked" in told
    assert "held" in printed


@pytest.mark.parametrize("options", [["--seed", "1"], ["--quick", "--mutations", "3"]])
def test_options_that_do_not_go_together_are_refused(options: list[str]) -> None:
    ran = run("-P", "-m", "grader", "selftest", *options)
    assert ran.returncode == 2
    assert "--mutations" in ran.stderr
