"""The kept output of a process is complete as soon as it has been written."""

import os

from grader.sandbox.output import Output


def test_written_output_is_there_at_once() -> None:
    read, write = os.pipe()
    output = Output(os.fdopen(read, "rb"), 1000)
    for number in range(500):
        os.write(write, b"line %d\n" % number)
        assert output.text().endswith(f"line {number}\n")
    os.close(write)
    output.close()
    assert output.text().endswith("line 499\n")


def test_only_the_end_is_kept() -> None:
    read, write = os.pipe()
    output = Output(os.fdopen(read, "rb"), 10)
    os.write(write, b"0123456789" * 1000 + b"end")
    assert output.text() == "3456789end"
    os.close(write)
    output.close()
