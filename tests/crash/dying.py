"""A process that makes engine processes by forking, so that a thousand of them can be killed in some minutes.

Each line on its input is a request (JSON): `{url, port, kinds, cases, point, number}`. The child opens the store, starts the
cases of each kind, does what people and other systems do, and kills itself at the named point of its n-th commit or call; or it
ends by itself when every instance has ended. Answered, a line each: `{exit, commits, calls}`; exit -9 is a kill.

    python -m tests.crash.dying
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import logging
import os
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Collection, Sequence
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from headrace.engine import jsontext
from headrace.engine.errors import Conflict, HeadraceError
from headrace.engine.flow.model import sha256
from headrace.engine.flow.table_definition import slots_for
from headrace.engine.registry import connectors
from headrace.engine.service import hooks, instances, messages, opening, schedules, tasks
from headrace.engine.service.actor import EVERYTHING, Actor
from headrace.engine.service.secrets import seal
from headrace.engine.service.workspace import Workspace
from headrace.engine.settings import Settings
from headrace.engine.store import data_tables, decision_tables, records
from headrace.engine.store import jobs as job_store
from headrace.engine.store import tables as t
from headrace.engine.store.invariant import OPEN
from headrace.engine.store.writer import Writer, _Wish
from headrace.engine.work import jobs, runtime
from tests.builder import Document
from tests.crash.kinds import APPROVER, BREAKER, DECISION, STOCK, STOCK_OF_S1, Kind, kinds

KEY = b"3q2-796tvu_erb7v3q2-796tvu_erb7v3q2-796tvu8="
ANN = Actor("usr_ann", "Ann", (), EVERYTHING)
POINTS = ("begin", "before-commit", "after-commit", "before-call", "after-call")
"""Where a process can be killed: around a commit of the writer, and around a call of a worker."""

LEASE_MS, HEARTBEAT_MS, SWEEP_S = 1_500, 400, 0.3
"""Found out sooner than in production; longer than the bank takes to answer."""


class Fate:
    """When this process dies."""

    point = ""
    number = 0
    commits = 0
    calls = 0

    @classmethod
    def at(cls, point: str, count: int) -> None:
        """Die if this is the moment."""
        if point == cls.point and count == cls.number:
            os.kill(os.getpid(), signal.SIGKILL)


class DyingWriter(Writer):
    """Counts commits, and dies around one of them."""

    def _transaction(self, group: list[_Wish]) -> list[Any]:
        Fate.commits += 1
        number = Fate.commits
        Fate.at("begin", number)
        last = _Wish(run=lambda _: Fate.at("before-commit", number))
        results = super()._transaction([*group, last])[:-1]
        Fate.at("after-commit", number)
        return results


def dying(attempt: Callable[..., Any]) -> Callable[..., Any]:
    """A job's attempt that may not survive."""

    def tried(*arguments: Any, **named: Any) -> Any:
        Fate.calls += 1
        number = Fate.calls
        Fate.at("before-call", number)
        result = attempt(*arguments, **named)
        Fate.at("after-call", number)
        return result

    return tried


def live(request: dict[str, Any], out: int) -> None:
    """One life of an engine."""
    Fate.point, Fate.number = request["point"], request["number"]
    opening.Writer = DyingWriter  # type: ignore[misc]
    jobs.attempt = dying(jobs.attempt)
    job_store.LEASE_MS, job_store.HEARTBEAT_MS = LEASE_MS, HEARTBEAT_MS
    runtime.SWEEP_S = SWEEP_S
    home = Path(request["home"])
    settings = Settings(
        home, request["url"], 0, ("127.0.0.0/8",), (KEY,), sqlite_folder=home.resolve()
    )
    chosen = {name: kind for name, kind in kinds().items() if name in request["kinds"]}
    documents = [document for kind in chosen.values() for document in kind.documents]
    cases = request["cases"]
    with opening.open_workspace(settings, wait_s=5) as workspace:
        workspace.writer.call(partial(furnish, workspace, documents, request["port"]))
        engine = runtime.Runtime(workspace, job_threads=4)
        engine.start()
        for name, kind in chosen.items():
            for case in cases:
                begin(workspace, kind, name, case)
        wanted = len(cases) * sum(kind.instances for kind in chosen.values())
        while left(workspace, wanted):
            see_no_incident(workspace)
            act(workspace, chosen.values(), cases)
            threading.Event().wait(0.02)
        os.write(out, json.dumps({"commits": Fate.commits, "calls": Fate.calls}).encode())
    os._exit(0)


def left(workspace: Workspace, wanted: int) -> int:
    """Instances that have not ended, or were not even made."""
    ended = t.instances.c.status.not_in(OPEN)
    with workspace.read() as connection:
        query = sa.select(sa.func.count()).select_from(t.instances).where(ended)
        return wanted - int(connection.execute(query).scalar_one())


def see_no_incident(workspace: Workspace) -> None:
    """An incident waits for somebody, and nobody is there: better told than waited for."""
    with workspace.read() as connection:
        found = connection.execute(sa.select(t.incidents.c.code, t.incidents.c.message)).first()
    assert found is None, tuple(found)


