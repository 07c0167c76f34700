"""Submitted plots: missing, no picture, blank, another script's, another run's."""

import io
import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import utils
from grader.errors import StudentFault
from grader.submission.plot_files import check_carried, expect_picture, read_plot
from tests.pictures import HISTORY, LARGE_NOISE, carrying, encoded, plot
from tests.support import mark, sampled, write_submission


@pytest.mark.parametrize("content", [b"", b"GIF89a"], ids=["empty", "gif"])
def test_what_is_no_picture(content: bytes) -> None:
    with pytest.raises(StudentFault, match="cannot be decoded"):
        read_plot("plot.png", content)


def test_a_plot_gives_its_history() -> None:
    pixels, carried = read_plot("plot.png", plot())
    assert pixels.shape == (400, 1000, 3)
    assert carried is not None
    assert (carried["script"], carried["val_accuracies"]) == ("pytorch_ann", [0.7, 0.8])


def test_a_picture_without_history_is_read_all_the_same(tmp_path: Path) -> None:
    assert read_plot("plot.png", drawn_by_hand(tmp_path))[1] is None


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


def test_a_history_in_any_text_chunk_is_read(tmp_path: Path) -> None:
    history = {"train_losses": [1], "val_losses": [1]}
    text = json.dumps(history | {"train_accuracies": [0.5], "val_accuracies": [0.5]})
    carried = read_plot("plot.png", carrying(drawn_by_hand(tmp_path), "Comment", text))[1]
    assert carried is not None
    assert carried["val_accuracies"] == [0.5]


@pytest.mark.parametrize("text", ["made with care", '{"epochs": 5}', "[1, 2]"])
def test_text_that_claims_no_history_is_ignored(tmp_path: Path, text: str) -> None:
    assert read_plot("plot.png", carrying(drawn_by_hand(tmp_path), "Comment", text))[1] is None


BROKEN = {
    "not a number": HISTORY.replace("[0.5]", "[NaN]"),
    "infinite": HISTORY.replace("[0.5]", "[Infinity]", 1),
    "too deep": "[" * 100_000,
    "lists too deep": HISTORY.replace("[0.5]", "[" * 100_000, 1),
    "nothing": "{}",
    "empty": "",
    "no list": HISTORY.replace("[0.5]", "1"),
    "too long": "x" * 2_000_000,
    "cut off": HISTORY[:60],
    "lengths": HISTORY.replace("[0.5]", "[0.5, 0.6]", 1),
    "no epoch": HISTORY.replace("[0.5]", "[]"),
    "three lists": HISTORY.replace("val_losses", "losses"),
    "digits": HISTORY.replace("[0.5]", f"[{'9' * 5000}]", 1),
    "huge": HISTORY.replace("[0.5]", "[1e999]", 1),
    "words": HISTORY.replace("[0.5]", '["high"]', 1),
    "truth": HISTORY.replace("[0.5]", "[true]", 1),
    "a list": f"[{HISTORY}]",
}


@pytest.mark.parametrize("key", ["History", "history"])
@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_history_is_refused(tmp_path: Path, case: str, key: str) -> None:
    with pytest.raises(StudentFault) as caught:
        read_plot("plot.png", carrying(drawn_by_hand(tmp_path), key, BROKEN[case]))
    assert caught.value.kind == "plot-not-from-this-run"


def test_a_history_cut_off_under_another_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StudentFault):
        read_plot("plot.png", carrying(drawn_by_hand(tmp_path), "Comment", HISTORY[:60]))


def in_style(style: str, size: tuple[float, float] = (10, 4), dpi: int = 100) -> Image.Image:
    """Curves drawn by oneself in one of matplotlib's styles."""
    import matplotlib.style
    from matplotlib.figure import Figure

    with matplotlib.style.context(style):
        figure = Figure(figsize=size)
        for axes in figure.subplots(1, 2):
            axes.plot([1, 2, 3, 4], [0.9, 0.5, 0.4, 0.38], label="training")
            axes.plot([1, 2, 3, 4], [0.9, 0.6, 0.5, 0.51], label="validation")
            axes.legend()
        stream = io.BytesIO()
        figure.savefig(stream, format="png", dpi=dpi)
    return Image.open(stream).convert("RGB")


