"""What a forward pass did, read from its autograd graph: trace, and the search for hidden layers.

A node of the graph is one operation; its next functions are the operations that its inputs came
from. The graph of a compiled, scripted or checkpointed block is one node, which is called opaque.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import nn

from assignment.observing.structure import in_mode, leaves_of

# names of nodes, without "Backward0"
RESHAPING = (
    "View", "UnsafeView", "Reshape", "Squeeze", "Unsqueeze", "Flatten", "Alias", "Clone", "ToCopy",
)  # fmt: skip
# linear in their data, as long as only one of their inputs is data
LINEAR = (
    *RESHAPING, "Add", "Sub", "Rsub", "Neg", "Mul", "Div", "T", "Transpose", "Permute", "Expand",
    "Slice", "Select", "Split", "Chunk", "Unbind", "Cat", "Stack", "Index", "Narrow", "Repeat",
    "Flip", "Roll", "Mean", "Sum", "Cumsum", "AvgPool", "AdaptiveAvgPool", "ConstantPadNd",
    "ReflectionPad", "ReplicationPad", "Upsample", "NativeBatchNorm", "CudnnBatchNorm", "Copy",
    "AsStrided", "PixelShuffle", "Unfold", "Im2Col", "NativeDropout", "Contiguous", "Movedim",
    "SwapAxes", "Diagonal", "Identity",
)  # fmt: skip
# a linear map, where one input is data and the other trainable weights
PRODUCTS = (
    "Addmm", "Addmv", "Addbmm", "Baddbmm", "Mm", "Mv", "Bmm", "Dot", "Linear", "Matmul", "Mul",
    "Convolution", "ConvolutionOverrideable", "SlowConv", "ThnnConv", "MkldnnLinear",
)  # fmt: skip
LOOKUPS = ("Embedding", "EmbeddingBag")  # weights times one-hot rows, which have no gradient
OPAQUE = (
    "torch::jit", "CompiledFunction", "CheckpointFunction", "MkldnnRnnLayer", "Trilinear",
    "Lstm", "Gru", "CudnnRnn", "_CudnnRnn", "MpsLstm",
)  # fmt: skip


def trace(model: nn.Module, X: Any, training: bool) -> dict[str, Any]:
    """Two forward passes: leaves of their graphs, the last node, whether they agree, and modes."""
    in_mode(model, training=training)
    first, second = (_pass(model, X.clone()) for _ in range(2))
    kept = first.foreign.keys() & second.foreign.keys()
    return {
        "attached": getattr(first.logits, "grad_fn", None) is not None,
        "hidden": len(kept),
        "made_anew": len(first.foreign.keys() ^ second.foreign.keys()),
        "convolves": first.convolves,
        "last": first.last,
        "last_in_stack": first.last_in_stack,
        "hidden_layer": first.hidden_layer,
        "agree": _agree(first.logits, second.logits),
        "rows": isinstance(first.logits, torch.Tensor) and first.logits.dim() == 2,
        "finite": isinstance(first.logits, torch.Tensor) and bool(first.logits.isfinite().all()),
        "switched": any(m.training != training for m in model.modules()),
    }


def _agree(a: Any, b: Any) -> bool:
    if not isinstance(a, torch.Tensor) or not isinstance(b, torch.Tensor) or a.shape != b.shape:
        return False
    return bool(torch.allclose(a, b, rtol=1e-4, atol=1e-5, equal_nan=True))


@dataclass(frozen=True)
class _Pass:
    """One forward pass: its logits, leaves of its graph that are not the model's, and its end."""

    logits: Any
    foreign: dict[int, Any]
    convolves: bool
    last: str  # the name of the last node that does more than reshape
    last_in_stack: bool  # whether it is a layer of an nn.Sequential
    hidden_layer: bool


def _pass(model: nn.Module, X: Any) -> _Pass:
    X.requires_grad_()
    known = {id(p) for p in model.parameters()} | {id(X)}
    stacked = {
        child for m in model.modules() if isinstance(m, nn.Sequential) for child in m.children()
    }
    with _outputs_of_layers(model) as outputs, torch.enable_grad():
        logits = model(X * 1)  # a leaf could not be changed in place, which another check looks for
    start = logits.grad_fn if isinstance(logits, torch.Tensor) else None
    nodes, last = nodes_of(start), start
    while last is not None and last.name().startswith(RESHAPING) and last.next_functions:
        last = last.next_functions[0][0]
    return _Pass(
        logits,
        {
            id(node.variable): node.variable
            for node in nodes
            if hasattr(node, "variable")
            and id(node.variable) not in known
            and not _is_constant(node.variable)
        },
        any("Conv" in node.name() for node in nodes)
        or any(isinstance(m, nn.modules.conv._ConvNd) for m, _ in outputs),
        last.name() if last is not None else "",
        any(last is not None and output.grad_fn is last and m in stacked for m, output in outputs),
        _Graph(nodes, start, id(X), len(X)).has_hidden_layer,
    )


def _is_constant(leaf: Any) -> bool:
    """Whether it is no parameter, and has one value everywhere: the first state of an RNN, say."""
    return not isinstance(leaf, nn.Parameter) and bool((leaf == leaf.reshape(-1)[:1]).all())


def nodes_of(start: Any) -> list[Any]:
    """All nodes of an autograd graph, at most a hundred thousand."""
    seen: dict[Any, None] = {}
    waiting = [start]
    while waiting and len(seen) < 100_000:
        node = waiting.pop()
        if node is not None and node not in seen:
            seen[node] = None
            waiting += [following for following, _ in node.next_functions]
    return list(seen)


