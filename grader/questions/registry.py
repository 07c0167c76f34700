"""All kinds of questions. To add one, write its file in kinds/, and an entry here."""

from __future__ import annotations

from assignment.questions.kinds import NETWORK, PUBLIC, Kind
from grader.questions.kinds import (
    confusions,
    convention,
    curves,
    line_changed,
    losses,
    meaning_of_line,
    same_result,
)

LAYERS = {"pytorch_ann": ("2.1", "2.2"), "pytorch_cnn": ("3.1", "3.2")}
STEP = {"pytorch_ann": ("2.1", "2.2", "2.3"), "pytorch_cnn": ("3.1", "3.2", "3.3")}
PREDICT = {"pytorch_ann": ("2.1", "2.2", "2.4"), "pytorch_cnn": ("3.1", "3.2", "3.4")}
TRAINED = {"numpy_ann": ("1.7",), "pytorch_ann": ("2.6",), "pytorch_cnn": ("3.6",)}

KINDS: tuple[Kind, ...] = (
    *PUBLIC,
    Kind("meaning-of-line", meaning_of_line.meaning, NETWORK),
    Kind("find-line", meaning_of_line.line, NETWORK),
    Kind("gradients-changed", line_changed.which, NETWORK),
    Kind("gradient-after-change", line_changed.value, NETWORK),
    Kind("same-result", same_result.drafts, NETWORK),
    Kind("convention", convention.drafts, NETWORK),
    Kind("losses", losses.drafts, TRAINED),
    Kind("confusions", confusions.drafts, TRAINED),
    Kind("curves", curves.drafts, TRAINED),
)
