"""What learning curves show: underfitting, overfitting, generalizing, or in some bands either."""

from __future__ import annotations

from grader.rules import Band, JudgementRules
from utils import History


def accepted_judgements(
    history: History, bar: float, rules: JudgementRules
) -> tuple[set[str], str]:
    """The words that are right for these curves, and the figures that show it.

    Overfitting shows as a gap between training and validation accuracy at the end, or as a
    validation loss that has risen above its minimum; underfitting as a poor training accuracy.
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
        f"training accuracy {history.train_accuracies[-1]:.1%}, "
        f"validation accuracy {history.val_accuracies[-1]:.1%}, "
        f"validation loss {rise:.0%} above its minimum"
    )
    return words, figures


def _within(value: float, band: Band) -> bool:
    return band.low <= value <= band.high
