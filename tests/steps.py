"""Training steps and predictions, right and wrong, as source code for 2.3, 2.4, 3.3 and 3.4."""

from __future__ import annotations

TEXTBOOK = """
optimizer.zero_grad()
loss = F.cross_entropy(self(X_batch), y_batch)
loss.backward()
optimizer.step()
return loss.item()"""


def _changed(old: str, new: str) -> str:
    assert old in TEXTBOOK
    return TEXTBOOK.replace(old, new)


LOSS = "F.cross_entropy(self(X_batch), y_batch)"
RIGHT_STEPS = {
    "smoothing": _changed(LOSS, "F.cross_entropy(self(X_batch), y_batch, label_smoothing=0.1)"),
    "class weights": _changed(LOSS, "F.cross_entropy(self(X_batch), y_batch, "
                              "torch.linspace(0.5, 2, 10).to(next(self.parameters())))"),
    "sum": _changed(LOSS, "F.cross_entropy(self(X_batch), y_batch, reduction='sum')"),
    "nll": _changed(LOSS, "F.nll_loss(F.log_softmax(self(X_batch), 1), y_batch)"),
    "by hand": _changed(LOSS, "-(F.one_hot(y_batch, 10) * (F.softmax(self(X_batch), 1) + 1e-9)"
                        ".log()).sum(1).mean()"),
    "noise": _changed(LOSS, "F.cross_entropy(self(X_batch + 0.1 * torch.randn_like(X_batch)), "
                      "y_batch)"),
    "flips": _changed(LOSS, "F.cross_entropy(self(X_batch.flip(-1)), y_batch)"),
    "mixup": "\nother, share = torch.randperm(len(X_batch)), 0.3\n"
    + _changed(LOSS, "share * F.cross_entropy(self(share * X_batch + (1 - share) * X_batch[other])"
               ", y_batch)\nloss = loss + (1 - share) * F.cross_entropy(self(share * X_batch + "
               "(1 - share) * X_batch[other]), y_batch[other])").lstrip("\n"),
    "soft targets": "\nother, share = torch.randperm(len(X_batch)), 0.3\n"
    "soft = F.one_hot(y_batch, 10).float()\n"
    + _changed(LOSS, "F.cross_entropy(self(share * X_batch + (1 - share) * X_batch[other]), "
               "share * soft + (1 - share) * soft[other])").lstrip("\n"),
    "shuffled": "\norder = torch.randperm(len(X_batch))\nX_batch, y_batch = X_batch[order], "
    "y_batch[order]\n" + TEXTBOOK.lstrip("\n"),
    "clipped": _changed("optimizer.step()",
                        "nn.utils.clip_grad_norm_(self.parameters(), 0.1)\noptimizer.step()"),
    "clipped by value": _changed(
        "optimizer.step()", "nn.utils.clip_grad_value_(self.parameters(), 1e-3)\noptimizer.step()"),
    "penalty": _changed(LOSS, LOSS + " + 1e-4 * sum((p ** 2).sum() for p in self.parameters())"),
    "zeroed afterwards": _changed("optimizer.zero_grad()\n", "").replace(
        "optimizer.step()", "optimizer.step()\noptimizer.zero_grad()"),
    "closure": "\ndef closure():\n    optimizer.zero_grad()\n    loss = F.cross_entropy("
    "self(X_batch), y_batch)\n    loss.backward()\n    return loss\n"
    "return optimizer.step(closure).item()",
    "halves": "\noptimizer.zero_grad()\ntotal = 0.0\n"
    "for X, y in zip(X_batch.chunk(2), y_batch.chunk(2)):\n"
    "    loss = F.cross_entropy(self(X), y) * len(X) / len(X_batch)\n    loss.backward()\n"
    "    total += loss.item()\noptimizer.step()\nreturn total",
    "averaged weights": TEXTBOOK.replace(
        "return", "if not hasattr(self, 'average'):\n"
        "    vars(self)['average'] = torch.optim.swa_utils.AveragedModel(self)\n"
        "self.average.update_parameters(self)\nreturn"),
    "averaged weights among the parameters": TEXTBOOK.replace(
        "return", "if not hasattr(self, 'average'):\n"
        "    self.average = nn.ParameterList(nn.Parameter(p.detach() * 0.9, False) "
        "for p in self.parameters())\n"
        "for average, p in zip(self.average, list(self.parameters())):\n"
        "    average.lerp_(p.detach(), 0.1)\nreturn"),
    "clipped layer by layer": _changed(
        "optimizer.step()", "for p in self.parameters():\n"
        "    nn.utils.clip_grad_norm_(p, 0.01)\noptimizer.step()"),
    "gradients put in place": "\nloss = F.cross_entropy(self(X_batch), y_batch)\n"
    "weights = [p for p in self.parameters() if p.requires_grad]\n"
    "for p, g in zip(weights, torch.autograd.grad(loss, weights, allow_unused=True)):\n"
    "    p.grad = g\noptimizer.step()\nreturn loss.item()",
    "forward": _changed("self(X_batch)", "self.forward(X_batch)"),
    "scaled for half precision": _changed(
        "loss.backward()", "scaler = torch.amp.GradScaler('cpu')\n"
        "scaler.scale(loss).backward()").replace(
        "optimizer.step()", "scaler.step(optimizer)\nscaler.update()"),
    "scaled by hand": _changed("loss.backward()", "(1000 * loss).backward()\n"
        "for p in self.parameters():\n    if p.grad is not None:\n        p.grad /= 1000"),
    "sum, mean returned": _changed(LOSS, LOSS[:-1] + ", reduction='sum')").replace(
        "loss.item()", "loss.item() / len(X_batch)"),
    "two losses": _changed(
        "loss.backward()", "loss.backward()\n"
        "(1e-4 * sum((p ** 2).sum() for p in self.parameters() if p.requires_grad)).backward()"),
    "weight decay by hand": _changed(
        "optimizer.step()", "optimizer.step()\nwith torch.no_grad():\n"
        "    for p in self.parameters():\n        p.mul_(1 - 1e-4)"),
    "learning rate of its own": _changed(
        "optimizer.step()", "for group in optimizer.param_groups:\n"
        "    group['lr'] *= 0.5\noptimizer.step()"),
    "sharpness-aware": "\noptimizer.zero_grad()\n"
    "F.cross_entropy(self(X_batch), y_batch).backward()\n"
    "weights = [p for p in self.parameters() if p.grad is not None]\n"
    "moves = [0.01 * p.grad / (p.grad.norm() + 1e-9) for p in weights]\n"
    "with torch.no_grad():\n    for p, move in zip(weights, moves):\n        p += move\n"
    "optimizer.zero_grad()\nloss = F.cross_entropy(self(X_batch), y_batch)\nloss.backward()\n"
    "with torch.no_grad():\n    for p, move in zip(weights, moves):\n        p -= move\n"
    "optimizer.step()\nreturn loss.item()",
    "adversarial images": "\nX = X_batch.clone().requires_grad_()\n"
    "F.cross_entropy(self(X), y_batch).backward()\nX = (X + 0.01 * X.grad.sign()).detach()\n"
    + _changed("self(X_batch)", "self(X)").lstrip("\n"),
    "focal": _changed(
        LOSS, "F.cross_entropy(self(X_batch), y_batch, reduction='none')\n"
        "loss = ((1 - torch.exp(-loss)) ** 2 * loss).mean()"),
    "a block": _changed("self(X_batch)", "self.net(X_batch)"),
    "loss without dropout after the step": TEXTBOOK.replace(
        "return loss.item()", "self.eval()\nwith torch.no_grad():\n"
        "    loss = F.cross_entropy(self(X_batch), y_batch)\nself.train()\nreturn loss.item()"),
    "loss of the clean images, without gradients": "\nwith torch.no_grad():\n"
    "    value = F.cross_entropy(self(X_batch), y_batch).item()\norder = torch.randperm(len(X_batch))\n"
    "X_batch, y_batch = X_batch[order].flip(-1), y_batch[order]"
    + TEXTBOOK.replace("loss.item()", "value"),
    "mixup, loss of the clean images": "\nother = torch.randperm(len(X_batch))\n"
    "logits = self(0.7 * X_batch + 0.3 * X_batch[other])\n"
    "loss = 0.7 * F.cross_entropy(logits, y_batch) + 0.3 * F.cross_entropy(logits, y_batch[other])\n"
    "optimizer.zero_grad()\nloss.backward()\noptimizer.step()\n"
    "value, accuracy = self.evaluate(X_batch, y_batch)\nself.train()\nreturn value",
    "loss in halves afterwards": TEXTBOOK.replace(
        "return loss.item()", "with torch.no_grad():\n    logits = torch.cat([self(X) for X in "
        "X_batch.split(10)])\nreturn F.cross_entropy(logits, y_batch).item()"),
    "warm-up from 0": "\nself.steps = getattr(self, 'steps', -1) + 1\n"
    "for group in optimizer.param_groups:\n"
    "    group['lr'] = LEARNING_RATE * min(1.0, self.steps / 200)" + TEXTBOOK,
    "warm-up by a schedule": "\nif not hasattr(self, 'warmup'):\n    self.warmup = "
    "torch.optim.lr_scheduler.LambdaLR(optimizer, lambda i: min(1.0, i / 100))"
    + TEXTBOOK.replace("return", "self.warmup.step()\nreturn"),
    "learning rates from 1e-7": "\nfor group in optimizer.param_groups:\n"
    "    group['lr'] = 1e-7" + TEXTBOOK,
    "numbers of its own optimizer": "\nfor group in optimizer.param_groups:\n"
    "    group['betas'] = (0.85, group['betas'][1])" + TEXTBOOK,
    "temperature": _changed("self(X_batch)", "self(X_batch) / 2.0"),
    "sharper": _changed("self(X_batch)", "self(X_batch) / 0.5"),
    "mean of two views": _changed("self(X_batch)", "(self(X_batch) + self(X_batch.flip(-1))) / 2"),
    "mean of two views in one batch": _changed(
        "self(X_batch)", "self(torch.cat([X_batch, X_batch.flip(-1)])).view(2, -1, 10).mean(0)"),
    "mean of two passes, by hand": _changed(
        LOSS, "torch.stack([self(X_batch), self(X_batch)]).mean(0)\n"
        "loss = (loss.logsumexp(1) - loss.gather(1, y_batch[:, None])[:, 0]).mean()"),
    "attack in evaluation mode": "\nself.eval()\nX = X_batch.clone().requires_grad_()\n"
    "g, = torch.autograd.grad(F.cross_entropy(self(X), y_batch), X)\n"
    "X = (X + 0.02 * g.sign()).detach().clamp(0, 1)\nself.train()"
    + _changed("self(X_batch)", "self(X)"),
    "accuracy in evaluation mode": TEXTBOOK.replace(
        "return", "self.accuracy = (self.predict(X_batch) == y_batch).float().mean()\n"
        "self.train()\nreturn"),
    "scaled for half precision, clipped": _changed(
        "loss.backward()", "self.scaler = getattr(self, 'scaler', None) or "
        "torch.amp.GradScaler('cpu')\nself.scaler.scale(loss).backward()\n"
        "self.scaler.unscale_(optimizer)\nnn.utils.clip_grad_value_(self.parameters(), 1e-3)"
    ).replace("optimizer.step()", "self.scaler.step(optimizer)\nself.scaler.update()"),
    "rounded": _changed("loss.item()", "round(loss.item(), 2)"),
}  # fmt: skip
# by the misconception that names them
WRONG_STEPS = {
    "no zeroing": ("torch-no-zero-grad", _changed("optimizer.zero_grad()\n", "")),
    "no backward": ("torch-no-backward", _changed("loss.backward()\n", "")),
    "no step": ("torch-no-step", _changed("optimizer.step()\n", "")),
    "zeroed in between": ("torch-no-backward", _changed(
        "optimizer.step()", "optimizer.zero_grad()\noptimizer.step()")),
    "detached": ("torch-loss-detached", _changed("self(X_batch)", "self(X_batch).detach()")),
    "tensor": ("torch-loss-not-float", _changed("loss.item()", "loss")),
    "softmax": ("torch-softmax-before-loss", _changed(
        "self(X_batch)", "F.softmax(self(X_batch), 1)")),
    "evaluation mode": ("torch-not-in-train-mode", "\nself.eval()" + TEXTBOOK),
    "two steps by hand": ("torch-own-optimizer", _changed(
        "optimizer.step()", "optimizer.step()\nwith torch.no_grad():\n"
        "    for p in self.parameters():\n        if p.grad is not None:\n"
        "            p -= 0.05 * p.grad")),
    "a step by hand before": ("torch-own-optimizer", _changed(
        "optimizer.step()", "with torch.no_grad():\n    for p in self.parameters():\n"
        "        if p.grad is not None:\n            p -= 0.1 * p.grad\noptimizer.step()")),
    "backward twice": ("torch-several-steps", _changed(
        "loss.backward()", "loss.backward(retain_graph=True)\nloss.backward()")),
    "two steps": ("torch-several-steps", _changed(
        "optimizer.step()", "optimizer.step()\noptimizer.step()")),
    "own optimizer": ("torch-own-optimizer",
                      "\noptimizer = torch.optim.SGD(self.parameters(), lr=0.1)" + TEXTBOOK),
    "squared error": ("torch-wrong-loss", _changed(
        LOSS, "F.mse_loss(self(X_batch).float(), F.one_hot(y_batch, 10).float())")),
    "binary": ("torch-wrong-loss", _changed(
        LOSS, "F.binary_cross_entropy_with_logits(self(X_batch), "
        "F.one_hot(y_batch, 10).to(self(X_batch)))")),
    "softmax over the images": ("torch-wrong-loss", _changed(
        LOSS, "F.nll_loss(F.log_softmax(self(X_batch), 0), y_batch)")),
    "probability without logarithm": ("torch-wrong-loss", _changed(
        LOSS, "F.nll_loss(F.softmax(self(X_batch), 1), y_batch)")),
    "uphill": ("torch-wrong-loss", _changed(LOSS, "-" + LOSS)),
    "other labels": ("torch-wrong-loss", _changed("y_batch)", "(y_batch + 1) % 10)")),
    "half the batch": ("torch-wrong-loss", _changed(
        LOSS, "F.cross_entropy(self(X_batch)[::2], y_batch[::2])")),
    "mean over all batches so far": ("torch-wrong-loss", TEXTBOOK.replace(
        "return loss.item()", "total, count = getattr(self, 'total', (0.0, 0))\n"
        "self.total = total + loss.item() * len(y_batch), count + len(y_batch)\n"
        "return self.total[0] / self.total[1]")),
    "running average without bias": ("torch-wrong-loss", TEXTBOOK.replace(
        "return loss.item()", "self.count = getattr(self, 'count', 0) + 1\n"
        "self.mean = 0.9 * getattr(self, 'mean', 0.0) + 0.1 * loss.item()\n"
        "return self.mean / (1 - 0.9 ** self.count)")),
    "mean of the last two": ("torch-wrong-loss", TEXTBOOK.replace(
        "return loss.item()", "self.last = [*getattr(self, 'last', []), loss.item()][-2:]\n"
        "return sum(self.last) / len(self.last)")),
    "no zeroing, scaled for half precision": ("torch-no-zero-grad", _changed(
        "optimizer.zero_grad()\n", "self.scaler = getattr(self, 'scaler', None) or "
        "torch.amp.GradScaler('cpu')\n").replace(
        "loss.backward()\noptimizer.step()", "self.scaler.scale(loss).backward()\n"
        "self.scaler.step(optimizer)\nself.scaler.update()")),
    "no zeroing, scaled and clipped": ("torch-no-zero-grad", _changed(
        "optimizer.zero_grad()\n", "").replace(
        "loss.backward()", "(65536 * loss).backward()\nfor p in self.parameters():\n"
        "    if p.grad is not None:\n        p.grad /= 65536\n"
        "nn.utils.clip_grad_norm_(self.parameters(), 0.1)")),
    "a step if the loss falls": ("torch-no-step", _changed(
        "optimizer.step()", "if loss.item() < getattr(self, 'best', 1e9):\n"
        "    self.best = loss.item()\n    optimizer.step()")),
    "negative logits": ("torch-wrong-loss", _changed("self(X_batch)", "-self(X_batch)")),
    "softmax of the sum of two views": ("torch-wrong-loss", _changed(
        "self(X_batch)", "(self(X_batch) + self(X_batch)).softmax(1)")),
    "loss times n": ("torch-wrong-loss", _changed("loss.item()", "loss.item() * len(X_batch)")),
}  # fmt: skip

