"""Processes that share a database share its clock, whatever their machines' clocks say."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine

from headrace.engine.clock import SystemClock
from headrace.engine.service.opening import open_workspace
from headrace.engine.settings import from_environment
from headrace.engine.store.dbclock import DatabaseClock, steady_s
from headrace.engine.store.session import open_database
from headrace.engine.work import jobs, timers
from tests.builder import flow
from tests.fakes import House, claim_jobs

HOUR_MS = 3_600_000


@pytest.fixture
def database(postgresql_url: str) -> Iterator[Engine]:
    engine = open_database(postgresql_url)
    yield engine
    engine.dispose()


class Machine:
    """A steady clock with an offset and a rate of its own."""

    def __init__(self, ahead_s: float, rate: float = 1.0) -> None:
        self.ahead_s, self.rate = ahead_s, rate

    def __call__(self) -> float:
        return steady_s() * self.rate + self.ahead_s


def told(database: Engine) -> float:
    with database.connect() as connection:
        query = sa.text("SELECT extract(epoch FROM clock_timestamp()) * 1000")
        return float(connection.execute(query).scalar_one())


@pytest.mark.parametrize("ahead_s", [0.0, 3_600.0, -3_600.0, 86_400.0 * 365])
def test_machines_that_disagree_agree_on_the_databases_time(
    database: Engine, ahead_s: float
) -> None:
    clock = DatabaseClock(database, Machine(ahead_s))

    before = told(database)
    now = clock.now_ms()
    after = told(database)

    assert before - 250 <= now <= after


def test_it_is_never_ahead_of_the_database(database: Engine) -> None:
    clock = DatabaseClock(database)

    ahead = []
    for _ in range(200):
        now = clock.now_ms()
        ahead.append(now - told(database))

    assert max(ahead) <= 0


def test_a_machine_that_runs_fast_is_set_right_at_the_next_measurement(database: Engine) -> None:
    machine = Machine(0)
    clock = DatabaseClock(database, machine)
    machine.ahead_s += 5  # as if it had gained five seconds
    assert clock.now_ms() - told(database) > 4_000

    clock.measure()

    assert clock.now_ms() <= told(database)


def test_measuring_again_does_not_move_what_is_right(database: Engine) -> None:
    clock = DatabaseClock(database)
    seen = [clock.now_ms()]
    for _ in range(20):
        clock.measure()
        seen.append(clock.now_ms())

    assert seen == sorted(seen)


def test_a_shared_database_brings_its_clock_and_a_file_does_not(
    migrated_url: str, tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = from_environment(
        {"HEADRACE_HOME": str(tmp_path), "HEADRACE_DATABASE_URL": migrated_url}
    )
    with open_workspace(settings) as workspace:
        expected = SystemClock if migrated_url.startswith("sqlite") else DatabaseClock
        assert isinstance(workspace.clock, expected)
        assert abs(workspace.clock.now_ms() - SystemClock().now_ms()) < 5_000


@pytest.mark.parametrize("ahead_s", [3_600.0, -3_600.0])
def test_a_machine_an_hour_off_takes_no_lease_and_fires_no_timer_early(
    migrated_postgresql_url: str, database: Engine, ahead_s: float
) -> None:
    here = House(migrated_postgresql_url, clock=DatabaseClock(database))
    wrong = DatabaseClock(database, Machine(ahead_s))
    there = House(migrated_postgresql_url, furnish=False, clock=wrong)
    here.publish(flow("pay").then("pay", "connector").then("done", "end"))
    here.publish(flow("wait").then("wait", "timer", duration="PT10M").then("done", "end"))
    here.start("pay")
    waiting = here.start("wait")
    assert len(claim_jobs(here)) == 1

    assert jobs.reclaim(there.workspace) == 0
    assert claim_jobs(there) == []
    assert timers.fire_due(there.workspace) == 0
    assert there.status(waiting) == "waiting"
    there.close()
    here.close()
