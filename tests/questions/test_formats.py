"""Files for platforms, read back by readers of their own: everything arrives, nothing else does."""

from __future__ import annotations

import base64
import io
import re
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from grader.questions.formats.figures import ELSEWHERE
from grader.questions.formats.follow_ups import follow_ups, kinds
from grader.questions.formats.gift import gift
from grader.questions.formats.moodle_xml import moodle_xml
from grader.questions.formats.pages import quiz, sheet
from grader.questions.formats.paper import Paper, paper_of
from grader.questions.formats.qti import PACKAGE, QTI, qti
from grader.questions.formats.words import shown, wrong_in_words
from grader.questions.registry import KINDS
from tests.classes import HOSTILE
from tests.questions import gift as gift_reader
from tests.questions.support import asked, hostile, no_data, paper, question, report

ALLOWED = {"p", "pre", "br", "img", "small", "div"}


class Seen(HTMLParser):
    """The tags and the text of a piece of HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def seen(html: str) -> Seen:
    """What a browser would see, which must be the writer's own tags alone."""
    reader = Seen()
    reader.feed(html)
    reader.close()
    assert {tag for tag, _ in reader.tags} <= ALLOWED
    return reader


def squeezed(text: str) -> str:
    return "".join(text.split())


@pytest.fixture(scope="module")
def papers() -> list[Paper]:
    return [
        paper(),
        paper(asked("=eve", hostile("bb0000000001")), HOSTILE, "script-alert-1-0011"),
    ]


def expect_all(papers: list[Paper], read: list[tuple[str, list[tuple[bool, str, str]]]]) -> None:
    """Text, code, options, key and reasons of all questions have arrived."""
    questions = [one for each in papers for one in each.asked.questions]
    assert len(read) == len(questions)
    for one, (text, options) in zip(questions, read, strict=True):
        body = squeezed(seen(text).text)
        assert squeezed(shown(one.text)) in body
        assert f"Question{one.id}" in body
        if one.code is not None:
            for line in shown(one.code.source).split("\n"):
                assert squeezed(line) in body
        assert [squeezed(seen(said).text) for _, said, _ in options] == [
            squeezed(shown(option)) for option in one.options
        ]
        assert [is_right for is_right, _, _ in options] == [i == one.answer for i in range(4)]
        for i, (_, _, feedback) in enumerate(options):
            said = squeezed(seen(feedback).text)
            assert squeezed(shown(one.why)) in said
            assert squeezed(wrong_in_words(one, i)) in said


def test_gift_holds_everything(papers: list[Paper]) -> None:
    entries = gift_reader.read(gift(papers))
    expect_all(papers, [(entry.text, entry.options) for entry in entries])
    assert {entry.category for entry in entries} == {
        "$course$/top/Own code/ada", "$course$/top/Own code/script-alert-1-0011",
    }  # fmt: skip
    images = [tag for entry in entries for tag in seen(entry.text).tags if tag[0] == "img"]
    assert len(images) == 4
    assert all(str(image["src"]).startswith("data:image/") for _, image in images)


def test_moodle_xml_holds_everything(papers: list[Paper]) -> None:
    root = ElementTree.fromstring(moodle_xml(papers))
    entries = root.findall("question[@type='multichoice']")
    read = [
        (
            entry.findtext("questiontext/text", ""),
            [
                (answer.get("fraction") == "100", answer.findtext("text", ""),
                 answer.findtext("feedback/text", ""))
                for answer in entry.findall("answer")
            ],
        )
        for entry in entries
    ]  # fmt: skip
    expect_all(papers, read)
    for entry, (text, _) in zip(entries, read, strict=True):
        files = {f.get("name"): f.text or "" for f in entry.findall("questiontext/file")}
        sources = [attributes["src"] for tag, attributes in seen(text).tags if tag == "img"]
        assert sources == [f"@@PLUGINFILE@@/{name}" for name in files]
        for name, content in files.items():
            start = b"\x89PNG" if str(name).endswith(".png") else b"<svg xmlns="
            assert base64.b64decode(content).startswith(start)
    assert entries[0].findtext("idnumber") == "aa0000000001"
    assert entries[0].findtext("shuffleanswers") == "false"
    categories = root.findall("question[@type='category']/category/text")
    assert next(one.text for one in categories) == "$course$/top/Own code/ada"


