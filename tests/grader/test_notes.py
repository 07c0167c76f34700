"""Notes for the instructor: what each is about, and that honest scripts get none."""

from __future__ import annotations

import base64
import zlib
from pathlib import Path

import numpy as np
import pytest

from grader.marking.marking import Marking
from grader.options import Options
from grader.results import Note, Status
from grader.rubric import load_rubric
from grader.submission.embedded_data import findings
from grader.submission.reading import open_submission
from tests.support import sampled, script_with, write_submission

DATA = np.random.default_rng(0).integers(256, size=1800, dtype=np.uint8).tobytes()
TEXT = base64.b85encode(DATA).decode()
NUMBERS = ", ".join(str(number) for number in DATA)
FORMULA = "\n".join(f"w{i} = {byte}.{byte:03}" for i, byte in enumerate(DATA[:400]))


@pytest.mark.parametrize("source", [
    f"W = {TEXT!r}", f"W = {DATA!r}", f"W = {DATA.hex()!r}", f"W = [{NUMBERS}]",
    f"W = {{{', '.join(f'{i}: {byte}' for i, byte in enumerate(DATA))}}}",
    f"W = {int.from_bytes(DATA[:1700])}", f"W = {int.from_bytes(DATA):#x}", FORMULA,
    f"W = {[TEXT[i : i + 20] for i in range(0, len(TEXT), 20)]}",
    f"W = ({' '.join(repr(TEXT[i : i + 60]) for i in range(0, len(TEXT), 60))})",
    f"def f():\n    '''Return it.\n\n    {TEXT.replace(chr(39), '')}\n    '''",
    f"x = 1  # {TEXT}", f"W = {' '.join(TEXT[i : i + 8] for i in range(0, len(TEXT), 8))!r}",
], ids=["base85", "bytes", "hex", "list", "dict", "integer", "hexadecimal", "single numbers",
        "list of texts", "joined texts", "docstring", "comment", "words"])  # fmt: skip
def test_data_in_the_source_is_noted(source: str) -> None:
    (text,) = [text for name, text in findings(source) if name == "embedded-data"]
    assert "line " in text


@pytest.mark.parametrize("source", [
    "import base64", "from zlib import decompress", "import numpy as np\nnp.frombuffer(b'')",
    "int.from_bytes(b'')", "bytes.fromhex('')", "np.fromstring('')", "from pickle import *",
    "import marshal, struct", "exec('x = 1')", "open(__file__).read()", "f.__doc__.split()",
    "Path(__file__).read_text()", "import importlib, lzma as harmless", "read = int.from_bytes",
    "inspect.getsource(relu)", "from numpy import frombuffer as f\nx = frombuffer(b'')",
])  # fmt: skip
def test_what_decodes_data_is_noted(source: str) -> None:
    assert [name for name, _ in findings(source)] == ["decodes-data"]


@pytest.mark.parametrize("source", [
    '"""' + "A long docstring about the chain rule, in English, of many words. " * 100 + '"""',
    "print('" + "epoch loss accuracy of the validation images " * 60 + "')",
    "layers = [784, 512, 256, 128, 64, 10]\nrates = [0.1, 0.01, 0.001]",
    "import re, os\nfolder = os.path.dirname(__file__)\nword = re.compile('a+')",
    "# " + "=" * 3000,
    "colours = ['tab:blue', 'tab:orange']\nfigure.savefig('pytorch_ann_train_val_metrics.png')",
])  # fmt: skip
def test_what_people_write_is_not_noted(source: str) -> None:
    assert findings(source) == []


def test_hostile_source_takes_no_time() -> None:
    # Python refuses to print integers of this size; the length is computed
    assert [name for name, _ in findings("x = 0x" + "f" * 190_000)] == ["embedded-data"]
    assert zlib.crc32(repr(findings("x = [" + "1e9," * 40_000 + "]")).encode())


def notes_on(
    folder: Path, numbers: str, *, train_size: int | None = 1000, **scripts: str
) -> tuple[list[Note], dict[str, Status]]:
    """The notes of a marking of some sections, and the status of each."""
    work = write_submission(folder / "work", **scripts)  # type: ignore[arg-type]
    options = Options(
        seed=0, only=tuple(numbers.split()), train_size=train_size, skip_training=not train_size
    )
    marking = Marking(open_submission(work), load_rubric(), options)
    results = marking.mark_all()
    return [*marking.report().notes], {n: result.status for n, result in results.items()}


def changed(script: str, *changes: tuple[str, str]) -> str:
    """The reference's script with texts replaced."""
    source = script_with(script, {})
    for old, new in changes:
        assert old in source
        source = source.replace(old, new, 1)
    return source


LSTSQ = (
    "        history = History()\n",
    "        A = np.c_[X_train, np.ones(len(X_train))]\n"
    "        W = np.linalg.lstsq(A, y_train, rcond=1e-3)[0].astype(np.float32)\n"
    "        self.W1, self.b1 = np.eye(784, dtype=np.float32), np.zeros(784, np.float32)\n"
    "        self.W2, self.b2 = W[:-1], W[-1]\n        return History()\n        history = 0\n",
)
SAME_BATCH = (
    "            for X_batch, y_batch in utils.progress(",
    "            batches = [(X_train[:64], y_train[:64])] * steps_per_epoch\n"
    "            for X_batch, y_batch in utils.progress(",
)
OWN_STEP = (
    "                self.training_step(X_batch, y_batch, optimizer)\n",
    "                optimizer.zero_grad()\n"
    "                F.cross_entropy(self(X_batch), y_batch).backward()\n"
    "                optimizer.step()\n",
)


