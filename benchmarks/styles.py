"""Styles in which students write the sections, each with random choices.

In a template, `«a|b»` is a choice, which may be nested, and `$grad` a name that each student
chooses. NUMPY maps sections to templates; the layers of parts 2 and 3 are generated piece by piece.
"""

from __future__ import annotations

import itertools
import random
import re

NAMES = {
    "out": ("out", "result", "res", "output", "a", "ret", "y", "activated", "values", "r"),
    "mask": ("mask", "positive", "is_positive", "pos", "idx", "active", "gate", "keep", "m"),
    "eps": ("eps", "epsilon", "tiny", "EPS", "small", "delta", "e", "offset"),
    "safe": ("safe", "clipped", "p", "probs", "y_clip", "y_safe", "probabilities", "y_hat", "pred"),
    "log": ("log_probs", "logs", "log_p", "log_pred", "ll", "log_likelihood", "logp"),
    "loss": ("loss", "l", "ce", "total", "cost", "batch_loss", "value", "J"),
    "n": ("n", "m", "batch_size", "N", "num_samples", "batch", "samples", "count"),
    "dz2": ("dz2", "dZ2", "delta2", "d2", "error", "err", "grad_z2", "delta_out", "diff", "g2"),
    "dz1": ("dz1", "dZ1", "delta1", "d1", "hidden_error", "grad_z1", "delta_hidden", "g1"),
    "da1": ("da1", "dA1", "grad_a1", "back", "upstream", "da", "hidden_grad"),
    "dW2": ("dW2", "dw2", "grad_W2", "W2_grad", "gW2", "grad_w2"),
    "dW1": ("dW1", "dw1", "grad_W1", "W1_grad", "gW1", "grad_w1"),
    "db2": ("db2", "grad_b2", "b2_grad", "gb2"),
    "db1": ("db1", "grad_b1", "b1_grad", "gb1"),
    "grads": ("grads", "gradients", "g", "grad", "d"),
    "h": ("h", "hidden", "x", "out", "activations", "a"),
    "logits": ("logits", "outputs", "out", "scores", "y_hat", "preds", "pred", "y_pred"),
    "fc": ("fc", "linear", "layer", "dense", "lin", "hidden"),
    "conv": ("conv", "convolution", "c", "cnn", "block"),
    "net": ("net", "layers", "model", "network", "seq", "stack", "main"),
    "drop": ("dropout", "drop", "do", "regularise"),
    "act": ("act", "relu", "activation", "nonlinearity"),
    "labels": ("labels", "predictions", "preds", "classes", "pred", "result"),
    "criterion": ("criterion", "loss_fn", "loss_function", "ce", "objective"),
}
_EPS = "«1e-12|1e-12|1e-10|1e-9|1e-8|1e-8|1e-7|1e-15|1e-11»"
_DTYPE = "«float|float|z.dtype|np.float32|np.float64|'float32'|int|\"float64\"»"
_SUM = "«.sum(axis=0)|.sum(axis=0)|.sum(0)|.sum(axis=0, keepdims=True)»"

