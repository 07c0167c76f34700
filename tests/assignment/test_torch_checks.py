"""The checks of parts 2 and 3 judge what code does, whatever the architecture and the seed."""

from itertools import product

import pytest

from tests.architectures import RARE, every_network
from tests.networks import faults, sections_of
from tests.steps import (
    LEFT_IN_EVALUATION,
    RIGHT_PREDICTIONS,
    RIGHT_STEPS,
    TEXTBOOK,
    WRONG_PREDICTIONS,
    WRONG_STEPS,
)
from tests.support import sampled

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


@pytest.mark.parametrize(
    ("script", "name"), sampled(every_network(), every=2), ids=lambda text: text
)
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
@pytest.mark.parametrize(("script", "name"), sampled(SOME[2:], every=2), ids=lambda text: text)
def test_wrong_steps_are_named_in_any_architecture(script: str, name: str, step: str) -> None:
    kind, code = WRONG_STEPS[step]
    found = faults(script, sections_of(script, name, code), seed=6)
    section = "2.3" if script == "pytorch_ann" else "3.3"
    assert {number: failure.kinds for number, failure in found.items()} == {section: (kind,)}


@pytest.mark.parametrize("step", LEFT_IN_EVALUATION)
@pytest.mark.parametrize(("script", "name"), sampled(SOME, every=2), ids=lambda text: text)
def test_a_step_that_leaves_evaluation_mode_is_wrong_if_that_matters(
    script: str, name: str, step: str
) -> None:
    found = faults(script, sections_of(script, name, LEFT_IN_EVALUATION[step]), seed=6)
    section = "2.3" if script == "pytorch_ann" else "3.3"
    matters = name in ("dropout 0.8", "batch norm, global average")
    expected = {section: ("torch-not-in-train-mode",)} if matters else {}
    assert {number: failure.kinds for number, failure in found.items()} == expected


@pytest.mark.parametrize("step", ["numbers of its own optimizer", "warm-up from 0"])
def test_a_step_may_set_the_numbers_of_several_groups(step: str) -> None:
    code = sections_of("pytorch_ann", "plain", RIGHT_STEPS[step])
    code["2.3"] = "optimizer.param_groups[1]['lr'] = 1e-4" + code["2.3"]
    code["2.1"] += (
        "\nself.configure_optimizer = lambda: torch.optim.AdamW([\n"
        "    {'params': self.net[0].parameters()}, {'params': self.net[2].parameters(), 'lr': 0.1}])"
    )
    assert shown(faults("pytorch_ann", code, seed=5)) == {}


def test_logits_of_weights_without_their_layers_are_right() -> None:
    code = {
        "2.1": "self.W, self.b = nn.Parameter(torch.randn(784, 64) / 28), nn.Parameter(torch.zeros(64))\n"
        "self.V = nn.Parameter(torch.randn(64, 10) / 8)\n"
        "self.logits = lambda X: F.relu(X @ self.W + self.b) @ self.V",
        "2.2": "return F.log_softmax(self.logits(X), dim=1)",
        "2.3": TEXTBOOK.replace("self(X_batch)", "self.logits(X_batch)"),
        "2.4": "self.eval()\nwith torch.no_grad():\n    return self.logits(X).argmax(1)",
    }
    assert shown(faults("pytorch_ann", code, seed=5)) == {}


def test_a_loss_of_several_dropout_masks_is_right() -> None:
    code = sections_of("pytorch_ann", "plain") | {
        "2.1": "self.a, self.b, self.drop = nn.Linear(784, 64), nn.Linear(64, 10), nn.Dropout(0.3)",
        "2.2": "return self.b(self.drop(F.relu(self.a(X))))",
        "2.3": TEXTBOOK.replace(
            "self(X_batch)",
            "torch.stack([self.b(self.drop(F.relu(self.a(X_batch)))) for _ in range(5)]).mean(0)",
        ),
    }
    assert shown(faults("pytorch_ann", code, seed=5)) == {}


@pytest.mark.parametrize("start", sampled(range(12), every=4))
def test_layers_that_are_left_out_at_random_are_trained(start: int) -> None:
    code = sections_of("pytorch_cnn", "plain") | {
        "3.1": "self.stem, self.head = nn.Conv2d(1, 8, 3, stride=4), nn.Linear(8, 10)\n"
        "self.blocks = nn.ModuleList(nn.Conv2d(8, 8, 3, padding=1) for _ in range(6))\n"
        f"torch.manual_seed({start})",
        "3.2": "x = F.relu(self.stem(X))\nfor block in self.blocks:\n"
        "    if not self.training or torch.rand(1).item() < 0.5:\n"
        "        x = x + F.relu(block(x)) * (1 if self.training else 0.5)\n"
        "return self.head(x.mean(dim=(2, 3)))",
    }
    assert shown(faults("pytorch_cnn", code, seed=1)) == {}


