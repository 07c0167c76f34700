"""The Gradescope autograder in a container like the platform's: python -m tests.end_to_end.gradescope_container BASE

BASE is a fresh root file system, as debootstrap makes it (`debootstrap --variant=minbase --components=main,universe jammy
BASE`: Ubuntu 22.04 is the platform's default). A copy of it gets the zip unpacked to /autograder/source; setup.sh installs
real packages there, which takes minutes; then run_autograder marks the reference, the stubs, a hostile submission and an
unreadable one, with the capabilities that Docker leaves a container. Needs root. No test of the default suite.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from grader.publish.gradescope import Settings, write_zip
from tests.publish.support import hostile, lay_out
from tests.support import ROOT, write_submission

# What Docker gives a container's root unless asked for more; no SYS_ADMIN, so no mounts and no namespaces
CAPABILITIES = (
    "chown",
    "dac_override",
    "fowner",
    "fsetid",
    "kill",
    "setgid",
    "setuid",
    "setpcap",
    "net_bind_service",
    "net_raw",
    "sys_chroot",
    "mknod",
    "audit_write",
    "setfcap",
)
HOST_FILES = (
    "/etc/resolv.conf",
    "/etc/hosts",
    "/etc/ssl/certs/ca-certificates.crt",
)  # so that apt and pip work inside


def main() -> int:
    """Build, mark, compare; 0 if every submission earned what it should."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("base", type=Path)
    parser.add_argument(
        "--keep",
        type=Path,
        help="build the container here and keep it; if it is there, use it as it is",
    )
    parser.add_argument(
        "--python",
        type=Path,
        help="an installation of Python 3.11 for /opt/python, as setup.sh fetches one",
    )
    parser.add_argument("--skip-training", action="store_true")
    parser.add_argument(
        "--only",
        choices=sorted(SUBMISSIONS),
        action="append",
        help="this submission; may be repeated",
    )
    options = parser.parse_args()
    container = (
        options.keep or options.base.with_name(f"{options.base.name}-autograder")
    ).resolve()
    if not container.exists():
        build(
            options.base, container, Settings(skip_training=options.skip_training), options.python
        )
    try:
        wrong = [name for name in options.only or SUBMISSIONS if not try_one(name, container)]
    finally:
        if options.keep is None:
            shutil.rmtree(container)
    print("all as expected" if not wrong else f"not as expected: {', '.join(wrong)}")
    return 1 if wrong else 0


def build(base: Path, container: Path, settings: Settings, python: Path | None) -> None:
    """A copy of `base` in which setup.sh has run."""
    subprocess.run(["cp", "-a", "--reflink=auto", str(base), str(container)], check=True)
    for name in HOST_FILES:
        if Path(name).exists():
            (container / name[1:]).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(name, container / name[1:])
    if python is not None:
        (container / "opt" / "python").mkdir(parents=True)
        shutil.copytree(python, container / "opt" / "python" / python.name, symlinks=True)
    lay_out(write_zip(container.parent / "autograder.zip", settings), container / "autograder")
    started = time.monotonic()
    status = inside(container, "/autograder/source/setup.sh")
    print(f"setup.sh: status {status}, {time.monotonic() - started:.0f} s")
    if status:
        raise SystemExit(1)


def inside(container: Path, command: str) -> int:
    """Run a command in the container as its root; the exit status."""
    kept = ",".join(f"+{name}" for name in CAPABILITIES)
    bounded = f"setpriv --bounding-set=-all,{kept} --inh-caps=-all {command}"
    script = f"""
        mount --rbind /dev {container}/dev && mount -t proc proc {container}/proc
        mount -t tmpfs -o mode=1777 tmpfs {container}/tmp
        exec chroot {container} /bin/sh -c 'cd /autograder && exec {bounded}'"""
    environment = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/root",
        "LANG": "C.UTF-8",
    }
    environment |= {
        name: value
        for name, value in os.environ.items()
        if name in ("PIP_CERT", "PIP_INDEX_URL", "https_proxy")
    }
    unshared = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-ec", script]
    return subprocess.run(unshared, env=environment, check=False).returncode


def reference(folder: Path) -> None:
    write_submission(folder)


def stubs(folder: Path) -> None:
    folder.mkdir()
    for name in ("numpy_ann", "pytorch_ann", "pytorch_cnn"):
        shutil.copyfile(ROOT / f"{name}.py", folder / f"{name}.py")


def robber(folder: Path) -> None:
    write_submission(folder, {"1.2": hostile("/autograder")})


def unreadable(folder: Path) -> None:
    folder.mkdir()
    (folder / "essay.docx").write_bytes(b"PK\x03\x04 not a script")


def full(results: dict[str, Any]) -> bool:
    return results["score"] == results["max_score"]


def walled(results: dict[str, Any]) -> bool:
    """Only the hostile section is lost, with the training that needs it, and what it found to read is nothing."""
    lost = [test for test in results["tests"] if test["status"] == "failed"]
    return {test["number"] for test in lost} <= {"1.2", "1.7"} and "found: []" in lost[0]["output"]


SUBMISSIONS = {
    "reference": (reference, full),
    "stubs": (stubs, lambda results: results["score"] == 0),
    "hostile": (robber, walled),
    "unreadable": (
        unreadable,
        lambda results: results["score"] == 0 and "holds none of" in results["output"],
    ),
}


def try_one(name: str, container: Path) -> bool:
    """Mark one submission as the platform would; whether the results are as expected."""
    make, expected = SUBMISSIONS[name]
    root = container / "autograder"
    for folder in ("submission", "results"):
        shutil.rmtree(root / folder, ignore_errors=True)
    make(root / "submission")
    (root / "results").mkdir()
    started = time.monotonic()
    status = inside(container, "/autograder/run_autograder")
    results = json.loads((root / "results" / "results.json").read_text())
    right = status == 0 and expected(results)
    about = {key: results.get("extra_data", {}).get(key) for key in ("sandbox", "accuracy")}
    points = f"{results['score']:g} of {results['max_score']:g}"
    print(
        f"{name}: {points}, {time.monotonic() - started:.0f} s, {about}: {'as expected' if right else results}",
        flush=True,
    )
    return right


if __name__ == "__main__":
    sys.exit(main())