NUMPY = {
    "1.2": (
        "return np.maximum(«z, 0|0, z|0.0, z|z, 0.0»)",
        "return np.where(z «>|>=» 0, z, «0|0.0»)",
        "return «z * (z > 0)|(z > 0) * z»",
        "$out = «z.copy()|np.copy(z)|np.array(z)»\n$out[«$out|z» < 0] = 0«|.0»\nreturn $out",
        "$mask = z > 0\nreturn «z * $mask|$mask * z|np.where($mask, z, 0)»",
        "return np.clip(z, 0, «None|np.inf»)",
        "return «0.5 * (z + np.abs(z))|(np.abs(z) + z) / 2|(z + abs(z)) / 2»",
        "$out = np.zeros_like(z)\n$mask = z > 0\n$out[$mask] = z[$mask]\nreturn $out",
        "$out = np.maximum(«0, z|z, 0»)\nreturn $out",
    ),
    "1.3": (
        f"return (z > 0).astype({_DTYPE})",
        f"return (z > 0).astype({_DTYPE})",
        "return np.where(z > 0, «1, 0|1.0, 0.0|1., 0.»)",
        "return np.where(z <= 0, «0, 1|0.0, 1.0|0., 1.»)",
        "return np.heaviside(z, 0«|.0»)",
        "$out = np.zeros_like(z)\n$out[z > 0] = 1«|.0»\nreturn $out",
        "$out = np.ones_like(z)\n$out[z <= 0] = 0«|.0»\nreturn $out",
        "return «1|1.0» * (z > 0)",
        f"$mask = z > 0\nreturn $mask.astype({_DTYPE})",
        f"$out = np.array(z > 0, dtype={_DTYPE})\nreturn $out",
    ),
    "1.4": (
        f"$eps = {_EPS}\nreturn -np.«sum|sum|sum»(y_true * np.log(y_pred + $eps)) / "
        "«len(y_true)|y_true.shape[0]|len(y_pred)»",
        f"$safe = np.clip(y_pred, {_EPS}, «1|1.0|None|1 - {_EPS}»)\n"
        "return «float(-np.mean(np.sum(y_true * np.log($safe), axis=1)))|"
        "-np.mean(np.sum(y_true * np.log($safe), axis=«1|-1»))|"
        "-np.sum(y_true * np.log($safe)) / «len(y_true)|y_true.shape[0]»»",
        f"$n = «len(y_true)|y_true.shape[0]|y_pred.shape[0]»\n"
        f"$loss = -np.sum(y_true * np.log(y_pred + {_EPS}))«| / $n»\n"
        "return «$loss|float($loss)»",
        f"$safe = «np.maximum(y_pred, {_EPS})|y_pred + {_EPS}|np.clip(y_pred, {_EPS}, None)»\n"
        f"$log = np.log($safe)\n"
        "$loss = «-np.sum(y_true * $log, axis=1)|-(y_true * $log).sum(axis=1)|"
        "np.sum(-y_true * $log, axis=1)»\n"
        "return «$loss.mean()|float(np.mean($loss))|np.mean($loss)»",
        f"$safe = y_pred[np.arange(len(y_true)), «y_true.argmax(axis=1)|np.argmax(y_true, axis=1)|"
        f"y_true.argmax(1)»]\n"
        f"return «float(-np.mean(np.log($safe + {_EPS})))|"
        f"-np.log(np.maximum($safe, {_EPS})).mean()»",
        f"$safe = «np.sum(y_true * y_pred, axis=1)|(y_true * y_pred).sum(axis=1)»\n"
        f"return «-np.mean(np.log($safe + {_EPS}))|float(-np.log($safe + {_EPS}).mean())|"
        f"np.mean(-np.log($safe.clip({_EPS})))»",
        f"return «float(|(»-«(y_true * np.log(y_pred + {_EPS}))|(np.log(y_pred.clip({_EPS})) * "
        "y_true)».sum(«axis=1|1».mean())"
        .replace("«axis=1|1».mean", "«axis=1|1»).mean"),
    ),
    "1.5": (
        "self.z1 = «X @ self.W1|np.dot(X, self.W1)|X.dot(self.W1)|"
        "np.matmul(X, self.W1)» + self.b1\nself.a1 = relu(self.z1)\n"
        "self.z2 = «self.a1 @ self.W2|np.dot(self.a1, self.W2)|self.a1.dot(self.W2)|"
        "np.matmul(self.a1, self.W2)» + self.b2\n"
        "self.a2 = softmax(self.z2)\nreturn self.a2",
        "$h = X @ self.W1 + self.b1\nself.z1 = $h\nself.a1 = relu($h)\n"
        "$logits = self.a1 @ self.W2 + self.b2\n"
        "self.z2«, self.a2 = $logits, softmax($logits)| = $logits\nself.a2 = softmax($logits)»\n"
        "return self.a2",
        "self.z1 = np.«dot|matmul»(X, self.W1) + self.b1\nself.a1 = relu(self.z1)\n"
        "self.z2 = np.«dot|matmul»(self.a1, self.W2) + self.b2\nself.a2 = softmax(self.z2)\n"
        "return self.a2",
        "self.z1 = self.b1 + X @ self.W1\nself.a1 = relu(self.z1)\n"
        "self.z2 = self.b2 + self.a1 @ self.W2\n"
        "self.a2 = softmax(self.z2)\nreturn self.a2",
    ),
}  # fmt: skip

