"""A Dask cluster gives the same marks as this machine, even if it loses a worker."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from grader.classroom.job import Task
from grader.classroom.keys import grader_version
from grader.classroom.pools import LocalPool
from grader.options import Options
from grader.rubric import load_rubric
from grader.sandbox.levels import choose
from grader.submission.reading import open_submission
from tests.classroom.support import (
    batch,
    begin,
    descendants,
    is_alive,
    make_class,
    marked_some,
    markings,
    rows,
    until,
)
from tests.support import ROOT, write_submission

NAMES = "ada bob cat dan eve fay"
SERVE = """
import sys
from distributed import LocalCluster, Security
files = dict(zip(("tls_ca_file", "tls_scheduler_cert", "tls_scheduler_key"), sys.argv[2:]))
for role in ("client", "worker"):
    files |= {f"tls_{role}_{kind}": file for kind, file in zip(("cert", "key"), sys.argv[3:])}
tls = {"protocol": "tls", "security": Security(**files, require_encryption=True)} if files else {}
size = {"n_workers": int(sys.argv[1]), "threads_per_worker": 1}
with LocalCluster(dashboard_address=None, **size, **tls) as cluster:
    workers = cluster.workers.values()
    print(cluster.scheduler_address, *(worker.pid for worker in workers), flush=True)
    sys.stdin.readline()
"""


@contextmanager
def serving(*arguments: str) -> Iterator[tuple[str, list[int]]]:
    """A cluster in a process of its own: the scheduler's address, and its workers' processes."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-W", "ignore", "-c", SERVE, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    address, *pids = process.stdout.readline().split()
    yield address, list(map(int, pids))
    process.communicate("\n", timeout=60)


@pytest.fixture(scope="module")
def cluster() -> Iterator[tuple[str, list[int]]]:
    with serving("2") as started:
        yield started


def verdicts(book: Path) -> list[tuple[object, ...]]:
    """All that is said of each student, but for times."""
    return [
        (student, re.sub(r'"seconds": [\d.]+', "", str(result)))
        for student, result in rows(
            book,
            "select student, results.result from attempts join marks on marks.work = attempts.work "
            "join results on results.id = marks.result order by student",
        )
    ]


@pytest.mark.exhaustive
def test_a_lost_worker_changes_no_mark(tmp_path: Path, cluster: tuple[str, list[int]]) -> None:
    address, pids = cluster
    submissions = make_class(tmp_path / "class", NAMES, seconds=0.5, wrong="cat")
    running = begin(submissions, tmp_path / "far.db", f"--scheduler={address}", "--seed=7")
    until(marked_some(tmp_path / "far.db", 1))
    os.kill(pids[0], signal.SIGKILL)
    _, errors = running.communicate(timeout=120)
    assert running.returncode == 1, errors
    assert markings(tmp_path / "far.db") == [1] * 6
    here = batch(submissions, tmp_path / "here.db", "--jobs=1", "--seed=7")
    assert here.returncode == 1
    assert len(verdicts(tmp_path / "here.db")) == 6
    assert verdicts(tmp_path / "far.db") == verdicts(tmp_path / "here.db")


def test_a_gpu_is_asked_for_as_a_resource(tmp_path: Path, cluster: tuple[str, list[int]]) -> None:
    submissions = make_class(tmp_path / "class", "ada")
    ran = batch(submissions, tmp_path / "g.db", f"--scheduler={cluster[0]}", "--device=cuda")
    assert ran.returncode == 2
    assert 'expected one started with --resources "GPU=1"' in ran.stderr.splitlines()[-1]


@pytest.mark.exhaustive
def test_a_scheduler_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    ran = batch(make_class(tmp_path / "class", "ada"), tmp_path / "g.db", "--scheduler=localhost:1")
    assert ran.returncode == 2
    assert "the scheduler localhost:1 cannot be reached" in ran.stderr.splitlines()[-1]


@pytest.mark.exhaustive
@pytest.mark.skipif(
    shutil.which("openssl") is None, reason="openssl is not there to make a certificate"
)
def test_a_cluster_behind_tls_lets_in_who_has_the_key(tmp_path: Path) -> None:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    made = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        "/CN=class",
        "-days",
        "1",
    ]
    subprocess.run([*made, "-keyout", key, "-out", cert], check=True, capture_output=True)
    submissions = make_class(tmp_path / "class", "ada")
    with serving("1", str(cert), str(cert), str(key)) as (address, _):
        assert address.startswith("tls://")
        stranger = batch(submissions, tmp_path / "g.db", f"--scheduler={address}")
        assert (stranger.returncode, "cannot be reached" in stranger.stderr) == (2, True)
        known = [f"--tls-ca-file={cert}", f"--tls-cert={cert}", f"--tls-key={key}"]
        assert (
            batch(submissions, tmp_path / "g.db", f"--scheduler={address}", *known).returncode == 0
        )


def task_of(folder: Path, **limits: float) -> Task:
    rubric = load_rubric()
    rubric = replace(rubric, limits=replace(rubric.limits, **limits))
    submission = open_submission(write_submission(folder))
    options = Options(seed=1, skip_training=True)
    level = choose("auto").level
    return Task("work", submission, ("1.2",), rubric, options, level, grader_version(), 1)


def test_a_marking_that_exceeds_its_time_is_ended_alone(tmp_path: Path) -> None:
    pool = LocalPool(1)
    try:
        late = pool.submit(task_of(tmp_path / "late", submission_seconds=0.02))
        other = pool.submit(task_of(tmp_path / "other"))
        with pytest.raises(TimeoutError):
            late.result(timeout=60)
        assert other.result(timeout=60).report.exit_status == 0
    finally:
        pool.close(now=True)


def test_an_ended_marking_leaves_no_process(tmp_path: Path) -> None:
    pool = LocalPool(1)
    try:
        task = task_of(tmp_path / "slow")
        script = task.submission.scripts["numpy_ann"] + b"import time; time.sleep(60)\n"
        slow = replace(task, submission=replace(task.submission, scripts={"numpy_ann": script}))
        before = descendants(os.getpid())
        future = pool.submit(slow)
        until(lambda: len(descendants(os.getpid())) > len(before) + 1)
        below = set(descendants(os.getpid())) - set(before)
        assert pool.end(future)
        until(lambda: not any(map(is_alive, below)), 10)
        assert pool.submit(task_of(tmp_path / "other")).result(timeout=60).report.exit_status == 0
    finally:
        pool.close(now=True)


def test_a_marking_that_exceeds_its_time_ends_its_process_on_a_cluster() -> None:
    code = """if True:
        import time
        from types import SimpleNamespace
        from grader.classroom import job
        job.mark = lambda task: time.sleep(60)
        limits = SimpleNamespace(marking_seconds=0.1)
        job.mark_on_cluster(SimpleNamespace(rubric=SimpleNamespace(limits=limits)))
    """
    ended = subprocess.run([sys.executable, "-P", "-c", code], timeout=30, check=False)
    assert ended.returncode == 1
