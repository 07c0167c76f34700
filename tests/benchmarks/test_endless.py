"""The class with endless loops has them between the right submissions, of both kinds."""

from pathlib import Path

from benchmarks.endless import HANGING, TRAINING, make


def test_endless_submissions_are_spread_over_the_class(tmp_path: Path) -> None:
    make(tmp_path / "class", 4, 2)
    names = sorted(path.name for path in (tmp_path / "class").iterdir())
    assert [name[-1] for name in names] == ["0", "x", "2", "3", "x", "5"]
    ends = [(tmp_path / "class" / name / "numpy_ann.py").read_text() for name in names]
    assert [text.endswith(HANGING) for text in ends].index(True) == 1
    assert [text.endswith(TRAINING) for text in ends].index(True) == 4
