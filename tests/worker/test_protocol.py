"""Values survive a round trip, and invalid frames are refused before anything is allocated."""

import contextlib
import json
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from assignment.answers import Opaque, Tensor
from grader.worker import protocol
from grader.worker.protocol import DTYPES, ProtocolError


def reader(content: bytes) -> Callable[[int], bytearray]:
    position = 0

    def read(count: int) -> bytearray:
        nonlocal position
        if position + count > len(content):
            raise EOFError
        position += count
        return bytearray(content[position - count : position])

    return read


def there_and_back(value: Any) -> Any:
    return protocol.unpack(reader(b"".join(protocol.pack(value))), 1 << 30)


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=50)


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    keyed = st.dictionaries(st.text(max_size=5), inner, max_size=4)
    return st.lists(inner, max_size=4) | st.tuples(inner, inner) | keyed


values = st.recursive(scalars, containers, max_leaves=10)


def same(a: Any, b: Any) -> bool:
    if isinstance(a, float):
        return type(b) is float and (a == b or (a != a and b != b))
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return (
            isinstance(b, dict) and a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
        )
    if isinstance(a, str):
        return a.encode("utf-8", "replace") == str(b).encode()
    return type(a) is type(b) and bool(a == b)


@given(values)
def test_plain_values_come_back_as_they_went(value: Any) -> None:
    assert same(value, there_and_back(value))


@given(
    st.sampled_from(DTYPES).flatmap(
        lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, min_side=0, max_dims=4))
    )
)
def test_arrays_come_back_as_they_went(array: np.ndarray) -> None:
    back = there_and_back([array, Tensor(array, True)])
    for got in (back[0], back[1].array):
        assert (got.dtype, got.shape) == (array.dtype, array.shape)
        assert got.tobytes() == array.tobytes()
        assert got.size == 0 or got.flags.writeable


def test_scalars_of_numpy_stay_scalars() -> None:
    assert isinstance(there_and_back(np.float32(1.5)), np.float32)
    assert isinstance(there_and_back(np.array(1.5)), np.ndarray)


def test_views_and_foreign_byte_orders_travel_as_their_content() -> None:
    array = np.arange(12, dtype=">f4").reshape(3, 4)[::-1, ::2]
    assert np.array_equal(there_and_back(array), array)


@pytest.mark.parametrize(
    "value", [{1, 2}, object(), 1j, np.array(["a"]), np.array([object()]), len, b"bytes"]
)
def test_unknown_types_become_opaque(value: object) -> None:
    assert there_and_back(value) == Opaque(type(value).__name__)


def test_cycles_and_long_lists_are_cut_off() -> None:
    cycle: list[Any] = []
    cycle.append(cycle)
    back = there_and_back(cycle)
    for _ in range(protocol.MAX_DEPTH - 1):
        (back,) = back
    assert back == [Opaque("list")]
    assert there_and_back([0] * (protocol.MAX_ITEMS + 1)) == Opaque("list")


def frame(header: Any, body: bytes = b"") -> bytes:
    content = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack(">I", len(content)) + content + body


NONE = ["constant", None]
BROKEN = {
    "header too long": struct.pack(">I", protocol.MAX_HEADER + 1),
    "no JSON": frame(b"\xff\xff"),
    "no table": frame([]),
    "bare NaN as a size": frame(b'{"arrays": [["<f8", [NaN]]], "message": ["constant", null]}'),
    "nested too deep": frame(
        b'{"arrays": [], "message": '
        + b'["list", [' * 50
        + b'["constant", null]'
        + b"]]" * 50
        + b"}"
    ),
    "nested far too deep": frame(b"[" * 500_000),
    "object dtype": frame({"arrays": [["|O", [1]]], "message": NONE}),
    "structured dtype": frame({"arrays": [["<f4,<f4", [1]]], "message": NONE}),
    "negative shape": frame({"arrays": [["<f8", [-1]]], "message": NONE}),
    "boolean shape": frame({"arrays": [["<f8", [True]]], "message": NONE}),
    "too large": frame({"arrays": [["<f8", [1 << 39]]], "message": NONE}),
    "too large by overflow": frame({"arrays": [["<f8", [1 << 40] * 4]], "message": NONE}),
    "unknown kind": frame({"arrays": [], "message": ["pickle", "x"]}),
    "array out of range": frame({"arrays": [], "message": ["array", 0]}),
    "float that is none": frame({"arrays": [], "message": ["float", "one"]}),
    "wrong number of parts": frame({"arrays": [], "message": ["int"]}),
}


@pytest.mark.parametrize("case", BROKEN)
def test_broken_frames_are_refused(case: str) -> None:
    with pytest.raises(ProtocolError):
        protocol.unpack(reader(BROKEN[case]), 1 << 20)


@given(st.binary(max_size=200))
def test_any_bytes_give_a_value_or_a_refusal(content: bytes) -> None:
    with contextlib.suppress(ProtocolError, EOFError):
        protocol.unpack(reader(content), 1 << 20)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda x: st.lists(x) | st.dictionaries(st.text(), x),
    )
)
def test_any_json_header_gives_a_value_or_a_refusal(message: Any) -> None:
    with contextlib.suppress(ProtocolError):
        protocol.unpack(reader(frame({"arrays": [], "message": message})), 1 << 20)


def test_an_array_stands_for_itself_alone() -> None:
    header = {"arrays": [["|u1", [4]]], "message": ["list", [["array", 0], ["array", -1]]]}
    content = json.dumps(header).encode()
    with pytest.raises(ProtocolError, match="comes twice"):
        protocol.unpack(reader(struct.pack(">I", len(content)) + content + bytes(4)), 1 << 20)


def test_a_number_larger_than_any_float_is_refused() -> None:
    content = json.dumps({"arrays": [], "message": ["float", "0x1p+99999"]}).encode()
    with pytest.raises(ProtocolError, match="does not make sense"):
        protocol.unpack(reader(struct.pack(">I", len(content)) + content), 1 << 20)
