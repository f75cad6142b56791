"""A small engine process for the crash tests: workspace, workers, one who starts and one who approves. Killed from outside, or by
itself at a named point of a commit. Every start of it does the same: what has been done already is found done.

    python -m tests.crash.engine DATABASE_URL LEDGER_PORT CASES [POINT NUMBER]
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from headrace.engine import jsontext
from headrace.engine.clock import SystemClock
from headrace.engine.errors import Busy, Conflict
from headrace.engine.flow.model import sha256
from headrace.engine.service import instances, opening, tasks
from headrace.engine.service.actor import EVERYTHING, Actor
from headrace.engine.service.secrets import seal
from headrace.engine.service.workspace import Workspace
from headrace.engine.settings import Settings
from headrace.engine.store import jobs
from headrace.engine.store import tables as t
from headrace.engine.store.writer import Writer, _Wish
from headrace.engine.work.nudges import Listener, Nudger, queue_name
from headrace.engine.work.runtime import Runtime
from tests.crash.flows import APPROVER, case_name, decision, drawings, kind
from tests.crash.kinds import BREAKER

KEY = b"3q2-796tvu_erb7v3q2-796tvu_erb7v3q2-796tvu8="
ANN = Actor("usr_ann", "Ann", (), EVERYTHING)


class DyingWriter(Writer):
    """Kills the process at one named point of its n-th commit. Lives here, not in the engine."""

    point = ""
    number = 0

    def _transaction(self, group: list[_Wish]) -> list[Any]:
        DyingWriter.number -= 1
        dies = DyingWriter.number == 0
        if dies and self.point == "begin":
            _die()
        if dies and self.point == "before-commit":
            return super()._transaction([*group, _Wish(run=lambda _: _die())])
        results = super()._transaction(group)
        if dies and self.point == "after-commit":
            _die()
        return results


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(url: str, ledger_port: int, cases: int, point: str = "", number: int = 0) -> None:
    logging.basicConfig(level=logging.WARNING)
    DyingWriter.point, DyingWriter.number = point, number
    opening.Writer = DyingWriter  # type: ignore[misc]
    jobs.LEASE_MS, jobs.HEARTBEAT_MS = (
        3_000,
        1_000,
    )  # a killed worker is found out sooner than in production
    home = Path(os.environ.get("TMPDIR", "/tmp"))
    settings = Settings(home, url, 0, ("127.0.0.0/8",), (KEY,))
    clock = JumpingClock() if os.environ.get("HEADRACE_CRASH_CLOCK") else None
    with opening.open_workspace(settings, wait_s=5, clock=clock) as workspace:
        workspace.writer.call(lambda connection: furnish(workspace, connection, ledger_port))
        runtime = Runtime(workspace, job_threads=8)
        if redis_url := os.environ.get("HEADRACE_CRASH_REDIS"):
            nudge(workspace, runtime, redis_url)
        runtime.start()
        if clock:
            threading.Thread(target=clock.jump, daemon=True).start()
        print("ready", flush=True)
        threading.Thread(target=approve_all, args=(workspace,), daemon=True).start()
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda n: start(workspace, n), range(cases)))
        print("started", flush=True)
        threading.Event().wait()


class JumpingClock(SystemClock):
    """Jumps an hour ahead and back again, some times, and stays ahead: what was set then is due."""

    HOUR_MS = 3_600_000
    JUMPS = 7
    EVERY_S = 1.0
    shift_ms = 0

    def now_ms(self) -> int:
        return super().now_ms() + self.shift_ms

    def jump(self) -> None:
        """Ahead, back, ahead …"""
        for number in range(self.JUMPS):
            threading.Event().wait(self.EVERY_S)
            self.shift_ms = self.HOUR_MS if number % 2 == 0 else 0


def nudge(workspace: Workspace, runtime: Runtime, redis_url: str) -> None:
    """As `headrace work` does it: hints go and come through Redis, wherever there is one."""
    nudger = Nudger(redis_url, workspace.counters, ())
    nudger.start()
    workspace.wakeup.carrier = nudger.carry
    Listener(redis_url, queue_name(None), runtime.look_now).start()


def furnish(workspace: Workspace, connection: sa.Connection, ledger_port: int) -> None:
    """The person, the account and the flows, once."""
    if connection.execute(sa.select(t.flows.c.key)).first():
        return
    connection.execute(
        t.users.insert().values(
            id=ANN.user_id, login=APPROVER, name="Ann", password_hash="x", active=True, created_at=0
        )
    )
    connection.execute(
        t.connections.insert().values(
            key="bank", name="Bank", connector="rest", secrets=seal(workspace, {}),
            settings={"base_url": f"http://127.0.0.1:{ledger_port}", "auth": "none"},
            created_at=0, updated_at=0, updated_by="x",
        )
    )  # fmt: skip
    # One call in five fails here for ever: left alone for half a minute each time, nothing would ever end.
    connection.execute(
        t.limits.insert().values(connection="bank", settings=BREAKER, updated_at=0, updated_by="x")
    )
    for document in drawings():
        connection.execute(
            t.flows.insert().values(
                key=document["key"], name=document["name"], published_version=1, draft="{}", draft_etag="x",
                draft_updated_at=0, draft_updated_by="x", created_at=0, created_by="x",
            )
        )  # fmt: skip
        connection.execute(
            t.flow_versions.insert().values(
                flow_key=document["key"], version=1, document=jsontext.dumps(document), sha256=sha256(document),
                published_at=0, published_by="x",
            )
        )  # fmt: skip


def start(workspace: Workspace, number: int) -> None:
    """A caller who does not know whether an earlier try was heard tries again with the same key."""
    name = case_name(number)
    while True:
        try:
            instances.start(workspace, ANN, kind(number), {"case": name}, dedup_key=name)
        except (sa.exc.DBAPIError, Busy):
            threading.Event().wait(0.5)
        else:
            return


def approve_all(workspace: Workspace) -> None:
    """Decide whatever is asked, over and over."""
    while True:
        try:
            for task in tasks.listing(workspace, ANN, limit=200)["items"]:
                try:
                    tasks.decide(workspace, ANN, task["id"], decision(task["title"]))
                except Conflict:
                    continue  # somebody else (the other process) was faster
        except (sa.exc.DBAPIError, Busy) as away:
            logging.getLogger("crash").info("tried again: %s", type(away).__name__)
        threading.Event().wait(0.2)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:5], *map(int, sys.argv[5:6]))
