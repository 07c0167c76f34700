"""The lab as students meet it: in a real Chromium that reaches nothing but the folder's server."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from grader.handout.notebooks import notebook
from grader.lab.folder import write_lab
from tests.browser import MARKS, look, start, violations
from tests.lab.support import served
from tests.support import ROOT, script_with

pytestmark = MARKS
SECONDS = 60  # to wait for anything, on a busy machine
NO_NETWORK = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
SOLVED = script_with("numpy_ann", {}).replace("EPOCHS = 8", "EPOCHS = 2")
WRONG = script_with("numpy_ann", {"1.2": "return z", "1.6": "return self.no_such_array"})
PASTE = """
const content = document.querySelector(".cm-content");
content.focus();
document.execCommand("selectAll");
const data = new DataTransfer();
data.setData("text/plain", arguments[0]);
content.dispatchEvent(
  new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
"""


class Lab:
    """The page in a browser, as its user sees it."""

    def __init__(self, browser: Any, address: str):
        self.browser, self.address = browser, address
        browser.get(address)

    def at(self, name: str) -> Any:
        return self.browser.find_element(By.ID, name)

    def wait(self, condition: Callable[[], object]) -> None:
        until = time.monotonic() + SECONDS
        while not condition():
            assert time.monotonic() < until, self.at("results").text
            time.sleep(0.1)

    def wait_until_ready(self) -> None:
        self.wait(
            lambda: self.browser.execute_script("return document.body.dataset.state") == "ready"
        )

    def paste(self, text: str) -> None:
        self.browser.execute_script(PASTE, text)

    def press(self, *keys: str) -> None:
        content = self.browser.find_element(By.CSS_SELECTOR, ".cm-content")
        content.send_keys("".join(keys))  # modifiers are held until the end of the text

    @property
    def text(self) -> str:
        """The text in the editor, as it is downloaded."""
        self.at("check").click()  # which saves it
        kept = self.browser.execute_script("return Object.values({...localStorage})[0]")
        self.wait_until_ready()
        return str(json.loads(kept)["text"])

    @property
    def statuses(self) -> list[str]:
        found = self.browser.find_elements(By.CSS_SELECTOR, "#sections > li")
        return [one.get_attribute("class").removeprefix("section ") for one in found]

    def check(self) -> list[str]:
        """Check only, by the keyboard; returns the status of each section."""
        self.press(Keys.CONTROL, Keys.SHIFT, Keys.ENTER)
        self.wait(lambda: "Checking" not in self.at("next").text and self.statuses)
        self.wait_until_ready()
        return self.statuses

    def marked(self) -> list[str]:
        found = self.browser.find_elements(By.CSS_SELECTOR, ".cm-line.marked")
        return [one.text for one in found]

    def problems(self) -> str:
        return str(self.at("problems").text)

    def expect_no_trouble(self, scheme: str) -> None:
        """No word on the console, nothing for axe in this scheme, nothing wider than the window."""
        assert self.browser.get_log("browser") == []
        # axe looks at the last: dark on a phone, light on a screen
        for width in (1200, 390) if scheme == "dark" else (390, 1200):
            look(self.browser, width, scheme)
            wide = self.browser.execute_script("return document.documentElement.scrollWidth")
            assert wide <= width
        found = violations(self.browser)
        assert found == [], found


@pytest.fixture(scope="module")
def address(lab: Path) -> Iterator[str]:
    with served(lab) as found:
        yield found


@pytest.fixture
def page(address: str, tmp_path: Path) -> Iterator[Lab]:
    browser = start(tmp_path / "profile", NO_NETWORK)
    browser.set_script_timeout(SECONDS)
    look(browser, 1200)
    try:
        yield Lab(browser, address)
    finally:
        browser.quit()


def test_from_a_blank_page_to_a_trained_network_and_a_file(page: Lab, tmp_path: Path) -> None:
    downloads = {"behavior": "allow", "downloadPath": str(tmp_path)}
    page.browser.execute_cdp_cmd("Browser.setDownloadBehavior", downloads)
    page.wait_until_ready()
    assert page.check() == ["passed", *["not-written"] * 3, "waiting", "waiting"]
    page.expect_no_trouble("dark")

    page.paste(WRONG)
    assert page.check() == ["passed", "failed", "passed", "passed", "waiting", "waiting"]
    assert page.marked() == []  # the editor shows its end
    section = page.browser.find_elements(By.CSS_SELECTOR, "#sections > li")[1]
    hint, go, arrays = section.find_elements(By.CSS_SELECTOR, "button")
    arrays.click()
    assert "The first wrong array is a1" in page.at("microscope").text
    page.at("tab-write").click()
    go.click()
    page.wait(page.marked)
    assert page.marked() == ["    return z"]
    for _ in range(3):
        hint.click()
    assert len(section.find_elements(By.CSS_SELECTOR, ".hints li")) == 3
    assert not hint.is_displayed()

    page.paste(SOLVED)
    page.browser.execute_script("document.getElementById('images').value = '2000'")
    page.press(Keys.CONTROL, Keys.ENTER)
    page.wait(lambda: "Test accuracy" in page.at("next").text)
    assert page.statuses == ["passed"] * 6
    assert len(page.browser.find_elements(By.CSS_SELECTOR, "#curves svg")) == 2
    assert len(page.browser.find_elements(By.CSS_SELECTOR, "#curves circle")) == 8
    assert "Trained in" in page.at("printed").text
    page.wait_until_ready()
    page.expect_no_trouble("light")

    page.at("download").click()
    page.wait(lambda: (tmp_path / "numpy_ann.py").exists())
    assert (tmp_path / "numpy_ann.py").read_text() == SOLVED

    page.at("tab-network").click()
    page.wait(lambda: page.browser.find_elements(By.CSS_SELECTOR, "#inspection table"))
    page.expect_no_trouble("dark")
    page.at("tab-readme").click()
    page.expect_no_trouble("light")
    page.at("tab-backprop").click()
    assert page.browser.find_elements(By.CSS_SELECTOR, "#microscope table")
    assert "Every array is right" in page.at("microscope").text
    page.expect_no_trouble("dark")

    page.browser.refresh()
    page.wait_until_ready()
    assert page.at("backprop").is_displayed()  # the view that was open
    page.at("tab-write").click()
    assert len(page.at("runs").find_elements(By.CSS_SELECTOR, "option")) == 4  # and its title
    assert page.text == SOLVED
    page.at("runs").find_elements(By.CSS_SELECTOR, "option")[3].click()  # the oldest
    assert page.text == (ROOT / "numpy_ann.py").read_text()
    page.press(Keys.CONTROL, "z")
    assert page.text == SOLVED


@pytest.mark.exhaustive
def test_endless_loops_stop_and_the_page_goes_on(page: Lab) -> None:
    page.wait_until_ready()
    source = script_with("numpy_ann", {"1.2": "import time\ntime.sleep(1000)"})  # without a jump
    page.paste(source)
    page.press(Keys.CONTROL, Keys.ENTER)
    page.wait(lambda: page.at("state").text.startswith("Python is running"))
    time.sleep(1)
    page.press(Keys.CONTROL, Keys.HOME)
    page.press("\n\n")
    page.at("run").click()  # waits, and is stopped too
    page.at("stop").click()
    page.wait(page.problems)
    line = source.splitlines().index("    time.sleep(1000)") + 1
    assert f"Stopped, at numpy_ann.py, line {line}" in page.problems()
    page.press(*[Keys.PAGE_DOWN] * 2)  # the editor draws what is seen
    page.wait(page.marked)
    assert page.marked() == ["    time.sleep(1000)"]  # where it is now
    page.paste(SOLVED)
    page.wait_until_ready()
    assert page.check() == ["passed"] * 6
    page.expect_no_trouble("light")


@pytest.mark.exhaustive
def test_two_tabs_keep_the_runs_and_a_removed_text_is_gone(page: Lab) -> None:
    def kept() -> dict[str, Any]:
        return json.loads(page.browser.execute_script("return Object.values({...localStorage})[0]"))

    page.wait_until_ready()
    page.browser.execute_script(
        "window.asked = 0; navigator.storage.persist = async () => { window.asked += 1; }"
    )
    page.check()
    page.paste(WRONG)
    page.check()
    page.paste(WRONG)
    page.check()
    assert page.browser.execute_script("return window.asked") == 1
    first = page.browser.current_window_handle
    # from now on, as on a screen
    page.browser.execute_script("document.hasFocus = () => false")
    page.browser.switch_to.new_window("tab")
    other = Lab(page.browser, page.address)
    other.wait(lambda: other.browser.execute_script("return document.body.dataset.loaded"))
    second = page.browser.current_window_handle
    for i in range(1, 13):
        other.press("~")
        other.wait(lambda i=i: kept()["text"].count("~") == i)
    assert [run["passed"] for run in kept()["runs"]] == [1, 3]
    page.browser.switch_to.window(first)
    page.wait(lambda: "changed in another tab" in page.at("next").text)

    page.at("remove").click()
    page.browser.switch_to.alert.dismiss()
    assert kept()["text"].count("~") == 12
    page.at("remove").click()
    page.browser.switch_to.alert.accept()
    for window in (first, second):
        page.browser.switch_to.window(window)
        page.wait(lambda: page.at("runs").text == "No earlier runs")
        page.at("undo").click()
    time.sleep(1)  # more than it takes until a text is kept
    assert page.browser.execute_script("return localStorage.length") == 0


@pytest.mark.exhaustive
def test_files_that_are_opened(page: Lab, tmp_path: Path) -> None:
    page.wait_until_ready()
    files = {
        "part1.ipynb": notebook(SOLVED).encode(),
        "latin.py": "# -*- coding: latin-1 -*-\n# é\n".encode("latin-1"),
        "pytorch_ann.py": (ROOT / "pytorch_ann.py").read_bytes(),
        "broken.ipynb": b"{",
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
        page.at("open").send_keys(str(tmp_path / name))
        page.wait(lambda name=name: "is open" in page.at("next").text or name in page.problems())
        if name == "part1.ipynb":
            assert page.check() == ["passed"] * 6
    assert "latin.py" not in page.problems()
    assert "part 2, which needs PyTorch" in page.problems()
    assert "broken.ipynb is not a notebook" in page.problems()


def test_without_webassembly_one_sentence_says_what_to_do(address: str, tmp_path: Path) -> None:
    browser = start(tmp_path / "profile", NO_NETWORK)
    without = {"source": "delete globalThis.WebAssembly"}
    browser.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", without)
    try:
        page = Lab(browser, address)
        page.wait(lambda: "no WebAssembly" in page.at("state").text)
    finally:
        browser.quit()


@pytest.mark.exhaustive
def test_pyodide_from_a_cdn_is_run_only_with_its_own_hash(lab: Path, tmp_path: Path) -> None:
    online = write_lab(tmp_path / "lab").folder
    assert not (online / "pyodide").exists()
    cdn = shutil.copytree(lab / "pyodide", tmp_path / "cdn")
    with served(online) as address, served(cdn, as_cdn=tmp_path) as server:
        host = server.removeprefix("https://").rstrip("/")
        browser = start(
            tmp_path / "profile",
            f"--host-resolver-rules=MAP cdn.jsdelivr.net:443 {host}, MAP * ~NOTFOUND, "
            "EXCLUDE 127.0.0.1",
            "--ignore-certificate-errors",
        )
        try:
            page = Lab(browser, address)
            page.wait_until_ready()
            assert page.check()[0] == "passed"
            for name in ("pyodide.asm.js", next(cdn.glob("numpy-*")).name):
                (cdn / name).write_bytes((cdn / name).read_bytes() + b"\n")
                browser.execute_cdp_cmd("Network.clearBrowserCache", {})
                browser.refresh()
                page.wait(page.problems)
                assert "Python could not be started" in page.problems()
                (cdn / name).write_bytes((lab / "pyodide" / name).read_bytes())
        finally:
            browser.quit()
