"""Right answers in many styles keep their points; each wrong one loses its own section's, and is told why."""

from pathlib import Path

import pytest

from tests.support import mark, script_with, write_submission

RIGHT: dict[str, dict[str, str]] = {
    "1.2": {
        "mask": "return z * (z > 0)",
        "where": "return np.where(z > 0, z, 0.0)",
        "copy": "out = z.copy()\nout[out < 0] = 0\nreturn out",
        "loop": "return np.array([max(v, 0) for v in z.ravel()]).reshape(z.shape)",
        "average": "return (z + np.abs(z)) / 2",
        "float32": "return np.maximum(z, 0).astype(np.float32)",
        "long double": "return np.maximum(z, 0).astype(np.longdouble)",
    },
    "1.3": {
        "booleans": "return z > 0",
        "floats": "return np.where(z > 0, 1.0, 0.0)",
        "heaviside": "return np.heaviside(z, 0)",
    },
    "1.4": {
        "clip": "return -np.sum(y_true * np.log(np.clip(y_pred, 1e-7, 1))) / y_true.shape[0]",
        "added": "return float(-np.mean(np.sum(y_true * np.log(y_pred + 1e-9), axis=1)))",
        "index": "p = y_pred[np.arange(len(y_true)), y_true.argmax(axis=1)]\nreturn -np.log(np.maximum(p, 1e-10)).mean()",
        "small epsilon": "return float(-np.sum(y_true * np.log(y_pred + 1e-6)) / len(y_true))",
        "long double": "return np.longdouble(-np.sum(y_true * np.log(y_pred + 1e-12)) / len(y_pred))",
        "fraction": "from fractions import Fraction\nreturn Fraction(float(-np.sum(y_true * np.log(y_pred + 1e-12)) / len(y_pred)))",
        "float of one's own": "class Loss(float):\n    pass\nreturn Loss(-np.sum(y_true * np.log(y_pred + 1e-12)) / len(y_pred))",
        "0-d array": "return np.array(-np.sum(y_true * np.log(y_pred + 1e-12)) / len(y_pred))",
        "one element": "return np.array([-np.sum(y_true * np.log(y_pred + 1e-12)) / len(y_pred)])",
        "loop": "import math\nreturn sum(-math.log(max(p, 1e-12)) for t, q in zip(y_true, y_pred) for s, p in zip(t, q) if s) / len(y_true)",
    },
    "1.5": {
        "float32 inside": (
            "X = np.asarray(X, np.float32)\nself.z1 = X @ self.W1.astype('f4') + self.b1.astype('f4')\nself.a1 = relu(self.z1)\n"
            "self.z2 = self.a1 @ self.W2.astype('f4') + self.b2.astype('f4')\nself.a2 = softmax(self.z2)\nreturn self.a2"
        ),
        "inlined": (
            "self.z1 = np.einsum('nd,dh->nh', X, self.W1) + self.b1[None]\nself.a1 = self.z1 * (self.z1 > 0)\n"
            "self.z2 = np.dot(self.a1, self.W2) + self.b2\ne = np.exp(self.z2 - np.max(self.z2, 1)[:, None])\n"
            "self.a2 = e / e.sum(1)[:, None]\nself.extra = 1\nreturn self.a2"
        ),
    },
    "1.6": {
        "mean, rows": (
            "n = X.shape[0]\nd = (self.a2 - y_true) / n\ng = d @ self.W2.T\ng[self.z1 <= 0] = 0\n"
            "return {'W1': X.T @ g, 'b1': g.sum(0, keepdims=True), 'W2': self.a1.T @ d, 'b2': d.sum(0, keepdims=True), 'X': 0}"
        ),
        "a dict of another class": (
            "from collections import OrderedDict\nd = self.a2 - y_true\ng = (d @ self.W2.T) * (self.z1 > 0)\n"
            "return OrderedDict(W1=X.T @ g, b1=g.sum(0), W2=self.a1.T @ d, b2=d.sum(0))"
        ),
        "sum, in place": (
            "self.a2 -= y_true\nd = self.a2\ng = np.einsum('nk,hk->nh', d, self.W2) * (self.a1 > 0)\n"
            "return dict(W1=np.einsum('nd,nh->dh', X, g), b1=np.ones(len(X)) @ g, W2=np.einsum('nh,nk->hk', self.a1, d), b2=d.sum(0))"
        ),
        "images one by one": (
            "grads = {name: np.zeros_like(getattr(self, name)) for name in ('W1', 'b1', 'W2', 'b2')}\n"
            "for x, y, z1, a1, a2 in zip(X, y_true, self.z1, self.a1, self.a2):\n"
            "    d = (a2 - y) / len(X)\n    g = (self.W2 @ d) * (z1 > 0)\n"
            "    grads['W1'] += np.outer(x, g)\n    grads['b1'] += g\n    grads['W2'] += np.outer(a1, d)\n    grads['b2'] += d\n"
            "return grads"
        ),
    },
    "2.1": {
        "sequential": (
            "self.net = nn.Sequential(nn.Linear(784, 64), nn.BatchNorm1d(64), nn.Tanh(), nn.Dropout(0.5), nn.Linear(64, 10))"
        ),
    },
    "2.3": {
        "zeroed at the end": (
            "loss = nn.CrossEntropyLoss()(self.forward(X_batch), y_batch)\nloss.backward()\noptimizer.step()\n"
            "optimizer.zero_grad()\nreturn float(loss)"
        ),
        "label smoothing": (
            "self.zero_grad(set_to_none=False)\nloss = F.cross_entropy(self(X_batch), y_batch, label_smoothing=0.1)\n"
            "loss.backward()\noptimizer.step()\nreturn loss.detach().item()"
        ),
        "weight decay and clipping": (
            "optimizer.zero_grad()\nloss = F.cross_entropy(self(X_batch), y_batch) + 1e-4 * sum((p ** 2).sum() for p in self.parameters())\n"
            "loss.backward()\nnn.utils.clip_grad_norm_(self.parameters(), 1.0)\noptimizer.step()\nreturn loss.item()"
        ),
        "sum over the batch": (
            "optimizer.zero_grad()\nloss = F.cross_entropy(self(X_batch), y_batch, reduction='sum')\nloss.backward()\n"
            "optimizer.step()\nreturn loss.item()"
        ),
        "log-softmax by hand": (
            "for p in self.parameters():\n    p.grad = None\nloss = F.nll_loss(F.log_softmax(self(X_batch), dim=-1), y_batch)\n"
            "loss.backward()\noptimizer.step()\nreturn loss.item()"
        ),
    },
    "2.4": {
        "inference mode, numpy": "self.train(False)\nwith torch.inference_mode():\n    return self(X).max(1).indices.cpu().numpy()",
        "mode put back": (
            "was = self.training\nself.eval()\nwith torch.no_grad():\n    labels = torch.argmax(self.forward(X), -1)\n"
            "self.train(was)\nreturn labels"
        ),
    },
    "3.1": {
        "average pooling": (
            "self.net = nn.Sequential(nn.Conv2d(1, 16, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(16, 32, 3), nn.ReLU(),\n"
            "                         nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10))"
        ),
        "sigmoid, batch normalisation": (
            "self.net = nn.Sequential(nn.Conv2d(1, 6, 5, padding=2), nn.BatchNorm2d(6), nn.Sigmoid(), nn.AvgPool2d(2), nn.Conv2d(6, 16, 5),\n"
            "                         nn.Sigmoid(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(400, 84), nn.Sigmoid(), nn.Linear(84, 10))"
        ),
        "lazy": "self.net = nn.Sequential(nn.LazyConv2d(8, 3), nn.GELU(), nn.MaxPool2d(4), nn.Flatten(), nn.LazyLinear(10))",
        "one after the other, with a view": (
            "self.features = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(4))\nself.classifier = nn.Linear(392, 10)\n"
            "self.net = lambda X: self.classifier(self.features(X).view(X.size(0), -1))"
        ),
    },
    "3.4": {"in blocks": "self.eval()\nwith torch.no_grad():\n    return torch.cat([self(x[None]).argmax(1) for x in X])"},
}  # fmt: skip

