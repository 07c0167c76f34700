"""Submitted plots: missing, no picture, blank, another script's, another run's."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import utils
from grader.errors import StudentFault
from grader.plots import check_carried, read_plot
from tests.support import mark, write_submission


def png(picture: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "PNG")
    return stream.getvalue()


def plot(tmp_path: Path, script: str = "pytorch_ann", last: float = 0.8) -> bytes:
    path = tmp_path / "plot.png"
    utils.plot_history(utils.History([1.0, 0.5], [1.1, 0.6], [0.7, 0.9], [0.7, last]), path, script=script)
    return path.read_bytes()


NOISE = np.random.default_rng(0).integers(255, size=(40, 40, 3), dtype=np.uint8)


@pytest.mark.parametrize(("content", "diagnosis"), [
    (b"", "plot-not-png"), (b"GIF89a", "plot-not-png"), (png(NOISE)[:200], "plot-not-png"),
    (png(np.full((50, 50, 3), 255, np.uint8)), "plot-blank"), (png(np.zeros((9000, 9000), np.uint8)), "plot-not-png"),
], ids=["empty", "gif", "truncated", "white", "huge"])  # fmt: skip
def test_what_is_no_plot(content: bytes, diagnosis: str) -> None:
    with pytest.raises(StudentFault) as caught:
        read_plot("plot.png", content)
    assert caught.value.diagnosis == (diagnosis,)


def test_a_jpeg_under_a_png_name_is_no_png() -> None:
    stream = io.BytesIO()
    Image.fromarray(NOISE).save(stream, "JPEG")
    with pytest.raises(StudentFault, match="cannot be decoded"):
        read_plot("plot.png", stream.getvalue())


def test_a_plot_gives_its_history(tmp_path: Path) -> None:
    pixels, carried = read_plot("plot.png", plot(tmp_path))
    assert pixels.ndim == 2
    assert carried is not None
    assert (carried["script"], carried["val_accuracies"]) == ("pytorch_ann", [0.7, 0.8])


def test_a_picture_without_history_is_read_all_the_same() -> None:
    assert read_plot("plot.png", png(NOISE))[1] is None


def test_history_of_another_script_or_run_is_told(tmp_path: Path) -> None:
    run = utils.History([1.0, 0.5], [1.1, 0.6], [0.7, 0.9], [0.7, 0.81])
    for content, run_of, wrong in (
        (plot(tmp_path), run, False),
        (plot(tmp_path), None, False),
        (plot(tmp_path, last=0.6), run, True),
        (plot(tmp_path, script="pytorch_cnn"), run, True),
        (plot(tmp_path), utils.History([1.0], [1.0], [0.8], [0.8]), True),
    ):
        carried = read_plot("plot.png", content)[1]
        assert carried is not None
        if wrong:
            with pytest.raises(StudentFault) as caught:
                check_carried("plot.png", "pytorch_ann", carried, run_of)
            assert caught.value.diagnosis == ("plot-not-from-this-run",)
        else:
            check_carried("plot.png", "pytorch_ann", carried, run_of)


def test_a_missing_plot_costs_checklist_and_plot(tmp_path: Path) -> None:
    work = write_submission(tmp_path / "work")
    (work / "pytorch_ann_train_val_metrics.png").unlink()
    marked = mark(work, "--only", "0.1,2.7,3.7")
    assert marked.failed == ["0.1", "2.7"]
    assert marked.section("2.7")["extra_data"]["diagnosis"] == ["plot-missing"]
