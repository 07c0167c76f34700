"""A parsed script: its functions, their statements, and where each stands in the source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import cast

import libcst as cst
from libcst.metadata import ByteSpanPositionProvider, CodeSpan, MetadataWrapper

# what may stand before the colon of a compound statement
IN_HEADERS = (cst.BaseExpression, cst.WithItem, cst.Parameters, cst.Annotation, cst.AsName, cst.Arg)


@dataclass(frozen=True)
class Statement:
    """A statement: its node, bytes from `start` to `end`, and its neighbours in the same block.

    Of a compound statement, that is the header alone. `block` is empty for the statements of a
    one-line suite such as `if x: y = 1`, which cannot move.
    """

    node: cst.CSTNode
    start: int
    end: int
    block: tuple[cst.BaseStatement, ...] = ()


@dataclass(frozen=True)
class Edit:
    """Bytes `start` to `end` of the source are replaced by `text`, in `statement`."""

    operator: str
    statement: Statement
    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Place:
    """An expression, the node around it, and its statement."""

    node: cst.CSTNode
    parent: cst.CSTNode
    statement: Statement


@dataclass
class Function:
    """A function or method, or an assignment that takes the place of one (`relu = lambda z: …`)."""

    name: str  # "relu" or "NumpyANN.backward"
    node: cst.CSTNode
    start: int
    end: int
    statements: list[Statement] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)

    @property
    def parameters(self) -> list[str]:
        """The names of its positional parameters, with self."""
        node = self.node
        if not isinstance(node, cst.FunctionDef):
            found = [n for n in _descendants(node) if isinstance(n, cst.Lambda)]
            params = found[0].params if found else cst.Parameters()
        else:
            params = node.params
        return [p.name.value for p in (*params.posonly_params, *params.params)]

    @property
    def is_method(self) -> bool:
        """Whether it is defined in a class."""
        return "." in self.name


class Script:
    """Raises cst.ParserSyntaxError for a source that cannot be parsed."""

    def __init__(self, source: str):
        # a copy would lose which node is which
        wrapper = MetadataWrapper(cst.parse_module(source), unsafe_skip_copy=True)
        self.module = wrapper.module
        self.content = self.module.code.encode()
        self._spans = cast("dict[cst.CSTNode, CodeSpan]", wrapper.resolve(ByteSpanPositionProvider))

    def span(self, node: cst.CSTNode) -> tuple[int, int]:
        """The bytes of a node, without its parentheses and the white space around it."""
        found = self._spans[node]
        return found.start, found.start + found.length

    def text(self, node: cst.CSTNode) -> str:
        """The source of a node, with its parentheses."""
        return self.module.code_for_node(node)

    def functions(self, names: Sequence[str]) -> list[Function]:
        """The functions of these names, the last of each if it is defined twice; all by default."""
        found: dict[str, Function] = {}
        for name, node in _definitions(self.module.body, ""):
            if not names or name in names:
                found.pop(name, None)
                found[name] = self._function(name, node)
        return list(found.values())

    def module_functions(self) -> list[str]:
        """The names of the functions at the top of the script."""
        return [
            name
            for name, node in _definitions(self.module.body, "")
            if "." not in name and isinstance(node, cst.FunctionDef)
        ]

    def _function(self, name: str, node: cst.CSTNode) -> Function:
        start, end = self.span(node)
        if isinstance(node, cst.FunctionDef) and node.decorators:
            start = min(start, self.span(node.decorators[0])[0])
        function = Function(name, node, start, end)
        if isinstance(node, cst.FunctionDef):
            self._walk_body(node.body, function, is_first=True)
        else:
            statement = Statement(node, start, end)
            function.statements.append(statement)
            self._walk(node, statement, function)
        return function

    def _walk_body(
        self, suite: cst.BaseSuite, function: Function, *, is_first: bool = False
    ) -> None:
        if isinstance(suite, cst.SimpleStatementSuite):
            for small in suite.body:
                statement = Statement(small, *self.span(small))
                function.statements.append(statement)
                self._walk(small, statement, function)
            return
        block = cast("tuple[cst.BaseStatement, ...]", tuple(suite.body))
        if is_first and block and is_docstring(block[0]):
            block = block[1:]
        for node in block:
            self._walk_statement(node, block, function)

    def _walk_statement(
        self, node: cst.BaseStatement, block: tuple[cst.BaseStatement, ...], function: Function
    ) -> None:
        if isinstance(node, cst.SimpleStatementLine):
            for small in node.body:
                alone = block if len(node.body) == 1 else ()
                statement = Statement(small, *self.span(small), alone)
                function.statements.append(statement)
                self._walk(small, statement, function)
            return
        header = Statement(node, self.span(node)[0], self._header_end(node), block)
        function.statements.append(header)
        for child in node.children:
            if isinstance(child, cst.BaseSuite):
                self._walk_body(child, function)
            elif isinstance(child, cst.Else | cst.Finally | cst.ExceptHandler | cst.If):
                self._walk_branch(child, function)
            else:
                self._walk_value(child, node, header, function)

    def _walk_branch(self, node: cst.CSTNode, function: Function) -> None:
        header = Statement(node, self.span(node)[0], self._header_end(node))
        for child in node.children:
            if isinstance(child, cst.BaseSuite):
                self._walk_body(child, function)
            elif isinstance(child, cst.Else | cst.Finally | cst.If):
                self._walk_branch(child, function)
            else:
                self._walk_value(child, node, header, function)

    def _header_end(self, node: cst.CSTNode) -> int:
        """The end of a compound statement's header, with its colon."""
        start, _ = self.span(node)
        ends = [self.span(child)[1] for child in node.children if isinstance(child, IN_HEADERS)]
        colon = self.content.find(b":", max(ends, default=start))
        return colon + 1 if colon >= 0 else self.line_end(start)

    def _walk(self, node: cst.CSTNode, statement: Statement, function: Function) -> None:
        for child in node.children:
            self._walk_value(child, node, statement, function)

    def _walk_value(
        self, node: cst.CSTNode, parent: cst.CSTNode, statement: Statement, function: Function
    ) -> None:
        """Note the expressions below a node that are read, not targets, types or formatting."""
        if isinstance(
            node, cst.AssignTarget | cst.Annotation | cst.FormattedString | cst.Parameters
        ):
            return
        if isinstance(parent, cst.AnnAssign | cst.AugAssign) and node is parent.target:
            return
        if isinstance(parent, cst.For | cst.CompFor) and node is parent.target:
            return
        if isinstance(node, cst.BaseExpression):
            function.places.append(Place(node, parent, statement))
        if isinstance(node, cst.BaseExpression | cst.BaseSlice | cst.Arg | cst.Element | cst.DictElement
                      | cst.SubscriptElement | cst.CompFor | cst.CompIf | cst.ComparisonTarget
                      | cst.WithItem | cst.BaseSmallStatement | cst.Decorator | cst.StarredElement):  # fmt: skip
            self._walk(node, statement, function)

    def line_start(self, offset: int) -> int:
        """The first byte of the line that an offset is in."""
        return max(self.content.rfind(b"\n", 0, offset), self.content.rfind(b"\r", 0, offset)) + 1

    def line_end(self, offset: int) -> int:
        """The byte after the text of the line that an offset is in, before its newline."""
        ends = [self.content.find(newline, offset) for newline in (b"\r", b"\n")]
        return min((end for end in ends if end >= 0), default=len(self.content))

    def lines_of(self, start: int, end: int) -> tuple[int, int]:
        """The bytes of whole lines, with the last newline, that hold these bytes."""
        last = self.line_end(end)
        newline = self.content[last : last + 2]
        return self.line_start(start), last + (2 if newline == b"\r\n" else len(newline[:1]))

    def line_number(self, offset: int) -> int:
        """The number of the line that an offset is in, from 1."""
        head = self.content[:offset]
        return head.count(b"\n") + head.replace(b"\r\n", b"").count(b"\r") + 1


