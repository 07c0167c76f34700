"""The public cases of part 1: made by the generator, small, and of every kind that marking has."""

import json
import shutil
from pathlib import Path

import numpy as np

from assignment.checks.numpy.cases import NAMES, PUBLIC_CASES, Cases, decoded, public_cases
from grader.checks.numpy.cases import HIDDEN, draw
from grader.handout.public_cases import PLACE, encoded, public, write_public_cases


def test_the_committed_file_is_what_the_generator_writes(tmp_path: Path) -> None:
    (tmp_path / PLACE).parent.mkdir(parents=True)
    shutil.copy(PUBLIC_CASES, tmp_path / PLACE)
    written = write_public_cases(tmp_path)
    assert written.read_bytes() == PUBLIC_CASES.read_bytes()
    written.write_text(json.dumps({"relu": []}))
    write_public_cases(tmp_path)
    assert json.loads(written.read_text()).keys() == encoded(public()).keys()


def test_the_file_is_small_and_loses_nothing_of_its_inputs() -> None:
    assert PUBLIC_CASES.stat().st_size < 60_000
    drawn, read = public(), public_cases()
    for one, other in zip(drawn.relu, read.relu, strict=True):
        assert (one.z.dtype, one.z.shape) == (other.z.dtype, other.z.shape)
        assert np.array_equal(np.signbit(one.z), np.signbit(other.z))
        assert np.array_equal(one.z, other.z)
    for left, right in zip(drawn.backward, read.backward, strict=True):
        for name in NAMES:
            assert np.array_equal(left.parameters[name], right.parameters[name])
        for a, b in zip(left.batches, right.batches, strict=True):
            assert np.array_equal(a.X, b.X)


def kinds(cases: Cases) -> dict[str, set[str]]:
    """What the cases of each section contain."""
    arrays = {
        "zero": lambda z: (z == 0).any(),
        "minus zero": lambda z: np.signbit(z[z == 0]).any(),
        "tiny": lambda z: (np.abs(z[z != 0]) < 1e-10).any(),
        "huge": lambda z: (np.abs(z) > 1e3).any(),
        "all negative": lambda z: (z < 0).all(),
        "vector": lambda z: z.ndim == 1,
        "three axes": lambda z: z.ndim == 3,
        "float32": lambda z: z.dtype == np.float32,
        "more than a batch": lambda z: len(z) > 128,
        "mean above 0": lambda z: z.mean() > 0 > z.min(),
        "mean below 0": lambda z: z.mean() < 0 < z.max(),
    }
    found = {"relu": {name for name, has in arrays.items() if any(has(c.z) for c in cases.relu)}}
    found["loss"] = {str(c.y_pred.dtype) for c in cases.cross_entropy} | {
        name
        for name, has in {
            "one image": lambda y: len(y) == 1,
            "a full batch": lambda y: len(y) >= 64,
            "more than ten classes": lambda y: y.shape[1] > 10,
            "certain": lambda y: (y == 1).any(),
        }.items()
        if any(has(c.y_pred) for c in cases.cross_entropy)
    }
    batches = [batch for case in cases.forward for batch in case.batches]
    found["forward"] = {str(case.parameters["W1"].dtype) for case in cases.forward} | {
        name
        for name, has in {
            "ties at the top": lambda b: (np.sort(b.a2)[:, -2:].std(axis=1) == 0).any(),
            "large, not certain": lambda b: (b.z2.max() > 900) and b.a2.max() < 0.9999,
            "small, not certain": lambda b: (b.z2.max(axis=1) < -900).any(),
            "levels apart": lambda b: np.ptp(b.z2.max(axis=1)) > 800,
            "negative logits": lambda b: (b.z2 < 0).any(),
            "one image": lambda b: len(b.X) == 1,
            "a full batch": lambda b: len(b.X) > 64,
        }.items()
        if any(has(batch) for batch in batches)
    }
    largest = [
        max(np.abs(batch.gradients[name]).max() for name in ("W1", "W2"))
        for case in cases.backward
        for batch in case.batches
    ]
    found["backward"] = {str(case.parameters["W1"].dtype) for case in cases.backward} | {
        f"{len({len(batch.X) for case in cases.backward for batch in case.batches}) > 3=}",
        f"{max(largest) > 12=}",
        f"{any((batch.X == 0).all(axis=1).any() for c in cases.backward for batch in c.batches)=}",
    }
    return found


def test_public_cases_are_of_every_kind_that_hidden_ones_are() -> None:
    for seed in range(5):
        assert kinds(draw(np.random.default_rng(seed), HIDDEN)) == kinds(public())


def sizes(cases: Cases) -> list[tuple[int, ...]]:
    """n, d, h and k of every network that is asked about."""
    return [
        (len(case.batches[0].X), *case.parameters["W1"].shape, len(case.parameters["b2"]))
        for case in (*cases.forward, *cases.backward)
    ]


def test_no_size_is_another_so_that_a_transposed_factor_shows() -> None:
    for drawn in (public(), draw(np.random.default_rng(3), HIDDEN)):
        different = [size for size in sizes(drawn) if len(set(size)) == 4]
        assert len(different) >= 10
        assert all(len({d, h, k}) == 3 for _, d, h, k in sizes(drawn))


def test_no_gradient_is_zero_so_that_zeros_earn_nothing() -> None:
    for seed in range(20):
        for case in draw(np.random.default_rng(seed), HIDDEN).backward:
            for batch in case.batches:
                assert min(np.abs(g).max() for g in batch.gradients.values()) > 1e-3


def test_reading_what_was_written_gives_the_cases_again() -> None:
    again = encoded(decoded(json.loads(PUBLIC_CASES.read_text())))
    assert again.keys() == encoded(public()).keys()