@pytest.mark.parametrize(("script", "name"), SOME, ids=lambda text: text)
def test_a_step_that_zeroes_the_gradients_of_a_part_is_wrong(script: str, name: str) -> None:
    step = """
for X, y in zip(X_batch.chunk(2), y_batch.chunk(2)):
    optimizer.zero_grad()
    loss = F.cross_entropy(self(X), y)
    loss.backward()
optimizer.step()
return loss.item()"""
    found = shown(faults(script, sections_of(script, name, step), seed=6))
    assert list(found) == ["2.3" if script == "pytorch_ann" else "3.3"]
    assert "of a part of the batch were zeroed" in "".join(found.values())


def test_a_step_that_trains_the_last_layer_alone_is_wrong() -> None:
    step = TEXTBOOK.replace("self(X_batch)", "self.output(features)").replace(
        "loss =", "with torch.no_grad():\n    features = F.relu(self.hidden(X_batch))\nloss =", 1
    )
    code = {
        "2.1": "self.hidden, self.output = nn.Linear(784, 30), nn.Linear(30, 10)",
        "2.2": "return self.output(F.relu(self.hidden(X)))",
        "2.3": step,
    }
    found = faults("pytorch_ann", code, seed=6)
    assert {number: failure.kinds for number, failure in found.items()} == {
        "2.3": ("torch-loss-detached",)
    }
    assert "hidden.weight” gets no gradient in a step" in str(found["2.3"])


@pytest.mark.parametrize(
    ("network", "prediction"), sampled(product(SOME[1:3], RIGHT_PREDICTIONS), every=3), ids=str
)
def test_right_predictions_in_many_styles(network: tuple[str, str], prediction: str) -> None:
    script, name = network
    code = sections_of(script, name, predict=RIGHT_PREDICTIONS[prediction])
    assert shown(faults(script, code, seed=7)) == {}


@pytest.mark.parametrize("prediction", WRONG_PREDICTIONS)
@pytest.mark.parametrize(("script", "name"), SOME[:1], ids=lambda text: text)
def test_wrong_predictions_are_named(script: str, name: str, prediction: str) -> None:
    kind, code = WRONG_PREDICTIONS[prediction]
    found = faults(script, sections_of(script, name, predict=code), seed=8)
    section = "2.4" if script == "pytorch_ann" else "3.4"
    assert {number: failure.kind for number, failure in found.items()} == {section: kind}


ZERO, STEP, CALL = "optimizer.zero_grad()\n", "optimizer.step()\n", "self(X_batch)"
PAIRS = {
    ("torch-loss-not-float", "torch-no-zero-grad"): ("loss.item()", "loss"),
    ("torch-no-zero-grad", "torch-softmax-before-loss"): (CALL, f"F.softmax({CALL}, 1)"),
    ("torch-not-in-train-mode", "torch-no-zero-grad"): ("\nloss =", "\nself.eval()\nloss ="),
    ("torch-several-steps", "torch-no-zero-grad"): (STEP, STEP + STEP),
}


@pytest.mark.parametrize("kinds", PAIRS, ids=" ".join)
def test_two_faults_of_a_step_are_both_named(kinds: tuple[str, str]) -> None:
    code = TEXTBOOK.replace(ZERO, "").replace(*PAIRS[kinds])
    found = faults("pytorch_ann", sections_of("pytorch_ann", "dropout 0.8", code), seed=1)
    assert set(found["2.3"].kinds) == {*kinds}


@pytest.mark.parametrize(
    ("code", "kinds"),
    [
        ("return self(X).argmax(1)", {"torch-not-in-eval-mode", "torch-predict-with-gradients"}),
        ("self.eval()\nreturn self(X).argmax(0)",
         {"torch-argmax-axis", "torch-predict-with-gradients"}),
    ],
)  # fmt: skip
def test_two_faults_of_a_prediction_are_both_named(code: str, kinds: set[str]) -> None:
    sections = sections_of("pytorch_ann", "dropout 0.8", predict=code)
    assert {*faults("pytorch_ann", sections, seed=1)["2.4"].kinds} == kinds


def of_layers(script: str, layers: str, forward: str) -> dict:
    part = "2" if script == "pytorch_ann" else "3"
    code = {**sections_of(script, "plain"), f"{part}.1": layers, f"{part}.2": forward}
    return faults(script, code, seed=1)


def test_two_faults_of_the_layers_are_both_named_and_cost_one_section() -> None:
    found = of_layers(
        "pytorch_cnn",
        "self.net = nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10), "
        "nn.Softmax(1))",
        "return self.net(X)",
    )
    assert {*found["3.1"].kinds} == {"torch-cnn-has-no-conv", "torch-softmax-before-loss"}
    assert "3.2" not in found


