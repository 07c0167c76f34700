"""Pictures of one's own become images like those that the networks learned from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from playground.datasets import DATASETS, load
from playground.errors import BadFile
from playground.image_files import read_image

BOOT = np.asarray(load("fashion-mnist").X_test[0]).reshape(28, 28)


def saved(path: Path, image: Image.Image | np.ndarray) -> Path:
    picture = image if isinstance(image, Image.Image) else Image.fromarray(image)
    picture.save(path)
    return path


@pytest.mark.parametrize("dataset", DATASETS)
def test_images_of_the_datasets_come_back_as_they_are(dataset: str, tmp_path: Path) -> None:
    for pixels in load(dataset).X_test[:20]:
        picture = read_image(saved(tmp_path / "image.png", pixels.reshape(28, 28)))
        np.testing.assert_array_equal(picture.pixels, pixels)
        assert picture.changes == ()


def test_a_light_background_is_inverted_unless_that_is_forbidden(tmp_path: Path) -> None:
    path = saved(tmp_path / "image.png", 255 - BOOT)
    assert read_image(path).changes == ("inverted, because its background is light",)
    np.testing.assert_array_equal(read_image(str(path)).pixels, BOOT.reshape(-1))
    np.testing.assert_array_equal(read_image(path, invert=False).pixels, 255 - BOOT.reshape(-1))
    np.testing.assert_array_equal(
        read_image(saved(path, BOOT), invert=True).pixels, 255 - BOOT.reshape(-1)
    )


def test_a_wide_picture_keeps_its_shape_on_its_own_background(tmp_path: Path) -> None:
    wide = np.full((100, 200), 40, np.uint8)
    wide[25:75, 50:150] = 200
    picture = read_image(saved(tmp_path / "wide.png", wide))
    assert picture.changes == ("resized from 200x100",)
    bright = picture.pixels.reshape(28, 28) > 120
    assert bright.any(axis=0).sum() == 14
    assert bright.any(axis=1).sum() == pytest.approx(7, abs=1)
    assert picture.pixels.reshape(28, 28)[0].tolist() == [40] * 28


def test_kinds_of_pictures_are_read_alike(tmp_path: Path) -> None:
    drawn = Image.fromarray(255 - BOOT)
    clear = Image.merge("LA", [Image.new("L", (28, 28)), Image.fromarray(BOOT)])  # black ink
    deep = Image.fromarray((255 - BOOT).astype(np.uint16) * 257)
    for image in (drawn, drawn.convert("RGB"), drawn.convert("P"), clear, deep):
        picture = read_image(saved(tmp_path / "image.png", image))
        np.testing.assert_allclose(picture.pixels, BOOT.reshape(-1), atol=1)
    picture = read_image(saved(tmp_path / "image.jpg", drawn))
    np.testing.assert_allclose(picture.pixels, BOOT.reshape(-1), atol=60)


def test_what_is_no_picture_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = saved(tmp_path / "whole.png", np.random.default_rng(0).integers(0, 256, (64, 64), "u1"))
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "cut.png").write_bytes(whole.read_bytes()[:2000])
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    for name in ("text.png", "cut.png", "whole.png"):
        with pytest.raises(
            BadFile, match=rf"{name} is not a picture \(.*, expected a PNG"
        ) as caught:
            read_image(tmp_path / name)
        assert "\n" not in str(caught.value)
    with pytest.raises(BadFile, match="cannot be read"):
        read_image(tmp_path / "none.png")
