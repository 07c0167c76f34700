"""A script's bytes become the text that Python would read, and only real stubs count."""

import pytest

from assignment.notebook_cells import code_in
from assignment.sources import EncodingError, decoded, unwritten

CODE = 'x = "é"\ny = 2\n'


@pytest.mark.parametrize("content", [
    CODE.encode(), b"\xef\xbb\xbf" + CODE.encode(), CODE.encode("utf-16"),
    b"\xfe\xff" + CODE.encode("utf-16-be"), CODE.encode("utf-32"),
    CODE.replace("\n", "\r\n").encode(), CODE.replace("\n", "\r").encode(),
    CODE.replace("\n", "\r\n").encode("utf-16"),
])  # fmt: skip
def test_the_text_is_the_same_in_every_encoding(content: bytes) -> None:
    assert decoded(content) == CODE


@pytest.mark.parametrize(("line", "encoding"), [
    ("# -*- coding: latin-1 -*-", "latin-1"), ("# vim: set fileencoding=cp1252 :", "cp1252"),
    ("#!/usr/bin/python\n# coding: iso-8859-15", "iso-8859-15"), ("\n# coding: utf-8", "utf-8"),
    ("# coding: latin-1\r", "latin-1"), ("# coding: utf-16", "utf-16"), ("# coding=koi8-r", "utf-16"),
])  # fmt: skip
def test_a_coding_line_is_followed_and_has_no_effect_afterwards(line: str, encoding: str) -> None:
    space: dict[str, object] = {}
    exec(decoded(f"{line}\n{CODE}".encode(encoding)).encode(), space)
    assert space["x"] == "é"


@pytest.mark.parametrize(("content", "problem"), [
    (b"x = 1\ny = '\xe9'\n", "is not in UTF-8 (byte 0xe9 in line 2): save it again as UTF-8"),
    (b"# coding: none-such\n", "unknown encoding: none-such"),
    (b"# coding: punycode\n", "unknown encoding: punycode"),
    (b"# coding: rot13\n", "unknown encoding: rot13"),
    (b"\xff\xfex", "is not in UTF-16"),
])  # fmt: skip
def test_an_encoding_problem_is_one_line_with_its_cure(content: bytes, problem: str) -> None:
    with pytest.raises(EncodingError) as caught:
        decoded(content)
    assert problem in str(caught.value)
    assert "UTF-8" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("character", "\u2028\u2029\x85\x0c\x0b\x1c\x1d\x1e")
@pytest.mark.parametrize("code", ["a = 'x{}y'", "# x{}y\na = 1", "a = '''x{}\n%d'''", "a = 1{}"])
def test_only_line_feeds_end_the_lines_of_a_notebook(code: str, character: str) -> None:
    import json

    if code == "a = 1{}" and character != "\x0c":
        return  # no white space to Python
    cell = code.format(character)
    book = {"cells": [{"cell_type": "code", "source": cell + "\n%time\n!ls\n"}]}
    expected, space = {}, {}
    exec(cell, expected)
    for ascii_only in (True, False):
        exec(code_in("a.ipynb", json.dumps(book, ensure_ascii=ascii_only).encode()), space)
        assert space["a"] == expected["a"]


RAISE = 'raise NotImplementedError("TODO 1.2: relu")'
TODO = ["TODO 1.2: relu"]


@pytest.mark.parametrize(("source", "left"), [
    (f"def relu(z):\n    {RAISE}", TODO),
    (f"def relu(z):\n    x = z\n    {RAISE}\n    return x", TODO),
    (f"def relu(z):\n    if z:\n        {RAISE}", TODO),
    (f"class A:\n    def f(self):\n        with x:\n            {RAISE}", TODO),
    (f"def relu(z):\n    {RAISE.replace(chr(34), chr(39))}", TODO),
    ('JUDGEMENT = "TODO 2.5"', ["TODO 2.5"]),
    (f"def relu(z): {RAISE}\ndef relu(z): return z", []),
    (f"def relu(z): return z\ndef relu(z): {RAISE}", TODO),
    (f"def relu(z):\n    # {RAISE}\n    return z", []),
    (f"def relu(z):\n    return z\n    {RAISE}", []),
    (f"def relu(z):\n    if z:\n        return 1\n    else:\n        return 2\n    {RAISE}", []),
    (f"def relu(z):\n    '''{RAISE}'''\n    return z", []),
    (f"x = '''\n    {RAISE}\n'''", []),
    ('JUDGEMENT = "TODO 2.5"\nJUDGEMENT = "overfitting"', []),
    ('def f(): raise NotImplementedError("no such loss")', []),
    (f"def (\ndef relu(z):\n    {RAISE}\n    # {RAISE}", TODO),  # cannot be parsed
    ("", []),
])  # fmt: skip
def test_stubs_are_found_in_the_syntax_tree(source: str, left: list[str]) -> None:
    assert unwritten(source) == left
