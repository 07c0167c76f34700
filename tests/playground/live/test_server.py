"""The server of the live page: what it answers, and to whom."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from playground.errors import PlaygroundError
from playground.live.server import LiveServer
from tests.playground.live.support import recorder_of, small


@pytest.fixture(scope="module")
def server() -> Iterator[LiveServer]:
    made = LiveServer(recorder_of(small()), {"title": "a run"})
    yield made
    made.close()


def ask(
    server: LiveServer, path: str, method: str = "GET", body: bytes | None = None, **headers: str
) -> http.client.HTTPResponse:
    """The answer to a request for a path below the token, or for a whole one that begins with /."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    target = path if path.startswith("/") else f"/{server.token}/{path}"
    connection.request(method, target, body, sent)
    return connection.getresponse()


def command(server: LiveServer, message: Any, **headers: str) -> int:
    own = {"Origin": server.url.split(f"/{server.token}")[0], **headers}
    return ask(server, "control", "POST", json.dumps(message).encode(), **own).status


def test_every_file_that_the_page_names_is_served(server: LiveServer) -> None:
    page = ask(server, "").read().decode()
    names = re.findall(r'(?:src|href)="(?!data:)([^"]+)"', page)
    assert len(names) == 4
    while names:
        answer = ask(server, name := names.pop())
        assert answer.status == 200, name
        text = answer.read().decode()
        names += re.findall(r'from "#live/([^"]+)"', text)
        names += [
            f"inspection/{other}" for other in re.findall(r'from "#inspection/([^"]+)"', text)
        ]
    assert json.loads(ask(server, "run.json").read()) == {"title": "a run"}


@pytest.mark.parametrize("path", [
    "/", "/run.json", "/wrong/run.json", "//run.json", "/%C3%A9/run.json",
    "server.py", "../server.py", "web/live.js", "inspection/../page.py", "inspection/", "%2e%2e/",
])  # fmt: skip
def test_other_paths_are_not_found(server: LiveServer, path: str) -> None:
    assert ask(server, path).status == 404


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "", "localhost"])
def test_a_foreign_name_for_this_computer_is_refused(server: LiveServer, host: str) -> None:
    assert ask(server, "run.json", Host=host).status == 403
    assert command(server, {"action": "pause"}, Host=host) == 403
    assert not server.recorder.controls.paused


@pytest.mark.parametrize("origin", ["null", "http://evil.example", "http://127.0.0.1", ""])
def test_commands_of_another_page_are_refused(server: LiveServer, origin: str) -> None:
    assert command(server, {"action": "pause"}, Origin=origin) == 403
    assert not server.recorder.controls.paused


@pytest.mark.parametrize(
    ("message", "status"), [({"action": "x"}, 400), ("x" * 2000, 413), ([[1]] * 100, 400)]
)
def test_wrong_commands_are_refused(server: LiveServer, message: object, status: int) -> None:
    assert command(server, message) == status


def test_a_command_of_our_page_is_obeyed(server: LiveServer) -> None:
    assert command(server, {"action": "rate", "factor": 0.25}) == 204
    assert server.recorder.controls.rate_factor == 0.25
    assert ask(server, "events", "POST").status == 404


def test_the_page_may_load_nothing_from_elsewhere(server: LiveServer) -> None:
    assert server.server_address[0] == "127.0.0.1"
    for path in ("", "run.json", "/nothing"):
        headers = ask(server, path).headers
        assert headers["Content-Security-Policy"].startswith(
            "default-src 'none'; script-src 'self'"
        )
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"


def test_events_are_states_and_then_the_end() -> None:
    server = LiveServer(recorder_of(small()), {})
    assert not server.wait_for_page(timeout=0)
    answer = ask(server, "events")
    assert json.loads(answer.readline().removeprefix(b"data: "))["ended"] == ""
    assert server.wait_for_page(timeout=0)
    server.recorder.finish("finished")
    first, last = answer.read().strip().split(b"\n\n")
    assert json.loads(first.removeprefix(b"data: "))["ended"] == "finished"
    assert last == b"event: end\ndata:"
    server.close()


def test_a_port_that_is_taken_is_one_line(server: LiveServer) -> None:
    with pytest.raises(PlaygroundError, match=f"port {server.server_port} is not available"):
        LiveServer(server.recorder, {}, server.server_port)
