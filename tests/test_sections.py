"""The registry and the rubric have the same sections, and everything named is there."""

from pathlib import Path

import pytest

from grader.oracle.stand_ins import STAND_INS
from grader.rubric import load_rubric
from grader.sections import SECTIONS, Section, resolve
from tests.support import ROOT


def test_registry_and_rubric_have_the_same_sections() -> None:
    assert [s.section for s in load_rubric().sections] == list(SECTIONS)


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.number)
def test_everything_that_a_section_names_is_there(section: Section) -> None:
    for name in (section.check, section.diagnosis, section.inputs):
        assert not name or callable(resolve(name))
    if section.substitute:
        assert section.substitute in STAND_INS


def test_a_bar_is_written_in_the_rubric_alone(tmp_path: Path) -> None:
    """Changed there, it is what the student's script and the checklist show."""
    from assignment.parts import PARTS

    rubric = load_rubric()
    assert {name: part.bar for name, part in PARTS.items()} == rubric.bars
    percents = [f"{bar:.2f}" for bar in rubric.bars.values()]
    for path in [*(ROOT / "assignment").glob("*.py"), *ROOT.glob("*.py")]:
        text = path.read_text()
        assert not [bar for bar in percents if f" {bar}" in text], path
