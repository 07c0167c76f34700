"""A fork server that a template forked is closed off as one that was started, and knows no more."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from itertools import product
from pathlib import Path

import pytest

from grader.errors import StudentFault
from grader.sandbox import process_tree, templates
from grader.sandbox.bubblewrap import SCRATCH_FILES
from grader.sandbox.forkserver_client import ForkServer
from grader.sandbox.levels import choose
from grader.sandbox.remote import StudentScript
from tests.sandbox.support import LEVELS, LIMITS, RUBRIC, started
from tests.support import ROOT, sampled

SCRIPTS = ("numpy_ann", "pytorch_ann")
# All that a script can find out about its process.
LOOK = """
import gc, json, os, random, resource, struct, sys
import numpy as np
torch, ctypes, socket = map(sys.modules.get, ("torch", "ctypes", "socket"))

def descriptors():
    found = []
    for number in range(256):
        try:
            found.append(os.fstat(number).st_mode)
        except OSError:
            pass
    return found

def capabilities():
    header, data = ctypes.create_string_buffer(struct.pack("=Ii", 0x20080522, 0)), (ctypes.c_uint32 * 6)()
    ctypes.CDLL(None).capget(header, data)
    bounding = [ctypes.CDLL(None).prctl(23, number, 0, 0, 0) for number in range(64)]
    return [list(data), bounding]

def tried(name):
    try:
        __import__(name)
        return "imported"
    except ImportError:
        return "hidden"

def denied(call, *arguments):
    try:
        call(*arguments)
        return "allowed"
    except OSError as error:
        return error.errno

def look():
    here = os.getcwd()
    return np.frombuffer(json.dumps({
        "environment": {k: v.replace(here, "HERE") for k, v in os.environ.items()},
        "argv": [word.replace(os.path.dirname(here), "") for word in sys.argv[:1]],
        "orig": len(sys.orig_argv),
        "modules": sorted(sys.modules),
        "main": sorted(vars(sys.modules["__main__"]).keys() - {"__annotations__"}),
        "finders": [type(finder).__name__ for finder in sys.meta_path],
        "flags": str(sys.flags),
        "names": [here.count("/"), socket.gethostname(), os.umask(0o077)],
        "identity": [os.getuid() == os.geteuid(), os.getgid() == os.getegid(), len(os.getgroups())],
        "descriptors": descriptors(),
        "capabilities": ctypes and capabilities(),
        "can load code": [tried("_ctypes"), tried("_ssl"), tried("_multiprocessing")],
        "limits": [resource.getrlimit(k) for k in range(16) if k != resource.RLIMIT_AS],
        "root": sorted(os.listdir("/")) if denied(os.listdir, "/") == "allowed" else "closed",
        "seccomp": [denied(os.setpgid, 0, 0), denied(socket.socket), denied(os.execv, "/none", ["none"])],
        "new privileges": ctypes and ctypes.CDLL(None).prctl(39, 0, 0, 0, 0),
        "dumpable": ctypes and ctypes.CDLL(None).prctl(3, 0, 0, 0, 0),
        "threads": [torch and torch.get_num_threads(), os.environ.get("OMP_NUM_THREADS")],
        "collecting": [gc.isenabled(), gc.get_threshold()],
    }).encode(), np.uint8)

def drawn():
    return [random.random(), float(np.random.rand())]
