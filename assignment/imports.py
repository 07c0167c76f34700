"""Which packages a script may import, and what becomes of the imports that it may not have.

One rule for marking, the script's own run and the checklist. It reads the syntax tree and runs
nothing. What is left out keeps its lines:

    an import that is never used, a scratch cell of a notebook, statements of Colab    left out
    an import in a `try` that catches ImportError    fails as if the package were not installed
    any other import of a package that is not allowed    forbidden
"""

from __future__ import annotations

import ast
import sys
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from assignment.sources import parsed
from assignment.statements import Definition, Edit, Statement, edited, needed_by, statements

COLAB = "google.colab"
_CATCHES = {"ImportError", "ModuleNotFoundError", "Exception", "BaseException"}
_JUPYTERS = ("get_ipython", "display")  # names that exist only in Jupyter
MAX_IMPORTS = 300  # of a script that are judged; the sandbox holds the others
REST = "the standard library without processes, network and ctypes"


@dataclass(frozen=True)
class Rule:
    """The packages that a script may import, and the modules of Python that it may not.

    `needed` are the names that the sections ask for; `notebook` says that scratch cells may go.
    """

    allowed: tuple[str, ...]
    forbidden: tuple[str, ...]
    needed: tuple[str, ...] = ()
    notebook: bool = False

    def allows(self, module: str) -> bool:
        """Whether a module may be imported."""
        package = module.partition(".")[0]
        return package not in self.forbidden and (
            package in self.allowed or package in sys.stdlib_module_names
        )

    @property
    def expected(self) -> str:
        """What may be imported, in words."""
        return f"only {', '.join(self.allowed)} and {REST}"


@dataclass(frozen=True)
class Prepared:
    """A source without what the rule leaves out, remarks on that, and imports that it forbids."""

    source: str
    remarks: tuple[str, ...] = ()
    forbidden: tuple[tuple[str, int], ...] = ()  # module and line


@dataclass
class _Found:
    """What was found so far."""

    edits: list[Edit] = field(default_factory=list)
    remarks: list[tuple[int, str]] = field(default_factory=list)
    forbidden: list[tuple[str, int]] = field(default_factory=list)
    gone: set[int] = field(default_factory=set)  # ids of the statements that are left out

    def leave_out(self, nodes: Iterable[ast.stmt], code: str = "pass") -> None:
        """Put `code` in the place of statements, and of all that is inside them."""
        for node in nodes:
            self.edits.append(Edit(node, code))
            self.gone |= {id(inner) for inner in ast.walk(node)}


def prepare(source: str, rule: Rule) -> Prepared:
    """The source as it is marked. Raises SyntaxError for one that cannot be parsed."""
    tree = parsed(source)
    try:
        listed = statements(tree, source)
        found = _Found()
        _leave_out_colab(listed, rule, found)
        for node, around in _imports(tree)[:MAX_IMPORTS]:
            _judge(node, around, listed, rule, found)
        return Prepared(
            edited(source, found.edits),
            tuple(text for _, text in sorted(found.remarks)),
            tuple(found.forbidden),
        )
    except RecursionError:
        raise SyntaxError("too deeply nested") from None


Import = ast.Import | ast.ImportFrom


def _imports(tree: ast.Module) -> list[tuple[Import, list[ast.AST]]]:
    """Every import, with the nodes around it, outermost first."""
    found: list[tuple[Import, list[ast.AST]]] = []
    waiting: list[tuple[ast.AST, list[ast.AST]]] = [(tree, [])]
    while waiting:
        node, around = waiting.pop()
        if isinstance(node, Import):
            found.append((node, around))
        inside = [*around, node]
        waiting += [(child, inside) for child in reversed(list(ast.iter_child_nodes(node)))]
    return found


def modules(node: Import) -> list[tuple[str, str]]:
    """Each module that an import names, and the name that it binds; "*" for all of its names."""
    if isinstance(node, ast.Import):
        return [(a.name, a.asname or a.name.partition(".")[0]) for a in node.names]
    if node.level or not node.module:
        return []
    return [(node.module, alias.asname or alias.name) for alias in node.names]


