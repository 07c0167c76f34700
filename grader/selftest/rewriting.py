"""Cheats written differently: other names, hidden strings and imports, packed source.

Every function keeps what the code does. None of them runs the code.
"""

from __future__ import annotations

import ast
import base64
import zlib
from collections.abc import Callable
from random import Random
from textwrap import indent

# names that a carrier or a worker looks for
KEPT = {"relu", "relu_derivative", "cross_entropy", "NumpyANN", "PyTorchANN", "softmax"}
_PACKED = """
def _cheat():
    names = {{"__name__": __name__, "__file__": __file__, "__builtins__": __builtins__}}
    {run}
    return names
"""


def rewritten(source: str, how: str, rng: Random) -> str:
    """The source after the rewritings named in `how`: any of names, strings, imports, or "as is"."""
    tree = ast.parse(source)
    for name in how.split(" + "):
        if name in REWRITINGS:
            tree = ast.fix_missing_locations(REWRITINGS[name](tree, rng))
    return ast.unparse(tree)


def invented_name(rng: Random) -> str:
    """A name that looks like one of a student's."""
    parts = ("data", "layer", "value", "temp", "helper", "grad", "batch", "node", "item", "array")
    return f"{rng.choice(parts)}_{rng.choice(parts)}_{rng.randrange(10_000)}"


# --- names


class _Bindings(ast.NodeVisitor):
    """Collects the names that a script binds, and those that cannot be renamed by themselves."""

    def __init__(self) -> None:
        self.bound: set[str] = set()
        self.fixed = set(KEPT)

    def visit_Name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Store):
            self.bound.add(node.id)

    def visit_arg(self, node: ast.arg) -> None:
        self.fixed.add(node.arg)  # callers may pass it by keyword

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.bound.add(node.name)
        self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.bound.add(node.name)
        for inner in node.body:  # these are attributes
            own = _Bindings()
            own.visit(inner)
            self.fixed |= own.fixed | (
                own.bound if not isinstance(inner, ast.FunctionDef) else {inner.name}
            )
            self.bound |= own.bound

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self.bound.add(node.name)
        self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            if "." in alias.name and not alias.asname:
                self.fixed.add(alias.name.split(".")[0])
            else:
                self.bound.add(alias.asname or alias.name)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self.bound |= {alias.asname or alias.name for alias in node.names}


class _Renaming(ast.NodeTransformer):
    def __init__(self, names: dict[str, str]):
        self.names = names

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self.names.get(node.id, node.id)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name = self.names.get(node.name, node.name)
        return self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.name = self.names.get(node.name, node.name)
        return self.generic_visit(node)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        if node.name:
            node.name = self.names.get(node.name, node.name)
        return self.generic_visit(node)

    def visit_alias(self, node: ast.alias) -> ast.AST:
        bound = node.asname or node.name
        node.asname = self.names.get(bound, node.asname)
        return node


def _other_names(tree: ast.Module, rng: Random) -> ast.Module:
    found = _Bindings()
    found.visit(tree)
    names = {name: invented_name(rng) for name in sorted(found.bound - found.fixed)}
    renamed: ast.Module = _Renaming(names).visit(tree)
    return renamed


# --- strings


class _HiddenStrings(ast.NodeTransformer):
    def __init__(self, rng: Random):
        self.rng = rng

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                part.value = self.visit(part.value)
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if not isinstance(node.value, str) or not 1 < len(node.value) < 400:
            return node
        return ast.parse(_expression_of(node.value, self.rng), mode="eval").body


def _expression_of(text: str, rng: Random) -> str:
    content = text.encode("utf-8", "surrogatepass")
    forms: list[Callable[[], str]] = [
        lambda: f"bytes.fromhex({content.hex()!r}).decode()",
        lambda: f"''.join(map(chr, {[ord(character) for character in text]}))",
        lambda: f"{text[::-1]!r}[::-1]",
        lambda: f"__import__('base64').b64decode({base64.b64encode(content)!r}).decode()",
        lambda: f"bytes(number ^ 77 for number in {bytes(b ^ 77 for b in content)!r}).decode()",
    ]
    return rng.choice(forms)()


