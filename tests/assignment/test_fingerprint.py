"""The fingerprint says what a script does, in every version of Python with the same hash."""

import pytest

from assignment.fingerprint import source_fingerprint


def test_fingerprint_ignores_judgement_comments_and_docstrings_only() -> None:
    source = 'JUDGEMENT = "TODO 2.5"\ndef f(x):\n    """Doc."""\n    return x\n'
    same = (
        'JUDGEMENT = "generalizing"  # now\ndef f(x):\n    """Other."""\n    # why\n    return x\n'
    )
    assert source_fingerprint(source) == source_fingerprint(same)
    assert source_fingerprint(source) != source_fingerprint(source.replace("return x", "return -x"))


@pytest.mark.parametrize(("source", "expected"), [  # from 3.11, 3.12 and 3.13
    ("class A(B):\n    def f(self, x: int = 1) -> int:\n        return -x\n", "2-d8232766b9e93410"),
    ("async def f(*a, k=None, **kw):\n    return [x async for x in a if x]\n", "2-091181e64691ca82"),
    ("print(f'{x!r:>{w}.{p}} {{}}' f'{x:{{}}}' '', '')\n", "2-386f1b20e031ac56"),
    ("print('\U0001fae8', u'a', b'b', 1e400, 1j, ...)\n", "2-da834298eaa39b8b"),
    ("x = {**a, 1: ''}\nmatch x:\n    case {1: b, **c}: pass\n", "2-756cb02ec23f9908"),
])  # fmt: skip
def test_every_version_of_python_gives_the_same_hash(source: str, expected: str) -> None:
    assert source_fingerprint(source) == expected


def test_values_at_other_places_give_another_hash() -> None:
    sources = ["f(1, 2)", "f(1)(2)", "f([1, 2])", "f([1], 2)", "f('', 2)", "f(2)", "f(None, 2)",
               "{1: ''}", "{1: None}", "f(a=1, b=2)", "f(a=1)(b=2)"]  # fmt: skip
    assert len({source_fingerprint(source) for source in sources}) == len(sources)


def test_a_sum_of_many_terms_has_a_fingerprint() -> None:
    assert source_fingerprint("+".join(["x"] * 1000))
