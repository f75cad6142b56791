"""The real server as a process: it starts, serves, stops in good order, and leaves nothing behind when it is killed."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.servers import HOST, PATIENCE_S, free_port

STOP_S = 10


class Server:
    """`headrace serve` and what it says."""

    def __init__(self, home: Path, port: int, *options: str) -> None:
        self.port = port
        env = {n: v for n, v in os.environ.items() if not n.startswith("HEADRACE_")}
        self.process = subprocess.Popen(
            [Path(sys.executable).parent / "headrace", "serve", "--port", str(port), *options],
            env={**env, "HEADRACE_HOME": str(home)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.said: list[str] = []
        self._ready = threading.Event()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line.rstrip())
            if "is ready" in line:
                self._ready.set()
        self._ready.set()

    def wait(self) -> Server:
        assert self._ready.wait(PATIENCE_S), self.said
        assert self.process.poll() is None, self.said
        for _ in range(100):
            with contextlib.suppress(OSError):
                self.get("/health")
                return self
            threading.Event().wait(0.02)
        raise AssertionError(self.said)

    def request(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, Any, Any]:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=20)
        data = json.dumps(body).encode() if body is not None else None
        connection.request(method, path, data, {"Content-Type": "application/json", **headers})
        response = connection.getresponse()
        content = response.read()
        connection.close()
        return response.status, response.headers, json.loads(content) if content else None

    def get(self, path: str, **headers: str) -> tuple[int, Any, Any]:
        return self.request("GET", path, **headers)

    def sign_in(self, login: str, password: str) -> dict[str, str]:
        status, headers, answer = self.request(
            "POST", "/api/session", {"login": login, "password": password}
        )
        assert status == 200, answer
        return {
            "Cookie": headers["Set-Cookie"].partition(";")[0],
            "X-CSRF-Token": answer["csrf_token"],
        }

    def end(self, how: signal.Signals) -> int:
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(STOP_S)
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


Serve = Callable[..., Server]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts servers on one home; whatever still runs at the end is killed."""
    started: list[Server] = []

    def start(*options: str, port: int | None = None, home: str = "home") -> Server:
        server = Server(tmp_path / home, port or free_port(), *options)
        started.append(server)
        return server

    yield start
    for server in started:
        if server.process.returncode is None:
            server.end(signal.SIGKILL)


def test_the_demo_says_where_it_is_and_who_can_sign_in(serve: Serve) -> None:
    server = serve("--demo").wait()

    assert f"Headrace is ready: http://127.0.0.1:{server.port}" in server.said
    assert any("dora" in line and "dora-demo" in line for line in server.said)
    _, _, answer = server.get("/api/session")
    assert {"login": "dora", "password": "dora-demo"}.items() <= answer["error"]["params"][
        "demo_users"
    ][1].items()
    dora = server.sign_in("dora", "dora-demo")
    assert server.get("/api/flows", **dora)[2]["items"]


def test_a_first_start_shows_a_password_once(serve: Serve) -> None:
    server = serve().wait()
    line = next(line for line in server.said if "First start" in line)
    server.sign_in("admin", line.split()[-1])
    assert server.get("/api/session")[2]["error"]["params"] == {
        "workspace": {"name": "Headrace", "demo": False}
    }
    assert server.end(signal.SIGTERM) == 0

    again = serve().wait()

    assert not any("First start" in line for line in again.said)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_finishes_what_was_accepted_and_ends_live_screens(
    serve: Serve, how: signal.Signals
) -> None:
    server = serve("--demo").wait()
    dora = server.sign_in("dora", "dora-demo")
    server.request("POST", "/api/flows", {"key": "mine", "name": {"en": "M"}}, **dora)
    server.request("POST", "/api/flows/mine/publish", {}, **dora)
    _, _, started = server.request("POST", "/api/flows/mine/instances", {"input": {}}, **dora)
    with stream(server, f"/api/instances/{started['id']}/live", dora) as first:
        assert first.startswith(b"retry")

        assert server.end(how) == 0

    assert server.said[-1] == "Stopped"
    again = serve(port=server.port).wait()
    assert again.get(f"/api/instances/{started['id']}", **dora)[2]["status"] == "completed"


@contextmanager
def stream(server: Server, path: str, headers: dict[str, str]) -> Iterator[bytes]:
    """An open live screen, and the first line of it."""
    connection = http.client.HTTPConnection(HOST, server.port, timeout=20)
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    yield response.readline()
    response.close()
    connection.close()


def test_a_kill_takes_one_process_and_frees_port_and_lock_at_once(
    serve: Serve, tmp_path: Path
) -> None:
    server = serve("--demo").wait()
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text()
    dora = server.sign_in("dora", "dora-demo")
    server.request("POST", "/api/flows", {"key": "mine", "name": {"en": "M"}}, **dora)

    server.end(signal.SIGKILL)
    again = serve(port=server.port).wait()

    assert children == ""
    assert again.get("/api/flows/mine", **dora)[0] == 200


def test_a_port_that_is_taken_is_said_in_a_line(serve: Serve) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        server = serve(port=taken.getsockname()[1])
        server.process.wait(PATIENCE_S)

    assert server.end(signal.SIGTERM) == 1
    assert len(server.said) == 1
    assert "expected to listen at" in server.said[0]


def test_50_mb_are_refused_before_they_are_sent(serve: Serve) -> None:
    server = serve("--demo").wait()
    head = (
        f"POST /hooks/a/b HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\n"
        "Content-Length: 50000000\r\n\r\n"
    )
    with socket.create_connection((HOST, server.port), timeout=20) as line:
        line.sendall(head.encode())
        answer = line.recv(100)

    assert answer.startswith(b"HTTP/1.1 413")
    assert server.get("/health")[0] == 200


def test_many_at_once_are_all_answered(serve: Serve) -> None:
    server = serve("--demo").wait()
    statuses: list[int] = []

    def ask() -> None:
        statuses.extend(server.get("/api/session")[0] for _ in range(10))

    threads = [threading.Thread(target=ask) for _ in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert statuses == [401] * 400
