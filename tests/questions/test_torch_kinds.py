"""Keys of the kinds about parts 2 and 3, against answers that are computed here in another way."""

import ast
import re
from collections.abc import Callable, Iterator
from math import ceil, prod
from pathlib import Path

import numpy as np
import pytest

from assignment.questions import drafting
from assignment.questions.drafting import Draft
from grader.questions.changed_lines import changes_of
from grader.questions.kinds.changed_step import EFFECTS
from grader.questions.own_layers import Network, network_of, source_of
from grader.questions.registry import KINDS
from grader.questions.subject import Subject
from tests.architectures import networks
from tests.networks import sections_of
from tests.questions.works import subjects
from tests.support import sampled, script_with

MINE = (
    "parameter-count", "layer-parameters", "layer-output", "receptive-field", "dropout-zeros",
    "running-statistics", "updates", "larger-batch", "changed-step", "line-of-values",
)  # fmt: skip
# all kinds are asked about these; keys of layers are checked for all forty
SOME = (
    ("pytorch_ann", "dropout 0.8"), ("pytorch_ann", "own weights"), ("pytorch_ann", "lazy"),
    ("pytorch_cnn", "v2"), ("pytorch_cnn", "ResNet"), ("pytorch_cnn", "functional"),
)  # fmt: skip
# trainable parameters, by hand
COUNTS = {
    ("pytorch_ann", "plain"): 784 * 64 + 64 + 64 * 10 + 10,
    ("pytorch_ann", "no biases"): 784 * 64 + 64 * 10,
    ("pytorch_ann", "batch norm"): 784 * 64 + 64 + 2 * 64 + 64 * 10 + 10 + 2 * 10,
    ("pytorch_ann", "own weights"): 784 * 64 + 64 + 64 * 10,
    ("pytorch_cnn", "v1"): 16 * 10 + 32 * 145 + 64 * 1569 + 10 * 65,
    ("pytorch_cnn", "depthwise"): 16 * 10 + 16 * 10 + 32 * 17 + 2 * 32 + 10 * 289,
    ("pytorch_cnn", "functional"): 8 * 9 + 10 * 1353,
}
Of = Callable[[str, str], Subject]


@pytest.fixture(scope="module")
def of(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Of]:
    """A script with one of the forty networks, "" for the reference's, over one fork server."""
    with subjects(tmp_path_factory.mktemp("kinds")) as found:
        changed: dict[tuple[str, str], Subject] = {}

        def subject(script: str, name: str) -> Subject:
            own = found[script]
            if not name:
                return own
            if (script, name) not in changed:
                source = script_with(script, sections_of(script, name))
                student = own.student.with_source(source)
                changed[script, name] = Subject(student, source, None, own.images, own.labels)
            return changed[script, name]

        yield subject
        for one in changed.values():
            one.student.close()


def drafts(subject: Subject, kind: str, seeds: range = range(1)) -> list[Draft]:
    """What a kind can ask, with enough options."""
    function = next(one for one in KINDS if one.name == kind).drafts
    found = [d for seed in seeds for d in function(subject, np.random.default_rng(seed))]
    return [draft for draft in found if len(drafting.usable(draft)) >= 3]


@pytest.mark.parametrize("kind", sampled(MINE, every=4))
def test_every_kind_asks_about_the_reference(kind: str, of: Of) -> None:
    scripts = [s for s in next(one for one in KINDS if one.name == kind).needs if s != "numpy_ann"]
    for script in scripts:
        subject = of(script, "")
        found = drafts(subject, kind, range(3))
        has_norm = kind == "running-statistics"
        few_lines = kind == "line-of-values"  # the reference's forward has three
        assert bool(found) != (has_norm or few_lines)
        for draft in found:
            options = {draft.key, *(choice.text for choice in drafting.usable(draft))}
            assert len(options) >= 4
            assert draft.text.endswith("?")
            assert all(choice.belief for choice in draft.others)


@pytest.mark.parametrize(("script", "name"), sampled(SOME, every=2))
def test_no_kind_breaks_on_other_networks(script: str, name: str, of: Of) -> None:
    asked = 0
    for kind in KINDS:
        if kind.name in MINE and script in kind.needs:
            for draft in drafts(of(script, name), kind.name):
                assert draft.key not in {choice.text for choice in draft.others}
                asked += 1
    assert asked >= 3


