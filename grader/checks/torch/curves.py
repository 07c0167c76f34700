"""2.5 and 3.5: the judgement of the learning curves. 2.7 and 3.7: their plot."""

from __future__ import annotations

import numpy as np

from assignment.expect import CheckFailed
from assignment.judgement import shown
from assignment.parts import JUDGEMENTS
from grader.checks.context import Context
from grader.checks.judgement import accepted_judgements
from grader.options import Options
from grader.rubric import Rubric
from grader.rules import RubricSection
from grader.submission.plot_files import check_carried, expect_picture, read_plot
from grader.submission.reading import PLOTS
from grader.training.run import TrainingOutcome, expect_own_history
from utils import History


def check_judgement(section: RubricSection, context: Context) -> None:
    """Raises CheckFailed unless JUDGEMENT is one of three words and fits this marking's curves."""
    word = _word(section, context)
    context.answers[section.number] = word
    run = _training(section, context)
    expect_fitting(word, run, context.rubric, section.script, context.options)


def _word(section: RubricSection, context: Context) -> str:
    """The student's word. Raises CheckFailed for anything but one of the three."""
    judgement = context.module(section).JUDGEMENT
    is_text = isinstance(judgement, str)
    word = judgement.strip().lower().replace("generalis", "generaliz") if is_text else ""
    if word not in JUDGEMENTS:
        unwritten = is_text and judgement.startswith("TODO")
        raise CheckFailed(
            f"JUDGEMENT is {shown(judgement)}",
            f"one of {', '.join(JUDGEMENTS)}",
            kind="not-written" if unwritten else "wrong-type",
        )
    return word


def expect_fitting(
    word: str, run: TrainingOutcome | None, rubric: Rubric, script: str, options: Options
) -> None:
    """Raises CheckFailed unless a judgement fits the curves of a training, if there are any."""
    history = _curves(run, options)
    if run is not None:
        expect_own_history(run)
    if history is None:
        return
    if run is not None and run.judged is not None:
        history = run.judged
    right, figures = accepted_judgements(history, rubric.bars[script], rubric.judgement)
    if word not in right:
        raise CheckFailed(
            f"JUDGEMENT is “{word}”, but the curves of this training say otherwise: {figures}",
            hint="a gap between the curves shows overfitting, a low level underfitting.",
        )


def _training(section: RubricSection, context: Context) -> TrainingOutcome | None:
    """This marking's training, if it finished."""
    if not context.trainings.includes(section.script):
        return None
    try:
        return context.run(section)
    except CheckFailed:
        return None  # 2.6 and 3.6 report why


def _curves(run: TrainingOutcome | None, options: Options) -> History | None:
    """The learning curves of a training that used all images."""
    history = run.history if run is not None else None
    if history is None or options.train_size is not None:
        return None
    finite = np.isfinite(
        [*history.val_losses, *history.train_accuracies, *history.val_accuracies]
    ).all()
    return history if finite else None


def check_plot(section: RubricSection, context: Context) -> str | None:
    """A remark on a plot without a history, else None.

    Raises CheckFailed unless the plot exists, decodes, is not blank and, if it carries a history,
    shows a run of this script, which can be imported.
    """
    script = section.script
    context.student(section).expect_imported()  # what cannot run has drawn nothing
    name, plots = PLOTS[script], context.submission.plots
    if script not in plots:
        problem = context.submission.problems.get(name, "is missing")
        hint = f"python {script}.py writes it."
        raise CheckFailed(f"{name} {problem}", kind="plot-missing", hint=hint)
    pixels, carried = read_plot(name, plots[script])
    expect_picture(name, pixels)
    if carried is None:
        return "right; full points, but not verifiable: the picture carries no history"
    run = _training(section, context)
    check_carried(name, script, carried, _curves(run, context.options))
    if run is not None:
        expect_own_history(run)
    return None
