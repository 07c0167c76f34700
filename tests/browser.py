"""A real Chromium for tests, its window, and the rules of accessibility."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
MARKS = [
    pytest.mark.skipif(
        not (CHROMIUM and DRIVER),
        reason="no Chromium and ChromeDriver (apt install chromium chromium-driver)",
    ),
    pytest.mark.xdist_group("browser"),
]
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
AXE = """const done = arguments[0];
    axe.run(document, {resultTypes: ['violations']}).then(r => done(r.violations.map(
        v => [v.id, v.help, v.nodes.slice(0, 3).map(
            n => n.html.slice(0, 200) + ' ' + n.failureSummary)])))"""


def start(profile: Path, *flags: str) -> Any:
    """A browser with a fresh profile and further flags; whoever starts it has to `quit()` it."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS, *flags, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options, webdriver.ChromeService(DRIVER))


def look(browser: Any, width: int, scheme: str = "light", media: str = "screen") -> None:
    """The width of the window, light or dark, on screen or paper."""
    browser.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500},
    )
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": features})


def violations(browser: Any) -> list[Any]:
    """What axe finds to complain about on the page that is shown."""
    from axe_core_python.base import AXE_SCRIPT

    browser.execute_script(AXE_SCRIPT)
    return list(browser.execute_async_script(AXE))