def test_parameters_are_those_of_a_count_by_hand(of: Of) -> None:
    for (script, name), count in COUNTS.items():
        assert network_of(of(script, name)).trainable == count
        whole = [
            d
            for d in drafts(of(script, name), "parameter-count")
            if not d.balance and "together" not in d.text
        ]
        assert all(draft.key == f"{count:,}" for draft in whole if "HIDDEN_SIZE" not in draft.text)


def test_another_hidden_size_is_counted_and_put_back(of: Of) -> None:
    subject = of("pytorch_ann", "")
    found = [d for d in drafts(subject, "parameter-count") if "HIDDEN_SIZE" in d.text]
    assert found
    for draft in found:
        h = draft.evidence["HIDDEN_SIZE"]
        assert draft.key == f"{785 * h + (h + 1) * (h // 2) + 10 * (h // 2 + 1):,}"
    assert network_of(subject).trainable == 235_146


@pytest.fixture(scope="module")
def described(of: Of) -> dict[tuple[str, str], Network]:
    """The layers of all forty networks, for a batch of two."""
    return {known: network_of(of(*known)) for known in networks()}


def test_layers_are_those_that_their_source_creates(
    of: Of, described: dict[tuple[str, str], Network]
) -> None:
    checked = 0
    for known, network in described.items():
        for layer in network.layers:
            code = source_of(of(*known), layer)
            made = code and re.fullmatch(r"nn\.(Linear|Conv2d)\(([^=]*?)(, \w+=.*)?\)", code.source)
            if not made or "groups" in str(made[3]):
                continue
            sizes = [eval(part, {}) for part in made[2].split(",")]  # our own sources
            weights = prod(sizes[:2]) * (sizes[2] ** 2 if made[1] == "Conv2d" else 1)
            assert layer.count == weights + ("bias=False" not in str(made[3])) * sizes[1]
            checked += 1
    assert checked > 70


def test_sizes_of_outputs_follow_the_formula(described: dict[tuple[str, str], Network]) -> None:
    checked = 0
    for network in described.values():
        for layer in network.layers:
            if "padding" not in layer.sizes or len(layer.output) != 4:
                continue
            kernel, stride, padding = (
                layer.sizes[n][1] for n in ("kernel_size", "stride", "padding")
            )
            reach = layer.sizes.get("dilation", (1, 1))[1] * (kernel - 1) + 1
            assert layer.output[3] == (layer.input[3] + 2 * padding - reach) // stride + 1
            checked += 1
    assert checked > 30


@pytest.mark.parametrize("name", ["v1", "VGG without norm", "dilated, strided", "tanh LeNet"])
def test_columns_follow_from_kernels_strides_and_paddings(name: str, of: Of) -> None:
    subject = of("pytorch_cnn", name)
    windows = [one for one in network_of(subject).layers if "stride" in one.sizes]
    found = drafts(subject, "receptive-field", range(2))
    assert found
    for draft in found:
        number = re.search(r"value in column (\d+)", draft.text)
        assert number
        first = last = int(number[1])
        until = next(i for i, one in enumerate(windows) if one.name == draft.evidence["layer"])
        for layer in reversed(windows[: until + 1]):  # what a range of columns is computed from
            kernel, stride, padding = (
                layer.sizes[n][1] for n in ("kernel_size", "stride", "padding")
            )
            first = first * stride - padding
            last = last * stride - padding + layer.sizes.get("dilation", (1, 1))[1] * (kernel - 1)
        assert draft.key == f"{first} and {last}"


@pytest.mark.parametrize("script", ["numpy_ann", "pytorch_ann", "pytorch_cnn"])
def test_updates_are_batches_times_epochs(script: str, of: Of) -> None:
    subject = of(script, "")
    size = subject.whole("BATCH_SIZE")
    for draft in drafts(subject, "updates", range(2)):
        facts = draft.evidence
        assert facts["batch_size"] == size
        assert draft.key == f"{ceil(facts['images'] / size) * facts['epochs']:,}"
    factors = {"doubled": 2, "tripled": 3, "halved": 0.5}
    for draft in drafts(subject, "larger-batch", range(3)):
        factor = next(number for word, number in factors.items() if f" {word}," in draft.text)
        assert draft.key == f"{ceil(draft.evidence['images'] / (size * factor)):,}"


