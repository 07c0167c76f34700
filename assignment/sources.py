"""A script's bytes as text, and the stubs that are left in it.

Marking reads what was handed in with these functions, the checklist what is to be handed in.
Lines of code end at a line feed, as Python sees it. str.splitlines would also split at form feeds,
U+0085 and U+2028, which are part of a string or a comment.
"""

from __future__ import annotations

import ast
import codecs
import re
import warnings
from collections.abc import Iterable, Iterator

# encodings that turn bytes into text in time proportional to their number
_ENCODING = re.compile(
    r"utf-8(-sig)?|ascii|iso8859-\d+|cp\d+|mac-\w+|koi8-\w|gbk|gb2312|gb18030|big5|shift_jis|euc_\w+|johab"
)
_CODING = re.compile(rb"[ \t\f]*#.*?coding([:=])[ \t]*([-\w.]+)")  # PEP 263
_BLANK = re.compile(rb"[ \t\f]*(?:#.*)?\r?$")
_BOMS = (  # the longest first: UTF-32's begins with UTF-16's
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF8, "utf-8"),
)
_STUB = re.compile(r"^\s*raise NotImplementedError\(\s*[\"'](TODO[^\"']*)", re.MULTILINE)


class EncodingError(Exception):
    """The bytes are no text; the message, a clause, names the problem and the cure."""


def decoded(content: bytes) -> str:
    r"""The text of a script, with lines that end in \n and without a coding line's effect.

    UTF-8, UTF-16 and UTF-32 are read by their byte order mark, others by the coding line. Raises
    EncodingError.
    """
    mark, encoding = next(((m, e) for m, e in _BOMS if content.startswith(m)), (b"", ""))
    content = content[len(mark) :]
    if encoding in ("", "utf-8"):
        content, named = _without_coding_line(content)
        encoding = encoding or _known(named)
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        byte = f" (byte 0x{content[error.start]:02x} in line {line})" if not mark else ""
        raise EncodingError(
            f"is not in {encoding.upper()}{byte}: save it again as UTF-8 in your editor"
        ) from None
    if encoding.startswith(("utf-16", "utf-32")):
        text = _without_coding_line(text.encode("utf-8", "replace"))[0].decode("utf-8")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def roughly(content: bytes) -> str:
    """A script in an unknown encoding, in which the ASCII characters alone can be relied on."""
    return content.decode("latin-1").replace("\r\n", "\n").replace("\r", "\n")


def code_lines(source: str) -> list[str]:
    """The lines of a source as Python counts them."""
    return source.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _without_coding_line(content: bytes) -> tuple[bytes, str]:
    """The content with a coding line that no longer names one, and the encoding that it named."""
    start = 0
    for _ in range(2):
        end = min((at for at in (content.find(b"\n", start), content.find(b"\r", start)) if at > 0),
                  default=len(content))  # fmt: skip
        match = _CODING.match(content[start:end])
        if match:
            at = start + match.start(1)
            return content[:at] + b" " + content[at + 1 :], match[2].decode("ascii", "replace")
        if not _BLANK.match(content[start:end]):
            break
        start = end + (2 if content[end : end + 2] == b"\r\n" else 1)
    return content, "utf-8"


def _known(name: str) -> str:
    """The encoding by its usual name. Raises EncodingError for one that does not exist."""
    try:
        encoding = codecs.lookup(name).name
    except (LookupError, ValueError):
        encoding = ""
    if not _ENCODING.fullmatch(encoding):
        raise EncodingError(
            f"has an unknown encoding: {name[:50]} in its coding line: "
            "save it as UTF-8 and delete that line"
        )
    return encoding


def parsed(source: str) -> ast.Module:
    """The syntax tree. Raises SyntaxError for everything that cannot be parsed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # such as an invalid escape in a string
            return ast.parse(source)
    except (ValueError, RecursionError, MemoryError) as error:  # null bytes, nested too deep
        raise SyntaxError(str(error) or type(error).__name__) from None


def unwritten(source: str) -> list[str]:
    """The TODOs left in a source: stubs that a call would reach, and an open JUDGEMENT.

    A comment, a string or a `raise` below the return is none. Of a function that is defined twice
    the last counts. A source that cannot be parsed is searched line by line.

    >>> unwritten('def relu(z):\\n    # raise NotImplementedError("TODO 1.2")\\n    return z')
    []
    >>> unwritten('def relu(z):\\n    raise NotImplementedError("TODO 1.2")')
    ['TODO 1.2']
    """
    try:
        tree = parsed(source)
        return [todo for todos in _defined(tree.body).values() for todo in todos]
    except (SyntaxError, RecursionError):
        return _STUB.findall(source)


def _defined(body: Iterable[ast.stmt]) -> dict[str, list[str]]:
    """The TODOs of each name that a module or class body defines."""
    found: dict[str, list[str]] = {}
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found[node.name] = [_todo(stub, node.name) for stub in _reached(node.body)]
        elif isinstance(node, ast.ClassDef):
            found[node.name] = [todo for todos in _defined(node.body).values() for todo in todos]
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name) and target.id == "JUDGEMENT":
                    text = node.value.value if isinstance(node.value, ast.Constant) else ""
                    found["JUDGEMENT"] = [text] if str(text).startswith("TODO") else []  # type: ignore[list-item]
        else:
            for inner in _blocks(node):
                found |= _defined(inner)
    return found


def _blocks(node: ast.stmt) -> Iterator[list[ast.stmt]]:
    """The lists of statements in a compound statement."""
    for name in ("body", "orelse", "finalbody"):
        yield getattr(node, name, [])
    for inner in [*getattr(node, "handlers", []), *getattr(node, "cases", [])]:
        yield inner.body


def _reached(body: list[ast.stmt]) -> list[ast.Raise]:
    """The stubs among statements, and inside them, up to the first that always leaves."""
    found: list[ast.Raise] = []
    for node in body:
        if isinstance(node, ast.Raise) and _is_stub(node.exc):
            found.append(node)
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found += [stub for block in _blocks(node) for stub in _reached(block)]
        if _leaves(node):
            break
    return found


def _leaves(node: ast.stmt) -> bool:
    """Whether nothing after a statement is ever reached."""
    if isinstance(node, ast.Return | ast.Raise | ast.Break | ast.Continue):
        return True
    if isinstance(node, ast.If):
        return all(any(map(_leaves, block)) for block in (node.body, node.orelse))
    return isinstance(node, ast.With) and any(map(_leaves, node.body))


def _is_stub(error: ast.expr | None) -> bool:
    name = error.func if isinstance(error, ast.Call) else error
    if not isinstance(name, ast.Name) or name.id != "NotImplementedError":
        return False
    text = _text(error)
    return not text or text.startswith("TODO")


def _text(error: ast.expr | None) -> str:
    argument = error.args[0] if isinstance(error, ast.Call) and error.args else None
    return str(argument.value) if isinstance(argument, ast.Constant) else ""


def _todo(stub: ast.Raise, function: str) -> str:
    return _text(stub.exc) or f"TODO: {function}"
