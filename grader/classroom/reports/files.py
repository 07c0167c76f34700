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

    Partial results get no results.json, because platforms would take it as a mark.
    """
    one = student.person
    inside, results = f"networks/{one.stem}.html", f"results/{one.stem}.json"
    has_network = _put_network(student, student.folder / inside)
    content = replace(student.content, network=f"../{inside}" if has_network else "")
    source = page(content, _images(student.data_dir)).encode()
    put(student.folder / f"students/{one.stem}.html", source)
    put(student.folder / results, _results(student) if one.is_marked else None)
    put(student.folder / f"junit/{one.stem}.xml", junit(one))


def _put_network(student: StudentFiles, path: Path) -> bool:
    """Write the look inside a student's network; returns whether there is one.

    Without images, that of an earlier report stays.
    """
    pages = _network_pages(student.data_dir)
    if student.network is None:
        put(path, None)
    elif (page := pages.page(student.network, student.person.name)) is not None:
        put(path, page)
    return path.is_file()


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
