"""Who may use a Dask cluster: with a scheduler's leave, anyone can run code on it as its owner.

Dask has no passwords. What it has is TLS with certificates on both sides: who has none of those that
the scheduler knows is not let in.
"""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from grader.errors import CannotGrade
from grader.sandbox.temporary import TemporaryFolder

ENCRYPTED = ("tls", "wss")
LOOPBACK = "127.0.0.1:0"


def expect_private(address: str, *, insecure: bool) -> None:
    """Raises CannotGrade for a scheduler on another machine that is reached without TLS."""
    if insecure or address.partition("://")[0] in ENCRYPTED or _is_here(address):
        return
    raise CannotGrade(
        f"the scheduler {address} is on another machine and without TLS, so whoever reaches it can "
        "run code as you, there and here; expected tls://HOST:PORT with --tls-ca-file, --tls-cert "
        "and --tls-key, or --insecure if nobody else can reach it"
    )


def _is_here(address: str) -> bool:
    try:
        host = urlsplit(address if "://" in address else f"//{address}").hostname or ""
    except ValueError:
        return False
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def temporary_certificates() -> Any:
    """Certificates for one cluster, which exist as long as it does. Raises CannotGrade."""
    from distributed import Security

    try:
        return Security.temporary()
    except ImportError:
        raise CannotGrade(
            "--slurm needs the package cryptography, for TLS between the jobs: "
            "pip install cryptography"
        ) from None


def certificates_folder() -> TemporaryFolder:
    """A new folder for the files of the certificates, which the jobs have to reach.

    It is in the folder that jobqueue.yaml names, or in the current one.
    """
    shared = _jobqueue("shared-temp-directory") or os.fspath(Path.cwd())
    return TemporaryFolder(".grader-certificates-", Path(os.path.expandvars(shared)).expanduser())


def closed_slurm(security: Any, folder: Path) -> dict[str, Any]:
    """Settings of SLURMCluster: TLS for all that listens to the network, and no pages there.

    The jobs read the certificates from files in `folder`.
    """
    closed = {
        "protocol": "tls://",
        "security": security,
        "dashboard_address": LOOPBACK,
        "dashboard": False,
    }
    pages = ("--no-dashboard", "--dashboard-address", LOOPBACK)
    return {
        "security": security,
        "protocol": "tls://",
        "shared_temp_directory": os.fspath(folder),
        "scheduler_options": {**(_jobqueue("scheduler-options") or {}), **closed},
        "worker_extra_args": [*(_jobqueue("worker-extra-args") or []), *pages],
    }


def _jobqueue(name: str) -> Any:
    """A setting of jobqueue.yaml; None if it is not there."""
    import dask.config

    return dask.config.get(f"jobqueue.slurm.{name}", None)
