"""`--slurm` lets in nobody else: its scheduler and jobs ask for certificates, and show no pages."""

import os
import re
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.classroom.cluster_security import expect_private
from grader.errors import CannotGrade
from tests.classroom.support import begin, descendants, make_class, markings, until

FAKES = {  # Slurm's commands, which run the job at once on this machine
    "sinfo": "exit 0",
    "sbatch": 'cd "$FAKE_SLURM"; touch out; cp "$1" copy; mv copy job.sh; '
    'setsid bash job.sh >out 2>&1 & echo "Submitted batch job $!"',
    "scancel": 'kill -- "-$1"',
}


CALL = """
import asyncio, sys
from distributed import Security
from distributed.comm import connect

async def call(security):
    known_by = security.get_connection_args("client") if security else {}
    comm = await connect(sys.argv[1], timeout=5, **known_by)
    await comm.write({"op": "identity"})
    return await comm.read()

own = dict(zip(("tls_ca_file", "tls_client_cert", "tls_client_key"), sys.argv[2:]))
for security in (Security(**own), ) if own else (None, Security.temporary()):
    try:
        print(asyncio.run(asyncio.wait_for(call(security), 10))["type"], flush=True)
    except Exception:
        print("refused", flush=True)
"""


def answers(*arguments: str) -> list[str]:
    """What a scheduler answers a client with these certificates; without, with none and others."""
    ran = subprocess.run(
        [sys.executable, "-c", CALL, *arguments], capture_output=True, text=True, timeout=60
    )
    return ran.stdout.split()


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "slurm"
    folder.mkdir()
    for name, script in FAKES.items():
        (folder / name).write_text(f"#!/bin/bash\n{script}\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("FAKE_SLURM", str(folder))
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


def listening(pids: set[int]) -> Iterator[int]:
    """The TCP ports that processes listen on, on more than the loopback interface."""
    sockets = set()
    for pid in pids:
        for descriptor in Path(f"/proc/{pid}/fd").glob("*"):
            try:
                sockets.add(os.readlink(descriptor))  # noqa: PTH115
            except OSError:
                continue
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            address, port = fields[1].split(":")
            is_loopback = address in ("0100007F", "00000000000000000000000001000000")
            if fields[3] == "0A" and not is_loopback and f"socket:[{fields[9]}]" in sockets:
                yield int(port, 16)


def asks_for_a_certificate(host: str, port: int) -> bool:
    """Whether a port speaks TLS and ends the connection of a client without a certificate."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_3  # the refusal comes after the handshake
    with socket.create_connection((host, port), timeout=10) as plain:
        try:
            encrypted = context.wrap_socket(plain)
        except OSError:
            return False
        with encrypted:
            try:
                encrypted.sendall(b"x" * 100)
                return encrypted.recv(1) == b""
            except TimeoutError:
                return False
            except OSError:
                return True


@pytest.mark.exhaustive
def test_who_has_no_certificate_reaches_nothing(tmp_path: Path, slurm: Path) -> None:
    submissions = make_class(tmp_path / "class", "ada", seconds=25)
    running = begin(submissions, tmp_path / "g.db", "--slurm", "--jobs=1")
    try:
        until(lambda: (slurm / "job.sh").is_file())
        job = (slurm / "job.sh").read_text()
        found = re.search(r"tls://([\d.]+):(\d+)", job)
        assert found is not None, job
        until(lambda: "Registered to" in (slurm / "out").read_text(), seconds=120)
        address = found[0]
        for scheduler in (address, address.replace("tls:", "tcp:")):
            assert answers(scheduler) == ["refused", "refused"]
        own = [re.findall(rf"--tls-{what} (\S+)", job)[0] for what in ("ca-file", "cert", "key")]
        assert answers(address, *own) == ["Scheduler"]
        assert Path(own[2]).stat().st_mode & 0o777 == 0o600
        workers = {
            int(pid.name)
            for pid in Path("/proc").glob("[0-9]*")
            if address.encode() in _command(pid) or f"{slurm}".encode() in _environment(pid)
        }
        ports = sorted(set(listening({running.pid, *descendants(running.pid), *workers})))
        assert int(found[2]) in ports
        assert len(ports) >= 3  # of the scheduler, the worker and its nanny
        assert [port for port in ports if not asks_for_a_certificate(found[1], port)] == []
        _, errors = running.communicate(timeout=180)
    finally:
        running.kill()
        running.communicate()
    assert running.returncode == 0, errors
    assert markings(tmp_path / "g.db") == [1]
    assert list(Path.cwd().glob(".grader-certificates-*")) == []


def _command(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""


def _environment(process: Path) -> bytes:
    try:
        return (process / "environ").read_bytes()
    except OSError:
        return b""


@pytest.mark.parametrize(
    ("address", "insecure", "is_refused"),
    [
        ("tcp://10.1.2.3:8786", False, True),
        ("tcp://host:8786", False, True),
        ("host:8786", False, True),
        ("10.1.2.3:8786", False, True),
        ("ws://host:8786", False, True),
        ("tcp://localhost.example.org:8786", False, True),
        ("tcp://[fe80::1]:8786", False, True),
        ("tcp://[", False, True),
        ("tcp://10.1.2.3:8786", True, False),
        ("tls://10.1.2.3:8786", False, False),
        ("tcp://127.0.0.1:8786", False, False),
        ("tcp://[::1]:8786", False, False),
        ("localhost:8786", False, False),
    ],
)
def test_a_scheduler_elsewhere_needs_tls(address: str, insecure: bool, is_refused: bool) -> None:
    if is_refused:
        with pytest.raises(CannotGrade, match="without TLS"):
            expect_private(address, insecure=insecure)
    else:
        expect_private(address, insecure=insecure)


def test_the_refusal_is_one_line(tmp_path: Path) -> None:
    submissions = make_class(tmp_path / "class", "ada")
    ran = begin(submissions, tmp_path / "g.db", "--scheduler=tcp://192.0.2.1:8786")
    _, errors = ran.communicate(timeout=60)
    assert ran.returncode == 2
    assert "--insecure if nobody else can reach it" in errors.splitlines()[-1]
