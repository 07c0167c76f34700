"""The student page: what it shows, what it keeps out, and that `grade` writes the same page."""

import base64
import hashlib
import html
import io
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from grader.classroom.people import Student
from grader.classroom.reports.names import stem
from grader.report.pictures import OfficialImages, submitted_plot
from grader.report.student_page import PageContent, page
from grader.report.text import feedback
from grader.results import ComparedArray, Frame, Report, SectionResult, Status, Training, Verdict
from tests.classes import (
    COMPARED,
    HOSTILE,
    LONE,
    RUBRIC,
    WRONG,
    Pupil,
    page_of,
    result,
    training,
    write_report,
)
from tests.pictures import GRADIENT, PICTURES, encoded, plot
from tests.support import mark, write_submission


def shown(
    sections: tuple[SectionResult, ...] = (),
    *,
    plots: dict[str, bytes] | None = None,
    problem: str = "",
    trainings: dict[str, Training] | None = None,
    name: str = "Ada",
    missing: tuple[str, ...] = (),
    **content: Any,
) -> str:
    accuracy = dict.fromkeys(trainings or {}, 0.8)
    report = Report(
        sections, accuracy, RUBRIC.bars, 1.0, 1, "cpu", "none", "ada", problem, trainings or {}
    )
    waiting = tuple(RUBRIC.by_number[number] for number in missing)
    filled = {"attempts": 1} | content
    return page(PageContent(report, name, plots or {}, waiting=waiting, **filled), OfficialImages())


def text_of(source: str) -> str:
    return " ".join(re.sub(r"<style>.*?</style>|<[^>]*>", " ", source, flags=re.DOTALL).split())


def code_in(source: str) -> str:
    """The code on a page."""
    blocks = re.findall(r"<code>(.*?)</code></pre>", source, re.DOTALL)
    return html.unescape(re.sub(r"<[^>]*>", "", "".join(blocks)))


def test_a_failed_section_is_split_for_reading() -> None:
    text = text_of(shown((result("1.2", Status.FAILED, WRONG, diagnosis=("relu-leaky",)),)))
    assert (
        "Got relu(z)[0, 3] is 0.24 Expected 0 Where z[0, 3] is -0.24 "
        "Hint 1 of 2 negative elements become 0. Hint 2 of 2 Your relu does this. "
        "Recognised: relu-leaky" in text
    )
    assert "0 of 4 points" in text


HINTS = ("Look there.", "It is wrong.", "Almost this.")
THREE = Verdict(Status.FAILED, got="wrong", hints=HINTS)


def test_three_hints_open_one_inside_the_other() -> None:
    source = shown((result("1.2", Status.FAILED, THREE),))
    assert "Hint 1 of 3: where to look Look there. Hint 2 of 3: why It is wrong." in text_of(source)
    assert source.count('<details class="hint">') == 3
    assert "<details open" not in source
    after = source.partition(HINTS[0])[2].partition("</details>")[0]
    assert HINTS[1] in after  # before the first one ends
    assert HINTS[2] in after


def test_the_last_hint_stays_out_of_what_is_shown_at_once() -> None:
    text = feedback(result("1.2", Status.FAILED, THREE))
    assert HINTS[1] in text
    assert HINTS[2] not in text


def test_the_head_says_what_was_marked_and_when() -> None:
    head = {"title": "From <b>relu", "handed_in": "1 May, 23:58 CEST", "marked": "2 May",
            "work": "0123456789abcdef0123", "attempts": 3, "attempt": 2}  # fmt: skip
    text = text_of(shown((result("1.2"),), **head))
    assert "From &lt;b&gt;relu Ada Handed in 1 May, 23:58 CEST Marked 2 May" in text
    assert "Attempt 2 of 3 Version 0123456789ab Score" in text
    bare = text_of(shown((result("1.2"),)))
    assert "Ada Attempt 1 Score 4 of 4 points 1 of 1 section is right: 1.2 relu." in bare


def test_what_is_right_stands_before_what_to_look_at() -> None:
    sections = (result("1.2", Status.FAILED), result("1.3"), result("1.4"),
                result("1.6", Status.FAILED, Verdict(Status.FAILED, credit=0.5)))  # fmt: skip
    source = shown(sections)
    assert (
        "2 of 4 sections are right: 1.3 relu_derivative, 1.4 cross_entropy. "
        "What to look at, in this order: 1.2 relu : 4 points to gain 1.6 backward : "
        "7 points to gain" in text_of(source)
    )
    assert source.index('<article id="section-1.2"') < source.index('<article id="section-1.6"')