def _is_colab(node: Import) -> bool:
    if isinstance(node, ast.ImportFrom) and node.module == "google":
        return any(alias.name == "colab" for alias in node.names)
    return any(name == COLAB or name.startswith(f"{COLAB}.") for name, _ in modules(node))


# --- Colab


def _leave_out_colab(listed: list[Statement], rule: Rule, found: _Found) -> None:
    """Leave out the statements that only Colab can run, wherever the module itself runs them."""
    bound = Counter(name for one in listed for name in one.binds)
    absent = {name for name in _jupyters(rule) if name not in bound}
    needed = {id(one.node) for one in needed_by(rule.needed, listed)}
    lines = set()
    for one in listed:
        node = one.node
        is_import = isinstance(node, Import) and _is_colab(node)
        is_user = bool(one.uses & absent) and id(node) not in needed
        if id(node) in found.gone:
            continue
        if not is_import and not is_user and not _goes_to_content(node):
            absent -= set() if one.parents else one.binds
            continue
        lines.add(node.lineno)
        if is_user and isinstance(node, ast.Assign) and isinstance(node.value, ast.Compare):
            found.edits.append(Edit(node, f"{ast.unparse(node.targets[0])} = False"))
            continue  # IN_COLAB = "google.colab" in str(get_ipython())
        if isinstance(node, Import) and is_import:
            fails = _is_caught([*one.parents, node])
            code = _until_raise(node, rule) if fails else _without(node, rule)
            found.leave_out([node], code)
            absent |= {name for module, name in modules(node) if not rule.allows(module)}
        else:
            found.leave_out([node])
            absent |= {name for name in one.binds if bound[name] == 1}
    if lines:
        said = f"{_lines(sorted(lines))}: what only Colab or Jupyter can run is left out"
        found.remarks.append((min(lines), said))


def _jupyters(rule: Rule) -> tuple[str, ...]:
    return _JUPYTERS if rule.notebook else _JUPYTERS[:1]


def _goes_to_content(node: ast.stmt) -> bool:
    """Whether a statement works in Colab's folder: `os.chdir("/content/drive/MyDrive")`."""
    call = node.value if isinstance(node, ast.Expr) else None
    return isinstance(call, ast.Call) and any(
        isinstance(value, ast.Constant)
        and isinstance(value.value, str)
        and value.value.startswith("/content")
        for value in call.args
    )


# --- other imports


def _judge(
    node: Import, around: list[ast.AST], listed: list[Statement], rule: Rule, found: _Found
) -> None:
    """Note what becomes of one import."""
    closed = [(module, name) for module, name in modules(node) if not rule.allows(module)]
    skipped = id(node) in found.gone or any(id(outer) in found.gone for outer in around)
    if not closed or skipped or _is_colab(node) or _never_runs([*around, node]):
        return
    module, line = closed[0][0], node.lineno
    if _is_caught([*around, node]):
        found.edits.append(Edit(node, _until_raise(node, rule)))
        said = f"line {line}: the import of {module} fails as if it were not installed"
    elif all(_is_unused(name, node, around, listed, found) for _, name in closed):
        found.edits.append(Edit(node, _without(node, rule)))
        said = f"line {line}: the import of {module} is not allowed, and not used: it is left out"
    else:
        group = _scratch(node, around, listed, rule, found) if rule.notebook else []
        if not group:
            found.forbidden.append((module, line))
            return
        found.leave_out(one.node for one in group)
        lines = sorted({one.node.lineno for one in group})
        said = f"{_lines(lines)}: {module} is not allowed: no section needs it, so it is left out"
    found.remarks.append((line, said))


