"""A worker cannot hold more memory than its part may take, in whatever way it asks the kernel."""

import platform
from collections.abc import Callable, Iterator

import pytest

from grader.errors import StudentError
from grader.sandbox.forkserver_client import ForkServer
from grader.sandbox.levels import choose
from grader.sandbox.remote import StudentScript
from tests.sandbox.support import LIMITS, RUBRIC, started
from tests.support import sampled

SEALS = tuple(map(int, platform.release().split(".")[:2])) >= (6, 10)
CONFINED = ("bubblewrap", "user")
LIMIT = LIMITS.memory_bytes["pytorch_ann"]

# ways to hold memory that no limit on a process counts, and to have more processes
REFUSED = {
    "fork": "os.fork() or os._exit(0)",
    "forkpty": "os.forkpty()",
    "posix_spawn": "os.posix_spawn(sys.executable, [sys.executable, '-c', ''], {})",
    "exec": "os.execv(sys.executable, [sys.executable, '-c', ''])",
    "vfork": "call(58)",
    "clone": "call(56, 17, 0, 0, 0, 0)",
    "clone with shared memory": "call(56, 0x100 | 17, 0, 0, 0, 0)",
    "a sister": "call(56, 0x8000 | 17, 0, 0, 0, 0)",
    "clone3": "call(435, (c_uint64 * 8)(0, 0, 0, 0, 17), 64)",
    "memfd": "os.memfd_create('x')",
    "memfd_secret": "call(447, 0)",
    "System V shared memory": "call(29, 0, 1 << 20, 0o1600)",
    "System V messages": "call(68, 0, 0o1600)",
    "System V semaphores": "call(64, 0, 32000, 0o1600)",
    "POSIX messages": "call(240, b'x', 0o102, 0o600, None)",
    "vmsplice": "call(278, os.pipe()[1], (c_uint64 * 2)(), 1, 0)",
    "splice": "os_splice()",
    "tee": "call(276, os.pipe()[0], os.pipe()[1], 4096, 0)",
    "large pipes": "fcntl.fcntl(os.pipe()[1], 1031, 1 << 20)",
    "locks of ranges": "fcntl.lockf(open('f', 'w'), fcntl.LOCK_EX)",
    "locks of open files": "fcntl.fcntl(open('f', 'w'), 37, bytes(32))",
    "socketpair": "socket.socketpair()",
    "socket": "socket.socket(socket.AF_UNIX)",
    "io_uring": "call(425, 8, bytes(200))",
    "userfaultfd": "call(323, 0)",
    "perf events": "call(298, bytes(128), 0, -1, -1, 0)",
    "bpf": "call(321, 0, bytes(128), 128)",
    "keys": "call(248, b'user', b'x', b'x', 1, -3)",
    "inotify": "call(254, call(253), b'.', 2)",
    "fanotify": "call(300, 0, 0)",
    "rules of Landlock": "call(444, (c_uint64 * 1)(1), 8, 0)",
    "/dev/shm": "open('/dev/shm/x', 'wb').write(bytes(8192))",
    "huge pages": "mmap.mmap(-1, 1 << 21, flags=0x40000 | mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)",
    "timers": "[call(222, 1, None, byref(c_uint64())) for _ in range(2000)]",
    "files": "os.mkdir('d') or [open(f'd/{number}', 'w').close() for number in range(5000)]",
}
# Ways to use the address space of a library for something else, from Linux 6.10 on. The function is
# one that nobody calls.
SEALED = {
    "makes it writable": "call(10, CODE, c_size_t(4096), 3)",
    "unmaps it": "call(11, CODE, c_size_t(4096))",
    "moves it": "call(25, CODE, c_size_t(4096), c_size_t(8192), 1)",
    "maps over it": "call(9, CODE, c_size_t(4096), 3, 0x32, -1, c_size_t(0))",
}
# ways to map memory: `piece()` maps one of 32 MB, and fails at the limit
MAPPED = {
    "bytes": "def piece(): return bytearray(b'x') * SIZE",
    "tensors": "def piece(): return torch.ones(SIZE // 4)",
    "shared": "def piece(): return touched(mmap.mmap(-1, SIZE))",
    "private": "def piece(): return touched(mmap.mmap(-1, SIZE, flags=PRIVATE))",
    "growing downwards": "def piece(): return touched(mmap.mmap(-1, SIZE, flags=PRIVATE | 0x100))",
    "/dev/zero": "def piece(): return touched(mmap.mmap(os.open('/dev/zero', os.O_RDWR), SIZE))",
    # RLIMIT_DATA forgets what is made read-only
    "read-only": """
def piece():
    made = touched(mmap.mmap(-1, SIZE, flags=PRIVATE))
    call(10, c_void_p(addressof(c_char.from_buffer(made))), c_size_t(SIZE), 1)
    return made
""",
    "mremap": "def piece():\n    m = mmap.mmap(-1, 4096, flags=PRIVATE)\n    m.resize(SIZE)\n    return touched(m)",
}

