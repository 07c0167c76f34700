"""The process behind the walls that imports what scripts need, once, and is forked for each worker.

Importing torch takes longer than checking a script that uses it. Nothing of a submission is imported here, so every worker starts
as a fresh interpreter would that has come as far. It computes nothing either: threads of a computation are not there in a fork.

It is told what to do over a socket: b"f" with three descriptors (requests, replies, what is printed) to fork a worker, b"s" for how
the last one ended. It answers with a letter and a number: b"r" 0 when it is ready, b"f" with the worker's number, 0 if the scratch
folder cannot be emptied, b"s" with the exit status, negative for a signal.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import shutil
import socket
import struct
import sys
import warnings
from pathlib import Path
from typing import NoReturn

HERE = Path(__file__).resolve().parent.parent  # the folder of the scripts, in which ours is one


def main(control_fd: int, scratch: str, modules: list[str]) -> None:
    """Import the modules, then fork when asked, until the socket closes."""
    os.chdir(scratch)
    sys.argv = ["worker"]
    _preload(modules)
    control = socket.socket(fileno=control_fd)
    worker = 0
    _answer(control, b"r", 0)
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 1, 3)
        if not message:
            return
        if message == b"s":
            _answer(control, b"s", os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]))
            continue
        _reap()
        worker = 0
        if _is_emptied(scratch):
            with warnings.catch_warnings():
                warnings.simplefilter(
                    "ignore"
                )  # Python 3.12 warns of NumPy's threads, which NumPy itself takes care of
                worker = os.fork()
            if not worker:
                control.close()
                _work(*descriptors)
        for number in descriptors:
            os.close(number)
        _answer(control, b"f", worker)


def _preload(modules: list[str]) -> None:
    """Import them; with the collection of garbage off, which finds none meanwhile, that takes a quarter less time."""
    gc.disable()
    for name in modules:
        with contextlib.suppress(
            Exception
        ):  # what is missing is missed by the script that imports it
            importlib.import_module(name)
    if "torch" in sys.modules:
        from . import lazy_dynamo

        lazy_dynamo.install()
    gc.freeze()  # what is there by now stays: no worker looks through it again
    gc.enable()


def _reap() -> None:
    """Take note of all that have ended, of which the kernel allows only so many."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _is_emptied(scratch: str) -> bool:
    """Remove what the last worker left; whether nothing is left."""
    with os.scandir(scratch) as entries:
        for entry in list(entries):
            if entry.is_dir(follow_symlinks=False):
                with contextlib.suppress(RecursionError):
                    shutil.rmtree(entry.path, ignore_errors=True)
            else:
                with contextlib.suppress(OSError):
                    Path(entry.path).unlink()
    return not os.listdir(scratch)  # noqa: PTH208


def _work(requests: int, replies: int, printed: int) -> NoReturn:
    """Be a worker to the end: what a script prints goes the way of its errors."""
    try:
        for number in (1, 2):
            os.dup2(printed, number)
        os.close(printed)
        sys.stdout = sys.stderr
        Path("utils.py").symlink_to(
            HERE / "utils.py"
        )  # the first cell of our notebooks looks for it
        from .worker import Worker

        Worker(requests, replies).serve()
    finally:
        os._exit(1)  # whatever happens, it never goes on as the server


def _answer(control: socket.socket, letter: bytes, number: int) -> None:
    control.sendall(struct.pack("=ci", letter, number))
