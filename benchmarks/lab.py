"""Measures part 1 in the browser beside CPython; prints a table in Markdown.

    python -m benchmarks.lab [--repeats 3] [--images 10000]

Publishes the lab for offline use and opens it in Chromium, with an empty profile each time: seconds
until Python is ready, until the first check has ended, for later checks, and for training with the
script's own settings. CPython does the same as whole processes, on one thread, as WebAssembly has
one. Needs Chromium, ChromeDriver and, the first time, a network.
"""

from __future__ import annotations

import argparse
import functools
import http.server
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.timing import ROOT
from grader.handout.stubs import reference_source, solved
from grader.lab.folder import write_lab

SECONDS = 600
PASTE = """
document.querySelector(".cm-content").focus();
document.execCommand("selectAll");
const data = new DataTransfer();
data.setData("text/plain", arguments[0]);
document.querySelector(".cm-content").dispatchEvent(
  new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true}));
"""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments: Any) -> None:
        """Nothing."""


def in_browser(address: str, script: str, images: int) -> dict[str, float | str]:
    """Seconds of each step, and the test accuracy, in a new browser."""
    from selenium import webdriver

    with tempfile.TemporaryDirectory() as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = str(shutil.which("chromium"))
        for flag in ("--headless=new", "--no-sandbox", f"--user-data-dir={profile}"):
            options.add_argument(flag)
        browser = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
        try:
            return _measured(browser, address, script, images)
        finally:
            browser.quit()


def _measured(browser: Any, address: str, script: str, images: int) -> dict[str, float | str]:
    def until(condition: str) -> float:
        while not browser.execute_script(f"return {condition}"):
            if time.perf_counter() - started > SECONDS:
                raise RuntimeError(f"waited {SECONDS} s for {condition}")
            time.sleep(0.01)
        return time.perf_counter() - started

    def click(name: str) -> None:
        browser.execute_script("document.getElementById(arguments[0]).click()", name)

    next_text = "document.getElementById('next').textContent"
    six = "document.querySelectorAll('#sections > li.passed').length === 6"
    checked = f"{six} && {next_text}.startsWith('Public checks')"
    started = time.perf_counter()
    browser.get(address)
    until("document.body.dataset.loaded === 'yes'")
    browser.execute_script(PASTE, script)
    click("check")  # waits until Python is ready
    found: dict[str, float | str] = {}
    found["ready"] = until("document.body.dataset.state !== 'starting'")
    found["first check"] = until(checked)
    started = time.perf_counter()
    click("check")
    until("document.body.dataset.state === 'running'")
    found["later check"] = until(f"document.body.dataset.state === 'ready' && {checked}")
    chosen = "document.getElementById('images').value = arguments[0]"
    browser.execute_script(chosen, str(images))
    started = time.perf_counter()
    click("run")
    ended = f"{next_text}.startsWith('Test accuracy')"
    found["run"] = until(f"{ended} && document.body.dataset.state === 'ready'")
    printed = browser.execute_script("return document.getElementById('printed').textContent")
    return found | _trained(printed)


def in_cpython(folder: Path, images: int) -> dict[str, float | str]:
    """The same of `python numpy_ann.py` as whole processes, on one thread."""

    def seconds(*options: str) -> tuple[float, str]:
        one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        started = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "numpy_ann.py", "--data-dir", str(ROOT / "data"), *options],
            cwd=folder, capture_output=True, text=True, env={**os.environ, **one_thread},
        )  # fmt: skip
        return time.perf_counter() - started, done.stdout

    check, _ = seconds("--check")
    run, printed = seconds("--train-size", str(images))
    return {"later check": check, "run": run} | _trained(printed)


def _trained(printed: str) -> dict[str, float | str]:
    training = re.search(r"Trained in ([\d.]+) s", printed)
    accuracy = re.search(r"Test accuracy ([\d.]+)%", printed)
    if not training or not accuracy:
        raise RuntimeError(f"training did not end: {printed[-500:]}")
    return {"training": float(training[1]), "test accuracy": f"{accuracy[1]} %"}


def repeated(measure: Callable[[], dict[str, float | str]], repeats: int) -> dict[str, str]:
    """Minimum and median of each figure."""
    rows = [measure() for _ in range(repeats)]
    found = {}
    for name in rows[0]:
        values = [row[name] for row in rows]
        numbers = [value for value in values if isinstance(value, float)]
        found[name] = (
            f"{min(numbers):.2f} s ({statistics.median(numbers):.2f})"
            if numbers
            else ", ".join(dict.fromkeys(map(str, values)))
        )
    return found


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--images", type=int, default=10_000)
    given = parser.parse_args()
    script = solved(reference_source("numpy_ann"), "numpy_ann.py")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lab = write_lab(folder / "lab", offline=True).folder
        (folder / "numpy_ann.py").write_text(script, encoding="utf-8")
        shutil.copyfile(ROOT / "utils.py", folder / "utils.py")
        (folder / "assignment").symlink_to(ROOT / "assignment")
        cpython = repeated(lambda: in_cpython(folder, given.images), given.repeats)
        handler = functools.partial(_Quiet, directory=str(lab))
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            address = f"http://127.0.0.1:{server.server_port}/"
            browser = repeated(lambda: in_browser(address, script, given.images), given.repeats)
            server.shutdown()
    print(f"Best of {given.repeats}, median in brackets; {given.images:,} training images.\n")
    print("| | in the browser | CPython, one thread |\n|---|---|---|")
    for name, value in browser.items():
        print(f"| {name} | {value} | {cpython.get(name, '')} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
