"""A sandbox without a wire, and the real connectors to ask it with. Time stands still unless a test moves it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from headrace.engine.clock import ManualClock
from headrace.engine.connector import ConnectionInfo, HttpAnswer, Incoming, Verdict, Wish
from headrace.engine.registry import connectors
from headrace.engine.sandbox.calls import Said
from headrace.engine.sandbox.proofs import Keys
from headrace.engine.sandbox.pushes import Target
from headrace.engine.sandbox.server import Sandbox
from headrace.engine.sandbox.troubles import Switch


@pytest.fixture(scope="session")
def keys() -> Keys:
    return Keys.new()


@dataclass
class Desk:
    """A sandbox, and a clerk with every connector."""

    sandbox: Sandbox
    clock: ManualClock
    pushed: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    proven: list[bool] = field(default_factory=list)
    """Was each answer theirs?"""
    answers: list[Said] = field(default_factory=list)
    """What the engine says to pushes, in turn; afterwards always yes."""

    def account(self, simulator: str, **secrets: str) -> ConnectionInfo:
        found = self.sandbox.accounts()[simulator]
        return ConnectionInfo("c", found.connector, found.settings, {**found.secrets, **secrets})

    def do(self, simulator: str, operation: str, key: str = "ins_1/7", **params: Any) -> Verdict:
        """Ask as a flow would: build, send, prove the answer, judge it."""
        account = self.account(simulator)
        return self.ask(account, operation, key, **params)

    def ask(self, account: ConnectionInfo, operation: str, key: str, **params: Any) -> Verdict:
        connector = connectors()[account.connector]
        known = next(each for each in connector.operations if each.name == operation)
        assert known.build and known.judge
        request = known.build(account, Wish(params, key, self.clock.now_ms(), "n0nce"))
        assert request.url.startswith(self.sandbox.base)
        target = request.url.removeprefix(self.sandbox.base)
        headers = {"Host": self.sandbox.base.split("//")[1], **request.headers}
        said = self.sandbox.ask(request.method, target, headers, request.body or b"")
        answer = HttpAnswer(said.status, said.headers, said.body)
        if connector.proves:
            self.proven.append(connector.proves(account, answer, self.clock.now_ms()))
        return known.judge(answer)

    def switch(self, simulator: str, trouble: str, **more: Any) -> None:
        assert trouble in self.sandbox.simulators[simulator].troubles
        self.sandbox.switches.put(simulator, Switch(trouble, **more))

    def window(self, minutes: int = 25, lag_s: int = 200) -> dict[str, str]:
        """A time every platform answers to."""
        end = self.clock.now_ms() - lag_s * 1_000
        return {"since": iso(end - minutes * 60_000), "until": iso(end)}

    def send(self, url: str, headers: Mapping[str, str], body: bytes) -> Said:
        self.pushed.append((url, dict(headers), body))
        return self.answers.pop(0) if self.answers else Said(b"success")

    def aim(self, simulator: str) -> None:
        self.sandbox.pusher.aim(simulator, Target(f"http://127.0.0.1:1/{simulator}"))

    def incoming(self, number: int = -1) -> Incoming:
        url, headers, body = self.pushed[number]
        query = dict(pair.split("=", 1) for pair in url.partition("?")[2].split("&") if pair)
        return Incoming(headers, query, body, self.clock.now_ms())


def iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1_000, UTC).isoformat()


@pytest.fixture
def desk(keys: Keys) -> Iterator[Desk]:
    clock = ManualClock()
    made: list[Desk] = []
    sandbox = Sandbox(clock, keys, seed=7, per_minute=12, send=lambda *parts: made[0].send(*parts))
    made.append(Desk(sandbox, clock))
    yield made[0]
