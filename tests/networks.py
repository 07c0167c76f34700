"""Forty networks with right and wrong training steps, checked in this process.

`python -m tests.networks 20` checks all of them with 20 seeds and prints a table.
"""

from __future__ import annotations

import linecache
import sys
from types import ModuleType

import numpy as np
import torch

from assignment.checks.torch import (
    check_forward,
    check_layers,
    check_predict,
    check_training_step,
)
from assignment.failure import CheckFailed
from assignment.handles import LocalScript, kind_of
from assignment.observing.compiling import left_out
from tests.architectures import COMMON, RARE, every_network
from tests.steps import RIGHT_PREDICTIONS, RIGHT_STEPS, TEXTBOOK, WRONG_STEPS
from tests.support import script_with


def sections_of(
    script: str, name: str, step: str = TEXTBOOK, predict: str = RIGHT_PREDICTIONS["textbook"]
) -> dict[str, str]:
    """The code of each section for one architecture, training step and prediction."""
    tables = RARE if name in RARE[script] else COMMON
    layers, forward = tables[script][name]
    part = "2" if script == "pytorch_ann" else "3"
    return {f"{part}.1": layers, f"{part}.2": forward, f"{part}.3": step, f"{part}.4": predict}


def module_of(script: str, sections: dict[str, str]) -> ModuleType:
    """The script with these sections, as a module of this process."""
    module = ModuleType(script)
    sys.modules[script] = module  # where pickle and copy look for its class
    source, name = script_with(script, sections), f"<{script}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    exec(compile(source, name, "exec"), vars(module))
    return module


def faults(script: str, sections: dict[str, str], seed: int) -> dict[str, CheckFailed]:
    """The failures of the four sections of a script, checked in this process."""
    handle, part = LocalScript(module_of(script, sections)).module, script == "pytorch_cnn"
    checks = (check_layers, check_forward, check_training_step, check_predict)
    found = {}
    for number, check in enumerate(checks, start=1):
        try:
            with left_out():
                check(handle, script, np.random.default_rng([seed, number]))
        except CheckFailed as failure:
            found[f"{3 if part else 2}.{number}"] = failure
        except Exception as error:
            found[f"{3 if part else 2}.{number}"] = CheckFailed(repr(error), kind=kind_of(error))
    return found


def main(seeds: int) -> int:
    """Print a table: right verdicts of the textbook step, and wrong steps named, of each network."""
    bad = 0
    for script, name in every_network():
        right = sum(not faults(script, sections_of(script, name), seed) for seed in range(seeds))
        named = 0
        for kind, step in WRONG_STEPS.values():
            found = faults(script, sections_of(script, name, step), 1)
            named += [f.kinds for f in found.values()] == [(kind,)]
            if [f.kinds for f in found.values()] != [(kind,)]:
                print(f"    {kind}: { {n: (f.kinds, str(f)) for n, f in found.items()} }")
        code = sections_of(script, name)
        steps = {s: c for s, c in RIGHT_STEPS.items() if s != "a block" or "self.net" in str(code)}
        others = {
            step: found
            for step, code in steps.items()
            if (found := faults(script, sections_of(script, name, code), 2))
        }
        for step, found in others.items():
            print(f"    {step}: { ({n: str(f) for n, f in found.items()}) }")
        print(
            f"{script:12} {name:24} textbook {right}/{seeds}   "
            f"right variants {len(steps) - len(others)}/{len(steps)}   "
            f"wrong named {named}/{len(WRONG_STEPS)}",
            flush=True,
        )
        bad += (right < seeds) + (named < len(WRONG_STEPS)) + len(others)
    return bad


if __name__ == "__main__":
    torch.set_num_threads(1)
    sys.exit(bool(main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)))