# 1.6, line by line: the order varies as far as the dependencies allow
BACKWARD = {
    "$dz2": "$dz2 = «self.a2 - y_true|(self.a2 - y_true) / «len(X)|X.shape[0]|len(y_true)|"
    "y_true.shape[0]»|self.a2 - y_true»",
    "$dW2": "$dW2 = «self.a1.T @ $dz2|np.dot(self.a1.T, $dz2)|self.a1.T.dot($dz2)|"
    "($dz2.T @ self.a1).T|np.matmul(self.a1.T, $dz2)»",
    "$db2": f"$db2 = «$dz2{_SUM}|np.sum($dz2, axis=0)|np.sum($dz2, axis=0«|, keepdims=True»)»",
    "$dz1": "«$dz1 = ($dz2 @ self.W2.T) * «relu_derivative(self.z1)|(self.z1 > 0)»|"
    "$da1 = «$dz2 @ self.W2.T|np.dot($dz2, self.W2.T)|$dz2.dot(self.W2.T)»\n$dz1 = $da1 * "
    "relu_derivative(self.z1)|$dz1 = $dz2 @ self.W2.T\n$dz1«[self.z1 <= 0] = 0| *= "
    "relu_derivative(self.z1)|[self.a1 == 0] = 0»|$dz1 = np.dot($dz2, self.W2.T) * "
    "relu_derivative(self.z1)|$dz1 = np.multiply($dz2 @ self.W2.T, relu_derivative(self.z1))»",
    "$dW1": "$dW1 = «X.T @ $dz1|np.dot(X.T, $dz1)|X.T.dot($dz1)|np.matmul(X.T, $dz1)|"
    "X.transpose() @ $dz1»",
    "$db1": f"$db1 = «$dz1{_SUM}|np.sum($dz1, axis=0)|np.sum($dz1, axis=0«|, keepdims=True»)»",
}
_GIVE = (
    'return {"W1": $dW1, "b1": $db1, "W2": $dW2, "b2": $db2}',
    "return {'W1': $dW1, 'b1': $db1, 'W2': $dW2, 'b2': $db2}",
    "return dict(W1=$dW1, b1=$db1, W2=$dW2, b2=$db2)",
    '$grads = {"W1": $dW1, "b1": $db1, "W2": $dW2, "b2": $db2}\nreturn $grads',
    '$grads = {}\n$grads["W1"] = $dW1\n$grads["b1"] = $db1\n$grads["W2"] = $dW2\n'
    '$grads["b2"] = $db2\nreturn $grads',
)
_STEP = (
    "optimizer.zero_grad(«||set_to_none=True»)\n$logits = self«|.forward»(X_batch)\n"
    "$loss = F.cross_entropy($logits, y_batch)\n"
    "$loss.backward()\noptimizer.step()\nreturn $loss.item()",
    "optimizer.zero_grad()\n$loss = F.cross_entropy(self«|.forward»(X_batch), y_batch)\n"
    "$loss.backward()\noptimizer.step()\n"
    "return «$loss.item()|float($loss)|float($loss.item())»",
    "«self.train()\n|»$criterion = nn.CrossEntropyLoss()\noptimizer.zero_grad()\n"
    "$logits = self(X_batch)\n"
    "$loss = $criterion($logits, y_batch)\n$loss.backward()\noptimizer.step()\n"
    "return «$loss.item()|float($loss)»",
    "$logits = self(X_batch)\n$loss = «F.cross_entropy|nn.CrossEntropyLoss()|"
    "nn.functional.cross_entropy»($logits, y_batch)\n"
    "optimizer.zero_grad()\n$loss.backward()\noptimizer.step()\n"
    "return $loss.«item()|detach().item()»",
    "$logits = self.forward(X_batch)\n$loss = F.cross_entropy($logits, y_batch«, "
    "label_smoothing=«0.1|0.05»|»)\n"
    "$loss.backward()\noptimizer.step()\noptimizer.zero_grad()\nreturn $loss.item()",
)
_PREDICT = (
    "self.eval()\nwith torch.no_grad():\n    return self(X).argmax(«dim=1|1|dim=-1»)",
    "self.eval()\nwith torch.no_grad():\n    $logits = self«|.forward»(X)\n"
    "return «torch.argmax($logits, dim=1)|$logits.argmax(dim=1)|$logits.argmax(1)»",
    "self.eval()\nwith torch.«no_grad|inference_mode»():\n    $logits = self(X)\n"
    "    $labels = «torch.argmax($logits, dim=1)|$logits.argmax(dim=1)|$logits.max(dim=1)[1]»\n"
    "return $labels",
    "self.eval()\nwith torch.no_grad():\n    _, $labels = torch.max(self(X), «1|dim=1»)\nreturn "
    "$labels",
    "self.«eval()|train(False)»\nwith torch.inference_mode():\n    $logits = self(X)\n"
    "    return $logits.«argmax(dim=1)|softmax(dim=1).argmax(dim=1)»",
)
_CHOICE = re.compile(r"«([^«»]*)»")


