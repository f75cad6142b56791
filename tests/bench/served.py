"""The real server: `headrace serve` on loopback, asked by a load generator in another process, answered after the commit."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection

from headrace.engine.store import tables as t
from tests.bench import order as work
from tests.bench.load import run_load
from tests.bench.measure import ROOT, Sample, cpu_of, options, report, rss_mb
from tests.bench.setting import LOOPBACK, completed, settings_for, workspace
from tests.servers import free_port

WARM = 200


def main(
    folder: str,
    instances: int,
    target: str = work.KEY,
    at_once: int = 16,
    rate: float | None = None,
    url: str | None = None,
) -> None:
    """`target`: the key of the flow to start, or `hook`."""
    with workspace(folder, url) as opened:
        opened.writer.call(prepare_token)
    with server(folder, url) as (pid, port):
        load = {"port": port, "target": target, "at_once": at_once}
        warm = run_load(**load, first=0, count=WARM, rate=None)
        cpu = cpu_of(pid)
        measured = run_load(**load, first=WARM, count=instances, rate=rate)
        cpu = cpu_of(pid) - cpu
        rss = rss_mb(pid)
    expected = {"202"} if target == "hook" else {"201"}
    assert set(warm["statuses"]) | set(measured["statuses"]) == expected, measured["statuses"]
    with workspace_again(folder, url) as opened:
        assert completed(opened) == WARM + instances
    report(Sample(instances, measured["seconds"], cpu, measured["p50_ms"], measured["p99_ms"], rss))


def workspace_again(folder: str, url: str | None) -> Any:
    """The same workspace, after the server has let it go."""
    from headrace.engine.service.opening import open_workspace

    return open_workspace(settings_for(folder, url), wait_s=5)


def prepare_token(connection: Connection) -> None:
    """A token that may start instances."""
    user = {
        "id": "usr_bench",
        "login": "bench",
        "name": "Bench",
        "password_hash": "x",
        "active": True,
        "created_at": 0,
    }
    connection.execute(t.users.insert().values(user))
    connection.execute(t.role_members.insert().values(role="administrator", user_id="usr_bench"))
    token = {
        "id": "tok_bench", "name": "bench", "sha256": hashlib.sha256(work.TOKEN.encode()).hexdigest(), "hint": "hr_bbbbb",
        "user_id": "usr_bench", "scopes": ["instances:start"], "created_at": 0,
    }  # fmt: skip
    connection.execute(t.api_tokens.insert().values(token))


@contextmanager
def server(folder: str, url: str | None) -> Iterator[tuple[int, int]]:
    """Serve while the block runs; answers process and port. It leads a group of its own."""
    port = free_port()
    settings = settings_for(folder, url)
    environment = {
        **os.environ,
        "HEADRACE_HOME": folder,
        "HEADRACE_DATABASE_URL": settings.database_url,
        "HEADRACE_ALLOW_ADDRESSES": LOOPBACK,
    }
    program = "from headrace.engine.cli import main; main()"
    process = subprocess.Popen(
        [sys.executable, "-c", program, "serve", "--port", str(port)],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        start_new_session=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        if not any("ready" in line for line in process.stdout):
            raise RuntimeError("the server did not start")
        yield process.pid, port
    finally:
        process.terminate()
        process.wait(30)


if __name__ == "__main__":
    main(**options())
