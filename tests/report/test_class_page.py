"""The class page in a real Chromium: its table by mouse and keyboard, narrow and wide, on paper."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from grader.classroom.gradebook import Gradebook
from grader.classroom.people import HandedIn, Student
from grader.classroom.reports.build import build
from grader.submission.reading import Submission
from tests.classes import PROVENANCE, WRONG, Pupil, write_class
from tests.report.test_browser import (  # the fixtures are used by name
    column,
    look,
    plain_window,
    pytestmark,
    show,
)
from tests.support import sampled

__all__ = ["plain_window", "pytestmark"]

LEAKY = ("relu-leaky",)
PUPILS = [
    Pupil("1001", "Ada Lovelace", accuracy=0.9),
    Pupil("1002", "Jürgen Müller", {"1.2": WRONG, "1.6": "W1 is 1."}, LEAKY, accuracy=0.7),
    Pupil("1003", "Émilie du Châtelet", {"1.2": WRONG}, LEAKY),
    Pupil("1004", "Zeno Slater", problem="work.zip is damaged"),
    Pupil("1005", "Blaise Pascal", missing=("1.6",)),
]
DUE = datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with everything that the page can show: roster, lateness, decisions, attempts."""
    folder = tmp_path_factory.mktemp("class")
    with Gradebook(folder / "grades.db", create=True) as gradebook:
        for number, pupil in enumerate(PUPILS):
            when = HandedIn(DUE + timedelta(days=number - 1), None, "the worksheet")
            student, work = Student(pupil.id, pupil.name), f"work of {pupil.id}"
            before = Submission(pupil.id, {"numpy_ann": pupil.id.encode()}, {}, {})
            gradebook.hand_in([student], f"earlier {work}", before)
            submission = None if pupil.problem else before
            gradebook.hand_in([student], work, submission, pupil.problem, handed_in=when)
        groups = {"1001": "Red", "1002": "Red", "1003": "Blue", "1009": "Blue"}
        gradebook.keep_roster([Student(one, "", group=group) for one, group in groups.items()])
    book = write_class(folder / "grades.db", PUPILS)
    (folder / "course.toml").write_text(
        f'zone = "UTC"\ndue = {DUE.isoformat()}\n[late]\nper_day = 10\n'
        "[extensions]\nghost = 2026-12-24\n1004 = 2026-12-24\n"
    )
    with Gradebook(book) as gradebook:
        gradebook.decide("1002", "points", section="1.6", points=7.0, reason="appeal", who="TA")
        gradebook.decide("1003", "total", points=50.0, reason="oral exam", who="TA")
        for pupil in PUPILS[:3]:  # the earlier attempt lost 1.3 as well
            earlier = Pupil(pupil.id, lost={**pupil.lost, "1.3": WRONG}, diagnosis=LEAKY)
            last = f"earlier work of {pupil.id}"
            keys = {section.number: f"{last} {section.number}" for section in earlier.sections()}
            gradebook.record(last, earlier.report(), keys, {}, PROVENANCE)
        build(gradebook, folder / "report")
    return folder / "report"


def headings(browser: Any) -> list[str]:
    """The table's headings, without what is only read out."""
    script = """return [...document.querySelectorAll('#students thead button')].map(
        button => button.firstChild.textContent)"""
    return list(browser.execute_script(script))


def test_the_page_shows_everything_it_can(browser: Any, report: Path) -> None:
    show(browser, report / "index.html")
    titles = [one.text for one in browser.find_elements(By.TAG_NAME, "h2")]
    titles = [title for title in titles if "copies" not in title]
    assert titles == ["Students", "Roster", "Changed by people", "Late", "Distribution", "Sections",
                      "Recognised mistakes", "Attempts over time", "Notes", "Runs", "Files"]  # fmt: skip
    assert headings(browser)[:7] == ["Student", "Id", "Group", "Mark", "Before lateness", "Days late",
                         "Attempts"]  # fmt: skip


@pytest.mark.parametrize(
    ("width", "scheme"), sampled([(1400, "light"), (1400, "dark"), (390, "light")], every=2)
)
def test_nothing_is_cut_and_axe_is_content(
    browser: Any, report: Path, width: int, scheme: str
) -> None:
    from axe_core_python.base import AXE_SCRIPT

    look(browser, width, scheme)
    show(browser, report / "index.html")
    browser.execute_script("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    page, box = browser.execute_script(
        """const d = document.documentElement, m = document.querySelector('.map');
        return [[d.scrollWidth, d.clientWidth], [m.scrollWidth, m.clientWidth]]"""
    )
    assert page[0] <= page[1]
    if width == 1400:
        assert box[0] <= box[1]
    cut = """return [...document.querySelectorAll('#students td, #students th')].filter(
        c => c.scrollWidth > c.clientWidth + 1).map(c => c.textContent.trim())"""
    assert browser.execute_script(cut) == []
    browser.execute_script(AXE_SCRIPT)
    run = """const done = arguments[0];
        axe.run(document, {resultTypes: ['violations']}).then(r => done(r.violations.map(
            v => [v.id, v.nodes.slice(0, 3).map(n => n.html.slice(0, 200))])))"""
    assert browser.execute_async_script(run) == []


