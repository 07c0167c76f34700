"""2.5 and 3.5, 2.7 and 3.7: what is read off the learning curves, and their plot."""

from __future__ import annotations

import numpy as np

from grader.checks.judgement import accepted_judgements
from grader.errors import StudentFault
from grader.marking.marking import Marking
from grader.submission.plot_files import check_carried, expect_picture, read_plot
from grader.submission.reading import PLOTS
from utils import JUDGEMENTS, CheckFailed, History


def check_judgement(marking: Marking, script: str) -> None:
    """2.5 / 3.5: one of the three words, however it is written, and one that the curves of this marking allow."""
    judgement = marking.students[script].JUDGEMENT
    word = (
        judgement.strip().lower().replace("generalis", "generaliz")
        if isinstance(judgement, str)
        else ""
    )
    if word not in JUDGEMENTS:
        kind = (
            "not-written"
            if isinstance(judgement, str) and judgement.startswith("TODO")
            else "wrong-type"
        )
        raise CheckFailed(
            f"JUDGEMENT is {str(judgement)[:50]!r}, expected one of {', '.join(JUDGEMENTS)}.",
            kind=kind,
            hint="README, reading learning curves.",
        )
    history = _curves(marking, script)
    if history is None:
        return
    right, figures = accepted_judgements(
        history, marking.rubric.bars[script], marking.rubric.judgement
    )
    if word not in right:
        raise CheckFailed(
            f"JUDGEMENT is {word!r}, but this training's curves say otherwise: {figures}.",
            hint="the gap between the curves tells overfitting, their level underfitting.",
        )


def _curves(marking: Marking, script: str) -> History | None:
    """The learning curves of this marking's training, if there is one on all images and it came to an end."""
    if not marking.trains(script) or marking.options.train_size is not None:
        return None
    try:
        history = marking.run_of(script).history
    except (StudentFault, CheckFailed):
        return None  # 2.6 and 3.6 say why
    finite = (
        history is not None
        and np.isfinite(
            [*history.val_losses, *history.train_accuracies, *history.val_accuracies]
        ).all()
    )
    return history if finite else None


def check_plot(marking: Marking, script: str) -> None:
    """2.7 / 3.7: the plot is there, decodes, is not blank, and carries the history of a run of this script."""
    name = PLOTS[script]
    if script not in marking.submission.plots:
        problem = marking.submission.problems.get(name, "is missing")
        raise CheckFailed(
            f"{name} {problem}.", kind="plot-missing", hint=f"python {script}.py writes it."
        )
    pixels, carried = read_plot(name, marking.submission.plots[script])
    if carried is None:
        expect_picture(name, pixels)
        marking.remark("not verifiable: the picture carries no history; full points")
    else:
        check_carried(name, script, carried, _curves(marking, script))
