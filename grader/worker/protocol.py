"""Frames over a pipe: a JSON header of bounded size, then the bytes of its arrays. Never pickle.

Used on both sides, so it imports nothing of ours but assignment.answers. A frame is

    4 bytes, big-endian    length of the header
    header                 {"arrays": [[dtype, shape], …], "message": …} in UTF-8
    bytes                  the arrays one after another, C order, little-endian

A value is encoded as a list with its type first, such as ["float", "0x1.8p+1"], ["array", 0] or
["dict", [[key, value], …]], so that only known types are ever built from a frame. A value of any
other type becomes an Opaque with the type's name.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable
from typing import Any

import numpy as np

from assignment.answers import Opaque, Tensor

MAX_HEADER = 1 << 20
MAX_DEPTH = 12  # of nested lists and dicts
MAX_TEXT = 20_000  # characters of one string
MAX_ITEMS = 10_000  # of one list or dict
MAX_VALUES = 100_000  # in all lists and dicts of a frame; their header would be too long anyway
MAX_DIGITS = 256  # hexadecimal, of one integer: larger than any float, small enough to print
DTYPES = ("|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8")

Read = Callable[[int], bytearray]  # returns exactly that many bytes


class ProtocolError(Exception):
    """A frame that breaks the rules."""


class TooLarge(ProtocolError):
    """A frame that holds more than is allowed; both are numbers of `unit`."""

    def __init__(self, held: int, allowed: int, unit: str = "bytes"):
        super().__init__(f"it is too large: {held:,} {unit}, at most {allowed:,} are allowed")
        self.held, self.allowed, self.unit = held, allowed, unit


def pack(
    message: Any,
    describe: Callable[[Any], Opaque] | None = None,
    max_bytes: int | None = None,
) -> list[bytes | memoryview]:
    """The frame of a message, as buffers to write in order. `describe` handles unknown types.

    Raises TooLarge for more than `max_bytes` in arrays, before any of them is copied, and for a
    longer header than the other side reads.
    """
    arrays: list[np.ndarray] = []
    node = _encode(message, arrays, _Counted(describe or _unknown), 0)
    total = sum(array.size * array.itemsize for array in arrays)
    if max_bytes is not None and total > max_bytes:
        raise TooLarge(total, max_bytes)
    header = json.dumps(
        {"arrays": [[_wire(a).str, list(a.shape)] for a in arrays], "message": node}
    ).encode()
    if len(header) > MAX_HEADER:
        raise TooLarge(len(header), MAX_HEADER)
    buffers = [
        np.ascontiguousarray(a, _wire(a)).reshape(-1).view(np.uint8).data for a in arrays if a.size
    ]
    return [struct.pack(">I", len(header)) + header, *buffers]


def unpack(read: Read, max_bytes: int) -> Any:
    """The next message, checked before anything is allocated. Raises ProtocolError."""
    (length,) = struct.unpack(">I", bytes(read(4)))
    if length > MAX_HEADER:
        raise TooLarge(length, MAX_HEADER)
    try:
        header = json.loads(bytes(read(length)).decode("utf-8"))
        specifications = [_specification(*entry) for entry in header["arrays"]]
        total = sum(dtype.itemsize * math.prod(shape) for dtype, shape in specifications)
        if total > max_bytes:
            raise TooLarge(total, max_bytes)
        arrays: list[np.ndarray | None] = [
            np.frombuffer(read(dtype.itemsize * math.prod(shape)), dtype).reshape(shape)
            for dtype, shape in specifications
        ]
        return _decode(header["message"], arrays, 0)
    except (ValueError, KeyError, TypeError, IndexError, OverflowError, RecursionError) as error:
        raise ProtocolError(f"the frame does not make sense ({type(error).__name__})") from None


def _wire(array: np.ndarray) -> np.dtype[Any]:
    return array.dtype.newbyteorder("<")


def _specification(dtype: str, shape: list[int]) -> tuple[np.dtype[Any], tuple[int, ...]]:
    if dtype not in DTYPES:
        raise ProtocolError("a dtype that is not allowed")
    if len(shape) > 32 or not all(type(n) is int and 0 <= n <= 1 << 40 for n in shape):
        raise ProtocolError("the shape does not make sense")
    return np.dtype(dtype), tuple(shape)


def _unknown(value: Any) -> Opaque:
    return Opaque(type(value).__name__)


class _Counted:
    """Describes values of unknown types, and counts all that a frame holds."""

    def __init__(self, describe: Callable[[Any], Opaque]):
        self.describe, self.count = describe, 0

    def add(self, count: int) -> None:
        """Raises TooLarge for more values than a frame may hold."""
        self.count += count
        if self.count > MAX_VALUES:
            raise TooLarge(self.count, MAX_VALUES, "values outside of arrays")


def _encode(value: Any, arrays: list[np.ndarray], counted: _Counted, depth: int) -> list[Any]:
    if value is None or type(value) is bool:
        return ["constant", value]
    if type(value) is int and value.bit_length() < 4 * MAX_DIGITS - 16:
        return ["int", hex(value)]
    if type(value) is float:
        return ["float", value.hex()]
    if isinstance(value, str):  # np.str_ too
        return ["str", str(value)[:MAX_TEXT].encode("utf-8", "replace").decode()]
    if (
        isinstance(value, np.ndarray | np.generic)
        and np.asarray(value).dtype.newbyteorder("<").str in DTYPES
    ):
        return ["scalar" if isinstance(value, np.generic) else "array", _append(arrays, value)]
    if isinstance(value, Tensor):
        return ["tensor", _append(arrays, value.array), value.requires_grad]
    if isinstance(value, Opaque):
        number = None if value.number is None else float(value.number).hex()
        return ["opaque", value.type_name[:200], value.ref, value.callable, number]
    if depth < MAX_DEPTH and isinstance(value, list | tuple | dict) and len(value) <= MAX_ITEMS:
        counted.add(len(value))
        if isinstance(value, dict):
            items = [
                [_encode(part, arrays, counted, depth + 1) for part in item]
                for item in value.items()
            ]
            return ["dict", items]
        kind = "list" if isinstance(value, list) else "tuple"
        return [kind, [_encode(item, arrays, counted, depth + 1) for item in value]]
    described = counted.describe(value)
    known = (Opaque, Tensor, np.ndarray)
    return _encode(
        described if isinstance(described, known) else _unknown(value),
        arrays,
        _Counted(_unknown),
        depth,
    )


def _append(arrays: list[np.ndarray], value: Any) -> int:
    arrays.append(np.asarray(value))
    return len(arrays) - 1


def _decode(node: Any, arrays: list[np.ndarray | None], depth: int) -> Any:
    if depth > MAX_DEPTH + 1:
        raise ProtocolError("nested too deep")
    kind, *rest = node
    match kind, rest:
        case "constant", [None | True | False as value]:
            return value
        case "int", [str(text)] if len(text) <= MAX_DIGITS:
            return int(text, 16)
        case "float", [str(text)]:
            return float.fromhex(text)
        case "str", [str(text)]:
            return text
        case "array", [int(index)]:
            return _take(arrays, index)
        case "scalar", [int(index)]:
            return _take(arrays, index)[()]
        case "tensor", [int(index), bool(requires_grad)]:
            return Tensor(_take(arrays, index), requires_grad)
        case "opaque", [str(name), None | int() as ref, bool(is_callable), None | str() as number]:
            return Opaque(name, ref, is_callable, None if number is None else float.fromhex(number))
        case (("list" | "tuple"), [list(items)]):
            values = [_decode(item, arrays, depth + 1) for item in items]
            return values if kind == "list" else tuple(values)
        case "dict", [list(items)]:
            return {
                _key(_decode(key, arrays, depth + 1)): _decode(value, arrays, depth + 1)
                for key, value in items
            }
    raise ProtocolError("an unknown kind of value")


def _take(arrays: list[np.ndarray | None], index: int) -> np.ndarray:
    """An array of the frame, at most once: repeated, a small frame could expand without limit."""
    array, arrays[index] = arrays[index], None
    if array is None:
        raise ProtocolError("an array comes twice")
    return array


def _key(key: Any) -> Any:
    """A dictionary's key: text and numbers as they are, anything else by its type's name."""
    if isinstance(key, str | int | float | bool | None):
        return key
    return f"<{key.type_name if isinstance(key, Opaque) else type(key).__name__}>"
