"""The lab as published for offline use, in Pyodide under Node, and served to a browser."""

from __future__ import annotations

import functools
import http.server
import json
import os
import shutil
import ssl
import subprocess
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from filelock import FileLock

from grader.lab.downloads import Unavailable
from grader.lab.folder import write_lab
from tests.support import ROOT, script_with

BRIEF, PATIENT = 3.0, 60.0
NODE = shutil.which("node")
SPECIMENS = ROOT / "tests" / "specimens"
HERE = Path(__file__).resolve().parent


def need(thing: object, what: str) -> None:
    """Skip the test if something is missing here; fail where everything has to be there."""
    if not thing:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{what} is missing")


def offline_lab(factory: pytest.TempPathFactory) -> Path:
    """The folder that `publish lab --offline` writes, made once for all processes of a test run."""
    base = factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    folder = shared / "lab"
    with FileLock(shared / "lab.lock"):
        if not folder.exists():
            try:
                write_lab(folder, offline=True)
            except Unavailable as error:
                need(False, f"Pyodide ({error})")
    return folder


def numpy_specimens() -> dict[str, tuple[str, float]]:
    """Every specimen of part 1 as a whole script, and the seconds that one section may take.

    Few for those that never end: the others may be slow on a busy machine.
    """
    found: dict[str, tuple[str, float]] = {}
    for file, key in (("right", "right"), ("wrong_numpy", "wrong"), ("odd_numpy", "odd")):
        for one in tomllib.loads((SPECIMENS / f"{file}.toml").read_text(encoding="utf-8"))[key]:
            if one["section"].startswith("1."):
                name = one.get("style") or one["mistake"]
                sections = {one["section"]: one["code"], **one.get("others", {})}
                source = script_with("numpy_ann", sections)
                found[f"{one['section']} {name} ({file})"] = source, PATIENT
    for one in tomllib.loads((SPECIMENS / "whole_scripts.toml").read_text(encoding="utf-8"))[
        "script"
    ]:
        source = script_with("numpy_ann", {})
        if one["section"].startswith("1.") and one["replace"] in source:
            changed = source.replace(one["replace"], one["with"])
            seconds = BRIEF if "call_seconds" in one else PATIENT
            found[f"{one['section']} {one['mistake']} (whole)"] = changed, seconds
    return found


def in_pyodide(
    lab: Path, folder: Path, requests: list[dict[str, Any]], *options: str
) -> list[list[Any]]:
    """The messages that the lab's Python sends for each request, in Node."""
    need(NODE, "Node")
    asked, answered = folder / "requests.json", folder / "messages.json"
    asked.write_text(json.dumps(requests), encoding="utf-8")
    done = subprocess.run(
        [str(NODE), str(HERE / "in_node.mjs"), str(lab), str(asked), str(answered), *options],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    messages: list[list[Any]] = json.loads(answered.read_text(encoding="utf-8"))
    return messages


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments: Any) -> None:
        """Nothing: a test's output is about the test."""


class _Cdn(_Quiet):
    def translate_path(self, path: str) -> str:
        """The file of that name, in whatever folder the CDN has it."""
        return str(Path(self.directory, Path(path).name))

    def end_headers(self) -> None:
        """Pages of other hosts may read what a CDN has."""
        self.send_header("Access-Control-Allow-Origin", "*")
        super().end_headers()


@contextmanager
def served(folder: Path, *, as_cdn: Path | None = None) -> Iterator[str]:
    """The address of a folder, as `python -m http.server` serves it.

    With `as_cdn`, a folder for a certificate, as a CDN does: over TLS, to pages of any host.
    """
    handler = functools.partial(_Cdn if as_cdn else _Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        if as_cdn:
            tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            tls.load_cert_chain(_certificate(as_cdn))
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http{'s' if as_cdn else ''}://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def _certificate(folder: Path) -> Path:
    """A key and a certificate for itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path
