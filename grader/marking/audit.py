"""--audit: further trainings that tell the instructor whether accuracy comes from training.

They change no mark. Permuted pixels cost an honest network that moves or flips its images some
accuracy, and a cheat that finds the pixels again by their statistics none; any change that would
stop it costs honest networks more than it may (docs/security.md, benchmarks/audit.py).
"""

from __future__ import annotations

from collections.abc import Callable

from assignment.expect import CheckFailed
from grader.rules import TrainingRules
from grader.training.run import TrainingOutcome

FEW = 3000  # images with shuffled labels: a few seconds
SHUFFLED = 0.8  # of their labels
# Honest networks lose 7.9 points or more (benchmarks/audit.py), shipped weights none.
LEAST_FALL = 0.05
FAILED = "training was right once, and failed or took too long"


def audit(
    train_again: Callable[..., TrainingOutcome],
    run: TrainingOutcome,
    rules: TrainingRules,
    *,
    is_flat: bool,
) -> tuple[tuple[str, str], ...]:
    """Notes as (id, text). `train_again` trains the script again with the given changes.

    `is_flat` says that the network is fully connected, and cannot notice permuted pixels.
    """
    notes = []
    shuffled = _accuracy(train_again, shuffle_labels=SHUFFLED, train_size=FEW)
    if shuffled is None:
        notes.append(("audit-failed", f"{FAILED} with random labels"))
    elif run.accuracy - shuffled < LEAST_FALL:
        notes.append((
            "learns-from-shuffled-labels",
            f"the test accuracy is {run.accuracy:.1%}, and {shuffled:.1%} after training on "
            f"{FEW:,} images with {SHUFFLED:.0%} of the labels drawn at random",
        ))  # fmt: skip
    if not is_flat:
        return tuple(notes)
    permuted = _accuracy(train_again, shuffle_pixels=True)
    if permuted is None:
        notes.append(("audit-failed", f"{FAILED} with permuted pixels"))
    elif run.accuracy - permuted > rules.audit_margin:
        notes.append((
            "needs-pixel-order",
            f"the test accuracy is {run.accuracy:.1%}, and {permuted:.1%} with permuted pixels, "
            "which a fully connected network cannot notice unless it moves or flips its images",
        ))  # fmt: skip
    return tuple(notes)


def _accuracy(train_again: Callable[..., TrainingOutcome], **changes: object) -> float | None:
    """The accuracy of one more training; None if it failed, which the first one did not."""
    try:
        return train_again(**changes).accuracy
    except CheckFailed:
        return None