def test_dropout_in_evaluation_mode_does_not_hide_a_softmax() -> None:
    found = of_layers(
        "pytorch_ann",
        "self.a, self.b = nn.Linear(784, 64), nn.Linear(64, 10)",
        "return F.softmax(self.b(F.dropout(F.relu(self.a(X)))), 1)",
    )
    assert {*found["2.2"].kinds} == {"torch-not-in-eval-mode", "torch-softmax-before-loss"}


@pytest.mark.parametrize("layer", ["nn.GroupNorm(4, 64)", "nn.LayerNorm(64)"])
def test_a_norm_made_in_forward_is_found_though_it_starts_constant(layer: str) -> None:
    forward = f"return self.b(F.relu({layer}(self.a(X))))"
    found = of_layers(
        "pytorch_ann", "self.a, self.b = nn.Linear(784, 64), nn.Linear(64, 10)", forward
    )
    assert found["2.2"].kinds == ("torch-layers-not-registered",)


def test_a_plain_tensor_beside_a_single_layer_is_named() -> None:
    found = of_layers(
        "pytorch_ann",
        "self.W = 0.05 * torch.randn(784, 64)\nself.b = nn.Linear(64, 10)",
        "return self.b(F.relu(X @ self.W))",
    )
    assert list(found) == ["2.1"]
    assert "“W” is a plain tensor" in str(found["2.1"])
    assert "nn.Parameter" in found["2.1"].hints[0]


def test_dropout_in_a_list_of_lists_is_named_and_costs_one_section() -> None:
    found = of_layers(
        "pytorch_ann",
        "self.a, self.b = nn.Linear(784, 64), nn.Linear(64, 10)\n"
        "self.more = {'hidden': [[nn.ReLU(), nn.Dropout(0.5)]]}",
        "X = self.a(X)\nfor layer in self.more['hidden'][0]:\n    X = layer(X)\nreturn self.b(X)",
    )
    assert {number: failure.kinds for number, failure in found.items()} == {
        "2.1": ("torch-layers-not-registered",)
    }


def test_a_layer_made_in_forward_is_not_called_a_single_layer() -> None:
    found = of_layers(
        "pytorch_ann", "self.a = nn.Linear(784, 64)", "return nn.Linear(64, 10)(F.relu(self.a(X)))"
    )
    assert "2.1" not in found
    assert found["2.2"].kinds == ("torch-layers-not-registered",)


@pytest.mark.parametrize("end", ["{}", "F.log_softmax({}, 1)"])
@pytest.mark.parametrize("seed", sampled([1, 2, 3], every=3))
def test_convolutions_without_an_activation_are_linear_whatever_the_seed(
    end: str, seed: int
) -> None:
    code = sections_of("pytorch_cnn", "plain") | {
        "3.1": "self.c, self.o = nn.Conv2d(1, 8, 3), nn.Linear(8 * 676, 10)",
        "3.2": "return " + end.format("self.o(self.c(X).flatten(1))"),
    }
    assert faults("pytorch_cnn", code, seed)["3.2"].kinds == ("torch-no-activation",)


@pytest.mark.parametrize("seed", sampled([1, 2, 3], every=3))
def test_thirty_layers_without_an_activation_are_linear_whatever_the_seed(seed: int) -> None:
    layers, forward = RARE["pytorch_cnn"]["thirty layers"]
    code = {"3.1": layers.replace("nn.ReLU(), ", ""), "3.2": forward}
    found = faults("pytorch_cnn", sections_of("pytorch_cnn", "plain") | code, seed)
    assert {number: f.kinds for number, f in found.items()} == {"3.1": ("torch-no-activation",)}


@pytest.mark.parametrize("seed", sampled(range(4), every=4))
@pytest.mark.parametrize("name", ["network in network", "squeezed", "spatial transformer"])
def test_published_networks_are_right_whatever_the_seed(name: str, seed: int) -> None:
    assert shown(faults("pytorch_cnn", sections_of("pytorch_cnn", name), seed)) == {}


@pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad:UserWarning")
def test_a_checkpoint_of_the_old_kind_is_right() -> None:
    forward = (
        "from torch.utils.checkpoint import checkpoint\nX = F.relu(self.c(X))\n"
        "return self.o(checkpoint(lambda x: F.max_pool2d(x, 2), X, use_reentrant=True).flatten(1))"
    )
    layers = "self.c, self.o = nn.Conv2d(1, 8, 3), nn.Linear(8 * 169, 10)"
    assert shown(of_layers("pytorch_cnn", layers, forward)) == {}


def test_labels_in_another_order_are_called_that() -> None:
    code = sections_of("pytorch_ann", "plain", predict=WRONG_PREDICTIONS["shuffled"][1])
    (hint,) = faults("pytorch_ann", code, seed=1)["2.4"].hints
    assert "another order" in hint
