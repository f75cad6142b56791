"""Many people at one task at the same moment, each a process of its own, through real servers: they vote, withdraw and return.

Every round must have exactly one outcome, told alike by the task, its instance, its history and the chain of decisions; whoever
came too late hears 409 with how the task stands. `make people` plays 1,000 rounds of 50 processes on each database.
"""

from __future__ import annotations

import json
import os
import random
import secrets
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet

from headrace.engine.run import events as e
from headrace.engine.service import access, decisions
from headrace.engine.service.opening import open_workspace
from headrace.engine.service.workspace import Workspace
from headrace.engine.settings import Settings
from headrace.engine.store import history, invariant, signins, users
from headrace.engine.store import tables as t
from headrace.engine.store.session import open_database
from tests.builder import flow, role
from tests.fakes import _publish
from tests.machines.processes import Process, ask, running
from tests.servers import free_port

FULL = os.environ.get("HEADRACE_PEOPLE") == "full"
VOTERS, ROUNDS = (48, 1_000) if FULL else (10, 15)
"""Besides the voters there are one who returns the task (a voter, too) and the one who started it, who withdraws."""

MODES: dict[str, dict[str, Any]] = {
    "race-any": {"mode": "any"},
    "race-all": {"mode": "all"},
    "race-half": {"mode": "ratio", "ratio": 50},
    "race-two": {"mode": "count", "count": 2},
}
OUTCOMES = {"approved": "yes", "rejected": "no"}
VOTER = Path(__file__).parent / "voter.py"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(7_200 if FULL else 300)]


