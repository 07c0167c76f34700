"""A server in place of GitHub's: its list of pushes, in pages, and git over HTTP."""

from __future__ import annotations

import json
import os
import subprocess
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any


class Handler(BaseHTTPRequestHandler):
    """Answers with pages of `changes`, or with what git's own HTTP backend says."""

    folder: Path
    changes: list[dict[str, Any]]
    page = 2
    status = 200
    go_on_at = ""  # where the next page is, if not here
    moved_to = ""
    seen: list[tuple[str, str]]

    def do_GET(self) -> None:
        """A page of the list, or git's answer."""
        self.seen.append((self.path, self.headers.get("Authorization", "")))
        if "/api/v3/" not in self.path:
            return self._git(b"")
        if self.moved_to and "/repositories/" not in self.path:
            return self._answer(301, b"", {"Location": self.moved_to})
        if self.status != 200:
            return self._answer(self.status, b"{}", {})
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(self.path).query))
        start = int(query.get("after", "cursor-0").removeprefix("cursor-"))
        listed = [one for one in self.changes if one["ref"] == query["ref"]]
        link = {}
        if start + self.page < len(listed):
            path = urllib.parse.urlsplit(self.path).path
            following = urllib.parse.urlencode({**query, "after": f"cursor-{start + self.page}"})
            host = self.go_on_at or f"http://{self.headers['Host']}"
            before = f'<http://{self.headers["Host"]}{path}>; rel="first", '
            link = {"Link": f'{before}<{host}{path}?{following}>; rel="next"'}
        return self._answer(200, json.dumps(listed[start : start + self.page]).encode(), link)

    def do_POST(self) -> None:
        """What git sends."""
        self._git(self.rfile.read(int(self.headers["Content-Length"])))

    def _git(self, body: bytes) -> None:
        path, _, query = self.path.partition("?")
        environment = {
            **os.environ, "GIT_PROJECT_ROOT": str(self.folder), "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": path, "QUERY_STRING": query, "REQUEST_METHOD": self.command,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""), "REMOTE_ADDR": "127.0.0.1",
            "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*",
        }  # fmt: skip
        ran = subprocess.run(
            ["git", "http-backend"], input=body, env=environment, capture_output=True, check=False
        )
        head, _, content = ran.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().splitlines() if ": " in line)
        self._answer(int(fields.pop("Status", "200").split()[0]), content, fields)

    def _answer(self, status: int, content: bytes, fields: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**fields, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


@contextmanager
def serving(
    folder: Path, changes: list[dict[str, Any]], **settings: Any
) -> Iterator[tuple[str, type[Handler]]]:
    """The address of a server with these repositories and pushes, and its handler."""
    handler = type(
        "Own", (Handler,), {"folder": folder, "changes": changes, "seen": [], **settings}
    )
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", handler
        finally:
            server.shutdown()
            thread.join()