def test_own_code_and_entries_stand_with_a_failed_section() -> None:
    verdict = Verdict(Status.FAILED, got="wrong", trace=(Frame("numpy_ann.py", 3, "relu", "x"),))
    code = b"# a\ndef relu(z):\n    return z @ '<b>'\n"
    sections = (result("1.2", Status.FAILED, verdict, comparisons=COMPARED["1.2"]), result("1.3"))
    source = shown(sections, sources={"numpy_ann": code})
    text = text_of(source)
    assert (
        "Your code: numpy_ann.py, lines 2 to 3. The arrow → marks where it stopped: line 3" in text
    )
    assert "→ 3     return z @ '<b>'" in code_in(source)
    assert "relu(z), shape (1, 2): 1 of 2 entries wrong, at 0 0 1 0 ✗ 0.24 not 0 · 1" in text
    assert "shape (64, 32), of which rows 52 to 63, columns 20 to 31 are shown" in text
    assert source.count("Your code:") == 1  # right sections show none


def test_another_script_s_code_is_not_shown() -> None:
    failed = result("2.4", Status.FAILED)
    assert "Your code" not in shown((failed,), sources={"numpy_ann": b"def predict(): pass"})
    assert "Your code" not in shown((failed,))


def test_what_is_not_marked_yet_is_no_zero() -> None:
    nothing = text_of(shown(missing=("1.2", "1.3")))
    assert "Score Not marked yet Points by section" in nothing
    assert "relu not marked yet – / 4" in nothing
    assert "0 of" not in nothing
    some = text_of(shown((result("1.3"),), missing=("1.2", "1.4")))
    assert "Only partly marked yet 4 of 4 points so far; 2 sections not marked yet." in some
    rows = some.partition("Points by section")[2]
    assert rows.index("1.2 relu not marked yet") < rows.index("1.3 relu_derivative")


def test_a_submission_that_cannot_be_read_says_why() -> None:
    assert "0 points Nothing could be marked: work.zip is damaged" in text_of(
        shown(problem="work.zip is damaged")
    )


def test_a_grader_error_is_no_failure_of_the_student() -> None:
    text = text_of(shown((result("1.2", Status.ERROR, "KeyError"),)))
    assert "! grader error 4 / 4" in text
    assert "grader error, not your code: KeyError" in text


def test_wrong_gradient_entries_are_drawn_and_told() -> None:
    wrong = ComparedArray("W2", ((True, False), (True, True)))
    source = shown(
        (result("1.6", Status.FAILED, "W2[0, 0] is 1, expected 2.", comparisons=(wrong,)),)
    )
    assert 'aria-label="W2: 3 of 4 entries wrong, in row 0 (1), 1 (2)."' in source
    assert source.count('class="cross"') == 3


def test_a_training_shows_curves_confusions_and_mistakes() -> None:
    source = shown(trainings={"numpy_ann": training()})
    assert (
        'aria-label="Loss in nats over 3 epochs. '
        'Training: from 1 to 0.333. Validation: from 1 to 0.333."' in source
    )
    assert "T-shirt/top predicted as Trouser, 100 of 1000 images." in source
    assert '<td class="shade-9 diagonal">900</td>' in source
    assert "Shirt, predicted as T-shirt/top, 98.7 % confidence" in text_of(source)
    picture = re.findall(r'src="data:image/png;base64,([^"]*)"[^>]*alt="Test image 3"', source)
    assert Image.open(io.BytesIO(base64.b64decode(picture[0]))).size == (28, 28)


@pytest.mark.parametrize(
    "values",
    [(math.nan, math.inf, 1.0), (1e308, -1e308, 0.0), (1.0,) * 5000],
    ids=["nan", "huge", "long"],
)
def test_any_curve_makes_a_page(values: tuple[float, ...]) -> None:
    curves = dict.fromkeys(
        ("train_losses", "val_losses", "train_accuracies", "val_accuracies"), values
    )
    assert len(shown(trainings={"numpy_ann": training(**curves)})) < 100_000


def test_a_training_without_a_bar_is_shown() -> None:
    report = Report(
        (), {"numpy_ann": 0.8}, {}, 1.0, 1, "cpu", "none", "ada", "", {"numpy_ann": training()}
    )
    assert "Test accuracy 80.00 %. Learning curves" in text_of(
        page(PageContent(report, "Ada"), OfficialImages())
    )


def test_missing_images_are_named_by_their_numbers(tmp_path: Path) -> None:
    assert OfficialImages(tmp_path).uri(3) == ""
    assert OfficialImages().uri(10_000) == ""


def test_only_the_picture_of_a_submitted_plot_is_kept() -> None:
    texts = PngInfo()
    texts.add_text("History", "<script>")
    stream = io.BytesIO()
    Image.fromarray(np.tile(GRADIENT, (1, 5))).save(stream, "PNG", pnginfo=texts)
    content = base64.b64decode(submitted_plot("plot.png", stream.getvalue()).partition(",")[2])
    with Image.open(io.BytesIO(content)) as picture:
        assert (picture.format, picture.width, picture.info) == ("PNG", 1000, {})
    assert b"<script>" not in content