def test_dropout_zeroes_its_share_in_training_mode_alone(of: Of) -> None:
    # 20 images; the reference uses its layer twice, for 256 and for 128 values of each
    shares = {"dropout": 0.1 * 20 * 384, "net.0": 0.2 * 20 * 784, "net.3": 0.8 * 20 * 64}
    found = [
        draft
        for name in ("", "dropout 0.8")
        for draft in drafts(of("pytorch_ann", name), "dropout-zeros", range(6))
    ]
    for draft in found:
        assert draft.code is not None
        *before, last = [line for line in draft.code.source.split("\n") if line[0] != "#"]
        modes = [one for one in before if "train()" in one or "eval()" in one or "predict" in one]
        works = "predict" not in last and (not modes or "train()" in modes[-1])
        assert draft.key == f"{shares[draft.evidence['layer']] if works else 0:,.0f}"
    assert len({draft.key == "0" for draft in found}) == 2


def test_running_statistics_follow_the_mode(of: Of) -> None:
    for draft in drafts(of("pytorch_cnn", "v2"), "running-statistics", range(4)):
        assert draft.code is not None
        added, is_training = 0, True
        for line in draft.code.source.split("\n"):
            if line in ("net.train()", "net.eval()", "net.predict(X)"):
                is_training = line == "net.train()"
            elif not line.startswith("#"):
                added += is_training
        assert draft.key == str(added)


@pytest.mark.parametrize(("statement", "what", "effects"), [
    ("optimizer.zero_grad()", "left out", {"second"}),
    ("loss.backward()", "left out", {"never"}),
    ("optimizer.step()", "left out", {"never"}),
    ("loss = F.cross_entropy(self(X_batch), y_batch)", "left out", {"error"}),
    ("optimizer.zero_grad()", "moved", {"same", "never"}),
    ("optimizer.step()", "moved", {"never", "late"}),
])  # fmt: skip
def test_a_changed_step_does_what_it_must(
    statement: str, what: str, effects: set[str], of: Of
) -> None:
    subject = of("pytorch_ann", "dropout 0.8")
    names = {option: name for name, (option, _, _) in EFFECTS.items()}
    found = [
        names[draft.key]
        for draft in drafts(subject, "changed-step", range(3))
        if draft.why.startswith(f"`{statement}` was {what}")
    ]
    assert set(found) <= effects
    assert found


def test_changes_are_of_whole_statements_and_python(of: Of) -> None:
    subject = of("pytorch_cnn", "")
    found = changes_of(subject, "PyTorchCNN.training_step")
    assert len(found) == len({change.source for change in found}) > 10
    for change in found:
        ast.parse(change.source)
        assert change.code.source in "\n".join(line.strip() for line in change.source.split("\n"))


ODD = {
    "constants of other types": "BATCH_SIZE, EPOCHS = 'a', []",
    "constants without end": "BATCH_SIZE, EPOCHS, HIDDEN_SIZE = 10**9, 10**9, 1",
    "a fit that does nothing": "PyTorchANN.fit = lambda self, *a, **k: None",
    "answers of other types": "PyTorchANN.forward = lambda self, X: {'a': X}",
    "layers with odd names": "old = PyTorchANN.__init__\ndef new(self, seed=0):\n    old(self)\n"
    "    self.add_module('<script>' * 50, nn.Linear(3, 4))\nPyTorchANN.__init__ = new",
    "sizes of other types": "old = nn.Linear.__init__\ndef new(self, *a, **k):\n"
    "    old(self, *a, **k)\n    self.kernel_size, self.stride = (10**20, 0), (0, 0)\n"
    "nn.Linear.__init__ = new",
}  # fmt: skip


@pytest.mark.parametrize("odd", sampled(ODD, every=3))
def test_odd_scripts_get_fewer_questions(odd: str, tmp_path: Path, of: Of) -> None:
    own = of("pytorch_ann", "")
    source = script_with("pytorch_ann", {}, after=ODD[odd])
    subject = Subject(own.student.with_source(source), source, None, own.images, own.labels)
    for kind in KINDS:
        if kind.name in MINE and "pytorch_ann" in kind.needs:
            try:
                found = drafts(subject, kind.name)
            except Exception:  # the engine asks another kind then
                continue
            assert all(len(draft.text) < 600 for draft in found)
    subject.student.close()