@pytest.mark.parametrize(("number", "script", "change", "name"), sampled([
    ("1.7", "numpy_ann", LSTSQ, "fit-without-backward"),
    ("1.7", "numpy_ann", SAME_BATCH, "fit-ignores-data"),
    ("2.6", "pytorch_ann", SAME_BATCH, "fit-ignores-data"),
    ("2.6", "pytorch_ann", OWN_STEP, "fit-without-training-step"),
], every=2))  # fmt: skip
def test_a_training_that_is_none_is_noted(
    tmp_path: Path, number: str, script: str, change: tuple[str, str], name: str
) -> None:
    notes, _ = notes_on(tmp_path, number, **{script: changed(script, change)})
    assert [(note.id, note.script) for note in notes] == [(name, script)]


# honest ways to call a training step, none of which may be noted
WAYS = {
    "compiled": (
        "        history = History()\n",
        "        history = History()\n        self.training_step = torch.compile(self.training_step)\n",
    ),
    "compiled in the constructor": (
        "        super().__init__()\n",
        "        super().__init__()\n        self.training_step = torch.compile(self.training_step)\n",
    ),
    "by keyword": (
        "self.training_step(X_batch, y_batch, optimizer)",
        "self.training_step(optimizer=optimizer, X_batch=X_batch, y_batch=y_batch)",
    ),
    "by the class": (
        "self.training_step(X_batch, y_batch, optimizer)",
        "type(self).training_step(self, X_batch, y_batch, optimizer)",
    ),
    "of a copy": (
        "        history = History()\n",
        "        import copy\n        history = History()\n        ema = copy.deepcopy(self)\n",
    ),
    "not shuffled": (
        "utils.minibatches(X_train, y_train, batch_size, rng)",
        "list(zip(X_train.split(batch_size), y_train.split(batch_size)))",
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", sampled(WAYS, every=8))
def test_honest_trainings_are_not_noted(tmp_path: Path, way: str) -> None:
    source = changed("pytorch_ann", WAYS[way])
    notes, results = notes_on(tmp_path, "2.5 2.6", pytorch_ann=source, train_size=2000)
    assert notes == []
    assert results["2.5"] is Status.PASSED


COMPLEX = """
found = {}
for name in ("W1", "b1", "W2", "b2"):
    found[name] = np.zeros(getattr(self, name).shape)
    for i in np.ndindex(*found[name].shape):
        c = {n: getattr(self, n) for n in ("W1", "b1", "W2", "b2")}
        c[name] = c[name].astype(complex)
        c[name][i] += 1e-30j
        z1 = X @ c["W1"] + c["b1"]
        z2 = z1 * (z1.real > 0) @ c["W2"] + c["b2"]
        e = np.exp(z2 - z2.real.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        found[name][i] = (-np.sum(y_true * np.log(p))).imag / 1e-30
return found
"""
DIFFERENCES = """
found, h = {}, 1e-5
for name in ("W1", "b1", "W2", "b2"):
    w = getattr(self, name)
    found[name] = np.zeros(w.shape)
    for i in np.ndindex(*w.shape):
        old, losses = w[i], []
        for step in (h, -h):
            w[i] = old + step
            losses.append(-np.sum(y_true * np.log(self.forward(X))))
        w[i] = old
        found[name][i] = (losses[0] - losses[1]) / (2 * h)
return found
"""
LOOPS = """
n, k = self.a2.shape
dz2 = self.a2 - y_true
g = {"W1": np.zeros(self.W1.shape), "b1": np.zeros(self.b1.shape),
     "W2": np.zeros(self.W2.shape), "b2": np.zeros(k)}
for i in range(n):
    for j in range(k):
        g["b2"][j] += dz2[i, j]
        g["W2"][:, j] += self.a1[i] * dz2[i, j]
    for u in range(self.W1.shape[1]):
        d = sum(self.W2[u, j] * dz2[i, j] for j in range(k)) * (self.z1[i, u] > 0)
        g["b1"][u] += d
        for p in range(self.W1.shape[0]):
            g["W1"][p, u] += X[i, p] * d
return g
"""
AGAIN = """
z1 = np.dot(X, self.W1) + self.b1
dz2 = self.forward(X) - y_true
dz1 = np.einsum("nk,hk->nh", dz2, self.W2) * relu_derivative(z1)
return {"W1": X.T.dot(dz1), "b1": dz1.sum(0), "W2": relu(z1).T @ dz2, "b2": dz2.sum(0)}
"""


@pytest.mark.parametrize(("code", "ids"), [
    (COMPLEX, ["complex-step"]), (DIFFERENCES, ["numerical-backward"]), (LOOPS, []), (AGAIN, []),
], ids=["complex", "differences", "loops", "forward again"])  # fmt: skip
def test_a_backward_that_tries_weights_is_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, ids: list[str]
) -> None:
    from grader.checks import numpy

    monkeypatch.setattr(numpy, "check_backward", lambda *_: None)  # which is too slow for them
    source = script_with("numpy_ann", {"1.6": code})
    notes, _ = notes_on(tmp_path, "1.6", train_size=None, numpy_ann=source)
    assert [note.id for note in notes] == ids


def test_notes_of_the_source_come_with_the_first_section(tmp_path: Path) -> None:
    source = script_with("pytorch_ann", {}, after=f"import base64\nW = {TEXT!r}\n")
    notes, _ = notes_on(tmp_path, "2.1 2.2", train_size=None, pytorch_ann=source)
    assert [note.id for note in notes] == ["embedded-data", "decodes-data"]
    for numbers in ("2.4", "2.2 2.3"):  # the first of those that are marked
        again, _ = notes_on(tmp_path, numbers, train_size=None, pytorch_ann=source)
        assert again == notes
