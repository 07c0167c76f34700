"""Hostile sources neither crash nor stall the comparison."""

import time

import pytest

from grader.similarity.comparing import compare
from grader.similarity.names import Names
from grader.similarity.page import page
from grader.similarity.source import MAX_TOKENS, read
from grader.similarity.wording import partly_read
from tests.similarity.support import SOLVED

HOSTILE = {
    "brackets": b"(" * 200_000,
    "brackets of all kinds": b"[{(" * 66_000,
    "one long line": b"x = " + b"a+" * 98_000,
    "quotes": b'"' * 200_000,
    "open strings": b"'''\\\"" * 40_000,
    "prefixes": b"rb'" * 66_000,
    "backslashes": b"\\\n" * 100_000,
    "zeros": b"\0" * 200_000,
    "UTF-16": ("x = 1\n" * 10_000).encode("utf-16"),
    "surrogates": b"\xed\xa0\x80 = 1\n" * 20_000,
    "letters that grow": ("\ufdfa = 1\n" * 30_000).encode(),
    "one statement again and again": b"y = y + 1\n" * 20_000,
    "remarks": b"# one two three\n" * 12_000,
    "a number": b"1e+" * 66_000,
    "old line ends": b"x=1\r" * 50_000,
    "nothing": b"",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_sources_neither_crash_nor_stall(kind: str) -> None:
    works = {"x": {"numpy_ann": HOSTILE[kind]}, "y": {"numpy_ann": HOSTILE[kind]}, "z": SOLVED}
    started = time.perf_counter()
    comparison = compare(works)
    assert page(comparison, works, {}).endswith("</html>")
    assert time.perf_counter() - started < 10
    assert len(read(HOSTILE[kind]).words) <= MAX_TOKENS


def test_a_partly_read_script_gets_a_note() -> None:
    comparison = compare(
        {"x": {"numpy_ann": b"x = 1\n" * 9000}, "y": {"pytorch_cnn": b"# coding: utf-7\nx = 1\n"}}
    )
    long, odd = partly_read(comparison, Names())
    assert long.startswith("numpy_ann.py of x: ")
    assert "10,000 words" in long
    assert odd.startswith("pytorch_cnn.py of y: ")
    assert "utf-7" in odd
