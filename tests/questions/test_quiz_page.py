"""The quiz and the sheet as people meet them: in a real Chromium, from their files."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from grader.classroom.answers.keeping import keep_answers
from grader.classroom.answers.reading import read_answers
from grader.classroom.gradebook import Gradebook
from grader.classroom.reports.build import build
from grader.questions.formats.pages import quiz, sheet
from tests.browser import MARKS, look
from tests.classes import HOSTILE, Pupil, write_class
from tests.questions.support import asked, hostile, paper, question, questions
from tests.report.test_browser import column, show
from tests.support import sampled

pytestmark = MARKS
PAGES = ("quiz", "form", "sheet", "hostile")
SUBMIT = "button[type=submit]"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pages, and a class whose only student was asked the same."""
    made = tmp_path_factory.mktemp("pages")
    one = paper(asked("1001", *questions()[:4]))
    evil = paper(asked(f"={HOSTILE}", hostile(), question()), name=HOSTILE)
    pages = {
        "quiz": quiz(one, with_key=True),
        "form": quiz(one, with_key=False),
        "reloaded": quiz(one, with_key=False),
        "sheet": sheet([one, evil]),
        "hostile": quiz(evil, with_key=True),
    }
    for name, text in pages.items():
        (made / f"{name}.html").write_text(text, encoding="utf-8")
    with Gradebook(write_class(made / "grades.db", [Pupil("1001", "Ada")])) as gradebook:
        gradebook.keep_questions("1001", "work", 4, "version", one.asked)
    return made


@pytest.fixture(scope="module")
def browser(browser: Any, folder: Path) -> Any:
    """The browser, which saves files in a folder."""
    where = {"behavior": "allow", "downloadPath": str(folder)}
    browser.execute_cdp_cmd("Browser.setDownloadBehavior", where)
    return browser


def choose(browser: Any, number: int, option: int) -> Any:
    """Choose an option of a question by keyboard; returns the question's form."""
    form = browser.find_elements(By.TAG_NAME, "form")[number]
    radios = form.find_elements(By.CSS_SELECTOR, "input")
    radios[0].send_keys(Keys.SPACE)
    for i in range(option):
        radios[i].send_keys(Keys.ARROW_DOWN)
    assert radios[option].is_selected()
    return form


def saved(browser: Any, folder: Path) -> Path:
    """The file that the page's button saves."""
    file = folder / "answers-ada.json"
    file.unlink(missing_ok=True)
    browser.find_element(By.ID, "save").send_keys(Keys.ENTER)
    end = time.monotonic() + 20
    while not file.exists() or not file.stat().st_size:
        assert time.monotonic() < end, "nothing was saved"
        time.sleep(0.02)
    return file


def test_the_quiz_says_why_and_its_answers_reach_the_class_page(browser: Any, folder: Path) -> None:
    show(browser, folder / "quiz.html")
    one = question()
    form = choose(browser, 0, 1)
    assert one.why not in form.text
    form.find_element(By.CSS_SELECTOR, SUBMIT).send_keys(Keys.ENTER)
    assert "✗ Not right: the answer is A." in form.text
    assert f"This would be right if {one.beliefs[1]}." in form.text
    assert one.why in form.text
    assert not form.find_element(By.CSS_SELECTOR, "input").is_enabled()
    assert browser.switch_to.active_element.get_attribute("role") == "status"
    for number, key in ((1, 2), (2, 1), (3, 3)):
        assert f"{number} of 4 questions" in browser.find_element(By.ID, "score").text
        form = choose(browser, number, key)
        form.find_element(By.CSS_SELECTOR, SUBMIT).click()
        assert "✓ Right." in form.text
    assert browser.find_element(By.ID, "score").text == "3 of 4 right."
    file = saved(browser, folder)
    assert json.loads(file.read_text()) == {
        "submission": "1001",
        "seed": 7,
        "answers": {f"aa000000000{i}": key for i, key in ((1, 1), (2, 2), (3, 1), (4, 3))},
    }
    with Gradebook(folder / "grades.db") as gradebook:
        keep_answers(gradebook, read_answers(file))
        build(gradebook, folder / "report")
    show(browser, folder / "report" / "index.html")
    (place,) = [i for i in range(4) if column(browser, i) == ["3 of 4"]]
    script = (
        f"document.querySelectorAll('#students thead th')[{place}].querySelector('button').click()"
    )
    browser.execute_script(script)
    assert column(browser, place) == ["3 of 4"]


