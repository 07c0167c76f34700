"""Findings by name, and the answers of a process in which all is well."""

from collections.abc import Iterator

from grader.doctor.findings import Finding

WELL = {
    "numpy": "2.4.6",
    "torch": "2.12.1+cu130",
    "torchvision": "0.27.1",
    "devices": [],
    "mps": False,
    "built for CUDA": "",
}


def by_name(findings: Iterator[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}
