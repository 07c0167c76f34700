"""The process in which a submission's script runs: imports it and answers calls over two pipes.

`main` is called by confine.py, from a folder that holds protocol.py, a pristine utils.py and the three scripts. Nothing
here is trusted by the other side once a script is imported: it shares a process with the student's code, and whatever
it sends is judged as an answer, wherever it came from.

Requests are dicts with "id", "op" and what the op needs; replies carry the same id and "value" or "error".
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import protocol
from protocol import Opaque, Tensor

HERE = Path(__file__).resolve().parent
OWN_FILES = ("confine.py", "worker.py", "protocol.py", "utils.py")


class Worker:
    """Holds the imported script and the objects that its calls gave back."""

    def __init__(self, read_fd: int, write_fd: int):
        self.read_fd, self.write_fd = read_fd, write_fd
        self.module: ModuleType | None = None
        self.objects: list[Any] = []
        self.numbers: dict[int, int] = {}  # id of an object -> its number

    def serve(self) -> None:
        """Answer until the pipe closes."""
        while True:
            try:
                request = protocol.unpack(self._read, 1 << 40)
            except EOFError:
                return
            reply: dict[str, Any] = {"id": request["id"]}
            try:
                reply["value"] = getattr(self, f"op_{request['op']}")(**request["arguments"])
            except BaseException as error:  # SystemExit and KeyboardInterrupt included: they are answers too
                reply["error"] = describe_error(error)
            for buffer in protocol.pack(reply, self._describe):
                self._write(buffer)

    def _read(self, count: int) -> bytearray:
        content = bytearray(count)
        view, filled = memoryview(content), 0
        while filled < count:
            got = os.readv(self.read_fd, [view[filled:]])
            if not got:
                raise EOFError
            filled += got
        return content

    def _write(self, buffer: bytes | memoryview) -> None:
        view = memoryview(buffer)
        while view:
            view = view[os.write(self.write_fd, view) :]

    def _describe(self, value: Any) -> Any:
        """A tensor's content, or a number under which an object of the script can be asked for."""
        torch = sys.modules.get("torch")
        if torch is not None and isinstance(value, torch.Tensor):
            content = value.detach().cpu()
            return Tensor(
                (content.float() if content.dtype == torch.bfloat16 else content).numpy(), value.requires_grad
            )
        if isinstance(value, np.ndarray | np.generic) and value.dtype == np.longdouble:
            return np.asarray(value, np.float64)
        if isinstance(value, np.ndarray):
            return Opaque(f"array of dtype {value.dtype}", number=_number(value))
        if id(value) not in self.numbers:
            self.numbers[id(value)] = len(self.objects)
            self.objects.append(value)
        return Opaque(type(value).__name__, self.numbers[id(value)], callable(value), _number(value))

    def _local(self, value: Any) -> Any:
        """What arrived, with tensors made of Tensor and objects found by their numbers."""
        if isinstance(value, Tensor):
            import torch

            return torch.from_numpy(value.array)
        if isinstance(value, Opaque) and value.ref is not None:
            return self.objects[value.ref]
        if isinstance(value, list | tuple):
            return type(value)(self._local(item) for item in value)
        return value

    def _holder(self, ref: int | None) -> Any:
        return self.module if ref is None else self.objects[ref]

    # --- what can be asked for

    def op_hello(self) -> str:
        """That the worker itself came up, before anything of the submission is imported."""
        return "ready"

    def op_imports(self, script: str) -> list[Any]:
        """What a script imports, as [name, line], read off its syntax tree: nothing of it has run yet."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an invalid escape in a string is not our business
            tree = ast.parse((HERE / f"{script}.py").read_bytes(), f"{script}.py")
        return [[name, line] for node in ast.walk(tree) for name, line in _imported(node)][:1000]

    def op_load(self, script: str) -> list[str]:
        """Import the script; the names it defines."""
        self.module = importlib.import_module(script)
        if "torch" in sys.modules:
            sys.modules["torch"].set_num_threads(1)  # section checks are small: two threads would wait for each other
        return sorted(name for name in vars(self.module) if not name.startswith("__"))

    def op_get(self, ref: int | None, name: str) -> Any:
        """An attribute of the script, or of one of its objects."""
        return getattr(self._holder(ref), name)

    def op_set(self, ref: int | None, name: str, value: Any) -> None:
        """Set an attribute."""
        setattr(self._holder(ref), name, self._local(value))

    def op_call(self, ref: int | None, name: str, args: list[Any], kwargs: dict[str, Any], echo: bool) -> Any:
        """Call a function of the script or a method of an object; with `echo`, the arguments as they are afterwards too."""
        arguments = self._local(args)
        result = getattr(self._holder(ref), name)(
            *arguments, **{key: self._local(value) for key, value in kwargs.items()}
        )
        return [result, arguments] if echo else result

    def op_substitute(self, sections: list[str]) -> None:
        """Put right answers in the place of the script's own, for sections that are marked already."""
        for number in sections:
            SUBSTITUTES[number](self.module)

    def op_prepare_training(self, seed: int, threads: int) -> None:
        """Seed every generator that a script may draw from without one of its own, and give torch its threads."""
        import random

        random.seed(seed)
        np.random.seed(seed % 2**32)
        if "torch" in sys.modules:
            sys.modules["torch"].manual_seed(seed)
            sys.modules["torch"].set_num_threads(threads)

    def op_probe(self, name: str, ref: int, args: list[Any]) -> Any:
        """One of the observations below, of a model."""
        return PROBES[name](self.objects[ref], *self._local(args))