# What the schema of QTI 2.1 lets stand in an element, in this order; * many, ? one or none.
ORDER = {
    "assessmentItem": "responseDeclaration* outcomeDeclaration* itemBody? responseProcessing? modalFeedback*",
    "responseDeclaration": "correctResponse?",
    "outcomeDeclaration": "defaultValue?",
    "correctResponse": "value*",
    "defaultValue": "value*",
    "itemBody": "div* choiceInteraction",
    "div": "p* pre? p*",
    "choiceInteraction": "simpleChoice*",
    "simpleChoice": "p? pre?",
    "responseProcessing": "responseCondition*",
    "responseCondition": "responseIf",
    "responseIf": "match setOutcomeValue*",
    "match": "variable baseValue",
    "setOutcomeValue": "baseValue",
    "modalFeedback": "p*",
    "assessmentTest": "testPart*",
    "testPart": "itemSessionControl? assessmentSection*",
    "assessmentSection": "assessmentItemRef*",
    "p": "img? small? br*",
}
NEEDED = {
    "assessmentItem": {"identifier", "title", "adaptive", "timeDependent"},
    "responseDeclaration": {"identifier", "cardinality", "baseType"},
    "outcomeDeclaration": {"identifier", "cardinality"},
    "choiceInteraction": {"responseIdentifier", "shuffle", "maxChoices"},
    "simpleChoice": {"identifier"},
    "modalFeedback": {"outcomeIdentifier", "identifier", "showHide"},
    "assessmentTest": {"identifier", "title"},
    "testPart": {"identifier", "navigationMode", "submissionMode"},
    "assessmentSection": {"identifier", "title", "visible"},
    "assessmentItemRef": {"identifier", "href"},
    "img": {"src", "alt"},
}
IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


def expect_schema(element: ElementTree.Element) -> None:
    name = element.tag.removeprefix(f"{{{QTI}}}")
    inside = "".join(f"<{child.tag.removeprefix(f'{{{QTI}}}')}>" for child in element)
    parts = re.sub(r"(\w+)([*?]?)", r"(?:<\1>)\2", ORDER.get(name, "")).replace(" ", "")
    assert re.fullmatch(parts, inside), f"{name}: {inside}"
    assert NEEDED.get(name, set()) <= set(element.keys()), name
    assert IDENTIFIER.fullmatch(element.get("identifier", "x"))
    for child in element:
        expect_schema(child)


def test_qti_holds_everything_in_the_order_of_its_schema(papers: list[Paper]) -> None:
    packed = qti(papers)
    assert packed == qti(papers)
    archive = zipfile.ZipFile(io.BytesIO(packed))
    manifest = ElementTree.fromstring(archive.read("imsmanifest.xml"))
    space = {"m": PACKAGE, "q": QTI}
    assert manifest.findtext("m:metadata/m:schema", namespaces=space) == "QTIv2.1 Package"
    resources = {r.get("identifier"): r for r in manifest.findall("m:resources/m:resource", space)}
    listed = {file.get("href") for file in manifest.iter(f"{{{PACKAGE}}}file")}
    assert listed | {"imsmanifest.xml"} == set(archive.namelist())
    read = []
    for each in papers:
        test = ElementTree.fromstring(archive.read(f"test-{each.stem}.xml"))
        expect_schema(test)
        assert resources[test.get("identifier")].get("type") == "imsqti_test_xmlv2p1"
        for reference in test.iter(f"{{{QTI}}}assessmentItemRef"):
            resource = resources[reference.get("identifier")]
            assert resource.get("type") == "imsqti_item_xmlv2p1"
            assert resource.get("href") == reference.get("href")
            item = ElementTree.fromstring(archive.read(str(reference.get("href"))))
            expect_schema(item)
            assert item.get("identifier") == reference.get("identifier")
            files = {file.get("href") for file in resource}
            assert {i.get("src") for i in item.iter(f"{{{QTI}}}img")} <= files
            read.append(parts_of(item))
    expect_all(papers, read)