"""


def server_for(level: str, code: str = LOOK, script: str = "pytorch_ann") -> ForkServer:
    server = ForkServer(
        {f"{script}.py": code.encode()},
        LIMITS,
        choose(level),
        packages=RUBRIC.packages(script),
        threads=1,
    )
    started.append(server)
    return server


def script(server: ForkServer) -> StudentScript:
    (name,) = server.scripts
    return StudentScript(name.removesuffix(".py"), server, RUBRIC)


def forked(level: str, code: str = LOOK, script: str = "pytorch_ann") -> ForkServer:
    """A server that comes from a template."""
    server = server_for(level, code, script)
    server.begin()
    if not isinstance(server._started.process, templates.Forked):
        server.close()
        server.begin()
    assert isinstance(server._started.process, templates.Forked), templates._unavailable
    return server


@pytest.mark.parametrize(("name", "level"), sampled(product(SCRIPTS, LEVELS), every=2))
def test_a_script_finds_the_same_process(
    name: str, level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = {}
    for kind in ("forked", "started"):
        with monkeypatch.context() as patch:
            if kind == "started":
                patch.setattr(templates, "_unavailable", ["a test"])
            server = (server_for if kind == "started" else forked)(level, LOOK, name)
            student = script(server)
            found[kind] = json.loads(bytes(student.module.look()))
            student.close()
            server.close()
    assert found["forked"] == found["started"]
    if level == "bubblewrap":
        assert set(found["forked"]["can load code"]) == {
            "hidden" if name == "numpy_ann" else "imported"
        }


@pytest.mark.parametrize("level", LEVELS)
def test_two_submissions_draw_other_numbers(level: str) -> None:
    drawn = []
    for _ in range(2):
        server = forked(level)
        drawn += script(server).module.drawn()
        server.close()
    assert len(set(drawn)) == 4


def test_the_template_holds_nothing_of_a_submission() -> None:
    word = os.urandom(12).hex()
    server = forked("auto", f"def said(): return {word!r}")
    folder = server._workdir.folder.name
    assert script(server).module.said() == word
    template = server._started.process._template
    server.close()
    held = memory(template._process.pid)
    assert b"template_process.py" in held  # the search finds what is there
    assert word.encode() not in held
    assert folder.encode() not in held


def memory(pid: int) -> bytes:
    """All that a process of ours can write to."""
    parts = []
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as stream:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            span, rights = line.split()[:2]
            start, end = (int(word, 16) for word in span.split("-"))
            if rights.startswith("rw"):
                stream.seek(start)
                parts.append(stream.read(end - start))
    return b"".join(parts)


@pytest.mark.parametrize("level", sampled(LEVELS, every=3))
def test_a_killed_template_is_replaced(level: str) -> None:
    server = forked(level)
    assert len(script(server).module.drawn()) == 2
    process = server._started.process._template._process
    inside = server._started.pid
    process.kill()
    process.wait()
    until_ended(inside)
    assert len(script(server).module.drawn()) == 2
    assert server._started.process._template._process.pid != process.pid


@pytest.mark.parametrize("end", ["kill(os.getppid(), 9)", "kill(1, 9)"])
def test_a_worker_ends_no_more_than_its_own_sandbox(end: str) -> None:
    other = script(forked("bubblewrap"))
    drawn = other.module.drawn()
    student = script(
        forked("bubblewrap", f"import os\ndef leave(): os.{end}\ndef here(): return 1")
    )
    with contextlib.suppress(StudentFault):
        student.module.leave()
    student.close()
    assert student.module.here() == 1
    assert other.module.drawn() != drawn  # the same worker goes on
    other.close()
    student.close()


@pytest.mark.exhaustive
def test_without_a_template_a_server_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    server = forked("auto")
    server.close()
    reasons: list[str] = []
    monkeypatch.setattr(templates, "_unavailable", reasons)
    monkeypatch.setattr("grader.sandbox.bubblewrap.WAIT", "import sys; sys.exit('a reason')")
    monkeypatch.setattr("grader.sandbox.plain.fork", lambda *_, **__: 1 / 0)
    assert len(script(server).module.drawn()) == 2
    assert reasons == ["the sandbox has ended. a reason"]


GRADER = """
import os, sys
from tests.sandbox.test_templates import forked, script
server = forked("LEVEL")
print(server._started.process._template._process.pid, server._started.process.pid, end=" ")
print(server._started.pid, server._started.holder.pid if server._started.holder else "", flush=True)
script(server).module.drawn()
os.kill(os.getpid(), 9)
"""


@pytest.mark.parametrize("level", sampled(LEVELS, every=3))
def test_all_ends_with_the_grader(level: str) -> None:
    code = GRADER.replace("LEVEL", level)
    killed = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    for pid in map(int, killed.stdout.split()):
        until_ended(pid)


def until_ended(pid: int) -> None:
    deadline = time.monotonic() + 20
    while not process_tree.is_ended(pid):
        assert time.monotonic() < deadline, pid
        time.sleep(0.05)


THREADS_IN_COPIES = """
import os, sys, threading, time
from grader.sandbox import templates
from tests.sandbox.test_templates import script, server_for
os.register_at_fork(after_in_child=lambda: threading.Thread(target=time.sleep, args=(60,)).start())
templates.do_without("a test")
server = server_for("bubblewrap", '''
import os
def made():
    for number in range(8192):
        try:
            os.close(os.open(f"{number}", os.O_CREAT | os.O_WRONLY))
        except OSError:
            return number
''')
print(script(server).module.made())
server.close()
"""


def test_files_are_limited_where_a_library_starts_threads_in_copies() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", THREADS_IN_COPIES],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    assert 1 < int(ran.stdout) < SCRATCH_FILES