def _imported(node: ast.AST) -> list[tuple[str, int]]:
    if isinstance(node, ast.Import):
        return [(alias.name, node.lineno) for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [(node.module, node.lineno)]
    return []


def describe_error(error: BaseException) -> dict[str, Any]:
    """Type, message and the script's own lines of an exception."""
    try:
        message = str(error)
    except BaseException:
        message = "(its message cannot be shown)"
    for folder in (
        f"{HERE}{os.sep}",
        f"{os.environ['HOME']}{os.sep}",
        f"{sys.prefix}{os.sep}",
        f"{sys.base_prefix}{os.sep}",
    ):
        message = message.replace(folder, "")  # paths of the marking machine tell a student nothing
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if Path(f.filename).parent == HERE and Path(f.filename).name not in OWN_FILES]
    own = own[:3] + own[-3:] if len(own) > 6 else own  # a recursion repeats itself a thousand times
    lines = [f"{Path(f.filename).name}, line {f.lineno}, in {f.name}: {f.line}" for f in own]
    if isinstance(error, SyntaxError):
        lines = [f"{Path(error.filename or '?').name}, line {error.lineno}: {(error.text or '').strip()}"]
        message = error.msg
    stub = isinstance(error, NotImplementedError) and (not message or message.startswith("TODO"))  # torch raises it too
    return {
        "type": type(error).__name__[:100],
        "kind": "stub" if stub else "syntax" if isinstance(error, SyntaxError) else "",
        "message": message[:2000],
        "lines": [line[:300] for line in lines],
    }


def _number(value: Any) -> float | None:
    """What `float()` makes of an object, if anything."""
    try:
        return float(value) if hasattr(value, "__float__") else None
    except BaseException:
        return None


# --- Right answers to earlier sections, put in place of wrong ones while a later section is marked.


def _relu(z: np.ndarray) -> np.ndarray:
    return np.where(z > 0, z, np.zeros_like(z))


def _relu_derivative(z: np.ndarray) -> np.ndarray:
    return np.where(z > 0, np.ones_like(z), np.zeros_like(z))


def _forward(self: Any, X: np.ndarray) -> np.ndarray:
    self.z1 = X @ self.W1 + self.b1
    self.a1 = _relu(self.z1)
    self.z2 = self.a1 @ self.W2 + self.b2
    exponentials = np.exp(self.z2 - self.z2.max(axis=1, keepdims=True))
    a2: np.ndarray = exponentials / exponentials.sum(axis=1, keepdims=True)
    self.a2 = a2
    return a2


