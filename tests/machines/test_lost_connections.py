"""PostgreSQL throws everybody out again and again: whoever was told "done" was told the truth, and nothing is done twice."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet
from sqlalchemy import make_url

from headrace.engine.clock import SystemClock
from headrace.engine.service.secrets import seal
from headrace.engine.settings import Settings
from headrace.engine.store import tables as t
from headrace.engine.wakeup import Wakeup
from headrace.engine.work.runtime import Runtime
from tests.builder import flow
from tests.fakes import House
from tests.far_side import far_side, says
from tests.machines.processes import until

ORDERS = 2_000 if os.environ.get("HEADRACE_CRASH") == "full" else 100


@pytest.fixture
def houses(migrated_postgresql_url: str) -> Iterator[list[House]]:
    key = Fernet.generate_key()
    made = [
        House(migrated_postgresql_url, clock=SystemClock(), furnish=not number)
        for number in range(2)
    ]
    for house in made:
        house.workspace.settings = Settings(
            Path(), migrated_postgresql_url, 0, ("127.0.0.0/8",), (key,)
        )
        house.workspace.secret_key = key
        house.workspace.wakeup = Wakeup(shared=True)
    yield made
    assert made[0].violations() == []
    for house in made:
        house.close()


class Bouncer:
    """Ends every connection but its own, five times a second."""

    def __init__(self, url: str) -> None:
        address = make_url(url)
        self._admin = address.set(drivername="postgresql", database="postgres").render_as_string(
            False
        )
        self._database = address.database
        self._over = threading.Event()
        self.thrown_out = 0
        self._thread = threading.Thread(target=self._loop)
        self._thread.start()

    def _loop(self) -> None:
        query = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = %s"
        with psycopg.connect(self._admin, autocommit=True) as connection:
            while not self._over.wait(0.2):
                row = connection.execute(query, [self._database]).fetchone()
                self.thrown_out += row[0] if row else 0

    def end(self) -> None:
        self._over.set()
        self._thread.join()


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_orders_get_done_once_although_connections_break(houses: list[House]) -> None:
    # On a busy machine a call is cut off more often than the usual tries: what counts is that all of them are one.
    houses[0].publish(flow("child").then("pay", "connector", attempts=20).then("done", "end"))
    houses[0].publish(
        flow("order").then("sub", "subflow", flow="child").then("wait", "timer", duration="PT0.1S")
        .then("note", "record", key="step.key").then("done", "end")
    )  # fmt: skip
    told: dict[int, str] = {}
    with far_side(says(200, "{}")) as bank:
        row = {
            "key": "bank", "name": "Bank", "connector": "rest", "settings": {"base_url": bank.url, "auth": "none"},
            "secrets": seal(houses[0].workspace, {}), "created_at": 0, "updated_at": 0, "updated_by": "x",
        }  # fmt: skip
        houses[0].write(lambda c: c.execute(t.connections.insert().values(**row)))
        runtimes = [Runtime(house.workspace, job_threads=4) for house in houses]
        for runtime in runtimes:
            runtime.start()
        bouncer = Bouncer(houses[0].url)
        for number in range(ORDERS):
            for attempt in range(50):
                with suppress(sa.exc.DBAPIError):
                    told[number] = houses[number % 2].start("order", dedup_key=f"order {number}")
                    break
                assert attempt < 49
        bouncer.end()

        query = sa.select(sa.func.count()).select_from(t.instances)
        until(
            lambda: houses[0].rows(query.where(t.instances.c.ended_at.is_(None))) == [(0,)],
            60,
            lambda: houses[0].rows(sa.select(t.jobs)),
        )
        for runtime in runtimes:
            runtime.stop()

        assert bouncer.thrown_out > 10
        assert [h.workspace.counters.total("sweeper_repairs_total") for h in houses] == [0, 0]
        assert len({seen.headers["idempotency-key"] for seen in bank.seen}) == ORDERS
    orders = houses[0].rows(sa.select(t.instances.c.id).where(t.instances.c.flow_key == "order"))
    assert {row.id for row in orders} == set(told.values())
    assert len(orders) == ORDERS
    assert houses[0].rows(sa.select(sa.func.count()).select_from(t.records)) == [(ORDERS,)]