def _hidden_strings(tree: ast.Module, rng: Random) -> ast.Module:
    hidden: ast.Module = _HiddenStrings(rng).visit(tree)
    return hidden


# --- imports


class _HiddenImports(ast.NodeTransformer):
    def __init__(self, rng: Random):
        self.rng = rng

    def _module(self, name: str) -> str:
        text = _expression_of(name, self.rng) if len(name) > 1 else repr(name)
        forms = (
            "__import__({0}, fromlist=['x'])",
            "__import__('importlib').import_module({0})",
            "getattr(__import__('importlib'), 'import_' + 'module')({0})",
            "__import__('builtins').__dict__['__imp' + 'ort__']({0}, None, None, ['x'])",
            "(exec('import ' + {0}) or __import__('sys').modules[{0}])",
        )
        return self.rng.choice(forms).format(text)

    def visit_Import(self, node: ast.Import) -> list[ast.stmt]:
        lines = []
        for alias in node.names:
            if alias.asname or "." not in alias.name:
                lines.append(f"{alias.asname or alias.name} = {self._module(alias.name)}")
            else:
                top = alias.name.split(".")[0]
                lines += [self._module(alias.name), f"{top} = {self._module(top)}"]
        return ast.parse("\n".join(lines)).body

    def visit_ImportFrom(self, node: ast.ImportFrom) -> list[ast.stmt]:
        module = self._module(node.module or "")
        lines = [
            f"{alias.asname or alias.name} = getattr({module}, {alias.name!r})"
            for alias in node.names
        ]
        return ast.parse("\n".join(lines)).body


def _hidden_imports(tree: ast.Module, rng: Random) -> ast.Module:
    hidden: ast.Module = _HiddenImports(rng).visit(tree)
    return hidden


REWRITINGS: dict[str, Callable[[ast.Module, Random], ast.Module]] = {
    "names": _other_names,
    "imports": _hidden_imports,
    "strings": _hidden_strings,
}


# --- packing: a function `_cheat` that runs the source once, and returns its names


def packed(source: str, how: str, rng: Random) -> str:
    """Code of a function `_cheat` that runs the source and returns its names, packed as named."""
    if how == "inline":
        return f"def _cheat():\n{indent(source, '    ')}\n    return locals()\n"
    if how == "file":
        content = base64.b64encode(source.encode())
        name = invented_name(rng)
        lines = (
            f"with open('{name}.py', 'wb') as stream:",
            "    stream.write(f'__file__ = {__file__!r}\\n'.encode())",
            f"    stream.write(__import__('base64').b64decode({content!r}))",
            "sys.path.insert(0, os.getcwd())",
            f"names |= vars(__import__('{name}'))",
        )
        return _PACKED.format(run="\n    ".join(lines))
    return _PACKED.format(run=RUNNING[how].format(_decoding(source, rng)))


RUNNING = {
    "exec": "exec({0}, names)",
    "function": "__import__('types').FunctionType(compile({0}, '<string>', 'exec'), names)()",
    "eval": "eval(compile({0}, __file__, 'exec'), names)",
    "getattr": "getattr(__import__('builtins'), 'cexe'[::-1])({0}, names)",
}
PACKINGS = ("inline", "file", *RUNNING)


def _decoding(source: str, rng: Random) -> str:
    """An expression whose value is the source."""
    content = source.encode()
    key = rng.randrange(1, 256)
    forms: list[Callable[[], str]] = [
        lambda: f"__import__('base64').b64decode({base64.b64encode(content)!r})",
        lambda: f"__import__('base64').b85decode({base64.b85encode(content)!r})",
        lambda: f"bytes.fromhex({content.hex()!r})",
        lambda: f"''.join(map(chr, {list(map(ord, source))}))",
        lambda: f"__import__('zlib').decompress({zlib.compress(content)!r})",
        lambda: f"{source[::-1]!r}[::-1]",
        lambda: f"bytes(number ^ {key} for number in {bytes(b ^ key for b in content)!r})",
    ]
    return rng.choice(forms)()
