"""The options of a marking, as people type them."""

from collections import defaultdict

from grader.commands.settings import read_options
from tests.support import RUBRIC


def test_a_list_of_sections_may_have_spaces() -> None:
    given: dict[str, object] = defaultdict(lambda: None, only=["1.2, 1.3", " 1.4"])
    assert read_options(given.__getitem__, RUBRIC).only == ("1.2", "1.3", "1.4")