@contextlib.contextmanager
def _outputs_of_layers(model: nn.Module) -> Iterator[list[tuple[nn.Module, Any]]]:
    """Every layer that runs inside the block, with its output."""
    outputs: list[tuple[nn.Module, Any]] = []

    def note(layer: nn.Module, _: Any, output: Any) -> None:
        if isinstance(output, torch.Tensor):
            outputs.append((layer, output))

    handles = [layer.register_forward_hook(note) for layer in leaves_of(model)]
    try:
        yield outputs
    finally:
        for handle in handles:
            handle.remove()


class _Graph:
    """A graph in which hidden layers are searched: two linear maps, non-linear in between."""

    def __init__(self, nodes: list[Any], start: Any, images: int, rows: int):
        self.nodes, self.start, self._images, self._rows = nodes, start, images, rows

    @cached_property
    def has_hidden_layer(self) -> bool:
        """Whether a trainable linear map gets its data from another through a non-linearity.

        Searched from the logits back to the images; what cannot be looked into counts as one.
        """
        if any(node.name().startswith(OPAQUE) or _is_own_map(node) for node in self.nodes):
            return True
        seen: set[tuple[Any, int]] = set()
        # how far a path has come: 0 at no map yet, 1 at a map, 2 past a non-linearity below it
        waiting = [(self.start, 0)]
        while waiting:
            node, stage = waiting.pop()
            if node is None or (node, stage) in seen:
                continue
            seen.add((node, stage))
            if self._is_map(node):
                if stage == 2:
                    return True
                stage = 1
            elif stage == 1 and not self._is_linear(node):
                stage = 2
            waiting += [(child, stage) for child in self._data_of(node)]
        return False

    def _is_map(self, node: Any) -> bool:
        return node in self._maps

    def _is_linear(self, node: Any) -> bool:
        if not _starts(node, (*LINEAR, *PRODUCTS)):
            return False
        if not _starts(node, (*PRODUCTS, "Div")):
            return True
        return len(self._data_of(node)) < 2 and not _gates(node, self._rows)

    def _data_of(self, node: Any) -> list[Any]:
        return [child for child, _ in node.next_functions if child in self._found[1]]

    @property
    def _maps(self) -> set[Any]:
        return self._found[0]

    @cached_property
    def _found(self) -> tuple[set[Any], set[Any]]:
        """The products of data and trainable weights, and all nodes that data comes through.

        The images, and with them every product of theirs. Where the images have no gradient, say
        after a comparison, their place in a product is empty: as that of a constant is, which a
        parametrization may multiply weights with.
        """
        weights = self._above(
            # registered or not, which another check asks
            {n for n in self._leaves if n.variable.dim() > 1 and id(n.variable) != self._images}
        )
        images = {n for n in self._leaves if id(n.variable) == self._images}
        maps: set[Any] = set()
        for _ in range(10):  # a few are enough: each finds the products of those before
            data = self._above(images | maps)
            found = {
                n
                for n in self.nodes
                if _starts(n, LOOKUPS)
                or (
                    _starts(n, PRODUCTS)
                    and _mixes(n, weights, data, is_data=not images or _saves_rows(n, self._rows))
                )
            }
            if found == maps:
                break
            maps = found
        return maps, data

    @cached_property
    def _leaves(self) -> list[Any]:
        return [node for node in self.nodes if hasattr(node, "variable")]

    def _above(self, leaves: set[Any]) -> set[Any]:
        """The nodes from which one of these can be reached."""
        found, waiting = set(leaves), list(leaves)
        while waiting:
            for user in self._users.get(waiting.pop(), ()):
                if user not in found:
                    found.add(user)
                    waiting.append(user)
        return found

    @cached_property
    def _users(self) -> dict[Any, list[Any]]:
        users: dict[Any, list[Any]] = {}
        for node in self.nodes:
            for child, _ in node.next_functions:
                users.setdefault(child, []).append(node)
        return users


def _mixes(node: Any, weights: set[Any], data: set[Any], *, is_data: bool) -> bool:
    """Whether a product has weights on one side and data on another.

    `is_data` says whether that counts as data which has no gradient.
    """
    children = [child for child, _ in node.next_functions]
    scaled = _starts(node, ("Mul",))  # by a number, which has no gradient either
    return any(child in weights and child not in data for child in children) and any(
        child in data or (child is None and is_data and not scaled) for child in children
    )


def _saves_rows(node: Any, rows: int) -> bool:
    """Whether a factor without a gradient that a product saved has one row an image."""
    saved = (getattr(node, name, None) for name in dir(node) if name.startswith("_saved_"))
    return any(
        isinstance(one, torch.Tensor) and not one.requires_grad and rows in one.shape
        for one in saved
    )


def _is_own_map(node: Any) -> bool:
    """Whether it is a torch.autograd.Function of the script with several inputs that are trained."""
    inputs = [child for child, _ in node.next_functions if child is not None]
    return isinstance(node, torch.autograd.function.BackwardCFunction) and len(inputs) > 1


def _gates(node: Any, rows: int) -> bool:
    """Whether a product's factor without a gradient differs from image to image: h * (h > 0)."""
    for (child, _), name in zip(node.next_functions, ("_saved_other", "_saved_self"), strict=False):
        factor = getattr(node, name, None)
        # a product saves one factor for the gradient of the other
        if child is not None and isinstance(factor, torch.Tensor) and not factor.requires_grad:
            alone = factor.dim() > 0 and len(factor) == rows and _starts(node, ("Mul", "Div"))
            if alone and bool((factor != factor[:1]).any()):
                return True
    return False


def _starts(node: Any, names: tuple[str, ...]) -> bool:
    """Whether a node's operation is one of these: "MulBackward0" is "Mul"."""
    name = node.name().partition("Backward")[0].rstrip("0123456789D")
    return name in names