def _is_caught(path: list[ast.AST]) -> bool:
    """Whether an import stands in a `try` that catches ImportError, with nothing between them."""
    for inner, outer in pairwise(reversed(path)):
        if isinstance(outer, Definition):
            return False
        if (
            isinstance(outer, ast.Try)
            and inner in outer.body
            and any(
                handler.type is None or _names_in(handler.type) & _CATCHES
                for handler in outer.handlers
            )
        ):
            return True
        if (
            isinstance(outer, ast.With)
            and inner in outer.body
            and any(
                isinstance(item.context_expr, ast.Call)
                and "suppress" in _names_in(item.context_expr.func)
                and any(_names_in(argument) & _CATCHES for argument in item.context_expr.args)
                for item in outer.items
            )
        ):
            return True
    return False


def _never_runs(path: list[ast.AST]) -> bool:
    """Whether an import is there for type checkers alone."""
    return any(
        isinstance(outer, ast.If)
        and inner in outer.body
        and isinstance(outer.test, ast.Name | ast.Attribute)
        and "TYPE_CHECKING" in _names_in(outer.test)
        for outer, inner in pairwise(path)
    )


def _names_in(node: ast.AST) -> set[str]:
    names = [getattr(inner, "id", getattr(inner, "attr", "")) for inner in ast.walk(node)]
    return {name for name in names if name}


def _is_unused(
    name: str, node: Import, around: list[ast.AST], listed: list[Statement], found: _Found
) -> bool:
    """Whether nothing uses the name that an import binds."""
    if name == "*":
        return False
    scope = next((outer for outer in reversed(around) if isinstance(outer, Definition)), None)
    if scope is not None:
        return name not in _names_in(scope)
    return not any(
        name in one.uses
        for one in listed
        if one.node is not node and id(one.node) not in found.gone
    )


def _scratch(
    node: Import, around: list[ast.AST], listed: list[Statement], rule: Rule, found: _Found
) -> list[Statement]:
    """The statements of scratch cells that go with an import; none if a section needs one."""
    path = {id(outer) for outer in [*around, node]}
    leaf = [one for one in listed if id(one.node) in path][-1]
    needed = {id(one.node) for one in needed_by(rule.needed, listed)}
    group: list[Statement] = []
    is_before = True
    absent = set(leaf.binds) if leaf.node is node else set()
    for one in listed:
        if id(one.node) in found.gone:
            continue
        is_before = is_before and one is not leaf
        uses = one.uses & absent and (not is_before or isinstance(one.node, Definition))
        inside = any(parent is other.node for other in group for parent in one.parents)
        if one is leaf or uses or inside:
            group.append(one)
            absent |= one.binds
        elif not one.parents and not is_before:
            absent -= one.binds
    return [] if any(id(one.node) in needed for one in group) else group


# --- code that takes an import's place


def _without(node: Import, rule: Rule) -> str:
    """The import without the modules that are not allowed."""
    kept = [alias for alias in node.names if rule.allows(alias.name)]
    if isinstance(node, ast.ImportFrom) or not kept:
        return "pass"
    return ast.unparse(ast.Import(kept))


def _until_raise(node: Import, rule: Rule) -> str:
    """The modules before the first that is not allowed, and the error of that one."""
    if isinstance(node, ast.ImportFrom):
        return _raising(node.module or "")
    at = next(i for i, alias in enumerate(node.names) if not rule.allows(alias.name))
    before = f"{ast.unparse(ast.Import(node.names[:at]))}; " if at else ""
    return before + _raising(node.names[at].name)


def _raising(module: str) -> str:
    package = module.partition(".")[0]
    return f"raise ModuleNotFoundError({f'No module named {package!r}'!r}, name={package!r})"


def _lines(numbers: Collection[int]) -> str:
    shown = [str(number) for number in numbers]
    if len(shown) > 6:
        shown[5:] = [f"{len(shown) - 5} more"]
    joined = ", ".join(shown[:-1]) + (" and " if len(shown) > 1 else "") + shown[-1]
    return f"line{'s' if len(shown) > 1 else ''} {joined}"
