"""The engine's threads with the real clock: they find what there is to do, and stop in good order."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet

from headrace.engine.clock import SystemClock
from headrace.engine.service.secrets import seal
from headrace.engine.settings import Settings
from headrace.engine.store import tables as t
from headrace.engine.work import relay
from headrace.engine.work.runtime import Runtime
from tests.builder import flow
from tests.fakes import House
from tests.far_side import far_side, says


@pytest.fixture
def lively(migrated_url: str) -> Iterator[House]:
    house = House(migrated_url, clock=SystemClock())
    key = Fernet.generate_key()
    house.workspace.settings = Settings(Path(), migrated_url, 0, ("127.0.0.0/8",), (key,))
    yield house
    assert house.violations() == []
    house.close()


def connect(house: House, url: str) -> None:
    row = {
        "key": "bank", "name": "Bank", "connector": "rest", "settings": {"base_url": url, "auth": "none"},
        "secrets": seal(house.workspace, {}), "created_at": 0, "updated_at": 0, "updated_by": "x",
    }  # fmt: skip
    house.write(lambda connection: connection.execute(t.connections.insert().values(**row)))


def wait_for_end(house: House, timeout_s: float = 20) -> None:
    open_ = sa.select(t.instances.c.id).where(t.instances.c.ended_at.is_(None))
    pause, waited = threading.Event(), 0.0
    while house.rows(open_):
        assert waited < timeout_s, house.rows(sa.select(t.instances))
        pause.wait(0.05)
        waited += 0.05


def test_calls_timers_and_sub_flows_get_done_by_themselves(lively: House) -> None:
    lively.publish(flow("child").then("wait", "timer", duration="PT0.2S").then("done", "end"))
    lively.publish(
        flow("all").then("pay", "connector").then("fork", "split").then("sub", "subflow", flow="child").then("meet", "join")
        .then("note", "record", key="step.key").then("done", "end").at("note", "exists").to("done")
        .at("fork").then("wait", "timer", duration="PT0.1S").to("meet")
    )  # fmt: skip
    with far_side(says(200, "{}")) as bank:
        connect(lively, bank.url)
        runtime = Runtime(lively.workspace, job_threads=4)
        runtime.start()
        for _ in range(10):
            lively.start("all")
        wait_for_end(lively)
        runtime.stop()

        assert len(bank.seen) == len({seen.headers["idempotency-key"] for seen in bank.seen}) == 10


def test_what_waited_before_the_start_is_found(lively: House) -> None:
    lively.publish(flow("child").then("done", "end"))
    lively.publish(
        flow("all")
        .then("sub", "subflow", flow="child")
        .then("wait", "timer", duration="PT0.1S")
        .then("done", "end")
    )
    lively.start("all")

    runtime = Runtime(lively.workspace, job_threads=1)
    runtime.start()
    wait_for_end(lively)
    runtime.stop()


def test_two_runtimes_on_one_postgresql_do_everything_once(migrated_postgresql_url: str) -> None:
    key = Fernet.generate_key()
    houses = [
        House(migrated_postgresql_url, clock=SystemClock(), furnish=not number)
        for number in range(2)
    ]
    for house in houses:
        house.workspace.settings = Settings(
            Path(), migrated_postgresql_url, 0, ("127.0.0.0/8",), (key,)
        )
    houses[0].publish(flow("child").then("pay", "connector").then("done", "end"))
    houses[0].publish(
        flow("all").then("sub", "subflow", flow="child", for_each="[1, 2, 3]").then("wait", "timer", duration="PT0.1S")
        .then("done", "end")
    )  # fmt: skip
    with far_side(says(200, "{}")) as bank:
        connect(houses[0], bank.url)
        runtimes = [Runtime(house.workspace, job_threads=4) for house in houses]
        for runtime in runtimes:
            runtime.start()
        for number in range(30):
            houses[number % 2].start("all")
        wait_for_end(houses[0])
        for runtime in runtimes:
            runtime.stop()

        assert len(bank.seen) == len({seen.headers["idempotency-key"] for seen in bank.seen}) == 90
    assert houses[0].violations() == []
    for house in houses:
        house.close()


def test_a_stop_does_not_wait_for_every_message_of_a_slow_mail_server(
    lively: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = Runtime(lively.workspace)
    rounds: list[str] = []
    begun = threading.Event()

    def sends_and_hears_the_stop(*_: object, channel: str) -> int:
        rounds.append(channel)
        runtime._stopping.set()
        begun.set()
        return 20 if rounds.count(channel) < 3 else 0

    monkeypatch.setattr(relay, "send_due", sends_and_hears_the_stop)
    runtime.start()
    assert begun.wait(5)
    runtime.stop()

    assert len(rounds) == len(set(rounds))  # each channel's sender once at most
