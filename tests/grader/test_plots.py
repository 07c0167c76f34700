"""Submitted plots: missing, no picture, blank, another script's, another run's."""

import io
import json
from pathlib import Path

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

import utils
from grader.errors import StudentFault
from grader.submission.plot_files import CURVES, check_carried, read_plot
from tests.pictures import NOISE, encoded, plot
from tests.support import mark, write_submission


@pytest.mark.parametrize("content", [b"", b"GIF89a"], ids=["empty", "gif"])
def test_what_is_no_picture(content: bytes) -> None:
    with pytest.raises(StudentFault, match="cannot be decoded"):
        read_plot("plot.png", content)


def test_a_plot_gives_its_history() -> None:
    pixels, carried = read_plot("plot.png", plot())
    assert pixels.ndim == 2
    assert carried is not None
    assert (carried["script"], carried["val_accuracies"]) == ("pytorch_ann", [0.7, 0.8])


def test_a_picture_without_history_is_read_all_the_same() -> None:
    assert read_plot("plot.png", encoded(NOISE))[1] is None


def test_history_of_another_script_or_run_is_told() -> None:
    run = utils.History([1.0, 0.5], [1.1, 0.6], [0.7, 0.9], [0.7, 0.81])
    for content, run_of, wrong in (
        (plot(), run, False),
        (plot(), None, False),
        (plot(last=0.6), run, True),
        (plot(script="pytorch_cnn"), run, True),
        (plot(), utils.History([1.0], [1.0], [0.8], [0.8]), True),
    ):
        carried = read_plot("plot.png", content)[1]
        assert carried is not None
        if wrong:
            with pytest.raises(StudentFault) as caught:
                check_carried("plot.png", "pytorch_ann", carried, run_of)
            assert caught.value.kind == "plot-not-from-this-run"
        else:
            check_carried("plot.png", "pytorch_ann", carried, run_of)


def test_a_missing_plot_costs_checklist_and_plot(tmp_path: Path) -> None:
    work = write_submission(tmp_path / "work")
    (work / "pytorch_ann_train_val_metrics.png").unlink()
    marked = mark(work, "--only", "0.1,2.7,3.7")
    assert marked.failed == ["0.1", "2.7"]


def drawn_by_hand(tmp_path: Path) -> bytes:
    """A plot of one's own, without a history in the file."""
    from matplotlib.figure import Figure

    figure = Figure()
    axes = figure.subplots()
    axes.plot([1, 2, 3], [0.9, 0.5, 0.4])
    axes.plot([1, 2, 3], [0.9, 0.6, 0.5])
    figure.savefig(tmp_path / "own.png")
    return (tmp_path / "own.png").read_bytes()


def test_an_own_plot_is_not_verifiable_and_earns_full_points(tmp_path: Path) -> None:
    work = write_submission(tmp_path / "work")
    (work / "pytorch_ann_train_val_metrics.png").write_bytes(drawn_by_hand(tmp_path))
    marked = mark(work, "--only", "2.7")
    assert marked.status == 0
    assert "not verifiable" in marked.section("2.7")["output"]


def with_text(content: bytes, key: str, text: str) -> bytes:
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    info.add_text(key, text)
    stream = io.BytesIO()
    with Image.open(io.BytesIO(content)) as image:
        image.save(stream, "PNG", pnginfo=info)
    return stream.getvalue()


def test_a_history_in_any_text_chunk_is_read(tmp_path: Path) -> None:
    history = {"train_losses": [1], "val_losses": [1]}
    text = json.dumps(history | {"train_accuracies": [0.5], "val_accuracies": [0.5]})
    carried = read_plot("plot.png", with_text(drawn_by_hand(tmp_path), "Comment", text))[1]
    assert carried is not None
    assert carried["val_accuracies"] == [0.5]


@pytest.mark.parametrize(
    "text", ['{"train_losses": [NaN]}', "[" * 100_000, "{}", '{"train_losses": 1}', "x" * 2_000_000]
)
def test_text_that_is_no_history_is_ignored(tmp_path: Path, text: str) -> None:
    assert read_plot("plot.png", with_text(drawn_by_hand(tmp_path), "History", text))[1] is None


def test_an_empty_history_is_none() -> None:
    text = PngInfo()
    text.add_text("history", json.dumps({name: [] for name in CURVES}))
    stream = io.BytesIO()
    Image.fromarray(NOISE).save(stream, "PNG", pnginfo=text)
    assert read_plot("plot.png", stream.getvalue())[1] is None
