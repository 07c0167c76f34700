"""Notebooks as scripts: cells in order, magics dropped, and Python kept."""

import json
import time

import nbformat
import pytest

from assignment.notebook_cells import NotebookError, script_of_notebook


def script(*cells: str) -> str:
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    return script_of_notebook(nbformat.writes(book).encode())


def namespace(*cells: str) -> dict[str, object]:
    space: dict[str, object] = {}
    exec(script(*cells), space)
    return space


def test_code_cells_in_order_and_text_left_out() -> None:
    book = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell("a = 1"),
            nbformat.v4.new_markdown_cell("a = 5"),
            nbformat.v4.new_code_cell("b = a + 1"),
        ]
    )
    space: dict[str, object] = {}
    exec(script_of_notebook(nbformat.writes(book).encode()), space)
    assert (space["a"], space["b"]) == (1, 2)


@pytest.mark.parametrize(
    "magic",
    [
        "%matplotlib inline",
        "!pip install numpy",
        "  %time x = 1\na = 1".strip(),
        "?print",
        "print?",
        "np.max??",
        "%%capture\nx = 1",
    ],
)
def test_magics_are_dropped(magic: str) -> None:
    assert namespace(f"{magic}\na = 1")["a"] == 1


@pytest.mark.parametrize(
    "cell", ["%%bash\nrm -rf nothing", "%%html\n<b>", "%%writefile x.py\na = 2", "%%javascript\n1"]
)
def test_cells_in_another_language_are_dropped_whole(cell: str) -> None:
    assert namespace("a = 1", cell)["a"] == 1


def test_assigned_magics_become_none() -> None:
    space = namespace("files = !ls\nwhere = %pwd\nd = {}\nd['a'] = !ls\na = 7 % 4")
    assert (space["files"], space["where"], space["a"]) == (None, None, 3)


def test_an_indented_magic_leaves_a_whole_block() -> None:
    assert namespace("if True:\n    %matplotlib inline\na = 1")["a"] == 1


@pytest.mark.parametrize(("cell", "value"), [
    ("a = (17\n% 5)", 2),
    ("a = [\n  17\n  % 5,\n]", [2]),
    ("a = 17 \\\n% 5", 2),
    ('a = """\n%d\n!x\n"""', "\n%d\n!x\n"),
    ("a = '''is it\nreally?\n'''", "is it\nreally?\n"),
    ("def f():\n    '''What?\n\n    %timeit\n    '''\n    return 1\na = f()", 1),
])  # fmt: skip
def test_a_percent_sign_inside_an_open_statement_is_python(cell: str, value: object) -> None:
    assert namespace(cell)["a"] == value


def test_a_future_import_may_stand_in_any_cell() -> None:
    space = namespace(
        "import os", "from __future__ import annotations\ndef f(x: undefined): return 1", "a = f(0)"
    )
    assert space["a"] == 1


@pytest.mark.parametrize("magic", ["!pip install \\\n  torch \\\n  numpy", "%timeit \\\n  x"])
def test_a_magic_continues_after_a_backslash(magic: str) -> None:
    assert namespace(f"{magic}\na = 1")["a"] == 1


def test_large_cells_take_linear_time() -> None:
    start = time.process_time()
    cell = "x = [\n" + "1, 2, 3,\n" * 50_000 + "]\na = len(x)"
    assert script(cell).count("1, 2, 3,") == 50_000
    assert time.process_time() - start < 5  # quadratic work would take hours


def test_lines_of_a_cell_may_be_a_list() -> None:
    book = {"cells": [{"cell_type": "code", "source": ["a = 1\n", "b = 2"]}]}
    assert script_of_notebook(json.dumps(book).encode()).strip() == "a = 1\nb = 2"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b'{"cells": 3}',
        b'{"cells": [{"cell_type": "code"}]}',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"cells": [{"cell_type": "code", "source": {"a": 1}}]}',
    ],
)
def test_other_files_are_refused(content: bytes) -> None:
    with pytest.raises(NotebookError, match="is not a notebook that can be read"):
        script_of_notebook(content)


def test_a_line_of_backslashes_takes_linear_time() -> None:
    started = time.perf_counter()
    script("(" + "\\" * 900_000 + "x")
    assert (
        time.perf_counter() - started < 10
    )  # half a second; looking ahead from each took a minute
