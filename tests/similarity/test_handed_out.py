"""What students were given is nobody's own code, in whatever form it comes back."""

import json

import pytest

from assignment.notebook_cells import script_of_notebook
from benchmarks.classroom import classroom
from grader.handout.notebooks import notebook
from grader.handout.stubs import reference_source, stub
from grader.sections import SCRIPTS
from grader.similarity.comparing import Works, compare
from grader.similarity.features import marks_of
from grader.similarity.handed_out import given
from grader.similarity.source import read
from tests.similarity.support import SOLVED, students
from tests.support import ROOT

STUBS = {script: stub(reference_source(script), f"{script}.py").encode() for script in SCRIPTS}


def from_notebooks(work: dict[str, bytes]) -> dict[str, bytes]:
    """A work whose student wrote it in the handout's notebooks."""
    return {
        script: script_of_notebook(notebook(source.decode()).encode()).encode()
        for script, source in work.items()
    }


def listed(works: Works) -> set[frozenset[str]]:
    return students(compare(works))


def test_users_of_the_notebooks_are_no_pair() -> None:
    scripts = classroom(30, 0, seed=8).works
    mixed = {
        one: from_notebooks(work) if place in (3, 17, 22) else work
        for place, (one, work) in enumerate(scripts.items())
    }
    assert listed(mixed | {"u": from_notebooks(STUBS)}) == listed(scripts | {"u": STUBS}) == set()


def test_an_untouched_notebook_is_an_unwritten_script() -> None:
    comparison = compare({"u": from_notebooks(STUBS), "v": from_notebooks(STUBS), "w": STUBS})
    assert comparison.equal == ()
    assert comparison.untouched == dict.fromkeys(SCRIPTS, 3)


def test_equal_notebooks_count_the_same_own_lines() -> None:
    (scripts,) = compare({"a": SOLVED, "b": SOLVED}).equal
    (books,) = compare({"a": from_notebooks(SOLVED), "b": from_notebooks(SOLVED)}).equal
    assert books.own_lines == scripts.own_lines
    assert books.is_reference


def exported() -> str:
    """The notebook of part 1 as Jupyter saves it as a script."""
    said = ["#!/usr/bin/env python\n# coding: utf-8\n"]
    cells = json.loads(notebook(STUBS["numpy_ann"].decode()))["cells"]
    for number, cell in enumerate(cells, start=1):
        source = "".join(cell["source"])
        is_code = cell["cell_type"] == "code"
        said.append(f"# In[{number}]:\n\n\n{source}\n" if is_code else
                    "".join(f"# {line}\n" for line in source.split("\n")))  # fmt: skip
    return "\n".join(said)


@pytest.mark.parametrize("text", [
    STUBS["numpy_ann"].decode(),
    from_notebooks(STUBS)["numpy_ann"].decode(),
    exported(),
    (ROOT / "utils.py").read_text(),
    "".join(f"# {line}\n" for line in (ROOT / "README.md").read_text().split("\n")),
])  # fmt: skip
def test_what_students_were_given_has_no_marks(text: str) -> None:
    assert len(marks_of(read(text.encode()), given("numpy_ann")).numbers) == 0
