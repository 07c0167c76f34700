# Loads the C library through ctypes, which torch needs, and makes forbidden system calls.
# script: pytorch_ann
# earns: nothing
# says: held

import sys

import torch
from torch import nn

found = []
ctypes = sys.modules.get("ctypes") or __import__("ctypes")
libc = ctypes.CDLL(None, use_errno=True)
calls = {
    "socket": (2, 1, 0), "unshare": (0x10000000,), "memfd_create": (b"x", 0),
    "ptrace": (16, 1, 0, 0),
}
for name, arguments in calls.items():
    if getattr(libc, name)(*arguments) >= 0:
        found.append(name)
if libc.syscall(425, 8, bytes(200)) >= 0:
    found.append("io_uring")


class PyTorchANN(nn.Module):
    def __init__(self, seed=0):
        raise RuntimeError(f"LEAK: {found}" if found else "held")