def _network(class_name: str, *layers: Callable[[Any], Any]) -> Callable[[Any], None]:
    """Puts right layers and a right forward pass in a class of the script: the two belong together."""

    def substitute(module: Any) -> None:
        from torch import nn

        def construct(self: Any, seed: int = 0) -> None:
            nn.Module.__init__(self)
            self.layers = nn.Sequential(*(layer(nn) for layer in layers))

        network = getattr(module, class_name)
        network.__init__ = construct
        network.forward = lambda self, X: self.layers(X)

    return substitute


_ann = _network("PyTorchANN", lambda nn: nn.Linear(784, 32), lambda nn: nn.ReLU(), lambda nn: nn.Dropout(0.1),
                lambda nn: nn.Linear(32, 10))  # fmt: skip
_cnn = _network("PyTorchCNN", lambda nn: nn.Conv2d(1, 8, 3), lambda nn: nn.ReLU(), lambda nn: nn.MaxPool2d(4),
                lambda nn: nn.Flatten(), lambda nn: nn.Dropout(0.1), lambda nn: nn.Linear(288, 10))  # fmt: skip
SUBSTITUTES: dict[str, Callable[[Any], None]] = {
    "2.1": _ann,
    "2.2": _ann,
    "3.1": _cnn,
    "3.2": _cnn,
    "1.2": lambda module: setattr(module, "relu", _relu),
    "1.3": lambda module: setattr(module, "relu_derivative", _relu_derivative),
    "1.5": lambda module: setattr(module.NumpyANN, "forward", _forward),
}


# --- Observations of a torch model: what it consists of, and how it behaves. torch is imported by then.


def _structure(model: Any) -> dict[str, Any]:
    """Its layers' types, its parameters' shapes, and how many convolutions there are."""
    import torch

    if not isinstance(model, torch.nn.Module):
        return {"module": False, "parameters": [], "convolutions": 0, "layers": [], "unregistered": []}
    layers = [m for m in model.modules() if m is not model]
    return {
        "module": True,
        "parameters": [[name, list(p.shape), p.requires_grad] for name, p in list(model.named_parameters())[:1000]],
        "convolutions": sum(isinstance(m, torch.nn.modules.conv._ConvNd) for m in layers),
        "layers": [type(m).__name__ for m in layers][:1000],
        "unregistered": _unregistered(model),
        "stacks": [name for name, m in model.named_modules() if _is_linear_stack(m)],
    }


def _is_linear_stack(module: Any) -> bool:
    """Whether a Sequential holds two linear layers or more: what stands between them is its own affair."""
    import torch

    linear = [layer for layer in module.children() if isinstance(layer, torch.nn.Linear)]
    return isinstance(module, torch.nn.Sequential) and len(linear) > 1


def _unregistered(model: Any) -> list[str]:
    """The attributes that hold layers in a plain list, tuple or dict, where PyTorch does not find them."""
    import torch

    found = []
    for name, value in vars(model).items():
        values = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
        if not name.startswith("_") and any(isinstance(item, torch.nn.Module) for item in values):
            found.append(name)
    return found


def _parameters(model: Any) -> list[np.ndarray]:
    return [p.detach().cpu().float().numpy().copy() for p in model.parameters()]


def _materialise(model: Any, X: Any) -> bool:
    """Let lazy layers find their sizes by one forward pass; whether there were any."""
    import torch

    lazy = any(isinstance(p, torch.nn.parameter.UninitializedParameter) for p in model.parameters())
    if lazy:
        with torch.no_grad():
            model.eval()(X)
    return lazy


def _gradients(model: Any) -> list[np.ndarray | None]:
    return [None if p.grad is None else p.grad.detach().cpu().float().numpy().copy() for p in model.parameters()]


def _logits(model: Any, X: Any) -> Any:
    """What forward gives in evaluation mode, without gradients."""
    import torch

    model.eval()
    with torch.no_grad():
        return model(X)


def _linearity(model: Any, a: Any, b: Any) -> list[Any]:
    """f(a) + f(b) and f(a + b) + f(0) in evaluation mode, alike for an affine f."""
    import torch

    model.eval()
    with torch.no_grad():
        return [model(a) + model(b), model(a + b) + model(torch.zeros_like(a))]