def parts_of(item: ElementTree.Element) -> tuple[str, list[tuple[bool, str, str]]]:
    """The text of an item; right or not, text and feedback of its options."""
    right = item.findtext(f".//{{{QTI}}}correctResponse/{{{QTI}}}value")
    points = {
        one.findtext(f".//{{{QTI}}}match/{{{QTI}}}baseValue"): [
            value.text for value in one.iterfind(f".//{{{QTI}}}setOutcomeValue/{{{QTI}}}baseValue")
        ]
        for one in item.iter(f"{{{QTI}}}responseIf")
    }
    feedback = {f.get("identifier"): inner(f) for f in item.iter(f"{{{QTI}}}modalFeedback")}
    options = []
    for choice in item.iter(f"{{{QTI}}}simpleChoice"):
        name = choice.get("identifier")
        score, said = points[name]
        assert (score == "1") == (name == right)
        options.append((name == right, inner(choice), feedback[said]))
    body = item.find(f"{{{QTI}}}itemBody/{{{QTI}}}div")
    assert body is not None
    return inner(body), options


def inner(element: ElementTree.Element) -> str:
    """An element's content as HTML, without the names of the namespace."""
    parts = [ElementTree.tostring(child, "unicode") for child in element]
    return re.sub(r"(</?)ns0:", r"\1", "".join(parts).replace(f' xmlns:ns0="{QTI}"', ""))


def test_a_picture_that_is_missing_is_said(tmp_path: Path) -> None:
    one = question("aa0000000004", evidence={"figure": "images:12"})
    without = paper_of(asked("ada", one), "Ada", "ada", report(), no_data(tmp_path))
    for text in (gift([without]), moodle_xml([without]), quiz(without, with_key=True)):
        assert squeezed(ELSEWHERE.replace(":", "")) in squeezed(
            text.replace("\\:", "").replace(":", "")
        )
    elsewhere = question("aa0000000003", evidence={"figure": "curves:pytorch_cnn"})
    assert paper(asked("ada", elsewhere)).pictures == {"aa0000000003": ()}


def test_the_form_without_key_tells_nothing() -> None:
    one = question(answer=2, options=("w0", "w1", "the key", "w3"))
    form = quiz(paper(asked("ada", one)), with_key=False)
    with_key = quiz(paper(asked("ada", one)), with_key=True)
    assert one.why in with_key
    assert 'data-right="yes"' in with_key
    for telling in (one.why, "data-right", *filter(None, one.beliefs), "backward-not-transposed"):
        assert telling not in form
    swapped = question(answer=0, options=one.options, misconceptions=("",) * 4)
    assert form == quiz(paper(asked("ada", swapped)), with_key=False)


def test_the_sheet_gives_the_examiner_more_to_ask() -> None:
    page = sheet([paper(), paper(asked("bob"), "Bob", "bob")])
    assert page.count('class="sheet key"') == 2
    before, _, key = page.partition('class="sheet key"')
    one = question()
    for telling in (one.why, one.beliefs[1], follow_ups("shape-at-line")[0]):
        assert telling not in before
        assert telling in key
    assert "a factor of a matrix product is the wrong way round" in key
    assert {kind.name for kind in KINDS} == kinds()
    assert all(1 <= len(follow_ups(kind)) <= 2 for kind in [*kinds(), "another"])
