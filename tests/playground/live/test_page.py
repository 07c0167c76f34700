"""The live page in a real Chromium, with the command that serves it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from tests.browser import MARKS, look, violations
from tests.support import ROOT

pytestmark = MARKS
SECONDS = 60  # to wait for anything, on a busy machine
# small, and without an end: the page stops it
TRAINING = (
    "train --live --hidden-sizes 40 --train-size 600 --validation-size 200 --batch-size 20"
    " --epochs 100000 --schedule constant --learning-rate 0.001 --no-test"
)


@pytest.fixture
def training(browser: Any) -> Iterator[subprocess.Popen[str]]:
    """A training whose page is open. Nothing may have been said on the console when a test ends."""
    process = subprocess.Popen(
        [sys.executable, "-m", "playground", *TRAINING.split()],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    address = re.search(r"http://127\.0\.0\.1:\d+/\S+/", process.stderr.readline())
    assert address
    browser.get_log("browser")
    look(browser, 1200)
    browser.get(address[0])
    wait_for_steps(browser, 60)
    yield process
    process.kill()
    process.communicate()
    assert browser.get_log("browser") == []


def data(browser: Any, name: str) -> str:
    """What the page says of itself: `step` and `state`."""
    return str(browser.execute_script(f"return document.getElementById('live').dataset.{name}"))


def wait(browser: Any, condition: Any) -> None:
    WebDriverWait(browser, SECONDS, poll_frequency=0.05).until(lambda _: condition())


def wait_for_steps(browser: Any, number: int) -> None:
    wait(browser, lambda: data(browser, "step").isdecimal() and int(data(browser, "step")) > number)


def text(browser: Any, selector: str) -> str:
    return str(browser.find_element(By.CSS_SELECTOR, selector).text)


def button(browser: Any, name: str) -> Any:
    return browser.find_element(By.XPATH, f"//button[text()='{name}']")


def test_a_training_is_shown_paused_steered_and_stopped(
    browser: Any, training: subprocess.Popen[str]
) -> None:
    button(browser, "Pause").send_keys(Keys.ENTER)
    wait(browser, lambda: data(browser, "state") == "paused")
    paused_at = data(browser, "step")
    assert_all_is_shown(browser)
    for width, scheme in ((390, "dark"), (1200, "light")):
        look(browser, width, scheme)
        assert_no_wider_than_its_window(browser)
        assert violations(browser) == []
    set_the_rate(browser)
    assert data(browser, "step") == paused_at

    button(browser, "Go on").click()
    wait_for_steps(browser, int(paused_at) + 20)
    assert "learning rate 0.0002." in text(browser, ".status")
    button(browser, "Stop").click()
    wait(browser, lambda: data(browser, "state") == "ended")
    assert "The training has ended: stopped." in text(browser, ".status")
    assert not button(browser, "Stop").is_enabled()
    assert training.wait(SECONDS) == 0


def set_the_rate(browser: Any) -> None:
    rate = browser.find_element(By.CSS_SELECTOR, "input")
    rate.clear()
    rate.send_keys("0", Keys.ENTER)
    assert "above 0" in text(browser, "[role=alert]")
    rate.clear()
    rate.send_keys("0.0004", Keys.ENTER)
    wait(browser, lambda: "learning rate times 0.4" in text(browser, ".log"))
    assert text(browser, "[role=alert]") == ""
    button(browser, "Halve").click()
    wait(browser, lambda: "learning rate times 0.2" in text(browser, ".log"))
    assert rate.get_attribute("value") == "0.0002"


def assert_no_wider_than_its_window(browser: Any) -> None:
    widths = browser.execute_script(
        "const d = document.documentElement; return [d.scrollWidth, d.clientWidth]"
    )
    assert widths[0] <= widths[1]


def assert_all_is_shown(browser: Any) -> None:
    right = len(browser.find_elements(By.CSS_SELECTOR, ".is-right"))
    assert text(browser, ".answers-now").count("✓") == right
    assert f"{right} of these 40 validation images are right now" in text(browser, "main")
    assert len(browser.find_elements(By.CSS_SELECTOR, ".filters canvas")) == 40
    charts = browser.find_elements(By.CSS_SELECTOR, ".chart > svg")
    titles = [chart.get_attribute("aria-label").split(".")[0] for chart in charts]
    assert titles == ["Loss", "Gradient norm", "Dead units"]
    curves = browser.find_elements(By.CSS_SELECTOR, ".chart > svg path")
    assert len(curves) == 5  # three of the loss, the norm, one hidden layer
    assert all("L" in curve.get_attribute("d") for curve in curves)