WRONG: dict[str, dict[str, tuple[str, str]]] = {
    "1.2": {
        "absolute": ("return np.abs(z)", "expected 0 where z"),
        "leaky": ("return np.where(z > 0, z, 0.01 * z)", "expected 0 where z"),
        "in place": ("z[z < 0] = 0\nreturn z", "changed in place"),
        "one number": ("return max(0, z.max())", "Hint: negative elements become 0"),
        "nothing": ("np.maximum(z, 0)", "is None, expected an array"),
        "clipped above": ("return np.clip(z, 0, 6)", "is 6, expected"),
        "slightly leaky": ("return np.where(z > 0, z, 1e-7 * z)", "expected 0 where z"),
        "hard-coded shape": ("return np.maximum(z, 0).reshape(-1, z.shape[-1])", "has shape"),
    },
    "1.3": {
        "one at zero": ("return (z >= 0) * 1.0", "is 1, expected 0 where z"),
        "above a threshold": ("return (z > 1e-8) * 1.0", "expected 1 where z"),
        "relu again": ("return np.maximum(z, 0)", "expected 1 where z"),
        "inverted": ("return (z < 0) * 1.0", "expected"),
        "in place": ("z[z <= 0] = 0\nz[z > 0] = 1\nreturn z", "changed in place"),
    },
    "1.4": {
        "sum": ("return float(-np.sum(y_true * np.log(y_pred + 1e-12)))", "expected"),
        "mean of all": ("return float(-np.mean(y_true * np.log(y_pred + 1e-12)))", "expected"),
        "sign": ("return float(np.sum(y_true * np.log(y_pred + 1e-12)) / len(y_true))", "expected"),
        "log of zero": ("return float(-np.sum(y_true * np.log(y_pred)) / len(y_true))", "probability 0"),
        "epsilon that float32 rounds away": ("return float(-np.sum(y_true * np.log(y_pred + y_pred.dtype.type(1e-300))) / len(y_true))",
                                             "probability 0 (float32)"),
        "clipped too high": ("return float(-np.sum(y_true * np.log(np.clip(y_pred, 1e-2, 1))) / len(y_true))", "expected"),
        "clipped a little too high": ("return float(-np.sum(y_true * np.log(np.clip(y_pred, 1e-3, 1))) / len(y_true))", "probability 0"),
        "huge": ("return 10**400", "expected one number"),
        "base 2": ("return float(-np.sum(y_true * np.log2(y_pred + 1e-12)) / len(y_true))", "expected"),
        "one a row": ("return -np.sum(y_true * np.log(y_pred + 1e-12), axis=1)", "expected one number"),
        "hard-coded batch": ("return float(-np.sum(y_true * np.log(y_pred + 1e-12)) / 64)", "expected"),
        "text": ("return 'low'", "returned a str, expected one number"),
    },
    "1.5": {
        "no bias": ("self.z1 = X @ self.W1\nself.a1 = relu(self.z1)\nself.z2 = self.a1 @ self.W2\nself.a2 = softmax(self.z2)\nreturn self.a2",
                    "self.z1[0, 0]"),
        "not kept": ("return softmax(relu(X @ self.W1 + self.b1) @ self.W2 + self.b2)", "self.z1 is not there after forward"),
        "logits returned": ("self.z1 = X @ self.W1 + self.b1\nself.a1 = relu(self.z1)\nself.z2 = self.a1 @ self.W2 + self.b2\n"
                            "self.a2 = softmax(self.z2)\nreturn self.z2", "what forward returns"),
        "unstable": ("self.z1 = X @ self.W1 + self.b1\nself.a1 = relu(self.z1)\nself.z2 = self.a1 @ self.W2 + self.b2\n"
                     "e = np.exp(self.z2)\nself.a2 = e / e.sum(axis=1, keepdims=True)\nreturn self.a2", "(large logits)"),
        "wrong axis": ("self.z1 = X @ self.W1 + self.b1\nself.a1 = relu(self.z1)\nself.z2 = self.a1 @ self.W2 + self.b2\n"
                       "e = np.exp(self.z2 - self.z2.max())\nself.a2 = e / e.sum(axis=0, keepdims=True)\nreturn self.a2", "self.a2"),
        "remembers": ("if hasattr(self, 'a2'):\n    return self.a2\nself.z1 = X @ self.W1 + self.b1\nself.a1 = relu(self.z1)\n"
                      "self.z2 = self.a1 @ self.W2 + self.b2\nself.a2 = softmax(self.z2)\nreturn self.a2", "self.z1"),
    },
    "1.6": {
        "no gate": ("d = self.a2 - y_true\ng = d @ self.W2.T\nreturn dict(W1=X.T @ g, b1=g.sum(0), W2=self.a1.T @ d, b2=d.sum(0))",
                    "W1 is wrong; b1 is wrong; W2 is right (sum over the batch); b2 is right"),
        "sign": ("d = y_true - self.a2\ng = (d @ self.W2.T) * (self.z1 > 0)\nreturn dict(W1=X.T @ g, b1=g.sum(0), W2=self.a1.T @ d, b2=d.sum(0))",
                 "W1 is wrong (the mean's gradient times -5)"),
        "mixed": ("d = self.a2 - y_true\ng = (d @ self.W2.T) * (self.z1 > 0) / len(X)\n"
                  "return dict(W1=X.T @ g, b1=g.sum(0), W2=self.a1.T @ d, b2=d.sum(0))", "keep to one for all four"),
        "divided by 64": ("d = (self.a2 - y_true) / 64\ng = (d @ self.W2.T) * (self.z1 > 0)\n"
                          "return dict(W1=X.T @ g, b1=g.sum(0), W2=self.a1.T @ d, b2=d.sum(0))", "times 0.078125"),
        "bias not summed": ("d = self.a2 - y_true\ng = (d @ self.W2.T) * (self.z1 > 0)\nreturn dict(W1=X.T @ g, b1=g, W2=self.a1.T @ d, b2=d)",
                            "sum over the images"),
        "transposed": ("d = self.a2 - y_true\ng = (d @ self.W2.T) * (self.z1 > 0)\n"
                       "return dict(W1=(X.T @ g).T, b1=g.sum(0), W2=self.a1.T @ d, b2=d.sum(0))", "it is transposed"),
        "left over": ("d = self.a2 - y_true\ng = (d @ self.W2.T) * (self.z1 > 0)\nself.old = getattr(self, 'old', 0) + d.sum(0)\n"
                      "return dict(W1=X.T @ g, b1=g.sum(0), W2=self.a1.T @ d, b2=self.old)", "b2 is wrong"),
        "convention by size": ("d = (self.a2 - y_true) / (len(X) if len(X) > 10 else 1)\ng = (d @ self.W2.T) * (self.z1 > 0)\n"
                               "return dict(W1=X.T @ g, b1=g.sum(0), W2=self.a1.T @ d, b2=d.sum(0))", "the convention changes with the batch"),
        "ragged weights": ("d = self.a2 - y_true\ng = (d @ self.W2.T) * (self.z1 > 0)\nr = dict(W1=X.T @ g, b1=g.sum(0), W2=self.a1.T @ d, b2=d.sum(0))\n"
                           "self.W1 = [[1], [1, 2]]\nreturn r", ""),
        "missing key": ("d = self.a2 - y_true\nreturn dict(W2=self.a1.T @ d, b2=d.sum(0))", "the key 'W1' is missing"),
        "takes the step": ("d = self.a2 - y_true\ng = (d @ self.W2.T) * (self.z1 > 0)\nr = dict(W1=X.T @ g, b1=g.sum(0), W2=self.a1.T @ d, b2=d.sum(0))\n"
                           "for name in r:\n    setattr(self, name, getattr(self, name) - 0.1 * r[name])\nreturn r", "was changed by backward"),
    },
    "2.1": {
        "plain list": ("self.hidden1 = nn.Linear(784, 20)\nself.layers = [nn.Linear(20, 10)]", "plain list or dict"),
        "convolution": ("self.hidden1 = nn.Conv1d(1, 2, 3)", "a convolution was found"),
        "nothing": ("pass", "has no parameters"),
    },
    "2.2": {
        "linear": ("return self.output(self.hidden2(self.hidden1(X)))", "linear in its input"),
        "softmax": ("return F.softmax(self.output(F.relu(self.hidden2(F.relu(self.hidden1(X))))), dim=1)", "rows are probabilities"),
        "relu at the end": ("return F.relu(self.output(F.relu(self.hidden2(F.relu(self.hidden1(X))))))", "no logit is negative"),
        "hidden units": ("return F.relu(self.hidden1(X))", "expected ("),
    },
    "2.3": {
        "not zeroed but clipped": ("loss = F.cross_entropy(self(X_batch), y_batch)\nloss.backward()\nnn.utils.clip_grad_norm_(self.parameters(), 0.1)\n"
                                   "optimizer.step()\nreturn loss.item()", "the last batch's gradients too"),
        "negative log of logits": ("optimizer.zero_grad()\nloss = F.nll_loss(self(X_batch), y_batch)\nloss.backward()\noptimizer.step()\nreturn loss.item()",
                                   "does not follow the gradient"),
        "other labels": ("optimizer.zero_grad()\nloss = F.cross_entropy(self(X_batch), (y_batch + 1) % 10)\nloss.backward()\noptimizer.step()\n"
                         "return loss.item()", "does not follow the gradient"),
        "squared error": ("optimizer.zero_grad()\nloss = F.mse_loss(self(X_batch), F.one_hot(y_batch, 10).float())\nloss.backward()\noptimizer.step()\n"
                          "return loss.item()", ""),
        "part of the batch": ("optimizer.zero_grad()\nloss = F.cross_entropy(self(X_batch[:8]), y_batch[:8])\nloss.backward()\noptimizer.step()\n"
                              "return loss.item()", "does not follow the gradient"),
        "loss times 100": ("optimizer.zero_grad()\nloss = F.cross_entropy(self(X_batch), y_batch)\nloss.backward()\noptimizer.step()\n"
                           "return 100 * loss.item()", "where the cross-entropy of the batch is"),
        "uphill": ("optimizer.zero_grad()\nloss = -F.cross_entropy(self(X_batch), y_batch)\nloss.backward()\noptimizer.step()\nreturn loss.item()",
                   "goes uphill"),
        "softmax first": ("optimizer.zero_grad()\nloss = F.cross_entropy(self(X_batch).softmax(1), y_batch)\nloss.backward()\noptimizer.step()\n"
                          "return loss.item()", "softmax applied twice"),
        "arguments swapped": ("optimizer.zero_grad()\nloss = F.cross_entropy(y_batch, self(X_batch))\nloss.backward()\noptimizer.step()\n"
                              "return loss.item()", "pytorch_ann.py, line"),
        "not zeroed": ("loss = F.cross_entropy(self(X_batch), y_batch)\nloss.backward()\noptimizer.step()\nreturn loss.item()",
                       "the last batch's gradients too"),
        "no backward": ("optimizer.zero_grad()\nloss = F.cross_entropy(self(X_batch), y_batch)\noptimizer.step()\nreturn loss.item()",
                        "there are no gradients"),
        "no step": ("optimizer.zero_grad()\nloss = F.cross_entropy(self(X_batch), y_batch)\nloss.backward()\nreturn loss.item()",
                    "no parameter changed"),
        "nothing": ("optimizer.zero_grad()\nF.cross_entropy(self(X_batch), y_batch).backward()\noptimizer.step()", "is a return statement missing"),
        "adds a layer": ("optimizer.zero_grad()\nloss = F.cross_entropy(self(X_batch), y_batch)\nloss.backward()\noptimizer.step()\n"
                         "self.extra = nn.Linear(2, 2)\nreturn loss.item()", ""),
        "a tensor": ("optimizer.zero_grad()\nloss = F.cross_entropy(self(X_batch), y_batch)\nloss.backward()\noptimizer.step()\nreturn loss",
                     "returned a Tensor, expected a float"),
    },
    "2.4": {
        "training mode": ("with torch.no_grad():\n    return self(X).argmax(1)", "training mode while predicting"),
        "gradients": ("self.eval()\nreturn self(X).argmax(1)", "gradients were recorded"),
        "logits": ("self.eval()\nwith torch.no_grad():\n    return self(X)", "expected labels of shape"),
        "over the images": ("self.eval()\nwith torch.no_grad():\n    return self(X).argmax(0)", "over the classes, not over the images"),
        "smallest": ("self.eval()\nwith torch.no_grad():\n    return self(X).argmin(1)", "largest logit in each row"),
    },
    "2.5": {"another word": ('JUDGEMENT = "fine"', "expected one of underfitting, overfitting, generalizing")},
    "3.1": {"no convolution": ("self.conv1 = nn.Linear(784, 10)", "no convolution was found")},
}  # fmt: skip


