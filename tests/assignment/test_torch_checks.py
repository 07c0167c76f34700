"""The checks of parts 2 and 3 judge what code does, whatever the architecture and the seed."""

import pytest

from tests.architectures import networks
from tests.networks import faults, sections_of
from tests.steps import (
    RIGHT_PREDICTIONS,
    RIGHT_STEPS,
    TEXTBOOK,
    WRONG_PREDICTIONS,
    WRONG_STEPS,
)

pytestmark = pytest.mark.filterwarnings(
    "ignore:.torch.jit:DeprecationWarning", "ignore:Output nr:torch.jit.TracerWarning"
)

# those on which earlier rules depended: running averages, dropout, a slow start, no bias
SOME = [
    ("pytorch_ann", "dropout 0.8"),
    ("pytorch_ann", "log-probabilities"),
    ("pytorch_cnn", "batch norm, global average"),
    ("pytorch_cnn", "sigmoid LeNet"),
]


def shown(found: dict) -> dict:
    return {number: str(failure) for number, failure in found.items()}


@pytest.mark.parametrize(("script", "name"), networks(), ids=lambda text: text)
def test_every_architecture_is_right_with_the_textbook_step(script: str, name: str) -> None:
    assert shown(faults(script, sections_of(script, name), seed=len(name))) == {}


@pytest.mark.parametrize("step", RIGHT_STEPS)
@pytest.mark.parametrize(("script", "name"), SOME[1:2], ids=lambda text: text)
def test_right_steps_in_many_styles(script: str, name: str, step: str) -> None:
    assert shown(faults(script, sections_of(script, name, RIGHT_STEPS[step]), seed=5)) == {}


def test_logits_changed_in_place_by_the_step_are_right() -> None:
    step = TEXTBOOK.replace(
        "loss = F.cross_entropy(self(X_batch), y_batch)",
        "logits = self(X_batch)\nlogits -= logits.max(1, keepdim=True)[0].detach()\n"
        "loss = F.cross_entropy(logits, y_batch)",
    )
    assert shown(faults("pytorch_ann", sections_of("pytorch_ann", "plain", step), seed=5)) == {}


@pytest.mark.parametrize("step", WRONG_STEPS)
@pytest.mark.parametrize(("script", "name"), SOME[2:], ids=lambda text: text)
def test_wrong_steps_are_named_in_any_architecture(script: str, name: str, step: str) -> None:
    kind, code = WRONG_STEPS[step]
    found = faults(script, sections_of(script, name, code), seed=6)
    section = "2.3" if script == "pytorch_ann" else "3.3"
    assert {number: failure.kinds for number, failure in found.items()} == {section: (kind,)}


@pytest.mark.parametrize("prediction", RIGHT_PREDICTIONS)
@pytest.mark.parametrize(("script", "name"), SOME[1:3], ids=lambda text: text)
def test_right_predictions_in_many_styles(script: str, name: str, prediction: str) -> None:
    code = sections_of(script, name, predict=RIGHT_PREDICTIONS[prediction])
    assert shown(faults(script, code, seed=7)) == {}


@pytest.mark.parametrize("prediction", WRONG_PREDICTIONS)
@pytest.mark.parametrize(("script", "name"), SOME[:1], ids=lambda text: text)
def test_wrong_predictions_are_named(script: str, name: str, prediction: str) -> None:
    kind, code = WRONG_PREDICTIONS[prediction]
    found = faults(script, sections_of(script, name, predict=code), seed=8)
    section = "2.4" if script == "pytorch_ann" else "3.4"
    assert {number: failure.kind for number, failure in found.items()} == {section: kind}
