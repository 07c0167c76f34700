"""The pages as people meet them: in a real Chromium, by mouse, keyboard and accessibility rules."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from tests.browser import MARKS, look, violations
from tests.classes import HOSTILE, WRONG, Pupil, network, write_report
from tests.pictures import PICTURES, plot
from tests.similarity.support import SOLVED, with_own_number
from tests.support import sampled, script_with

pytestmark = MARKS
PLOTS = {"pytorch_ann": plot(), "pytorch_cnn": PICTURES["text"]()}
RAISED = f"numpy_ann.py, line 3, in relu: {HOSTILE}\nValueError: {HOSTILE} \ud800"
PRINTED = f"{HOSTILE}{'x' * 500}"
COMPARED = f"{HOSTILE}, expected {HOSTILE}. Hint: {HOSTILE}\n{HOSTILE}"
OWN = script_with(
    "numpy_ann", {"1.2": "return np.where(\n    z > 0, z, 0.1 * z  # leaky\n)"}
).encode()
HOSTILE_CODE = f"def relu(z):\n    # {HOSTILE}{'x' * 500}\n    return z\n".encode()
OPEN_ALL = "document.querySelectorAll('details').forEach(one => { one.open = true })"
PUPILS = [
    Pupil("1001", "Ada Lovelace", accuracy=0.9, plots=PLOTS, scripts=SOLVED, network=network()),
    Pupil("1002", "Blaise Pascal", {"1.2": WRONG, "1.6": "W1 is 1, expected 2."},
          ("relu-leaky",), accuracy=0.72, plots=PLOTS, scripts=SOLVED | {"numpy_ann": OWN}),
    Pupil("1003", "Émilie du Châtelet", missing=("1.6",), scripts=with_own_number(SOLVED, 7)),
    Pupil("1004", "Zeno", problem="work.zip is damaged"),
    Pupil(f"={HOSTILE}", HOSTILE,
          {"1.2": f"{RAISED}\n{PRINTED}", "1.3": COMPARED, "1.4": "m" * 3000}, (HOSTILE,),
          accuracy=0.8, plots=PLOTS, scripts={"numpy_ann": HOSTILE_CODE}),
]  # fmt: skip


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(tmp_path_factory.mktemp("class"), PUPILS)


@pytest.fixture(autouse=True)
def plain_window(browser: Any) -> None:
    look(browser, 1000)


def pages(report: Path) -> list[Path]:
    return [report / "index.html", *sorted((report / "students").glob("*.html"))]


def show(browser: Any, path: Path) -> None:
    """Load a page from its file, without a word on the console."""
    browser.get_log("browser")
    browser.get(path.as_uri())
    assert browser.get_log("browser") == [], path.name


def test_a_student_looks_inside_the_own_network(browser: Any, report: Path) -> None:
    show(browser, next(report.glob("students/ada-*.html")))
    browser.find_element(By.LINK_TEXT, "Look inside your network").click()
    WebDriverWait(browser, 10).until(lambda b: b.find_elements(By.CSS_SELECTOR, "main canvas"))
    assert browser.find_element(By.TAG_NAME, "h1").text == "Ada Lovelace: inside the network"
    assert browser.get_log("browser") == []


def column(browser: Any, number: int) -> list[str]:
    """What the rows that are shown say in one column."""
    script = """const rows = document.querySelectorAll('#students tbody tr:not([hidden])');
        return [...rows].map(row => row.cells[arguments[0]].innerText.trim())"""
    return list(browser.execute_script(script, number))


def test_every_page_loads_from_its_file_without_an_error(browser: Any, report: Path) -> None:
    assert len(pages(report)) == 6
    for path in pages(report):
        show(browser, path)
        broken = "return [...document.images].filter(i => !i.complete || !i.naturalWidth).length"
        assert browser.execute_script(broken) == 0, path.name
        loaded = """return performance.getEntriesByType('resource')
            .map(e => e.name).filter(n => !n.startsWith('data:'))"""
        assert browser.execute_script(loaded) == [], path.name


def test_what_students_write_stays_text(browser: Any, report: Path) -> None:
    for path in pages(report):
        show(browser, path)
        scripts = browser.execute_script("return document.scripts.length")
        assert scripts == (1 if path.name == "index.html" else 0), path.name
        assert (
            browser.execute_script(
                "return document.querySelectorAll('[onerror], img[src=x]').length"
            )
            == 0
        )
    (path,) = (report / "students").glob("script-*.html")
    show(browser, path)
    text = browser.find_element(By.TAG_NAME, "body").text
    assert (
        '<script>alert(1)</script>"><img src=x onerror=alert(2)>{{7*7}}'
        in browser.find_element(By.TAG_NAME, "h1").text
    )
    # name, three of one section and the code, six of the other
    assert text.count("{{7*7}}") == 12
    assert not set("\u202e\u2066\x00\x1b") & set(text)


def test_a_policy_keeps_foreign_scripts_and_styles_out(browser: Any, report: Path) -> None:
    inject = """const s = document.createElement('script'); s.textContent = 'window.foreign = 1';
        document.body.append(s);
        document.body.setAttribute('style', 'color: rgb(1, 2, 3)');
        return [window.foreign === undefined,
                getComputedStyle(document.body).color !== 'rgb(1, 2, 3)']"""
    for path in pages(report)[:2]:
        show(browser, path)
        assert browser.execute_script(inject) == [True, True]
        assert all(
            "Content Security Policy" in entry["message"] for entry in browser.get_log("browser")
        )


def test_sorting_by_mouse(browser: Any, report: Path) -> None:
    show(browser, report / "index.html")
    buttons = browser.find_elements(By.CSS_SELECTOR, "#students thead button")
    headers = browser.find_elements(By.CSS_SELECTOR, "#students thead th")
    buttons[2].click()
    assert column(browser, 2) == ["0", "82", "86", "100", ""]
    assert [header.get_attribute("aria-sort") for header in headers].count("ascending") == 1
    buttons[2].click()
    assert column(browser, 2) == ["100", "86", "82", "0", ""]
    assert headers[2].get_attribute("aria-sort") == "descending"
    buttons[-1].click()
    assert column(browser, len(buttons) - 1) == ["72.00", "80.00", "90.00", "", ""]
    assert headers[2].get_attribute("aria-sort") == "none"
    buttons[0].click()
    names = [name.partition("\n")[0] for name in column(browser, 0)]  # a state may stand below
    assert (
        names.index("Ada Lovelace")
        < names.index("Blaise Pascal")
        < names.index("Émilie du Châtelet")
        < names.index("Zeno")
    )


def test_sorting_and_filtering_by_keyboard(browser: Any, report: Path) -> None:
    show(browser, report / "index.html")
    field = browser.find_element(By.ID, "filter")
    browser.find_element(By.CSS_SELECTOR, "label[for=filter]").click()
    assert browser.switch_to.active_element == field
    field.send_keys("LOVE 1001")
    assert column(browser, 0) == ["Ada Lovelace"]
    assert browser.find_element(By.ID, "count").text == "1 of 5 students"
    field.send_keys(Keys.CONTROL, "a")
    field.send_keys(Keys.DELETE)
    assert len(column(browser, 0)) == 5
    field.send_keys(Keys.TAB)  # the region that scrolls
    browser.switch_to.active_element.send_keys(Keys.TAB)
    button = browser.switch_to.active_element
    assert (button.tag_name, button.text) == ("button", "Student")
    outline = "return getComputedStyle(document.activeElement).outlineStyle"
    assert browser.execute_script(outline) == "solid"
    button.send_keys(Keys.ENTER)
    ascending = column(browser, 0)
    browser.switch_to.active_element.send_keys(Keys.SPACE)
    assert column(browser, 0) == ascending[::-1]


def test_a_name_leads_to_its_page(browser: Any, report: Path) -> None:
    show(browser, report / "index.html")
    browser.find_element(By.LINK_TEXT, "Blaise Pascal").click()
    assert browser.find_element(By.TAG_NAME, "h1").text == "Blaise Pascal"
    browser.find_element(By.LINK_TEXT, "backward").click()
    assert browser.execute_script(
        "return document.querySelector(':target h3').textContent"
    ).startswith("1.6 backward")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_a_phone(browser: Any, report: Path, scheme: str) -> None:
    look(browser, 360, scheme)
    for path in pages(report):
        show(browser, path)
        browser.execute_script(OPEN_ALL)
        widths = browser.execute_script(
            "const d = document.documentElement; return [d.scrollWidth, d.clientWidth]"
        )
        assert widths[0] <= widths[1] == 360, path.name
    dark = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert dark == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(20, 24, 29)")


def test_every_row_of_code_has_a_line_of_its_own(browser: Any, report: Path) -> None:
    (path,) = (report / "students").glob("blaise-*.html")
    rows = """return [...document.querySelectorAll('#section-1\\\\.2 .code .line')]
        .map(row => [row.getBoundingClientRect().top, row.getBoundingClientRect().left])"""
    for width in (390, 1400):
        look(browser, width)
        show(browser, path)
        places = browser.execute_script(rows)
        assert len(places) > 5
        assert all(above < below for (above, _), (below, _) in pairwise(places))
        assert len({left for _, left in places}) == 1


def test_hints_open_one_by_one(browser: Any, report: Path) -> None:
    (path,) = (report / "students").glob("blaise-*.html")
    show(browser, path)
    first, second = browser.find_elements(By.CSS_SELECTOR, "#section-1\\.2 details.hint > summary")
    text = browser.find_element(By.XPATH, "//p[text()='Your relu does this.']")
    assert (first.text, second.is_displayed()) == ("Hint 1 of 2", False)
    first.send_keys(Keys.ENTER)
    assert second.is_displayed()
    assert not text.is_displayed()
    second.send_keys(Keys.ENTER)
    assert text.is_displayed()


@pytest.mark.parametrize("scheme", sampled(["light", "dark"], every=2))
def test_axe_finds_nothing_to_complain_about(browser: Any, report: Path, scheme: str) -> None:
    look(browser, 1000, scheme)
    for path in [*pages(report), report / "similarity.html"]:
        show(browser, path)
        browser.execute_script(OPEN_ALL)
        assert violations(browser) == [], path.name


def test_headings_stand_in_order(browser: Any, report: Path) -> None:
    for path in pages(report):
        show(browser, path)
        levels = browser.execute_script(
            "return [...document.querySelectorAll('h1,h2,h3,h4,h5')].map(h => +h.tagName[1])"
        )
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after <= before + 1 for before, after in pairwise(levels)), path.name


def test_paper_has_ink_on_white_and_no_controls(browser: Any, report: Path) -> None:
    look(browser, 700, "dark", "print")
    show(browser, report / "index.html")
    assert not browser.find_element(By.ID, "filter").is_displayed()
    assert browser.execute_script("return getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
    assert (
        browser.execute_script("return getComputedStyle(document.body).backgroundColor")
        == "rgb(255, 255, 255)"
    )
