"""The real server, driven over HTTP as people and shops do, and killed while it works: its process alone, or all of its group."""

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
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.crash.flows import APPROVER, case_name, decision, drawings, kind
from tests.crash.kinds import BREAKER
from tests.crash.scene import ALIVE, FULL, Watch, dice, kill, kill_all, ledger, rest
from tests.crash.scene import _die_with_parent as die_with_parent
from tests.servers import PATIENCE_S, free_port

pytestmark = pytest.mark.slow

CASES, KILLS = (300, 10) if FULL else (24, 2)
LEFT_S = 240 if FULL else 45
PASSWORD = "a long enough password"
BROKEN = (OSError, http.client.HTTPException)
"""What a caller sees of a server that is killed."""


class Server:
    """One `headrace serve` after the other, on the same port and database."""

    def __init__(self, home: Path, url: str) -> None:
        self.port = free_port()
        self.program = str(Path(sys.executable).parent / "headrace")
        outside = {k: v for k, v in os.environ.items() if not k.startswith("HEADRACE_")}
        self.env = {
            **outside,
            "HEADRACE_HOME": str(home),
            "HEADRACE_DATABASE_URL": url,
            "HEADRACE_PORT": str(self.port),
            "HEADRACE_ALLOW_ADDRESSES": "127.0.0.0/8",
        }
        self.log = home / "server.log"
        self.process: subprocess.Popen[str] | None = None

    def say(self, *words: str, given: str = "") -> str:
        """Another command of the program; answers what it printed."""
        done = subprocess.run(
            [self.program, *words],
            env=self.env,
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self) -> None:
        """Up within `PATIENCE_S`, with port and lock free although the one before was killed."""
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [self.program, "serve"], env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, text=True,
                start_new_session=True, preexec_fn=die_with_parent,
            )  # fmt: skip
        ALIVE.add(self.process)
        deadline = time.monotonic() + PATIENCE_S
        while True:
            assert self.process.poll() is None, self.log.read_text()[-2000:]
            assert time.monotonic() < deadline, self.log.read_text()[-2000:]
            with contextlib.suppress(*BROKEN):
                if self.ask("GET", "/health")["ok"]:
                    return
            rest(0.05)

    def kill_main(self) -> None:
        assert self.process
        kill(self.process)

    def kill_group(self) -> None:
        assert self.process
        os.killpg(self.process.pid, signal.SIGKILL)
        kill(self.process)

    # --- as a caller ---

    cookie = csrf = ""

    def sign_in(self) -> None:
        request = self._request("POST", "/api/session", {"login": APPROVER, "password": PASSWORD})
        with urllib.request.urlopen(request, timeout=10) as answer:
            self.cookie = answer.headers["Set-Cookie"].split(";")[0]
            self.csrf = json.load(answer)["csrf_token"]

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        with urllib.request.urlopen(self._request(method, path, body), timeout=10) as answer:
            return json.load(answer)

    def insist(self, method: str, path: str, body: Any = None) -> Any:
        """Ask again until there is an answer: a caller whose server was killed does not know whether it was heard."""
        deadline = time.monotonic() + LEFT_S
        while True:
            try:
                return self.ask(method, path, body)
            except urllib.error.HTTPError as refused:
                if refused.code < 500:
                    return {"status": refused.code, **json.load(refused)}
            except BROKEN:
                pass
            assert time.monotonic() < deadline, f"no answer to {method} {path}"
            rest(0.1)

    def _request(self, method: str, path: str, body: Any) -> urllib.request.Request:
        headers = {
            "Content-Type": "application/json",
            "Cookie": self.cookie,
            "X-CSRF-Token": self.csrf,
        }
        data = None if body is None else json.dumps(body).encode()
        url = f"http://127.0.0.1:{self.port}{path}"
        return urllib.request.Request(url, data, headers, method=method)


@pytest.fixture
def seed() -> int:
    return time.time_ns() % 1_000_000


@pytest.fixture
def bank(seed: int) -> Iterator[int]:
    with ledger(seed) as port:
        yield port
    kill_all()


@pytest.fixture(params=["sqlite", "postgresql"] if FULL else ["sqlite"])
def server_url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"{request.param}_url"))


def test_a_server_killed_at_random_moments_ends_everything_once(
    server_url: str, tmp_path: Path, bank: int, seed: int
) -> None:
    moments = dice(seed)
    watch = Watch(server_url, CASES)
    server = Server(tmp_path, server_url)
    server.say("user", "add", APPROVER, "--role", "administrator", given=PASSWORD + "\n")
    server.start()
    server.sign_in()
    furnish(server, bank)
    stop = threading.Event()

    with ThreadPoolExecutor(9) as callers:
        approving = callers.submit(approve_all, server, stop)
        starting = [callers.submit(start, server, number) for number in range(CASES)]
        try:
            for number in range(KILLS):
                rest(moments.uniform(0.2, 2.0))
                under_way = watch.open_instances()
                assert under_way or not FULL, "expected something under way at every kill"
                (server.kill_main if number % 2 else server.kill_group)()
                server.start()
            for future in starting:
                future.result()
            assert server.process
            watch.wait_for_all(server.process, LEFT_S)
        finally:
            stop.set()
            approving.result()

    server.kill_main()
    checked = server.say("check")
    assert checked.splitlines()[-1] == "0 violations"
    print({"kills": KILLS, **watch.promises(bank)})


def furnish(server: Server, bank: int) -> None:
    """The account and the flows, as a designer makes them."""
    settings = {"base_url": f"http://127.0.0.1:{bank}", "auth": "none"}
    account = {
        "key": "bank",
        "name": "Bank",
        "connector": "rest",
        "settings": settings,
        "secrets": {},
    }
    server.ask("POST", "/api/connections", account)
    server.ask("PUT", "/api/connections/bank/limits", json.loads(BREAKER))
    for document in reversed(drawings()):  # the sub-flow first
        server.ask(
            "POST",
            "/api/flows",
            {"key": document["key"], "name": document["name"], "document": document},
        )
        server.ask("POST", f"/api/flows/{document['key']}/publish", {})


def start(server: Server, number: int) -> None:
    name = case_name(number)
    answer = server.insist(
        "POST", f"/api/flows/{kind(number)}/instances", {"input": {"case": name}, "dedup_key": name}
    )
    assert "id" in answer, answer


def approve_all(server: Server, stop: threading.Event) -> None:
    """Decide whatever is asked, until told to stop. A decision that was heard, though not answered, is a conflict the next time."""
    while not stop.wait(0.2):
        todo = server.insist("GET", "/api/tasks?box=todo&limit=100")
        assert "items" in todo, todo
        for task in todo["items"]:
            answer = server.insist(
                "POST", f"/api/tasks/{task['id']}/decide", {"decision": decision(task["title"])}
            )
            assert "task" in answer or answer.get("status") == 409, answer