def test_a_tall_plot_is_small_too() -> None:
    content = submitted_plot("plot.png", encoded(np.zeros((30_000, 3), np.uint8)))
    with Image.open(io.BytesIO(base64.b64decode(content.partition(",")[2]))) as picture:
        assert max(picture.size) == 900


@pytest.mark.parametrize("kind", ["text", "truncated", "jpeg", "huge"])
def test_an_undecodable_plot_is_reported(kind: str) -> None:
    source = shown(plots={"pytorch_ann": PICTURES[kind]()})
    assert "The submitted plot cannot be shown: pytorch_ann_train_val_metrics.png" in source
    assert "<img" not in source


def test_plots_stand_beside_the_marking_s_own_curves() -> None:
    source = shown(
        trainings={"pytorch_ann": training(), "pytorch_cnn": training()},
        plots={"pytorch_ann": plot()},
    )
    assert (
        source.index("The training run of this marking")
        < source.index("Your submitted plot")
        < source.index("Confusion matrix")
    )
    assert "No plot was submitted for pytorch_cnn.py." in source
    assert "No plot was submitted for numpy_ann.py." not in source


@pytest.mark.parametrize("text", [HOSTILE, LONE, "\x00", "&lt;", "{{ 7 * 7 }}", "\u2028"])
def test_whatever_a_student_writes_stays_text(text: str) -> None:
    sections = (
        result(
            "1.2",
            Status.FAILED,
            Verdict(
                Status.FAILED,
                got=text,
                expected=text,
                where=text,
                hints=(text, text),
                notes=(text,),
            ),
            diagnosis=(text,),
        ),
        result(
            "1.3",
            Status.FAILED,
            Verdict(
                Status.FAILED, trace=(Frame(text, 1, text, text),), exception=text, printed=text
            ),
        ),
        result("1.4", verdict=text),
    )
    code = f"def relu(z):\n    '{text}'\nrelu_derivative = '{text}'".encode(
        "utf-8", "surrogatepass"
    )
    written = {"title": text, "handed_in": text, "marked": text, "work": text}
    source = shown(sections, name=text, problem=text, sources={"numpy_ann": code}, **written)
    assert source.count("Your code:") == 2
    source.encode()
    assert not re.search(r"<(script|img)", source)
    assert "49" not in text_of(source)
    assert not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", source)


def test_the_policy_allows_the_own_style_only() -> None:
    source = shown((result("1.2"),))
    (style,) = re.findall(r"<style>(.*?)</style>", source, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy"\s+content="([^"]*)"', source)
    assert (
        policy == f"default-src 'none'; style-src 'sha256-{digest}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    assert "<script" not in source
    assert not re.search(r"(src|href)=\"(?!data:|#)", source)
    assert " style=" not in source


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "/abs",
        "a/b\\c",
        "..",
        "",
        "con",
        "x" * 5000,
        "\x00",
        LONE,
        "<b>",
        "Łukasz Żółć",
        "李",
    ],
)
def test_a_file_s_name_is_a_name(name: str) -> None:
    for student in (Student(name, "Ada"), Student("1", name), Student(name, name)):
        made = stem(student)
        assert re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", made)
        assert len(made) < 60


def test_two_students_of_one_name_have_two_pages() -> None:
    assert stem(Student("1", "Ada")) != stem(Student("2", "Ada"))


def test_a_page_of_the_class_names_nobody_else(tmp_path: Path) -> None:
    report = write_report(tmp_path, [Pupil("17", "Ada"), Pupil("18", "Blaise")])
    assert "Blaise" not in page_of(report, "ada")


def test_grade_writes_the_same_page(tmp_path: Path) -> None:
    work = write_submission(tmp_path / "ada", {"1.2": "return abs(z)"})
    mark(work, "--only", "1.2", "--html", str(tmp_path / "report.html"))
    source = (tmp_path / "report.html").read_text(encoding="utf-8")
    text = text_of(source)
    assert "From relu to a convolutional network ada Marked 20" in text
    assert "Score 0 of 4 points No section is right yet." in text
    assert "Your code: numpy_ann.py, lines " in text
    assert "return abs(z)" in code_in(source)
    assert "Got relu(z)" in text
    assert "Your relu turns negative values into positive ones" in text
    assert source.count('<img class="plot"') == 2


def test_grade_writes_a_page_of_what_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert mark(tmp_path / "empty", "--html", str(tmp_path / "report.html")).status == 2
    assert "Nothing could be marked: " in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_the_page_does_not_give_away_the_seed() -> None:
    """The hidden inputs of the next attempt follow from it."""
    report = Report((), {}, {}, 1.0, 987654321, "cpu", "none", "ada", attempt=2)
    text = text_of(page(PageContent(report, "Ada", {}, 1, ()), OfficialImages()))
    assert "987654321" not in text
    assert "attempt 2" in text