def _step(model: Any, X: Any, y: Any, learning_rate: float) -> Any:
    """What training_step returns with a plain SGD in training mode."""
    import torch

    torch.manual_seed(0)  # the same noise as in _fresh_gradients, where forward draws any
    return model.train().training_step(X, y, torch.optim.SGD(model.parameters(), lr=learning_rate))


def _changes_input(model: Any, X: Any) -> bool:
    """Whether a forward pass changes the images that it is given."""
    import torch

    before = X.clone()
    with torch.no_grad():
        model.eval()(X)
    return not torch.equal(X, before)


def _still_dropout(model: Any) -> None:
    """Switch dropout off in training mode too, so that a step can be compared with another."""
    import torch

    for layer in model.modules():
        if isinstance(layer, torch.nn.modules.dropout._DropoutNd):
            layer.p = 0.0


def _steps(model: Any, X: Any, y: Any, count: int) -> list[Any]:
    """The losses of several steps on one batch with Adam."""
    import torch

    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    return [model.train().training_step(X, y, optimizer) for _ in range(count)]


def _magnify_gradients(model: Any) -> None:
    """Make what a step left in the gradients a thousand times larger, so that it shows if the next one does not zero it."""
    for parameter in model.parameters():
        if parameter.grad is not None:
            parameter.grad.mul_(1000)


def _fresh_gradients(model: Any, X: Any, y: Any) -> dict[str, Any]:
    """The model's logits in training mode and the gradients of their cross-entropy, computed here; nothing is left behind."""
    import torch

    torch.manual_seed(0)
    buffers = [buffer.clone() for buffer in model.buffers()]
    logits = model.train()(X)
    loss = torch.nn.functional.cross_entropy(logits, y)
    gradients = torch.autograd.grad(loss, [p for p in model.parameters() if p.requires_grad], allow_unused=True)
    with torch.no_grad():
        for buffer, before in zip(model.buffers(), buffers, strict=True):
            buffer.copy_(before)
    found = iter(gradients)
    return {"logits": logits, "gradients": [next(found) if p.requires_grad else None for p in model.parameters()]}


@contextlib.contextmanager
def _watched(model: Any, seen: list[list[bool]]) -> Iterator[None]:
    """Notes, for each layer that runs, whether it was in training mode and whether gradients were recorded."""
    import torch

    leaves = [m for m in model.modules() if not list(m.children())]
    handles = [
        m.register_forward_hook(lambda m, *_: seen.append([m.training, torch.is_grad_enabled()])) for m in leaves
    ]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _predict(model: Any, X: Any) -> dict[str, Any]:
    """Labels predicted by a model that was in training mode, and what its layers saw meanwhile."""
    seen: list[list[bool]] = []
    model.train()
    with _watched(model, seen):
        labels = model.predict(X)
    return {
        "labels": labels,
        "ran": len(seen),
        "training": sum(t for t, _ in seen),
        "recording": sum(g for _, g in seen),
    }


def _predict_block(model: Any, X: Any) -> Any:
    """Labels of a block of images, asked for on the device where the model is."""
    parameter = next(iter(model.parameters()), None)
    return model.predict(X if parameter is None else X.to(parameter.device))


PROBES: dict[str, Callable[..., Any]] = {
    "structure": _structure,
    "materialise": _materialise,
    "changes_input": _changes_input,
    "still_dropout": _still_dropout,
    "magnify_gradients": _magnify_gradients,
    "parameters": _parameters,
    "gradients": _gradients,
    "logits": _logits,
    "linearity": _linearity,
    "step": _step,
    "steps": _steps,
    "fresh_gradients": _fresh_gradients,
    "predict": _predict,
    "predict_block": _predict_block,
}


def main(read_fd: int, write_fd: int, scratch: str) -> None:
    """Keep the pipes to ourselves, then serve."""
    private = os.dup(read_fd), os.dup(write_fd)
    for number in {read_fd, write_fd}:
        os.close(number)
    os.dup2(2, 1)  # what a script prints goes the way of its errors
    sys.stdout = sys.stderr
    os.chdir(scratch)
    sys.argv = ["worker"]
    Worker(*private).serve()
