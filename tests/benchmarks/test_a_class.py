"""A class is measured by batches that mark it, in processes of their own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import a_class
from tests.benchmarks.test_benchmarks import bench


@pytest.mark.exhaustive
def test_rates_growth_and_dask_are_measured(tmp_path: Path) -> None:
    status, output = bench("a_class", "--quick", "--output", tmp_path)
    assert status == 0, output
    section = json.loads((tmp_path / "RESULTS.json").read_text())["sections"]["a_class"]
    rates, dask, marked, alone = section["tables"]
    assert rates["rows"][0][2] == 1
    assert [row[0] for row in dask["rows"]] == [
        "our own pool, 1",
        "our own pool, 2",
        "Dask, 1",
        "Dask, 2",
    ]
    assert all(row[3]["median"] > 0 for row in rates["rows"] + dask["rows"])
    assert (marked["title"], alone["title"]) == ("Growth: marked", "Growth: gradebook alone")
    assert section["data"]["marked"][0]["marked"] == 2


def test_a_batch_that_ends_early_has_no_figures() -> None:
    with pytest.raises(
        RuntimeError,
        match="a batch over 1 ended with status 2, expected a mark for every submission",
    ):
        a_class.batch(1, "--sections", "1.2", "--jobs", "many")
