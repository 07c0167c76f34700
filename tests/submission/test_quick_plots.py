"""The plot of a quick try is no plot to hand in, whatever lies beside it."""

from pathlib import Path

from grader.submission.reading import PLOTS, open_submission
from tests.support import write_submission


def test_a_quick_plot_is_never_taken_for_the_full_runs(tmp_path: Path) -> None:
    work = write_submission(tmp_path / "work")
    full = work / PLOTS["pytorch_ann"]
    quick = full.with_name(f"{full.stem}_quick.png")
    quick.write_bytes(b"of a quick try")
    assert open_submission(work).plots["pytorch_ann"] == full.read_bytes()
    full.unlink()
    assert "pytorch_ann" not in open_submission(work).plots
