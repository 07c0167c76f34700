"""Which misconception a failing answer shows: the student's code is asked again, and its answer compared with what each
mistake of the catalogue would give on the same inputs. Source code is never read.

A mistake that comes alone explains an answer better than two together, so of all predictions that fit the one with the
fewest mistakes is taken.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from grader.errors import StudentError
from grader.feedback.diagnosis import functions, network
from grader.feedback.diagnosis.comparing import Diagnosis
from grader.sandbox.remote import Student

GENERAL = ("wrong-shape", "wrong-type", "not-finite", "changes-input", "raises")
_BY_SECTION: dict[str, Callable[[Student, np.random.Generator], Diagnosis]] = {
    "1.2": functions.relu,
    "1.3": functions.relu_derivative,
    "1.4": functions.cross_entropy,
    "1.5": network.forward,
    "1.6": network.backward,
}


def diagnose(section: str, student: Student, feedback: str, rng: np.random.Generator) -> Diagnosis:
    """The ids of the mistakes that a failing section shows; () where none is recognised."""
    if section not in _BY_SECTION:
        return _of_words(feedback)
    student.close()  # what the check left behind must not be taken for a mistake
    try:
        return _BY_SECTION[section](student, rng) or _of_exception(section, feedback)
    except StudentError as fault:
        return _of_exception(section, fault.feedback)
    except Exception:  # an answer that no prediction can be compared with
        return ()


def _of_exception(section: str, feedback: str) -> Diagnosis:
    """What the message of an exception tells: an array where one number was expected, or factors that do not fit."""
    if "truth value of an array" in feedback:
        return {"1.2": ("relu-scalar",), "1.3": ("drelu-scalar",)}.get(section, ())
    if section == "1.6" and any(
        words in feedback for words in ("matmul:", "not aligned", "mismatch in its core dimension")
    ):
        return ("backward-not-transposed",)
    return ()


def _of_words(feedback: str) -> Diagnosis:
    """What torch's own messages tell."""
    cut = ("does not require grad", "object has no attribute 'backward'")
    return ("torch-loss-detached",) if any(words in feedback for words in cut) else ()
