"""The page in a real Chromium, from its file: drawing, choosing, units, errors, accessibility."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from inspection.network import PIXELS, InspectedNetwork, Layer
from inspection.page import write_page
from inspection.samples import Samples, first_test_images
from tests.browser import MARKS, look, violations
from tests.inspection.support import random_network

pytestmark = MARKS
READY = "return document.querySelector('.inspection')?.dataset.ready"
# the words beside each bar, once the frame is drawn
BARS = """const done = arguments[0]; requestAnimationFrame(() => requestAnimationFrame(() => done(
    [...document.querySelectorAll('.live .bars tbody .number')].map(cell => cell.textContent))))"""


@pytest.fixture(scope="module")
def samples() -> Samples:
    return first_test_images(count=300)


@pytest.fixture(scope="module")
def network() -> InspectedNetwork:
    """A network that is not trained, whose unit 5 is dead."""
    made = random_network(32)
    first, last = made.layers
    b = first.b.copy()
    b[5] = -1000
    return InspectedNetwork("A <b>network</b>", (Layer(first.W, b, "relu"), last), made.class_names)


@pytest.fixture
def page(
    browser: Any, network: InspectedNetwork, samples: Samples, tmp_path: Path
) -> Iterator[Path]:
    """The page, shown and ready. Nothing may have been said on the console when a test ends."""
    path = tmp_path / "page.html"
    write_page(path, network, *samples, note="A note.")
    look(browser, 1200)
    show(browser, path)
    yield path
    assert browser.get_log("browser") == []


def show(browser: Any, path: Path) -> None:
    browser.get_log("browser")
    browser.get(path.as_uri())
    WebDriverWait(browser, 30, poll_frequency=0.05).until(lambda b: b.execute_script(READY))


def find(browser: Any, selector: str) -> Any:
    return browser.find_element(By.CSS_SELECTOR, selector)


def button(browser: Any, text: str) -> Any:
    return browser.find_element(By.XPATH, f"//button[text()='{text}']")


def bars(browser: Any) -> list[str]:
    return list(browser.execute_async_script(BARS))


def as_words(probabilities: np.ndarray) -> list[str]:
    return [f"{100 * p:.1f}\u00a0%" for p in probabilities]


def test_drawing_choosing_and_changing(
    browser: Any, page: Path, network: InspectedNetwork, samples: Samples
) -> None:
    expected = network.rounded().probabilities(samples.images)
    assert bars(browser) == as_words(expected[0])  # the first test image is shown at first
    button(browser, "Next").click()
    assert bars(browser) == as_words(expected[1])

    button(browser, "Clear").click()
    black = bars(browser)
    assert black == as_words(network.rounded().probabilities(np.zeros((1, PIXELS)))[0])
    stroke = ActionChains(browser, duration=20).move_to_element(find(browser, ".pad"))
    stroke.click_and_hold().move_by_offset(60, 80).move_by_offset(-90, 0).release().perform()
    drawn = bars(browser)
    assert drawn != black
    assert find(browser, ".chosen").text == "Your own drawing"

    find(browser, ".changes input").send_keys(Keys.ARROW_RIGHT)  # shifts by half a pixel
    assert bars(browser) != drawn
    button(browser, "Undo changes").click()
    assert bars(browser) == drawn
    button(browser, "Invert").click()
    assert bars(browser) != drawn


def test_units_open_by_mouse_and_keyboard(
    browser: Any, page: Path, network: InspectedNetwork, samples: Samples
) -> None:
    assert find(browser, ".dead").text.endswith("5 dead")
    first = find(browser, ".unit")
    first.click()
    title = find(browser, ".detail h3").text
    hidden = np.maximum(
        samples.images / 255 @ network.rounded().layers[0].W + network.rounded().layers[0].b, 0
    )
    unit = int(title.removeprefix("Unit "))
    most = hidden[:, unit].argmax()
    best = find(browser, ".detail .image")
    assert best.get_attribute("title").startswith(f"Test image {most}:")

    first.send_keys(Keys.ARROW_RIGHT)
    browser.switch_to.active_element.send_keys(Keys.ENTER)
    assert find(browser, ".detail h3").text not in ("", title)
    find(browser, ".detail .image").click()
    assert browser.switch_to.active_element.text == "Draw or choose an image"
    assert "test image" in find(browser, ".chosen").text


def test_cells_of_the_confusion_matrix_open_their_images(
    browser: Any, page: Path, network: InspectedNetwork, samples: Samples
) -> None:
    predicted = network.rounded().predict(samples.images)
    right = int((predicted == samples.labels).sum())
    assert f"{right} of 300 images right" in find(browser, ".errors p").text
    cell = find(browser, ".confusion td:not(.diagonal) button")
    count = int(cell.text)
    cell.click()
    assert f"{count} image" in find(browser, ".opened h3").text
    images = browser.find_elements(By.CSS_SELECTOR, ".opened .image")
    assert len(images) == min(count, 40)
    surest = browser.find_elements(By.CSS_SELECTOR, ".wide .image")
    assert len(surest) == min(300 - right, 12)


@pytest.mark.parametrize(("width", "scheme"), [(1200, "light"), (390, "dark")])
def test_accessible_and_not_wider_than_its_window(
    browser: Any, page: Path, width: int, scheme: str
) -> None:
    look(browser, width, scheme)
    for selector in (".unit", ".confusion td button"):
        browser.execute_script("document.querySelector(arguments[0]).click()", selector)
    bars(browser)
    widths = browser.execute_script(
        "const d = document.documentElement; return [d.scrollWidth, d.clientWidth]"
    )
    assert widths[0] <= widths[1]
    assert violations(browser) == []


def test_mounting_again_leaves_nothing_behind(browser: Any, page: Path) -> None:
    again = """const done = arguments[0]; import("#inspection/inspect.js").then((module) => {
        const box = document.getElementById("inspection");
        const samples = {images: new Uint8Array(784), labels: new Uint8Array(1)};
        const last = {inputs: 784, outputs: 2, activation: "softmax",
                      W: new Float32Array(1568), b: new Float32Array(2)};
        const network = {title: "", classNames: ["a", "b"], layers: [last]};
        const seen = [];
        module.mountInspection(box, network, samples);
        const unmount = module.mountInspection(box, network, samples);
        seen.push(box.querySelectorAll(".inspection").length, box.querySelectorAll(".pad").length);
        last.W[3] = NaN;
        module.mountInspection(box, network, samples);
        seen.push(box.querySelector("[role=alert]").textContent);
        last.W[3] = 0;
        module.mountInspection(box, network, samples)();
        unmount();
        done([...seen, box.children.length]);
    })"""
    assert browser.execute_async_script(again) == [
        1, 1, "This network cannot be shown: layer 1 has weights that are not finite numbers.", 0,
    ]  # fmt: skip