def as_jpeg(image: Image.Image) -> Image.Image:
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=30)
    return Image.open(stream).convert("RGB")


def on_a_desktop(image: Image.Image) -> Image.Image:
    desktop = Image.new("RGB", (image.width + 300, image.height + 200), (43, 43, 43))
    desktop.paste(image, (150, 120))
    return desktop


RESAVED = {
    "as it is": lambda image: image,
    "jpeg": as_jpeg,
    "half": lambda image: image.resize((image.width // 2, image.height // 2)),
    "double": lambda image: image.resize((image.width * 2, image.height * 2)),
    "palette": lambda image: image.quantize(16),
    "grey": lambda image: image.convert("L"),
    "screenshot": on_a_desktop,
}
STYLES = ("default", "ggplot", "seaborn-v0_8-darkgrid", "seaborn-v0_8-white", "dark_background",
          "fivethirtyeight", "Solarize_Light2")  # fmt: skip


@pytest.mark.parametrize(("style", "how"), sampled(product(STYLES, RESAVED), every=3))
def test_plots_of_any_style_are_plots_however_saved(style: str, how: str) -> None:
    stream = io.BytesIO()
    RESAVED[how](in_style(style)).save(stream, "PNG")
    expect_picture("plot.png", read_plot("plot.png", stream.getvalue())[0])


@pytest.mark.parametrize("epochs", [1, 2, 100])
def test_our_own_plots_are_plots(tmp_path: Path, epochs: int) -> None:
    falling = [1 / (1 + epoch) for epoch in range(epochs)]
    utils.plot_history(utils.History(falling, falling, falling, falling), tmp_path / "plot.png")
    pixels, carried = read_plot("plot.png", (tmp_path / "plot.png").read_bytes())
    expect_picture("plot.png", pixels)
    assert carried is not None


def no_plots() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    coarse = Image.fromarray(rng.integers(255, size=(20, 50, 3), dtype=np.uint8))
    grey = rng.normal(128, 6, size=(400, 1000, 3)).clip(0, 255).astype(np.uint8)
    specks = np.where(rng.random((400, 1000)) < 0.15, 0, 255).astype(np.uint8)
    smooth = np.asarray(coarse.resize((1000, 400), Image.Resampling.BICUBIC))
    photograph = (smooth + rng.normal(0, 3, size=smooth.shape)).clip(0, 255).astype(np.uint8)
    return {
        "noise": LARGE_NOISE,
        "black and white": (rng.integers(2, size=(400, 1000)) * 255).astype(np.uint8),
        "grey": grey,
        "specks": specks,
        "blocks": np.asarray(coarse.resize((1000, 400), Image.Resampling.NEAREST)),
        "smooth": smooth,
        "photograph": photograph,
    }


@pytest.mark.parametrize("what", no_plots())
@pytest.mark.parametrize("with_history", [False, True])
def test_noise_is_no_plot_whatever_it_carries(what: str, with_history: bool) -> None:
    picture = no_plots()[what]
    content = carrying(picture, "History", HISTORY) if with_history else encoded(picture)
    with pytest.raises(StudentFault) as caught:
        expect_picture("plot.png", read_plot("plot.png", content)[0])
    assert caught.value.kind == "plot-not-from-this-run"


def test_empty_axes_are_no_plot() -> None:
    from matplotlib.figure import Figure

    figure, stream = Figure(), io.BytesIO()
    figure.subplots()
    figure.savefig(stream)
    with pytest.raises(StudentFault):
        expect_picture("plot.png", read_plot("plot.png", stream.getvalue())[0])


@pytest.mark.parametrize(("size", "is_refused"), [
    ((199, 300), True), ((300, 149), True), ((200, 150), False),
])  # fmt: skip
def test_the_smallest_plot(size: tuple[int, int], is_refused: bool) -> None:
    stream = io.BytesIO()
    in_style("default").resize(size).save(stream, "PNG")
    if is_refused:
        with pytest.raises(StudentFault, match="at least 200 x 150"):
            read_plot("plot.png", stream.getvalue())
    else:
        expect_picture("plot.png", read_plot("plot.png", stream.getvalue())[0])
