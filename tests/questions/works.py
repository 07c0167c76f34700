"""Subjects and reports without a marking, for tests of kinds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from grader.options import Options
from grader.questions.asking import subjects_of
from grader.questions.kinds.confusions import TYPICAL
from grader.questions.subject import Subject
from grader.results import Report, Status
from grader.sections import SCRIPTS
from grader.submission.reading import open_submission
from tests.classes import result, training
from tests.support import RUBRIC, write_submission

OPTIONS = Options(seed=1)


def report_of(name: str, *, failed: tuple[str, ...] = ()) -> Report:
    """A report in which all sections passed but these, with trainings that went well."""
    sections = tuple(
        result(number, Status.FAILED if number in failed else Status.PASSED)
        for number in RUBRIC.by_number
    )
    trainings = {
        script: replace(
            training(
                epochs=4,
                train_losses=(0.61, 0.44, 0.37, 0.33),
                val_losses=(0.52, 0.45, 0.41, 0.42),
                train_accuracies=(0.78, 0.842, 0.867, 0.88),
                val_accuracies=(0.812, 0.838, 0.853, 0.849),
            ),
            confusion=TYPICAL,
        )
        for script in SCRIPTS
    }
    return Report(sections, {}, {}, 1.0, 1, "cpu", "bubblewrap", name, trainings=trainings)


@contextmanager
def subjects(folder: Path, *, name: str = "ada", **scripts: Any) -> Iterator[dict[str, Subject]]:
    """The scripts of a submission, which are the reference's unless `scripts` say otherwise."""
    path = write_submission(folder / name, **scripts)
    with subjects_of(open_submission(path), report_of(name), RUBRIC, OPTIONS) as found:
        yield found