def begin(workspace: Workspace, kind: Kind, name: str, case: str) -> None:
    """Whoever starts a case does not know whether an earlier try was heard."""
    match kind.start:
        case "hand":
            instances.start(workspace, ANN, name, {"case": case}, dedup_key=case)
        case "webhook":
            raw = json.dumps({"case": case}).encode()
            hooks.receive(workspace, name, "webhook", raw, {"case": case}, {}, {}, no_connection)
        case "message":
            messages.publish(workspace, ANN, "begin", payload={"case": case}, dedup=case)


def no_connection(key: str) -> Any:
    raise AssertionError(f"expected no connection to be asked for, but {key} was")


def decide(workspace: Workspace, task: dict[str, Any]) -> None:
    """Approve; but what is asked at `again` for the first time is commented and returned, to come straight back."""
    if task["node"] != "again" or task["round"] > 1:
        tasks.decide(workspace, ANN, task["id"], "approved")
        return
    tasks.act(workspace, ANN, task["id"], "comment", {"text": "not yet"})
    told = {"to": "it", "after": "back", "comment": "look again"}
    tasks.act(workspace, ANN, task["id"], "return", told)


def act(workspace: Workspace, chosen: Collection[Kind], cases: list[str]) -> None:
    """What people and other systems do meanwhile."""
    for task in tasks.listing(workspace, ANN, limit=200)["items"]:
        try:
            decide(workspace, task)
        except Conflict:
            continue
    for name, case in product({kind.message for kind in chosen} - {""}, cases):
        with contextlib.suppress(HeadraceError):
            messages.publish(workspace, ANN, name, key=case, dedup=case, payload={"case": case})


def furnish(
    workspace: Workspace, documents: Sequence[Document], port: int, connection: sa.Connection
) -> None:
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
            settings={"base_url": f"http://127.0.0.1:{port}", "auth": "none"},
            created_at=0, updated_at=0, updated_by="x",
        )
    )  # fmt: skip
    shop = connectors()["woocommerce"]
    connection.execute(
        t.connections.insert().values(
            key="shop", name="Shop", connector=shop.name, secrets=seal(workspace, shop.example_secrets),
            settings={"base_url": f"http://127.0.0.1:{port}"}, created_at=0, updated_at=0, updated_by="x",
        )
    )  # fmt: skip
    furnish_books(workspace, connection)
    # One call in five fails here for ever: left alone for half a minute each time, nothing would ever end.
    connection.execute(
        t.limits.insert().values(connection="bank", settings=BREAKER, updated_at=0, updated_by="x")
    )
    furnish_tables(connection)
    for document in documents:
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
        schedules.follow(connection, document, workspace.clock.now_ms())
    # Its moment has passed a while ago: it is made up for once.
    connection.execute(t.schedules.update().values(next_at=workspace.clock.now_ms() - 90_000))


def furnish_books(workspace: Workspace, connection: sa.Connection) -> None:
    """Somebody else's database: what is sold twice breaks its key, and the case would never end."""
    books = sqlite3.connect(Path(workspace.settings.home) / "books.db")
    books.executescript(
        'CREATE TABLE IF NOT EXISTS sold ("case" TEXT PRIMARY KEY);'
        "CREATE TABLE IF NOT EXISTS headrace_done (step_key VARCHAR(200) PRIMARY KEY, answer TEXT NOT NULL);"
    )
    books.close()
    connection.execute(
        t.connections.insert().values(
            key="books", name="Books", connector="sql", secrets=seal(workspace, {}),
            settings={"kind": "sqlite", "file": "books.db", "write": True}, created_at=0, updated_at=0, updated_by="x",
        )
    )  # fmt: skip


def furnish_tables(connection: sa.Connection) -> None:
    """The decision table `cases`, and the table `stock` with its one record."""
    rules = jsontext.dumps(DECISION)
    decision_tables.insert(connection, "cases", rules, "x", 0)
    row = {
        "table_key": "cases", "version": 1, "definition": rules, "valid_from": 0, "published_at": 0, "published_by": "x",
    }  # fmt: skip
    decision_tables.add_version(connection, row)
    stock = data_tables.insert(connection, "stock", STOCK, slots_for(STOCK, {}), "x", 0)
    first = records.Item("s1", {"on_hand": STOCK_OF_S1}, "create")
    records.write(connection, stock, [first], records.Who("x"), 0)


def main() -> None:
    """Fork an engine for each line."""
    logging.basicConfig(level=logging.CRITICAL)
    kinds()
    for line in sys.stdin:
        request = json.loads(line)
        read_end, write_end = os.pipe()
        pid = os.fork()
        if not pid:
            try:
                ctypes.CDLL(None).prctl(1, signal.SIGKILL)
                os.close(read_end)
                live(request, write_end)
            except BaseException as broken:
                os.write(write_end, json.dumps({"broken": repr(broken)}).encode())
                os._exit(3)
        os.close(write_end)
        status = waited(pid, request.get("timeout_s", 30))
        with os.fdopen(read_end, "rb") as told:
            answer = {"exit": status, **json.loads(told.read() or b"{}")}
        print(json.dumps(answer), flush=True)


def waited(pid: int, timeout_s: float) -> int | str:
    """The child's end: its exit code, -9 for a kill, or `late`."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)  # noqa: TID251 - real processes take real time
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return "late"


if __name__ == "__main__":
    main()
