"""The page of a loss landscape in a real Chromium, from the file that the command writes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from playground.experiments.figures import COLOURS
from playground.landscape.page import page
from playground.landscape.plane import Grid, Plane
from playground.optimizers import OPTIMIZERS
from tests.browser import MARKS, look, violations

pytestmark = MARKS
STEPS = (0, 1, 4, 9)
A, B = np.linspace(-1.0, 3.0, 5), np.linspace(0.0, 2.0, 3)
LOSSES = np.exp(np.add.outer(B, A))  # linear in its logarithm: the loss at (a, b) is exp(a + b)


@pytest.fixture
def shown(browser: Any, tmp_path: Path) -> Iterator[Any]:
    """The page of six made-up paths. Nothing may have been said on the console when a test ends."""
    plane = Plane(np.zeros(4), np.eye(2, 4), (0.7, 0.2))
    paths = {
        name: np.array([[2, 1], [1.5, 0.5], [1, 0.25 * index], [0, 0.1 * index]])
        for index, name in enumerate(OPTIMIZERS)
    }
    losses = {name: [2.5, 3.0, 1.0, 0.5 + index] for index, name in enumerate(OPTIMIZERS)}
    path = tmp_path / "landscape.html"
    path.write_text(page(plane, Grid(A, B, LOSSES), paths, losses, STEPS, "sgd"))
    browser.get_log("browser")
    look(browser, 1200)
    browser.get(path.as_uri())
    ready = "return document.getElementById('landscape').dataset.ready"
    WebDriverWait(browser, 30, poll_frequency=0.05).until(lambda b: b.execute_script(ready))
    yield browser
    assert browser.get_log("browser") == []


def find(browser: Any, selector: str) -> Any:
    return browser.find_element(By.CSS_SELECTOR, selector)


def row_of(browser: Any, name: str) -> list[str]:
    """What the table says of an optimizer: its loss, the one on the plane, the lowest so far."""
    row = browser.find_element(By.XPATH, f"//tbody/tr[th/label[normalize-space()='{name}']]")
    return [cell.text for cell in row.find_elements(By.TAG_NAME, "td")][1:]


def at(browser: Any, step: int) -> bool:
    return f"after {step} of 9 steps" in find(browser, ".status").text


def test_the_slider_shows_each_step_and_play_goes_to_the_end(shown: Any) -> None:
    assert at(shown, 9)
    assert row_of(shown, "momentum") == ["1.500", f"{np.exp(0.1):.3f}", "1.000"]
    slider = find(shown, "input[type=range]")
    slider.send_keys(Keys.HOME, Keys.ARROW_RIGHT)
    assert at(shown, 1)
    assert slider.get_attribute("aria-valuetext") == "after 1 of 9 steps"
    assert row_of(shown, "sgd") == ["3.000", f"{np.exp(2):.3f}", "2.500"]
    assert "After 1 steps: sgd 3, momentum 3" in find(
        shown, ".chart svg[aria-label^=Loss]"
    ).get_attribute("aria-label")
    play = shown.find_element(By.XPATH, "//button[text()='Play']")
    play.send_keys(Keys.ENTER)
    WebDriverWait(shown, 30, poll_frequency=0.05).until(lambda b: at(b, 9))
    assert play.text == "Play"


def test_an_optimizer_can_be_hidden(shown: Any) -> None:
    def drawn(name: str) -> int:
        return len(shown.find_elements(By.CSS_SELECTOR, f".chart > svg .{name}"))

    WebDriverWait(shown, 30, poll_frequency=0.05).until(lambda _: drawn("adam") == 3)
    shown.find_element(By.XPATH, "//label[normalize-space()='adam']/input").send_keys(Keys.SPACE)
    WebDriverWait(shown, 30, poll_frequency=0.05).until(lambda _: drawn("adam") == 0)
    assert drawn("nadam") == 3  # its path, where it ends, and its curve
    assert "adam at" not in re.sub("nadam", "", find(shown, ".map svg").get_attribute("aria-label"))


def test_the_loss_below_the_pointer_is_that_of_the_grid(shown: Any) -> None:
    WebDriverWait(shown, 30).until(lambda b: b.find_elements(By.CSS_SELECTOR, ".map svg image"))
    shown.execute_script(
        """const image = document.querySelector('.map svg image').getBoundingClientRect();
        const clientX = image.left + 0.625 * image.width, clientY = image.top + 0.25 * image.height;
        document.querySelector('.map svg').dispatchEvent(
            new PointerEvent('pointermove', {clientX, clientY}))"""
    )
    words = re.search(r"at \((.*), (.*)\): (.*)", find(shown, ".reading").text)
    assert words
    a, b, loss = map(float, words.groups())
    assert (a, b) == pytest.approx((1.5, 1.5), abs=0.01)
    assert loss == pytest.approx(np.exp(3), rel=0.02)


def test_colours_are_those_of_the_figures(shown: Any) -> None:
    for name in OPTIMIZERS:
        stroke = shown.execute_script(
            "return getComputedStyle(document.querySelector('.optimizers .' + arguments[0])).stroke",
            name,
        )
        numbers = [int(part) for part in re.findall(r"\d+", stroke)]
        assert "#" + bytes(numbers).hex() == COLOURS[name]


def test_it_can_be_used_by_everybody_on_any_screen(shown: Any) -> None:
    for width, scheme in ((390, "dark"), (1200, "light")):
        look(shown, width, scheme)
        assert violations(shown) == []
        wide = shown.execute_script(
            "const d = document.documentElement; return [d.scrollWidth, d.clientWidth]"
        )
        assert wide[0] <= wide[1]
