"""Forty right submissions, each written differently: styles of sections, networks, constants."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from grader.sections import SCRIPTS
from tests.architectures import ANN, CNN
from tests.steps import RIGHT_PREDICTIONS, RIGHT_STEPS, TEXTBOOK
from tests.support import PLOTS, REFERENCE, ROOT, script_with

WORKS = 40
SPECIMENS = ROOT / "tests" / "specimens"
# backward passes with names, orders and conventions of their own
BACKWARDS = (
    """
n = len(X)
error = (self.a2 - y_true) / n
hidden = (error @ self.W2.T) * relu_derivative(self.z1)
return {
    "W1": X.T @ hidden,
    "b1": hidden.sum(axis=0),
    "W2": self.a1.T @ error,
    "b2": error.sum(axis=0),
}""",
    """
delta_out = self.a2 - y_true
grads = {}
grads["W2"] = np.dot(self.a1.T, delta_out)
grads["b2"] = np.sum(delta_out, axis=0)
delta_hid = np.dot(delta_out, self.W2.T)
delta_hid = delta_hid * relu_derivative(self.z1)
grads["W1"] = np.dot(X.T, delta_hid)
grads["b1"] = np.sum(delta_hid, axis=0)
return grads""",
    """
m = X.shape[0]
dZ2 = self.a2 - y_true
dW2 = self.a1.T @ dZ2 / m
db2 = dZ2.mean(axis=0)
dA1 = dZ2 @ self.W2.T
dZ1 = np.where(self.z1 > 0, dA1, 0)
dW1 = X.T @ dZ1 / m
db1 = dZ1.mean(axis=0)
return dict(W1=dW1, b1=db1, W2=dW2, b2=db2)""",
    """
g = self.a2 - y_true
back = g @ self.W2.T
back[self.a1 <= 0] = 0
return {"W1": X.T @ back, "b1": back.sum(0), "W2": self.a1.T @ g, "b2": g.sum(0)}""",
    """
d2 = self.a2 - y_true
mask = self.z1 > 0
d1 = mask * (d2 @ self.W2.T)
w2 = np.einsum("nh,nk->hk", self.a1, d2)
w1 = np.einsum("nd,nh->dh", X, d1)
return {"W1": w1, "b1": np.einsum("nh->h", d1), "W2": w2, "b2": np.einsum("nk->k", d2)}""",
)
FORWARDS = (
    """
hidden = X @ self.W1 + self.b1
active = relu(hidden)
logits = active @ self.W2 + self.b2
self.z1, self.a1, self.z2, self.a2 = hidden, active, logits, softmax(logits)
return self.a2""",
    """
self.z1 = np.dot(X, self.W1) + self.b1
self.a1 = relu(self.z1)
self.z2 = np.dot(self.a1, self.W2) + self.b2
out = softmax(self.z2)
self.a2 = out
return out""",
)
# HIDDEN_SIZE, EPOCHS, BATCH_SIZE
CONSTANTS = ((128, 8, 64), (64, 6, 32), (100, 5, 50), (256, 4, 128), (96, 10, 100), (200, 7, 80))


def _right(section: str) -> list[str]:
    """Right styles of a section: those of the specimens that change this section alone."""
    right = tomllib.loads((SPECIMENS / "right.toml").read_text(encoding="utf-8"))["right"]
    odd = tomllib.loads((SPECIMENS / "odd_numpy.toml").read_text(encoding="utf-8"))["odd"]
    chosen = [one for one in right if one["section"] == section]
    chosen += [one for one in odd if one["section"] == section and one["right"]]
    return [one["code"] for one in chosen if "others" not in one]


def right_work(number: int) -> dict[str, str]:
    """The three scripts of the work with this number, 0 to 39."""
    numpy = {
        section: styles[number % len(styles)]
        for section in ("1.2", "1.3", "1.4")
        if (styles := _right(section))
    }
    if number % 3:
        numpy["1.5"] = FORWARDS[number % len(FORWARDS)]
    if number % 6:
        numpy["1.6"] = BACKWARDS[number % 6 - 1]
    ann, cnn = (list(table.values())[number % len(table)] for table in (ANN, CNN))
    steps = [
        TEXTBOOK,
        *(RIGHT_STEPS[name] for name in ("nll", "smoothing", "clipped", "zeroed afterwards")),
    ]
    predictions = list(RIGHT_PREDICTIONS.values())
    sections = {"numpy_ann": numpy}
    for part, script, (layers, forward) in ((2, "pytorch_ann", ann), (3, "pytorch_cnn", cnn)):
        sections[script] = {
            f"{part}.1": layers,
            f"{part}.2": forward,
            f"{part}.3": steps[number % len(steps)],
            f"{part}.4": predictions[0] if "block" in forward else predictions[number % 2],
        }
    return {
        script: _with_constants(script_with(script, sections[script]), number, sections[script])
        for script in SCRIPTS
    }


def _with_constants(source: str, number: int, sections: dict[str, str]) -> str:
    hidden, epochs, batch = CONSTANTS[number % len(CONSTANTS)]
    for name, value in (("HIDDEN_SIZE", hidden), ("EPOCHS", epochs), ("BATCH_SIZE", batch)):
        source = re.sub(rf"^{name} = \d+", f"{name} = {value}", source, flags=re.MULTILINE)
    if "/ n" in sections.get("1.6", "") or "/ m" in sections.get("1.6", ""):
        source = re.sub(
            r"^LEARNING_RATE = 0.004", "LEARNING_RATE = 0.25", source, flags=re.MULTILINE
        )
    return source


def write_work(number: int, folder: Path) -> Path:
    """The work with this number in a folder of its own, as it would be handed in."""
    folder.mkdir(parents=True, exist_ok=True)
    for script, source in right_work(number).items():
        (folder / f"{script}.py").write_text(source, encoding="utf-8")
    for plot in PLOTS:
        (folder / plot).write_bytes((REFERENCE / plot).read_bytes())
    return folder
