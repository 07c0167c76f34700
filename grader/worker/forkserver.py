"""The process in the sandbox that imports what scripts need, once, and forks every worker.

Importing torch takes longer than checking a script that uses it. Nothing of a submission is
imported here, so every worker starts like a fresh interpreter after those imports. It computes
nothing either, because the threads of a computation do not survive a fork.

A worker is one process, so that the kernel's limit on its address space bounds its memory: a
seccomp filter denies it new processes. The libraries loaded by then need gigabytes of that space
with CUDA; they are sealed, so that it cannot be used for anything else.

Requests arrive over a socket: b"f" with a limit on address space in bytes (0 for none) and four
descriptors (requests, replies, output, stack) forks a worker, b"s" asks how the last one ended. An
answer is a letter and a number: b"r" 0 when ready, b"f" with the worker's pid, or 0 if the scratch
folder cannot be emptied, b"s" with the exit status, negative for a signal.
"""

from __future__ import annotations

import base64
import contextlib
import faulthandler
import gc
import importlib
import importlib.util
import os
import resource
import shutil
import signal
import socket
import struct
import sys
import warnings
from collections.abc import Callable, Iterator
from importlib.machinery import ExtensionFileLoader
from pathlib import Path
from typing import NoReturn

HERE = Path(__file__).absolute().parent.parent  # of the scripts: `worker` may be a link in it


def main(
    control_fd: int,
    scratch: str,
    modules: list[str],
    worker_filter: str | None = None,
    ctypes_fd: int | None = None,
) -> None:
    """Import the modules, then fork on request, until the socket closes.

    `worker_filter` is a BPF program in base64 for workers; `ctypes_fd` is a descriptor of the C
    module _ctypes where the sandbox hides its file.
    """
    os.chdir(scratch)
    sys.argv = ["worker"]
    _preload(modules)
    restrict = _restriction(base64.b64decode(worker_filter), ctypes_fd) if worker_filter else None
    control = socket.socket(fileno=control_fd)
    worker = 0
    _answer(control, b"r", 0)
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 9, 4)
        if not message:
            return
        if message == b"s":
            _answer(control, b"s", os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]))
            continue
        _reap()
        worker = 0
        if _is_emptied(scratch):
            with warnings.catch_warnings():
                # Python 3.12 warns of NumPy's threads, which NumPy itself handles at a fork.
                warnings.simplefilter("ignore")
                worker = os.fork()
            if not worker:
                control.close()
                _limit_address_space(*struct.unpack("=q", message[1:]))
                _work(restrict, *descriptors)
        for number in descriptors:
            os.close(number)
        _answer(control, b"f", worker)


def _preload(modules: list[str]) -> None:
    """Import them, a quarter faster with garbage collection off, which would find nothing."""
    gc.disable()
    for name in modules:
        # A missing module is reported when the script imports it.
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    if "torch" in sys.modules:
        from assignment.observing import lazy_dynamo

        lazy_dynamo.install()
    gc.freeze()  # workers never scan these objects again
    gc.enable()


def _reap() -> None:
    """Reap ended processes, which count against the process limit."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _is_emptied(scratch: str) -> bool:
    """Empty the scratch folder; returns whether that worked."""
    with os.scandir(scratch) as entries:
        for entry in list(entries):
            if entry.is_dir(follow_symlinks=False):
                with contextlib.suppress(RecursionError):
                    shutil.rmtree(entry.path, ignore_errors=True)
            else:
                with contextlib.suppress(OSError):
                    Path(entry.path).unlink()
    return not os.listdir(scratch)  # noqa: PTH208


def _restriction(program: bytes, ctypes_fd: int | None) -> Callable[[], None]:
    """What a worker calls to add the filter; seals the libraries loaded here."""
    with _ctypes_from(ctypes_fd) if ctypes_fd is not None else contextlib.nullcontext():
        import ctypes

        from . import entry, sealing

        libc = ctypes.CDLL(None, use_errno=True)
        sealing.seal_libraries(libc)
        return entry.filter_adder(libc, program)


@contextlib.contextmanager
def _ctypes_from(descriptor: int) -> Iterator[None]:
    """Makes ctypes importable here, from a copy that is removed at once, and for no script."""
    from . import entry

    if descriptor == entry.ALREADY_LOADED:
        try:
            yield
        finally:
            _forget_ctypes(set())
        return
    copy = Path("_ctypes.so").resolve()
    with os.fdopen(descriptor, "rb") as stream:
        copy.write_bytes(stream.read())
    before = set(sys.modules)
    try:
        spec = importlib.util.spec_from_file_location(
            "_ctypes", copy, loader=ExtensionFileLoader("_ctypes", str(copy))
        )
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules["_ctypes"] = module
        spec.loader.exec_module(module)
        yield
    finally:
        copy.unlink()
        _forget_ctypes(before)


def _forget_ctypes(kept: set[str]) -> None:
    for name in set(sys.modules) - kept:
        if name.partition(".")[0] in ("ctypes", "_ctypes"):
            del sys.modules[name]


def _limit_address_space(size: int) -> None:
    if size:
        resource.setrlimit(resource.RLIMIT_AS, (size, size))


def _work(
    restrict: Callable[[], None] | None, requests: int, replies: int, output: int, stack: int
) -> NoReturn:
    """Be a worker until the end. Both stdout and stderr go to `output`.

    SIGUSR1 writes where the script is to `stack`, also inside an endless loop or a library.
    """
    try:
        if restrict is not None:
            restrict()
        for number in (1, 2):
            os.dup2(output, number)
        os.close(output)
        sys.stdout = sys.stderr
        faulthandler.register(signal.SIGUSR1, stack, all_threads=False)
        # The first cell of our notebooks looks for it in the working directory.
        Path("utils.py").symlink_to(HERE / "utils.py")
        from .worker import Worker

        Worker(requests, replies).serve()
    finally:
        os._exit(1)  # whatever happens, it never continues as the server


def _answer(control: socket.socket, letter: bytes, number: int) -> None:
    control.sendall(struct.pack("=ci", letter, number))
