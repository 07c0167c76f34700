"""What learning curves say: underfitting, overfitting or generalizing, with bands in which two answers are right."""

from __future__ import annotations

from grader.rubric import Band, JudgementRules
from utils import History


def accepted_judgements(
    history: History, bar: float, rules: JudgementRules
) -> tuple[set[str], str]:
    """The words that are right for these curves, and the figures that say so.

    Overfitting shows as a gap between training and validation accuracy at the end, or as a validation loss that rose
    again above its lowest; underfitting as a training accuracy that is poor itself.
    """
    gap = history.train_accuracies[-1] - history.val_accuracies[-1]
    lowest = max(min(history.val_losses), 1e-12)
    rise = history.val_losses[-1] / lowest - 1
    level = history.train_accuracies[-1] - bar
    words: set[str] = set()
    clearly_over = gap > rules.gap.high or rise > rules.rise.high
    clearly_under = level < rules.level.low
    if clearly_over or _within(gap, rules.gap) or _within(rise, rules.rise):
        words.add("overfitting")
    if clearly_under or _within(level, rules.level):
        words.add("underfitting")
    if not clearly_over and not clearly_under:
        words.add("generalizing")
    figures = (
        f"training accuracy {history.train_accuracies[-1]:.1%}, validation {history.val_accuracies[-1]:.1%}, validation loss "
        f"{rise:.0%} above its lowest"
    )
    return words, figures


def _within(value: float, band: Band) -> bool:
    return band.low <= value <= band.high