COMMON = """
import fcntl, gc, mmap, os, socket, sys, time
from ctypes import *
libc = CDLL(None, use_errno=True)
SIZE, PRIVATE = 32_000_000, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
def call_quietly(*arguments):
    return libc.syscall(*arguments)
def call(*arguments):
    got = libc.syscall(*arguments)
    if got < 0:
        raise OSError(get_errno(), "refused")
    return got
def os_splice():
    return call(275, os.open("f", os.O_RDWR | os.O_CREAT), None, os.pipe()[1], None, 4096, 0)
CODE = c_void_p(cast(CDLL("libm.so.6").lgammal, c_void_p).value & ~4095)
def touched(memory):
    memory[::4096] = bytes(len(memory[::4096]))
    return memory
"""


@pytest.fixture
def student_of_torch() -> Iterator[Callable[[str, str], StudentScript]]:
    def start(code: str, level: str) -> StudentScript:
        server = ForkServer(
            {"pytorch_ann.py": code.encode()},
            LIMITS,
            choose(level),
            packages=RUBRIC.packages("pytorch_ann"),
        )
        started.append(server)
        return StudentScript("pytorch_ann", server, RUBRIC)

    return start


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """The import rule would stop these scripts, which says nothing of the sandbox."""
    monkeypatch.setattr(StudentScript, "_read_source", lambda self: None)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="system calls by their numbers")
@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("level", CONFINED)
def test_the_kernel_holds_nothing_more_for_a_worker(
    level: str, student_of_torch: Callable[[str, str], StudentScript]
) -> None:
    tries = "".join(
        f"    try:\n        {code}\n        held.append({name!r})\n    except OSError: pass\n"
        for name, code in (REFUSED | (SEALED if SEALS else {})).items()
        if not (name == "files" and level == "user")  # which are checked there
    )
    student = student_of_torch(
        f"{COMMON}\ndef attack():\n    held = []\n{tries}    return held\n", level
    )
    try:
        assert student.module.attack() == []
    finally:
        student.close()


@pytest.mark.skipif(platform.machine() != "x86_64", reason="system calls by their numbers")
@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("level", sampled(CONFINED, every=2))
def test_no_mapping_passes_the_limit(
    level: str, student_of_torch: Callable[[str, str], StudentScript]
) -> None:
    attacks = "".join(
        f"    if how == {name!r}:\n"
        + "".join(f"        {line}\n" for line in code.strip().splitlines())
        + "        return fill(piece)\n"
        for name, code in MAPPED.items()
    )
    code = f"""
import torch
{COMMON}
def fill(piece):
    held = []
    try:
        while len(held) < 200:
            held.append(piece())
    except (OSError, MemoryError, RuntimeError, ValueError):
        pass
    return len(held) * SIZE
def attack(how):
{attacks}
"""
    student = student_of_torch(code, level)
    try:
        taken = {how: student.module.attack(how) for how in MAPPED}
    finally:
        student.close()
    assert {how: size for how, size in taken.items() if size > LIMIT} == {}
    assert taken["tensors"] > 0.8 * LIMIT


GREEDY = {
    "tensor": "import torch\ndef f(): return torch.ones(10**10)",
    "array": "import numpy\ndef f(): return numpy.ones(10**10)",
    "object": "def f(): return bytearray(10**10)",
    "layer": "import torch\ndef f(): return torch.nn.Linear(10**5, 10**5)",
}


@pytest.mark.parametrize("what", GREEDY)
def test_a_script_that_needs_more_is_told_how_much_it_may_take(
    what: str, student_of_torch: Callable[[str, str], StudentScript]
) -> None:
    student = student_of_torch(GREEDY[what], "auto")
    try:
        with pytest.raises(StudentError) as caught:
            student.module.f()
    finally:
        student.close()
    assert f"needs more memory than the {LIMIT / 1e6:,.0f} MB that this part" in caught.value.got
    assert "smaller batch" in caught.value.hints[0]
    assert caught.value.exception
