"""Questions as a package in QTI 2.1, which Canvas imports.

A test for each paper, with its items beside it at the top of the package: Canvas looks for a
picture by its whole path. The names of options and feedback are those by which Canvas's importer
finds the feedback of an option (RESPONSE_0 and feedback_0_fb).
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterable

from markupsafe import Markup

from assignment.questions.question import Question
from grader.questions.formats.fragments import feedback_html, option_html, question_html
from grader.questions.formats.paper import Paper
from grader.questions.formats.words import reference, shown

QTI = "http://www.imsglobal.org/xsd/imsqti_v2p1"
PACKAGE = "http://www.imsglobal.org/xsd/imscp_v1p1"
LONG_AGO = (1980, 1, 1, 0, 0, 0)  # so that the same questions give the same bytes
_HEAD = Markup('<?xml version="1.0" encoding="UTF-8"?>\n')
_ITEM = """\
<assessmentItem xmlns="{qti}" identifier="{id}" title="{title}" adaptive="false" timeDependent="false">
<responseDeclaration identifier="RESPONSE" cardinality="single" baseType="identifier">
<correctResponse><value>RESPONSE_{answer}</value></correctResponse>
</responseDeclaration>
<outcomeDeclaration identifier="SCORE" cardinality="single" baseType="float">
<defaultValue><value>0</value></defaultValue>
</outcomeDeclaration>
<outcomeDeclaration identifier="FEEDBACK" cardinality="single" baseType="identifier"/>
<itemBody>
<div>
{text}
</div>
<choiceInteraction responseIdentifier="RESPONSE" shuffle="false" maxChoices="1">
{choices}
</choiceInteraction>
</itemBody>
<responseProcessing>
{conditions}
</responseProcessing>
{feedback}
</assessmentItem>
"""
_CONDITION = """\
<responseCondition><responseIf>
<match><variable identifier="RESPONSE"/><baseValue baseType="identifier">RESPONSE_{0}</baseValue></match>
<setOutcomeValue identifier="SCORE"><baseValue baseType="float">{1}</baseValue></setOutcomeValue>
<setOutcomeValue identifier="FEEDBACK"><baseValue baseType="identifier">feedback_{0}_fb</baseValue></setOutcomeValue>
</responseIf></responseCondition>"""
_FEEDBACK = """\
<modalFeedback outcomeIdentifier="FEEDBACK" identifier="feedback_{}_fb" showHide="show">{}</modalFeedback>"""
_TEST = """\
<assessmentTest xmlns="{qti}" identifier="{id}" title="{title}">
<testPart identifier="part" navigationMode="nonlinear" submissionMode="simultaneous">
<itemSessionControl maxAttempts="1"/>
<assessmentSection identifier="section" title="{title}" visible="false">
{items}
</assessmentSection>
</testPart>
</assessmentTest>
"""
_MANIFEST = """\
<manifest xmlns="{package}" xmlns:imsqti="{qti}" identifier="{id}">
<metadata><schema>QTIv2.1 Package</schema><schemaversion>1.0.0</schemaversion></metadata>
<organizations/>
<resources>
{resources}
</resources>
</manifest>
"""
_RESOURCE = '<resource identifier="{}" type="{}" href="{}">{}</resource>'


def qti(papers: Iterable[Paper]) -> bytes:
    """The package with the questions of all papers, as a zip."""
    files: dict[str, bytes] = {}
    resources: dict[str, Markup] = {}
    for paper in papers:
        for question in paper.asked.questions:
            item = item_id(question)
            resources[item] = _add_item(files, question, paper)
        name = f"test-{paper.stem}"
        files[f"{name}.xml"] = _test(name, paper)
        parts = [_file(f"{name}.xml"), *map(_dependency, paper.asked.questions)]
        resources[name] = _resource(name, "imsqti_test_xmlv2p1", f"{name}.xml", parts)
    listed = Markup("\n").join(resources.values())
    digest = hashlib.sha256(listed.encode()).hexdigest()[:12]
    manifest = Markup(_MANIFEST).format(
        package=PACKAGE, qti=QTI, id=f"questions-{digest}", resources=listed
    )
    return _zipped({"imsmanifest.xml": (_HEAD + manifest).encode()} | files)


def item_id(question: Question) -> str:
    """The name of a question's item: a letter, then letters and digits."""
    return "q" + "".join(filter(str.isalnum, shown(question.id).encode("ascii", "ignore").decode()))


def _add_item(files: dict[str, bytes], question: Question, paper: Paper) -> Markup:
    """Add an item and its pictures; returns its resource."""
    name, pictures = item_id(question), paper.pictures[question.id]
    addresses = {picture.name: f"pictures/{picture.name}" for picture in pictures}
    text = question_html(question, pictures, lambda picture: addresses[picture.name])
    files[f"{name}.xml"] = (_HEAD + _item(name, question, text)).encode()
    for picture in pictures:
        files[addresses[picture.name]] = picture.content
    parts = [_file(f"{name}.xml"), *map(_file, addresses.values())]
    return _resource(name, "imsqti_item_xmlv2p1", f"{name}.xml", parts)


def _item(name: str, question: Question, text: Markup) -> Markup:
    options = range(len(question.options))
    choices = [
        Markup('<simpleChoice identifier="RESPONSE_{}">{}</simpleChoice>').format(
            option, option_html(question.options[option])
        )
        for option in options
    ]
    conditions = [Markup(_CONDITION).format(i, int(i == question.answer)) for i in options]
    feedback = [Markup(_FEEDBACK).format(i, feedback_html(question, i)) for i in options]
    return Markup(_ITEM).format(
        qti=QTI,
        id=name,
        title=f"{shown(question.kind)}: {reference(question)}",
        answer=question.answer,
        text=text,
        choices=Markup("\n").join(choices),
        conditions=Markup("\n").join(conditions),
        feedback=Markup("\n").join(feedback),
    )


def _test(name: str, paper: Paper) -> bytes:
    references = [
        Markup('<assessmentItemRef identifier="{0}" href="{0}.xml"/>').format(item_id(question))
        for question in paper.asked.questions
    ]
    title = f"Questions about your code: {shown(paper.name)}"
    items = Markup("\n").join(references)
    test = Markup(_TEST).format(qti=QTI, id=name, title=" ".join(title.split()), items=items)
    return (_HEAD + test).encode()


def _resource(name: str, kind: str, file: str, parts: Iterable[Markup]) -> Markup:
    return Markup(_RESOURCE).format(name, kind, file, Markup("").join(parts))


def _file(name: str) -> Markup:
    return Markup('<file href="{}"/>').format(name)


def _dependency(question: Question) -> Markup:
    return Markup('<dependency identifierref="{}"/>').format(item_id(question))


def _zipped(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, LONG_AGO), content, zipfile.ZIP_DEFLATED)
    return stream.getvalue()