def is_docstring(node: cst.BaseStatement) -> bool:
    """Whether a statement is nothing but a string."""
    return (
        isinstance(node, cst.SimpleStatementLine)
        and len(node.body) == 1
        and isinstance(node.body[0], cst.Expr)
        and isinstance(node.body[0].value, cst.SimpleString | cst.ConcatenatedString)
    )


def _definitions(
    body: Sequence[cst.CSTNode], prefix: str
) -> Iterator[tuple[str, cst.FunctionDef | cst.Assign]]:
    """The functions of a module or class, and assignments that may define one, by name."""
    for node in body:
        if isinstance(node, cst.FunctionDef):
            yield f"{prefix}{node.name.value}", node
        elif isinstance(node, cst.ClassDef) and not prefix:
            yield from _definitions(node.body.body, f"{node.name.value}.")
        elif isinstance(node, cst.If | cst.Try | cst.With):
            for suite in (child for child in node.children if isinstance(child, cst.BaseSuite)):
                yield from _definitions(suite.body, prefix)
        elif isinstance(node, cst.SimpleStatementLine):
            for small in node.body:
                if isinstance(small, cst.Assign) and isinstance(small.targets[0].target, cst.Name):
                    yield f"{prefix}{small.targets[0].target.value}", small


def _descendants(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    for child in node.children:
        yield child
        yield from _descendants(child)
