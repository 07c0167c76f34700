"""A finding as a line of text."""

from grader.doctor.findings import Finding, State, line


def test_a_finding_is_one_line_in_every_encoding() -> None:
    found = Finding("data", State.BAD, "a\nb\x1b[2J", "python utils.py --download")
    assert (
        line(found, "utf-8")
        == "✗  data                 a b�[2J. To fix it: python utils.py --download"
    )
    assert line(found, "ascii").startswith("NO data ")
    assert line(Finding("GPU", State.ABSENT, "none"), "latin-1").startswith("-- GPU ")