@pytest.mark.parametrize("section", RIGHT)
def test_right_answers_in_other_styles(tmp_path: Path, section: str) -> None:
    for style, code in RIGHT[section].items():
        changed = {section: code}
        asked = section
        if section in ("2.1", "3.1"):
            part = section[0]
            changed[f"{part}.2"] = "return self.net(X)"
            asked = ",".join(f"{part}.{number}" for number in (1, 2, 3, 4))
        marked = mark(write_submission(tmp_path / style.replace(" ", "-"), changed), "--only", asked)
        assert marked.status == 0, (style, marked.out)


@pytest.mark.parametrize("section", WRONG)
def test_wrong_answers_are_found_and_explained(tmp_path: Path, section: str) -> None:
    for mistake, (code, message) in WRONG[section].items():
        marked = mark(write_submission(tmp_path / mistake.replace(" ", "-"), {section: code}), "--only", section)
        assert marked.status == 1, (mistake, marked.out, marked.err)
        assert message in marked.section(section)["output"], (mistake, marked.section(section)["output"])


@pytest.mark.parametrize(("section", "code"), [
    ("1.2", "relu = 5"), ("1.2", "relu = None"), ("1.3", "relu_derivative = 'x'"), ("1.4", "cross_entropy = 0.5"),
    ("1.5", "NumpyANN.forward = 3"), ("1.6", "NumpyANN.backward = {}"), ("1.6", "NumpyANN = None"),
    ("1.5", "def NumpyANN(**k): pass"), ("1.7", "def NumpyANN(**k): pass"), ("1.7", "EPOCHS = -10**5000"),
])  # fmt: skip
def test_what_is_no_function_earns_nothing(tmp_path: Path, section: str, code: str) -> None:
    submission = write_submission(tmp_path / "work", numpy_ann=script_with("numpy_ann", {}, after=code))
    marked = mark(submission, "--only", section, "--train-size", "200")
    assert marked.failed == [section], marked.out
    assert marked.status == 1


def test_a_wrong_early_part_costs_its_own_section_alone(tmp_path: Path) -> None:
    wrong = {"1.2": "return np.abs(z)", "1.3": "return z * 0"}
    marked = mark(write_submission(tmp_path / "work", wrong), "--skip-training")
    assert marked.failed == ["1.2", "1.3"]
    assert "the reference in place of your 1.2 (relu)" in marked.section("1.5")["output"]
    assert marked.results["score"] == 79 - 8


def test_an_unwritten_forward_does_not_cost_backward(tmp_path: Path) -> None:
    marked = mark(
        write_submission(tmp_path / "work", {"1.5": 'raise NotImplementedError("TODO 1.5")'}), "--only", "1.5,1.6"
    )
    assert marked.failed == ["1.5"]
    assert marked.section("1.5")["extra_data"]["diagnosis"] == ["not-written"]


def test_same_seed_same_marks_and_words(tmp_path: Path) -> None:
    work = write_submission(tmp_path / "work", {"1.2": "return np.abs(z)", "1.6": "return {}"})
    first, again = (mark(work, "--only", "1.2,1.6", "--seed", "7").results["tests"] for _ in range(2))
    for test in first + again:
        test["extra_data"].pop("seconds")
    assert first == again
