"""Real processes of ours: started, listened to, and ended as a test wants."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.servers import HOST, PATIENCE_S, die_with_parent

STOP_S = 20


class Process:
    """`headrace …` and what it says."""

    def __init__(self, home: Path, *command: str, **env: str) -> None:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith("HEADRACE_")
        }
        self.process = subprocess.Popen(
            [Path(sys.executable).parent / "headrace", *command],
            env={**kept, "HEADRACE_HOME": str(home), **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=die_with_parent,
        )
        self.said: list[str] = []
        self._heard = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._heard:
                self.said.append(line.rstrip())
                self._heard.notify_all()
        with self._heard:
            self.said.append("(ended)")
            self._heard.notify_all()

    def wait_for(self, text: str, times: int = 1, within_s: float = PATIENCE_S) -> Process:
        """Until it has said this so many times."""

        def heard() -> bool:
            return sum(text in line for line in self.said) >= times or "(ended)" in self.said

        with self._heard:
            assert self._heard.wait_for(heard, within_s), self.said
        assert sum(text in line for line in self.said) >= times, self.said
        return self

    def children(self) -> list[int]:
        """The processes it has started."""
        pid = self.process.pid
        told = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        return [int(child) for child in told.split()]

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(STOP_S)
        self._reader.join()
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


@contextmanager
def running(home: Path, *command: str, **env: str) -> Iterator[Process]:
    """A process that is gone afterwards, whatever happened."""
    found = Process(home, *command, **env)
    try:
        yield found
    finally:
        if found.process.stdout is not None and not found.process.stdout.closed:
            try:
                found.end()
            except subprocess.TimeoutExpired:
                found.end(signal.SIGKILL)


def ask(
    port: int, method: str, path: str, body: Any = None, **headers: str
) -> tuple[int, Any, Any]:
    """One request; answers status, headers and the JSON of the answer."""
    connection = http.client.HTTPConnection(HOST, port, timeout=30)
    data = json.dumps(body).encode() if body is not None else None
    connection.request(method, path, data, {"Content-Type": "application/json", **headers})
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response.status, response.headers, json.loads(content) if content else None


def sign_in(port: int, login: str, password: str) -> dict[str, str]:
    """The headers of somebody who is signed in."""
    status, headers, answer = ask(
        port, "POST", "/api/session", {"login": login, "password": password}
    )
    assert status == 200, answer
    return {
        "Cookie": headers["Set-Cookie"].partition(";")[0],
        "X-CSRF-Token": answer["csrf_token"],
    }


def until(true: Callable[[], Any], timeout_s: float = 20, told: Callable[[], Any] = str) -> float:
    """Wait for something to become true; answers how long it took, in seconds."""
    began = time.monotonic()
    while True:
        with contextlib.suppress(OSError):
            if true():
                return time.monotonic() - began
        assert time.monotonic() - began < timeout_s, told()
        threading.Event().wait(0.02)


def is_alive(pid: int) -> bool:
    """Does this process run? One that has ended and was not asked for its code does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