def spin(template: str, rng: random.Random) -> str:
    """The template with every choice made, except names."""
    while True:
        made = _CHOICE.sub(lambda choice: rng.choice(choice[1].split("|")), template)
        if made == template:
            return made
        template = made


def name(code: str, names: dict[str, str]) -> str:
    """The code with the names of a student."""
    return re.sub(
        r"\$(\w+?)(\d*)(?!\w)",
        lambda slot: names.get(slot[1] + slot[2], names.get(slot[1], slot[1]) + slot[2]),
        code,
    )


def backward(rng: random.Random) -> str:
    """1.6 in a random order of lines."""
    waiting = {
        "$dz2": set(),
        "$dW2": {"$dz2"},
        "$db2": {"$dz2"},
        "$dz1": {"$dz2"},
        "$dW1": {"$dz1"},
        "$db1": {"$dz1"},
    }
    written: list[str] = []
    while len(written) < len(waiting):
        ready = [
            line for line, needs in waiting.items() if line not in written and needs <= set(written)
        ]
        written.append(ready[0] if rng.random() < 0.7 else rng.choice(ready))
    return "\n".join([*(spin(BACKWARD[line], rng) for line in written), rng.choice(_GIVE)])


def fully_connected(rng: random.Random) -> tuple[str, str]:
    """2.1 and 2.2: one to three hidden layers, as attributes or as nn.Sequential."""
    sizes = [
        784,
        *sorted(
            rng.choices(
                (32, 64, 100, 128, 128, 200, 256, 256, 300, 512), k=rng.choice((1, 1, 2, 2, 3))
            ),
            reverse=True,
        ),
    ]
    activation, dropout = (
        rng.choice(("ReLU", "ReLU", "ReLU", "LeakyReLU", "GELU", "Tanh")),
        rng.choice((0, 0, 0.1, 0.2, 0.25, 0.3, 0.5)),
    )
    normalise = rng.random() < 0.25
    if rng.random() < 0.5:
        pieces: list[str] = []
        for a, b in itertools.pairwise(sizes):
            pieces += [
                f"nn.Linear({a}, {b})",
                *([f"nn.BatchNorm1d({b})"] if normalise else []),
                f"nn.{activation}()",
            ]
            pieces += [f"nn.Dropout({dropout})"] if dropout else []
        return _in_a_row([*pieces, f"nn.Linear({sizes[-1]}, 10)"], rng), "return self.$net(X)"
    layers = [
        f"self.$fc{i} = nn.Linear({a}, {b})"
        for i, (a, b) in enumerate(zip(sizes, [*sizes[1:], 10], strict=True), 1)
    ]
    layers += [f"self.$drop = nn.Dropout({dropout})"] if dropout else []
    call = {"ReLU": "F.relu", "LeakyReLU": "F.leaky_relu", "GELU": "F.gelu", "Tanh": "torch.tanh"}[
        activation
    ]
    if rng.random() < 0.3:
        layers.append(f"self.$act = nn.{activation}()")
        call = "self.$act"
    forward, given = [], "X"
    for i in range(1, len(sizes)):
        forward.append(f"$h = {call}(self.$fc{i}({given}))")
        given = "$h"
        if dropout and rng.random() < 0.8:
            forward.append("$h = self.$drop($h)")
    return "\n".join(layers), "\n".join([*forward, f"return self.$fc{len(sizes)}($h)"])


