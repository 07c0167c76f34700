"""A seccomp filter as a BPF program: system calls that student code does not need fail with EPERM.

The list says what is denied, not what is allowed: NumPy, torch and CUDA use too many calls, and new
ones with every release. Not built with libseccomp, whose Python bindings need a system library.
Format and constants: linux/filter.h, linux/seccomp.h, linux/audit.h.
"""

from __future__ import annotations

import base64
import errno
import platform
import struct

# Linux's numbers for (x86_64, aarch64); None where an architecture has no such call
_DENIED: dict[str, tuple[int | None, int | None]] = {
    # the network
    "socket": (41, 198), "socketpair": (53, 199),
    # memory that does not count as a process's own
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "shmget": (29, 194),
    "shmat": (30, 196), "shmctl": (31, 195), "msgget": (68, 186), "semget": (64, 190),
    "mq_open": (240, 180),
    # pages that only a pipe holds, and rules and locks without number in the kernel's own memory
    "vmsplice": (278, 75), "splice": (275, 76), "tee": (276, 77),
    "landlock_create_ruleset": (444, 444), "landlock_add_rule": (445, 445),
    # other processes
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "process_madvise": (440, 440), "kcmp": (312, 272), "pidfd_getfd": (438, 438),
    "setsid": (112, 157), "setpgid": (109, 154),
    # metadata of files: Landlock has no right for these, and a worker may be the instructor's user
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452),
    "chown": (92, None), "fchown": (93, 55), "lchown": (94, None), "fchownat": (260, 54),
    "utime": (132, None), "utimes": (235, None), "futimesat": (261, None), "utimensat": (280, 88),
    "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7), "setxattrat": (463, 463),
    "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16),
    "removexattrat": (466, 466), "file_setattr": (469, 469), "inotify_add_watch": (254, 27),
    # priorities of other processes
    "setpriority": (141, 140), "ioprio_set": (251, 30), "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119), "sched_setattr": (314, 274), "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    # namespaces and mounts
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39),
    "pivot_root": (155, 41), "chroot": (161, 51), "fsopen": (430, 430), "fsconfig": (431, 431),
    "fsmount": (432, 432), "fspick": (433, 433), "move_mount": (429, 429),
    "open_tree": (428, 428), "open_tree_attr": (467, 467), "mount_setattr": (442, 442),
    # large, rarely used parts of the kernel
    "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "init_module": (175, 105),
    "finit_module": (313, 273), "delete_module": (176, 106), "personality": (135, 92),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265), "fanotify_init": (300, 262),
    "quotactl": (179, 60), "acct": (163, 89), "swapon": (167, 224), "swapoff": (168, 225),
    "quotactl_fd": (443, 443), "reboot": (169, 142), "sethostname": (170, 161),
    "setdomainname": (171, 162), "settimeofday": (164, 170), "clock_settime": (227, 112),
    "clock_adjtime": (305, 266), "adjtimex": (159, 171), "iopl": (172, None),
    "ioperm": (173, None), "modify_ldt": (154, None), "uselib": (134, None), "syslog": (103, 116),
    "lookup_dcookie": (212, 18), "vhangup": (153, 58), "nfsservctl": (180, 42),
}  # fmt: skip
_CLONE, _CLONE3 = (56, 220), 435
# CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET; and PARENT, with which a new
# process would be no descendant of the worker, so that nobody would find and kill it
_CLONE_FLAGS = 0x7E020000 | 0x8000
_PRCTL = (157, 167)
_KEPT_OPTIONS = (1, 36)  # PR_SET_PDEATHSIG and PR_SET_CHILD_SUBREAPER, which help kill a worker
# fcntl's commands by which the kernel holds more for one descriptor: locks of ranges (F_SETLK,
# F_SETLKW, and of open files), and the size of a pipe
_FCNTL = (72, 25)
_FCNTL_DENIED = (6, 7, 37, 38, 1031)
# calls that take a process as their first argument: 0 is the caller itself
_ONLY_OF_SELF = {"prlimit64": (302, 261), "sched_setaffinity": (203, 122)}
# denied to a worker, not to the fork server: one process, whose memory one limit bounds
_NEW_PROCESSES: dict[str, tuple[int | None, int | None]] = {
    "fork": (57, None), "vfork": (58, None), "execve": (59, 221), "execveat": (322, 281),
}  # fmt: skip
_CLONE_THREAD = 0x10000
# column above, AUDIT_ARCH_*
_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_X32 = 0x40000000  # marks x86_64's calls in their other numbering