def test_names_stay_in_sight_while_the_table_is_scrolled(browser: Any, report: Path) -> None:
    look(browser, 390)
    show(browser, report / "index.html")
    places = """const m = document.querySelector('.map'); m.scrollLeft = 5000;
        const name = document.querySelector('#students tbody th').getBoundingClientRect();
        const last = document.querySelector('#students tbody tr').lastElementChild;
        return [name.left - m.getBoundingClientRect().left,
                m.getBoundingClientRect().right - last.getBoundingClientRect().right]"""
    name, last = browser.execute_script(places)
    assert 0 <= name < 5
    assert last >= 0


def typed(browser: Any, text: str) -> list[str]:
    field = browser.find_element(By.ID, "filter")
    field.send_keys(Keys.CONTROL, "a")
    field.send_keys(Keys.DELETE)
    field.send_keys(text)
    return column(browser, 1)


@pytest.mark.parametrize(("text", "ids"), sampled([
    ("muller", ["1002"]),
    ("mueller", ["1002"]),
    ("MÜLLER", ["1002"]),
    ("emilie chatelet", ["1003"]),
    ("relu-leaky", ["1002", "1003"]),
    ("relu-le", ["1002", "1003"]),
    ("1.6", ["1002"]),
    ("late", ["1003", "1005"]),  # and not Zeno Slater, who has an extension
    ("slat", ["1004"]),
    ("changed red", ["1002"]),
    ("unreadable", ["1004"]),
    ("missing", ["1009"]),
    ("nobody", []),
], every=3))  # fmt: skip
def test_the_filter_finds(browser: Any, report: Path, text: str, ids: list[str]) -> None:
    show(browser, report / "index.html")
    assert sorted(typed(browser, text)) == ids
    assert browser.find_element(By.ID, "count").text == f"{len(ids)} of 6 students"


def test_groups_are_a_filter(browser: Any, report: Path) -> None:
    show(browser, report / "index.html")
    browser.find_element(By.CSS_SELECTOR, "#group option:nth-child(2)").click()
    assert sorted(column(browser, 1)) == ["1003", "1009"]


def test_a_mistake_leads_to_those_who_made_it(browser: Any, report: Path) -> None:
    show(browser, report / "index.html")
    link = "#mistakes ~ .scroll a[href='#filter=relu-leaky']"
    for _ in range(2):  # also the second time, when the address does not change
        typed(browser, "ada")
        browser.find_element(By.CSS_SELECTOR, link).click()
        assert sorted(column(browser, 1)) == ["1002", "1003"]
    browser.get("about:blank")
    browser.get((report / "index.html").as_uri() + "#filter=m%C3%BCller")
    assert column(browser, 1) == ["1002"]
    browser.get("about:blank")
    browser.get((report / "index.html").as_uri() + "#filter=%E0%A4%A")
    assert column(browser, 1) == []
    assert browser.get_log("browser") == []


def test_without_script_the_names_are_links(browser: Any, report: Path) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get((report / "index.html").as_uri())
        assert not browser.find_element(By.ID, "filter").is_displayed()
        browser.find_element(By.CSS_SELECTOR, "#mistakes ~ .scroll summary").click()
        browser.find_element(By.CSS_SELECTOR, "#mistakes ~ .scroll details a").click()
        assert browser.find_element(By.TAG_NAME, "h1").text == "Émilie du Châtelet"
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_arrow_keys_move_among_cells(browser: Any, report: Path) -> None:
    show(browser, report / "index.html")
    active = "return document.activeElement.getAttribute('aria-label') || document.activeElement.textContent"
    reached = "return document.querySelectorAll('#students tbody a[tabindex=\"0\"]').length"
    assert browser.execute_script(reached) == 1
    browser.execute_script("document.querySelector('#students tbody a').focus()")

    def press(*keys: str) -> str:
        for key in keys:
            browser.switch_to.active_element.send_keys(key)
        return str(browser.execute_script(active))

    assert press(Keys.ARROW_RIGHT) == "0.1 passed, 2 of 2 points"
    assert press(Keys.END).startswith("3.7 passed")
    assert press(Keys.ARROW_RIGHT).startswith("3.7 passed")  # nothing further to the right
    assert press(Keys.ARROW_DOWN, Keys.HOME) == "Blaise Pascal"
    assert press(Keys.ARROW_UP, Keys.ARROW_UP) == "Ada Lovelace"
    assert browser.execute_script(reached) == 1
    typed(browser, "muller")
    assert browser.execute_script(reached) == 1
    focusable = "return document.querySelector('#students tbody a[tabindex=\"0\"]').textContent"
    assert browser.execute_script(focusable) == "Jürgen Müller"


def test_sections_sort_by_credit(browser: Any, report: Path) -> None:
    show(browser, report / "index.html")
    number = headings(browser).index("1.6")
    browser.find_elements(By.CSS_SELECTOR, "#students thead button")[number].click()
    symbols = column(browser, number)
    assert symbols[:2] == ["?", "✎"]
    assert symbols[2:4] == ["✓", "✓"]
    assert set(symbols[4:]) == {"·", ""}  # no result: last, as always


def test_paper_shows_the_whole_table(browser: Any, report: Path) -> None:
    look(browser, 1047, "dark", "print")  # A4, landscape, less the margins
    show(browser, report / "index.html")
    wide, box, colour = browser.execute_script(
        """const t = document.getElementById('students'), m = document.querySelector('.map');
        return [t.getBoundingClientRect().width, m.clientHeight >= t.offsetHeight,
            getComputedStyle(document.querySelector('#students .k0')).backgroundColor]"""
    )
    assert wide <= 1047
    assert box
    assert colour == "rgb(255, 180, 138)"