@dataclass
class Crowd:
    """People with tokens, and a process for each."""

    tokens: dict[str, str]
    ports: list[int]
    url: str
    secret: bytes
    servers: list[Process] = field(default_factory=list)
    processes: dict[str, subprocess.Popen[str]] = field(default_factory=dict)

    def tell(self, who: str, path: str, body: Any, at: float, port: int) -> None:
        told = {"port": port, "path": path, "body": body, "token": self.tokens[who], "at": at}
        pipe = self.processes[who].stdin
        assert pipe is not None
        pipe.write(json.dumps(told) + "\n")
        pipe.flush()

    def hear(self, who: str) -> list[Any]:
        pipe = self.processes[who].stdout
        assert pipe is not None
        line = pipe.readline()
        assert line, f"the process of {who} has ended"
        found: list[Any] = json.loads(line)
        return found

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Eve asks; what she wants must be possible."""
        headers = {"Authorization": f"Bearer {self.tokens['eve']}"}
        status, _, answer = ask(self.ports[0], method, path, body, **headers)
        assert status in {200, 201}, answer
        return answer


@pytest.fixture(params=["sqlite", "postgresql"])
def crowd(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Crowd]:
    """SQLite behind one server, PostgreSQL behind three."""
    url = str(request.getfixturevalue(f"migrated_{request.param}_url"))
    secret = Fernet.generate_key()
    settings = Settings(tmp_path, url, 0, (), (secret,))
    with open_workspace(settings) as workspace:
        tokens = _furnish(workspace)
    ports = [free_port() for _ in range(1 if request.param == "sqlite" else 3)]
    servers: list[Process] = []
    with ExitStack() as stack:
        for port in ports:
            env = {"HEADRACE_DATABASE_URL": url, "HEADRACE_SECRET_KEY": secret.decode()}
            serving = running(tmp_path, "serve", "--port", str(port), **env)
            servers.append(stack.enter_context(serving))
            servers[-1].wait_for("Headrace is ready", within_s=180)
        found = Crowd(tokens, ports, url, secret, servers)
        for who in tokens:
            found.processes[who] = stack.enter_context(_voter())
        yield found


@contextmanager
def _voter() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-S", "-E", str(VOTER)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        process.wait(20)
        process.stdout.close()


def _furnish(workspace: Workspace) -> dict[str, str]:
    """Eve, who starts and withdraws; Rob, who returns; and the voters. Answers their tokens."""
    names = ["eve", "rob", *(f"v{number:02}" for number in range(VOTERS))]
    tokens = {name: access.TOKEN_PREFIX + secrets.token_urlsafe(32) for name in names}
    now = workspace.clock.now_ms()

    def write(connection: sa.Connection) -> None:
        users.insert_role(connection, "voters", {"en": "Voters"}, system=False)
        for name in names:
            row = {
                "id": f"usr_{name}", "login": name, "name": name, "password_hash": "x", "active": True, "language": "en",
                "created_at": now,
            }  # fmt: skip
            users.insert(connection, row)
            roles = ["operator", "approver"] if name == "eve" else ["approver", "voters"]
            users.set_roles(connection, f"usr_{name}", roles)
            token = {
                "id": f"tok_{name}", "name": name, "sha256": access.sha256(tokens[name]), "hint": "x",
                "user_id": f"usr_{name}", "scopes": ["tasks:decide", "instances:start", "instances:read", "flows:read"],
                "created_at": now, "expires_at": None,
            }  # fmt: skip
            signins.insert_token(connection, token)
        for key, settings in MODES.items():
            _publish(connection, _drawing(key, settings))

    workspace.writer.call(write)
    return tokens


def _drawing(key: str, settings: dict[str, Any]) -> dict[str, Any]:
    return (
        flow(key)
        .then("prepare", "approval", assignees=[{"kind": "initiator"}])
        .then("race", "approval", assignees=[role("voters")], **settings)
        .then("yes", "end", result="yes")
        .at("race", "rejected").then("no", "end", result="no")
        .at("prepare", "rejected").to("no")
    ).document()  # fmt: skip


def test_one_task_has_one_outcome(crowd: Crowd, capsys: pytest.CaptureFixture[str]) -> None:
    seed = secrets.randbits(32)
    dice = random.Random(seed)
    began, answers, endings, ids = time.monotonic(), Counter[int](), Counter[str](), []
    for number in range(ROUNDS):
        key = list(MODES)[number % len(MODES)]
        id_, heard = _round(crowd, key, dice)
        ids.append(id_)
        answers.update(status for status, _, _ in heard.values())
        endings[_look(crowd, key, id_, heard, seed)] += 1
    took_s = time.monotonic() - began

    _look_at_all(crowd, ids, answers)
    with capsys.disabled():
        kind = crowd.url.partition(":")[0]
        print(
            f"\n{ROUNDS} rounds of {VOTERS + 2} processes at one task each, {kind} behind {len(crowd.ports)}:"
            f" {dict(answers)} answers, {dict(endings)}, {took_s:.0f} s",
            end=" ",
        )


def _round(crowd: Crowd, key: str, dice: random.Random) -> tuple[str, dict[str, list[Any]]]:
    """Everybody at once; answers the instance and what each heard."""
    started = crowd.ask("POST", f"/api/flows/{key}/instances", {"input": {}})
    id_ = started["id"]
    crowd.ask("POST", f"/api/tasks/{id_}.2/decide", {"decision": "approved"})
    task = f"/api/tasks/{id_}.3"
    wishes: dict[str, tuple[str, dict[str, Any]]] = {
        who: (f"{task}/decide", {"decision": "rejected" if dice.random() < 0.1 else "approved"})
        for who in crowd.tokens
        if who not in {"eve", "rob"}
    }
    wishes["eve"] = (f"{task}/actions/withdraw", {"reason": "not needed"})
    wishes["rob"] = (f"{task}/actions/return", {"to": "prepare", "comment": "look again"})
    people = list(wishes)
    dice.shuffle(people)
    at = time.time() + 0.03 + 0.001 * len(people)
    for who in people:
        # Who withdraws or returns comes somewhere among the others, not always first or last.
        moment = at + dice.random() * 0.1 if who in {"eve", "rob"} else at + dice.random() * 0.02
        crowd.tell(who, *wishes[who], moment, dice.choice(crowd.ports))
    return id_, {who: crowd.hear(who) for who in people}


def _look(crowd: Crowd, key: str, id_: str, heard: dict[str, list[Any]], seed: int) -> str:
    """One outcome, and what everybody was told fits it. Answers the outcome."""
    said = f"seed {seed}, {key} {id_}: {heard}"
    odd = {status for status, _, _ in heard.values()} - {200, 409}
    assert not odd, (odd, [line for server in crowd.servers for line in server.said[-60:]], said)
    for _, code, current in (one for one in heard.values() if one[0] == 409):
        assert code == "conflict" and current["status"], said
    instance = crowd.ask("GET", f"/api/instances/{id_}")
    task = crowd.ask("GET", f"/api/tasks/{id_}.3")
    ending = str(task["status"])
    withdrawn, returned = heard["eve"][0] == 200, heard["rob"][0] == 200
    assert withdrawn == (instance["status"] == "cancelled"), said
    assert returned == (ending == "returned"), said
    match ending:
        case "approved" | "rejected":
            assert instance["result"] == OUTCOMES[ending], said
        case "cancelled":
            assert withdrawn, said
        case "returned":
            waiting = [step for step in instance["steps"] if step["ended_at"] is None]
            assert [step["node"] for step in waiting] == ["prepare"], said
            assert instance["status"] == "waiting", said
        case _:
            raise AssertionError(said)
    voted = {
        who for who, (status, _, _) in heard.items() if status == 200 and who not in {"eve", "rob"}
    }
    counted = {
        seat["user_id"][4:]
        for seat in task["seats"]
        if seat["decision"] in {"approved", "rejected"}
    }
    assert voted == counted, said
    assert not [seat for seat in task["seats"] if seat["status"] in {"open", "waiting"}], said
    return ending


def _look_at_all(crowd: Crowd, ids: list[str], answers: Counter[int]) -> None:
    """No task lost or doubled; rows, history and chain agree; nothing hangs."""
    database = open_database(crowd.url)
    with database.connect() as connection:
        nodes = connection.execute(
            sa.select(t.tasks.c.instance_id, t.tasks.c.node, sa.func.count()).group_by(
                t.tasks.c.instance_id, t.tasks.c.node
            )
        ).all()
        assert {(id_, count) for id_, node, count in nodes if node == "race"} == {
            (id_, 1) for id_ in ids
        }
        told = decisions.verify(connection, [crowd.secret])
        assert told.ok, told
        # One prepared, one by one all that was answered 200: no more and no less stands in the chain.
        assert told.checked == len(ids) + answers[200]
        for id_ in ids:
            facts = [event for _, _, event in history.read(connection, id_)]
            ends = [f for f in facts if isinstance(f, e.InstanceCompleted | e.InstanceCancelled)]
            assert len(ends) <= 1, id_
            assert not [f for f in facts if isinstance(f, e.ResultIgnored)], id_
        assert invariant.violations(connection) == []
    database.dispose()