# harmless without dropout or batch normalisation
LEFT_IN_EVALUATION = {
    "by predict": TEXTBOOK.replace(
        "return", "self.accuracy = (self.predict(X_batch) == y_batch).float().mean()\nreturn"),
    "by evaluate": TEXTBOOK.replace(
        "return", "self.loss, self.accuracy = self.evaluate(X_batch, y_batch)\nreturn"),
    "by eval()": TEXTBOOK.replace(
        "return", "self.eval()\nwith torch.no_grad():\n"
        "    self.right = self(X_batch).argmax(1) == y_batch\nreturn"),
}  # fmt: skip

NO_GRADIENTS = "with torch.no_grad():\n    "
RIGHT_PREDICTIONS = {
    "textbook": f"self.eval()\n{NO_GRADIENTS}return self(X).argmax(dim=1)",
    "forward": f"self.eval()\n{NO_GRADIENTS}return self.forward(X).argmax(dim=1)",
    "inference mode": "self.eval()\nwith torch.inference_mode():\n    return self(X).argmax(1)",
    "chunks": f"self.eval()\n{NO_GRADIENTS}"
    "return torch.cat([self(x).argmax(1) for x in X.split(64)])",
    "image by image": f"self.eval()\n{NO_GRADIENTS}"
    "return torch.tensor([self(x[None]).argmax().item() for x in X])",
    "deep copy": f"import copy\nnetwork = copy.deepcopy(self).eval()\n{NO_GRADIENTS}"
    "return network(X).argmax(1)",
    "scripted copy": f"network = torch.jit.script(self.eval())\n{NO_GRADIENTS}"
    "return network(X).argmax(1)",
    "traced copy": f"self.eval()\nnetwork = torch.jit.trace(self, X)\n{NO_GRADIENTS}"
    "return network(X).argmax(1)",
    "compiled copy": f"network = torch.compile(self.eval())\n{NO_GRADIENTS}"
    "return network(X).argmax(1)",
    "averaged copy": "average = torch.optim.swa_utils.AveragedModel(self).eval()\n"
    f"{NO_GRADIENTS}return average(X).argmax(1)",
    "other weights": "import copy\nnetwork = copy.deepcopy(self).eval()\n"
    f"{NO_GRADIENTS}for p in network.parameters():\n        p.mul_(0.9)\n"
    "    return network(X).argmax(1)",
    "functional call": "self.eval()\nweights = {n: 0.9 * p for n, p in self.named_parameters()}\n"
    f"{NO_GRADIENTS}return torch.func.functional_call(self, weights, (X,)).argmax(1)",
    "a block": f"self.eval()\n{NO_GRADIENTS}return self.net(X).argmax(1)",
    "averaged block": "import copy\nif not hasattr(self, 'average'):\n"
    "    self.average = copy.deepcopy(self.net)\n"
    f"self.eval()\n{NO_GRADIENTS}for p in self.average.parameters():\n        p.mul_(0.9)\n"
    "    return self.average(X).argmax(1)",
    "flips": f"self.eval()\n{NO_GRADIENTS}return (self(X) + self(X.flip(-1))).argmax(1)",
    "flips, probabilities": f"self.eval()\n{NO_GRADIENTS}"
    "return (self(X).softmax(1) + self(X.flip(-1)).softmax(1)).argmax(1)",
    "flips in one batch": f"self.eval()\n{NO_GRADIENTS}"
    "return self(torch.cat([X, X.flip(-1)])).view(2, len(X), 10).mean(0).argmax(1)",
    "flips in chunks": f"self.eval()\nfound = []\n{NO_GRADIENTS}for x in X.split(100):\n"
    "        found.append((self(x) + self(x.flip(-1))).argmax(1))\n    return torch.cat(found)",
    "weighted flips": f"self.eval()\n{NO_GRADIENTS}"
    "return (0.7 * self(X) + 0.3 * self(X.flip(-1))).argmax(1)",
    "five weighted copies": f"self.eval()\nweights = [0.3, 0.25, 0.2, 0.15, 0.1]\n"
    f"views = [X, X.flip(-1), 0.9 * X, X ** 2, 1 - X]\n{NO_GRADIENTS}"
    "return sum(w * self(view).softmax(1) for w, view in zip(weights, views)).argmax(1)",
    "in another order": f"self.eval()\norder = torch.randperm(len(X))\n{NO_GRADIENTS}"
    "return self(X[order]).argmax(1)[order.argsort()]",
    "frozen": "self.eval()\nself.requires_grad_(False)\ny = self(X).argmax(1)\n"
    "self.requires_grad_(True)\nreturn y",
    "restored mode": "was = self.training\nself.eval()\n"
    f"{NO_GRADIENTS}y = self(X).argmax(1)\nself.train(was)\nreturn y",
}  # fmt: skip
WRONG_PREDICTIONS = {
    "training mode": ("torch-not-in-eval-mode", f"{NO_GRADIENTS}return self(X).argmax(1)"),
    "a copy in training mode": (
        "torch-not-in-eval-mode",
        f"import copy\nself.eval()\nnetwork = copy.deepcopy(self).train()\n{NO_GRADIENTS}"
        "return network(X).argmax(1)",
    ),
    "gradients": ("torch-predict-with-gradients", "self.eval()\nreturn self(X).argmax(1)"),
    "over the images": ("torch-argmax-axis", f"self.eval()\n{NO_GRADIENTS}return self(X).argmax(0)"),
    "logits": ("torch-predicts-logits", f"self.eval()\n{NO_GRADIENTS}return self(X)"),
    "smallest": ("", f"self.eval()\n{NO_GRADIENTS}return self(X).argmin(1)"),
    "always one": ("", f"self.eval()\n{NO_GRADIENTS}self(X)\n    return X.new_ones(len(X)).long()"),
    "squeezed": (
        "wrong-shape", f"self.eval()\n{NO_GRADIENTS}return self(X).argmax(1).squeeze()"),
    "shuffled": (
        "",
        f"self.eval()\n{NO_GRADIENTS}"
        "return torch.cat([self(x).argmax(1) for x in X[torch.randperm(len(X))].split(64)])",
    ),
    "the last images left out": (
        "wrong-shape",
        f"self.eval()\n{NO_GRADIENTS}"
        "return torch.cat([self(x).argmax(1) for x in X[: len(X) // 10 * 10].split(10)])",
    ),
    "the first copy's order": (
        "", f"self.eval()\n{NO_GRADIENTS}return self(X).argmax(1).flip(0)"),
}  # fmt: skip
