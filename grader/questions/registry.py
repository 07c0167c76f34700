"""All kinds of questions. To add one, write its file in kinds/, and an entry here."""

from __future__ import annotations

from assignment.questions.kinds import NETWORK, PUBLIC, Kind
from grader.questions.kinds import (
    changed_step,
    confusions,
    convention,
    curves,
    dropout_zeros,
    initial_loss,
    larger_batch,
    layer_output,
    layer_parameters,
    line_changed,
    line_of_values,
    meaning_of_line,
    parameter_count,
    receptive_field,
    running_statistics,
    same_result,
    updates,
)

LAYERS = {"pytorch_ann": ("2.1", "2.2"), "pytorch_cnn": ("3.1", "3.2")}
STEP = {"pytorch_ann": ("2.1", "2.2", "2.3"), "pytorch_cnn": ("3.1", "3.2", "3.3")}
PREDICT = {"pytorch_ann": ("2.1", "2.2", "2.4"), "pytorch_cnn": ("3.1", "3.2", "3.4")}
UPDATES = {**STEP, "numpy_ann": ("1.5", "1.6")}
MODES = {
    "pytorch_ann": ("2.1", "2.2", "2.3", "2.4"),
    "pytorch_cnn": ("3.1", "3.2", "3.3", "3.4"),
}
TRAINED = {"numpy_ann": ("1.7",), "pytorch_ann": ("2.6",), "pytorch_cnn": ("3.6",)}

KINDS: tuple[Kind, ...] = (
    *PUBLIC,
    Kind("meaning-of-line", meaning_of_line.meaning, NETWORK),
    Kind("find-line", meaning_of_line.line, NETWORK),
    Kind("gradients-changed", line_changed.which, NETWORK),
    Kind("gradient-after-change", line_changed.value, NETWORK),
    Kind("same-result", same_result.drafts, NETWORK, own=False),
    Kind("convention", convention.drafts, NETWORK),
    Kind("initial-loss", initial_loss.drafts, {"numpy_ann": ("1.2", "1.5", "1.4")}, own=False),
    Kind("confusions", confusions.drafts, TRAINED),
    Kind("curves", curves.drafts, TRAINED),
    Kind("parameter-count", parameter_count.drafts, LAYERS),
    Kind("layer-parameters", layer_parameters.drafts, LAYERS),
    Kind("layer-output", layer_output.drafts, LAYERS),
    Kind("dropout-zeros", dropout_zeros.drafts, MODES),
    Kind("running-statistics", running_statistics.drafts, MODES, own=False),
    Kind("changed-step", changed_step.drafts, STEP, own=False),
    Kind("updates", updates.drafts, UPDATES),
    Kind("larger-batch", larger_batch.drafts, UPDATES),
    Kind("line-of-values", line_of_values.drafts, LAYERS),
    Kind("receptive-field", receptive_field.drafts, {"pytorch_cnn": LAYERS["pytorch_cnn"]}),
)