_LOAD, _IF_EQUAL, _IF_AT_LEAST, _IF_ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERROR, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER, _ARCHITECTURE = 0, 4  # offsets in struct seccomp_data
_FIRST_ARGUMENT, _SECOND_ARGUMENT = 16, 24


def program(machine: str | None = None) -> bytes | None:
    """The filter for a machine, by default this one; None where its call numbers are unknown."""
    machine = machine or platform.machine()
    if machine not in _ARCHITECTURES:
        return None
    column, audit = _ARCHITECTURES[machine]
    denied = sorted(
        number for numbers in _DENIED.values() if (number := numbers[column]) is not None
    )
    x32 = [_if(_IF_AT_LEAST, _X32, otherwise=1), _do(_RETURN, _KILL)]
    return b"".join(
        [
            _do(_LOAD, _ARCHITECTURE),
            _if(_IF_EQUAL, audit, then=1),
            _do(_RETURN, _KILL),
            _do(_LOAD, _NUMBER),
            *(x32 if machine == "x86_64" else []),
            # A filter cannot read clone3's flags in memory; ENOSYS makes glibc use clone instead.
            _if(_IF_EQUAL, _CLONE3, otherwise=1),
            _do(_RETURN, _ERROR | errno.ENOSYS),
            *(part for number in denied for part in _deny(_IF_EQUAL, number)),
            _if(_IF_EQUAL, _CLONE[column], otherwise=4),
            _do(_LOAD, _FIRST_ARGUMENT),
            *_deny(_IF_ANY_BIT, _CLONE_FLAGS),
            _do(_RETURN, _ALLOW),
            _if(_IF_EQUAL, _PRCTL[column], otherwise=2 + 2 * len(_KEPT_OPTIONS)),
            _do(_LOAD, _FIRST_ARGUMENT),
            *(part for option in _KEPT_OPTIONS for part in _deny(_IF_EQUAL, option)),
            _do(_RETURN, _ALLOW),
            _if(_IF_EQUAL, _FCNTL[column], otherwise=2 + 2 * len(_FCNTL_DENIED)),
            _do(_LOAD, _SECOND_ARGUMENT),
            *(part for command in _FCNTL_DENIED for part in _deny(_IF_EQUAL, command)),
            _do(_RETURN, _ALLOW),
            *(part for pair in _ONLY_OF_SELF.values() for part in _only_of_self(pair[column])),
            _do(_RETURN, _ALLOW),
        ]
    )


def worker_program(machine: str | None = None) -> bytes | None:
    """What a worker's filter adds to its fork server's: it may start threads, but no process.

    None for a machine whose call numbers are unknown.
    """
    machine = machine or platform.machine()
    if machine not in _ARCHITECTURES:
        return None
    column, _ = _ARCHITECTURES[machine]  # the server's filter has checked the architecture
    denied = [number for pair in _NEW_PROCESSES.values() if (number := pair[column]) is not None]
    return b"".join(
        [
            _do(_LOAD, _NUMBER),
            *(part for number in denied for part in _deny(_IF_EQUAL, number)),
            _if(_IF_EQUAL, _CLONE[column], otherwise=3),
            _do(_LOAD, _FIRST_ARGUMENT),
            _if(_IF_ANY_BIT, _CLONE_THREAD, then=1),
            _do(_RETURN, _ERROR | errno.EPERM),
            _do(_RETURN, _ALLOW),
        ]
    )


def in_base64(program: bytes | None) -> str | None:
    """A filter as worker/entry.py takes it."""
    return base64.b64encode(program).decode() if program else None


def _deny(comparison: int, value: int) -> list[bytes]:
    """Return EPERM where the comparison holds, else go on."""
    return [_if(comparison, value, otherwise=1), _do(_RETURN, _ERROR | errno.EPERM)]


def _only_of_self(number: int) -> list[bytes]:
    """Allow a call if its first argument is 0, and return EPERM if it is not."""
    return [
        _if(_IF_EQUAL, number, otherwise=4),
        _do(_LOAD, _FIRST_ARGUMENT),
        _if(_IF_EQUAL, 0, then=1),
        _do(_RETURN, _ERROR | errno.EPERM),
        _do(_RETURN, _ALLOW),
    ]


def _do(code: int, value: int) -> bytes:
    return struct.pack("=HBBI", code, 0, 0, value)


def _if(code: int, value: int, *, then: int = 0, otherwise: int = 0) -> bytes:
    """A jump: skip `then` instructions where the comparison holds, else skip `otherwise`."""
    return struct.pack("=HBBI", code, then, otherwise, value)
