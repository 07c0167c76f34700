"""A student's report as JUnit XML, for build servers."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from grader.classroom.reports.assignment import Person
from grader.report.changes import decision_in_words, in_words
from grader.report.text import feedback, headline, plain
from grader.results import SectionResult, Status

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(person: Person) -> bytes:
    """The content of the file: a test case per section; those not marked yet are skipped."""
    report = person.standing.report
    cases = [_case(section) for section in report.sections]
    for section in person.waiting:
        case = _named(section.number, section.title, section.script, 0.0)
        ET.SubElement(case, "skipped", message="not marked yet")
        cases.append(case)
    if report.problem:
        case = _named("", "submission", "", 0.0)
        ET.SubElement(case, "error", message=_xml(report.problem))
        cases.append(case)
    suite = ET.Element(
        "testsuite", name=_xml(person.name), tests=str(len(cases)), time=f"{report.seconds:.3f}"
    )
    for kind, element in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        suite.set(kind, str(sum(case.find(element) is not None for case in cases)))
    if person.is_marked:
        said = {"mark": f"{report.mark:.10g}", "changed": " ".join(in_words(report))}
        suite.append(_properties(said))
    suite.extend(cases)
    content: bytes = ET.tostring(suite, encoding="utf-8", xml_declaration=True)
    return content


def _case(section: SectionResult) -> ET.Element:
    case = _named(section.number, section.title, section.script, section.seconds)
    if section.decision is not None:
        case.append(_properties({"changed": decision_in_words(section.decision)}))
    if section.status is not Status.PASSED:
        kind = "failure" if section.status is Status.FAILED else "error"
        message = _xml(headline(section.verdict, 300))
        ET.SubElement(case, kind, message=message).text = _xml(feedback(section))
    return case


def _properties(named: dict[str, str]) -> ET.Element:
    """Names and values that are not empty: JUnit has no place of its own for them."""
    properties = ET.Element("properties")
    for name, value in named.items():
        if value:
            ET.SubElement(properties, "property", name=name, value=_xml(value))
    return properties


def _named(number: str, title: str, script: str, seconds: float) -> ET.Element:
    name = f"{number} {title}".strip()
    return ET.Element(
        "testcase", name=_xml(name), classname=script or "checklist", time=f"{seconds:.3f}"
    )


def _xml(text: str) -> str:
    """The text without characters that XML cannot represent."""
    return _NOT_XML.sub("�", plain(text))
