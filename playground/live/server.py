"""The page's server. It listens on this computer only, and answers only who knows its token.

Any page that is open in the browser can send requests to 127.0.0.1, and a hostile name server can
make it look like the same site. So the address has a random token, the Host header must be ours,
and a command must come from our own page (its Origin header). The page may load nothing from
elsewhere (its Content-Security-Policy).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import socketserver
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Condition, Thread
from typing import Any

from inspection.one_file import WEB as SHARED
from playground.errors import PlaygroundError
from playground.live.recorder import Recorder

HOST = "127.0.0.1"
WEB = Path(__file__).parent / "web"
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css"}
LONGEST_COMMAND = 1000  # bytes
INTERVAL = 0.2  # seconds between two messages to a page
QUIET = 10.0  # seconds without news before a sign of life, which finds out who has left
LAST_WORDS = 3.0  # seconds for the pages to hear of the end


def _files() -> dict[str, Path]:
    """What is served, by its path below the token: our own web/ and that of the inspection."""
    own = {path.name: path for path in WEB.iterdir() if path.suffix in TYPES}
    shared = {f"inspection/{path.name}": path for path in SHARED.iterdir() if path.suffix in TYPES}
    return {**own, **shared, "": WEB / "live.html"}


def _policy() -> str:
    """The Content-Security-Policy; the page's import map is its only inline script."""
    page = (WEB / "live.html").read_text("utf-8")
    import_map = page.partition('<script type="importmap">')[2].partition("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(import_map.encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'self' 'sha256-{digest}'; style-src 'self';"
        " connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'"
    )


class LiveServer(ThreadingHTTPServer):
    """Serves the page of a recorder from threads of its own, until `close()`.

    `run` describes the training run as JSON. Port 0 is any free one. Raises PlaygroundError if the
    port is taken.
    """

    daemon_threads = True

    def __init__(self, recorder: Recorder, run: dict[str, Any], port: int = 0):
        self.recorder, self.run = recorder, json.dumps(run, allow_nan=False).encode()
        self.token = secrets.token_urlsafe(16)
        self.files, self.policy = _files(), _policy()
        self._visits, self._open = 0, 0  # pages that follow the training: in all, and now
        self._visitors = Condition()
        try:
            super().__init__((HOST, port), _Handler)
        except OSError as error:
            raise PlaygroundError(
                f"port {port} is not available ({error.strerror}), choose another --live-port"
            ) from None
        Thread(target=self.serve_forever, args=(0.1,), daemon=True).start()

    def server_bind(self) -> None:
        """Binds without looking up the computer's name, which can take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]

    @property
    def url(self) -> str:
        """The address of the page."""
        return f"http://{HOST}:{self.server_port}/{self.token}/"

    @property
    def hosts(self) -> tuple[str, str]:
        """The allowed values of the Host header."""
        return f"{HOST}:{self.server_port}", f"localhost:{self.server_port}"

    def wait_for_page(self, timeout: float | None = None) -> bool:
        """Whether a page follows the training, at once or within some seconds."""
        with self._visitors:
            return self._visitors.wait_for(lambda: self._visits > 0, timeout)

    def count(self, change: int) -> None:
        """A page begins (1) or ends (-1) to follow the training."""
        with self._visitors:
            self._visits += change > 0
            self._open += change
            self._visitors.notify_all()

    def close(self) -> None:
        """Ends the server; pages that are open hear of the end before."""
        with self._visitors:
            self._visitors.wait_for(lambda: self._open == 0, LAST_WORDS)
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Nothing: a page that was closed is no error."""


class _Handler(BaseHTTPRequestHandler):
    server: LiveServer
    timeout = 60  # seconds that a client may be silent

    def do_GET(self) -> None:
        name = self._name()
        if name is None:
            return
        if name == "events":
            self._follow()
        elif name == "run.json":
            self._answer(HTTPStatus.OK, self.server.run, "application/json")
        elif name in self.server.files:
            file = self.server.files[name]
            self._answer(HTTPStatus.OK, file.read_bytes(), f"{TYPES[file.suffix]}; charset=utf-8")
        else:
            self._refuse(HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        name = self._name()
        if name is None:
            return
        length = self.headers.get("Content-Length", "")
        if name != "control":
            self._refuse(HTTPStatus.NOT_FOUND)
        elif self.headers.get("Origin") != f"http://{self.headers['Host']}":
            self._refuse(HTTPStatus.FORBIDDEN)
        elif not length.isdecimal() or int(length) > LONGEST_COMMAND:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        else:
            try:
                self.server.recorder.obey(json.loads(self.rfile.read(int(length))))
            except (ValueError, RecursionError) as error:  # of json, and PlaygroundError
                self._answer(HTTPStatus.BAD_REQUEST, str(error).encode(), "text/plain")
            else:
                self._answer(HTTPStatus.NO_CONTENT)

    def _name(self) -> str | None:
        """The path below the token, or None if the request was refused."""
        _, token, *rest = [*self.path.split("/", 2), ""]
        if self.headers.get("Host") not in self.server.hosts:
            self._refuse(HTTPStatus.FORBIDDEN)
        elif not hmac.compare_digest(token.encode(), self.server.token.encode()):
            self._refuse(HTTPStatus.NOT_FOUND)
        else:
            return rest[0]
        return None

    def _follow(self) -> None:
        """Server-sent events: the state as it changes, and `end` after the last one."""
        recorder, version, ended = self.server.recorder, -1, False
        self._head(HTTPStatus.OK, "text/event-stream")
        self.server.count(1)
        try:
            while not ended:
                newer, state = recorder.wait_for_news(version, QUIET)
                ended = bool(state["ended"])
                text = json.dumps(state, allow_nan=False) if newer > version else ""
                self.wfile.write(f"data: {text}\n\n".encode() if text else b": no news\n\n")
                version = newer
                time.sleep(0 if ended else INTERVAL)
            self.wfile.write(b"event: end\ndata:\n\n")
        finally:
            self.server.count(-1)

    def _refuse(self, status: HTTPStatus) -> None:
        self._answer(status, status.phrase.encode(), "text/plain")

    def _answer(self, status: HTTPStatus, content: bytes = b"", kind: str = "text/plain") -> None:
        self._head(status, kind, len(content))
        self.wfile.write(content)

    def _head(self, status: HTTPStatus, kind: str, length: int | None = None) -> None:
        self.send_response(status)
        for name, value in {
            "Content-Type": kind,
            "Content-Security-Policy": self.server.policy,
            "X-Content-Type-Options": "nosniff",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
            **({} if length is None else {"Content-Length": str(length)}),
        }.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002
        """Nothing: the terminal shows the training."""