def test_the_form_saves_the_last_choice_and_tells_nothing(browser: Any, folder: Path) -> None:
    show(browser, folder / "form.html")
    choose(browser, 0, 0)
    form = choose(browser, 0, 2)
    assert not form.find_elements(By.TAG_NAME, "button")
    assert browser.find_element(By.ID, "score").text == "1 of 4 questions answered."
    assert json.loads(saved(browser, folder).read_text())["answers"] == {"aa0000000001": 2}


def test_choices_outlive_a_reload(browser: Any, folder: Path) -> None:
    show(browser, folder / "reloaded.html")
    choose(browser, 1, 2)
    browser.refresh()
    assert browser.find_element(By.ID, "score").text == "1 of 4 questions answered."
    assert json.loads(saved(browser, folder).read_text())["answers"] == {"aa0000000002": 2}


def test_a_saved_file_is_not_taken_back_at_once(browser: Any, folder: Path) -> None:
    show(browser, folder / "form.html")
    choose(browser, 0, 1)
    browser.execute_script("URL.revokeObjectURL = () => { window.isRevoked = true; };")
    saved(browser, folder)
    assert not browser.execute_script("return window.isRevoked ?? false")


@pytest.mark.parametrize("scheme", sampled(["dark", "light"], every=2))
def test_axe_finds_nothing_and_a_phone_scrolls_one_way(
    browser: Any, folder: Path, scheme: str
) -> None:
    from axe_core_python.base import AXE_SCRIPT

    for name in PAGES if scheme == "light" else ("quiz", "sheet"):
        look(browser, 390, scheme)
        show(browser, folder / f"{name}.html")
        for form in browser.find_elements(By.TAG_NAME, "form"):
            form.find_element(By.CSS_SELECTOR, "input[value='1']").click()
            for button in form.find_elements(By.CSS_SELECTOR, SUBMIT):
                button.click()
        wide = "return document.documentElement.scrollWidth"
        assert browser.execute_script(wide) <= 390, name
        browser.execute_script(AXE_SCRIPT)
        run = """const done = arguments[0];
            axe.run(document, {resultTypes: ['violations']}).then(r => done(r.violations.map(
                v => [v.id, v.help, v.nodes.slice(0, 3).map(
                    n => n.html.slice(0, 200) + ' ' + n.failureSummary)])))"""
        assert browser.execute_async_script(run) == [], name
    look(browser, 1000)


def test_hostile_texts_stay_texts_and_nothing_is_loaded(browser: Any, folder: Path) -> None:
    for name in PAGES:
        show(browser, folder / f"{name}.html")
        found = browser.execute_script("""return [document.scripts.length,
            document.querySelectorAll('[onerror], img[src=x]').length,
            performance.getEntriesByType('resource').filter(e => !e.name.startsWith('data:')).length,
            [...document.images].filter(i => !i.naturalWidth).length]""")
        assert found == [int(name != "sheet"), 0, 0, 0], name
        assert not set("\u202e\u2066\x00\x1b") & set(browser.find_element(By.TAG_NAME, "body").text)


def test_each_student_and_each_key_begin_a_page_of_paper(browser: Any, folder: Path) -> None:
    show(browser, folder / "sheet.html")
    look(browser, 700, "light", "print")
    breaks = browser.execute_script("""return [...document.querySelectorAll('.sheet')].map(
        one => getComputedStyle(one).breakBefore)""")
    assert breaks == ["auto", "page", "page", "page"]
    look(browser, 1000)
