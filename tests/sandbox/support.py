"""A handle on a script in a sandbox, and the settings that its tests share."""

from dataclasses import replace

import numpy as np

from grader.rubric import load_rubric
from grader.sandbox.forkserver_client import ForkServer
from grader.sandbox.levels import choose
from grader.sandbox.remote import StudentScript

RUBRIC = load_rubric()


LIMITS = replace(RUBRIC.limits, call_seconds=5, import_seconds=30)


Z = np.array([[-1.0, 2.0]])


LEVELS = ("bubblewrap", "user", "none")


started: list[ForkServer] = []


def student_with(code: str, level: str = "auto", **limits: float) -> StudentScript:
    rubric = replace(RUBRIC, limits=replace(LIMITS, **limits))
    server = ForkServer(
        {"numpy_ann.py": code.encode()}, rubric.limits, choose(level), packages=("numpy",)
    )
    started.append(server)
    return StudentScript("numpy_ann", server, rubric)
