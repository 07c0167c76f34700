"""A student's files of a report, from a record that holds all they show."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from grader.classroom.reports.assignment import Person
from grader.classroom.reports.folder import put
from grader.classroom.reports.junit import junit
from grader.report import results_json
from grader.report.network_page import NetworkPages
from grader.report.pictures import OfficialImages
from grader.report.student_page import PageContent, page
from grader.training.fitted_network import FittedNetwork


@dataclass(frozen=True)
class StudentFiles:
    """What a student's files are made of.

    `folder` is that of the report, `total` are the points of the whole assignment.
    """

    folder: Path

    person: Person
    content: PageContent
    network: FittedNetwork | None
    total: float
    data_dir: Path | None


def write_files(student: StudentFiles) -> None:
    """Write the page, the look inside the network, results.json and JUnit's file of a student.

    A student without a network, or a report without images, has no look inside. Partial results
    get no results.json, because platforms would take it as a mark.
    """
    one = student.person
    inside, results = f"networks/{one.stem}.html", f"results/{one.stem}.json"
    network = _network_page(student)
    content = replace(student.content, network="" if network is None else f"../{inside}")
    source = page(content, _images(student.data_dir)).encode()
    put(student.folder / f"students/{one.stem}.html", source)
    put(student.folder / inside, network)
    put(student.folder / results, _results(student) if one.is_marked else None)
    put(student.folder / f"junit/{one.stem}.xml", junit(one))


def _network_page(student: StudentFiles) -> bytes | None:
    if student.network is None:
        return None
    return _network_pages(student.data_dir).page(student.network, student.person.name)


def _results(student: StudentFiles) -> bytes:
    results = results_json.results(student.person.standing.report)
    results |= {"max_score": student.total}
    return (json.dumps(results, indent=1, allow_nan=False) + "\n").encode()


# a process makes the pages of many students, who share these images
@cache
def _images(data_dir: Path | None) -> OfficialImages:
    return OfficialImages(data_dir)


@cache
def _network_pages(data_dir: Path | None) -> NetworkPages:
    return NetworkPages(data_dir)