def convolutional(rng: random.Random) -> tuple[str, str]:
    """3.1 and 3.2: one to three convolutions with pooling, then one or two linear layers."""
    channels = [1, *sorted(rng.choices((8, 16, 16, 32, 32, 64), k=rng.choice((1, 2, 2, 3))))]
    kernel, hidden, dropout = (
        rng.choice((3, 3, 3, 5)),
        rng.choice((0, 64, 100, 128, 128, 256)),
        rng.choice((0, 0.2, 0.25, 0.3, 0.5)),
    )
    normalise, left = rng.random() < 0.3, channels[-1] * (28 >> (len(channels) - 1)) ** 2
    ends = [left, hidden, 10] if hidden else [left, 10]
    if rng.random() < 0.5:
        pieces: list[str] = []
        for a, b in itertools.pairwise(channels):
            pieces += [
                f"nn.Conv2d({a}, {b}, {spin('«|kernel_size=»', rng)}{kernel}, "
                f"padding={kernel // 2})"
            ]
            pieces += [
                *([f"nn.BatchNorm2d({b})"] if normalise else []),
                "nn.ReLU()",
                "nn.MaxPool2d(2)",
            ]
        pieces += ["nn.Flatten()", f"nn.Linear({ends[0]}, {ends[1]})"]
        pieces += (
            [*(["nn.ReLU()"] if hidden else []), *([f"nn.Dropout({dropout})"] if dropout else [])]
            if hidden
            else []
        )
        return _in_a_row(
            [*pieces, *([f"nn.Linear({hidden}, 10)"] if hidden else [])], rng
        ), "return self.$net(X)"
    style = spin("«|kernel_size=»", rng)
    layers = [
        f"self.$conv{i} = nn.Conv2d({a}, {b}, {style}{kernel}, padding={kernel // 2})"
        for i, (a, b) in enumerate(itertools.pairwise(channels), 1)
    ]
    layers += ["self.pool = nn.MaxPool2d(2)"] if (pool := rng.random() < 0.6) else []
    layers += [
        f"self.$fc{i} = nn.Linear({a}, {b})" for i, (a, b) in enumerate(itertools.pairwise(ends), 1)
    ]
    layers += [f"self.$drop = nn.Dropout({dropout})"] if dropout and hidden else []
    forward, given = [], "X"
    for i in range(1, len(channels)):
        inner = f"F.relu(self.$conv{i}({given}))"
        forward.append(f"$h = self.pool({inner})" if pool else f"$h = F.max_pool2d({inner}, 2)")
        given = "$h"
    forward.append(
        spin(
            "$h = «$h.flatten(1)|$h.flatten(start_dim=1)|torch.flatten($h, "
            "1)|$h.view($h.size(0), -1)|$h.reshape(len($h), -1)»",
            rng,
        )
    )
    if hidden:
        forward.append(
            "$h = F.relu(self.$fc1($h))"
            if not dropout
            else "$h = self.$drop(F.relu(self.$fc1($h)))"
        )
    return "\n".join(layers), "\n".join([*forward, f"return self.$fc{len(ends) - 1}($h)"])


def _in_a_row(pieces: list[str], rng: random.Random) -> str:
    if rng.random() < 0.3:
        return f"self.$net = nn.Sequential({', '.join(pieces)})"
    return "self.$net = nn.Sequential(\n" + "".join(f"    {piece},\n" for piece in pieces) + ")"


def sections(rng: random.Random) -> dict[str, str]:
    """A student's code for every section, with placeholders for names."""
    written = {number: spin(rng.choice(styles), rng) for number, styles in NUMPY.items()} | {
        "1.6": backward(rng)
    }
    written["2.1"], written["2.2"] = fully_connected(rng)
    written["3.1"], written["3.2"] = convolutional(rng)
    for part in "23":
        written[f"{part}.3"], written[f"{part}.4"] = (
            spin(rng.choice(_STEP), rng),
            spin(rng.choice(_PREDICT), rng),
        )
        judgement = rng.choice(("underfitting", "overfitting", "generalizing", "generalizing"))
        written[f"{part}.5"] = f'JUDGEMENT = "{judgement}"'
    return written
