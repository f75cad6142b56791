"""The sweeper: what should never be found is repaired and counted; of many processes one sweeps."""

from __future__ import annotations

import sqlalchemy as sa

from headrace.engine.service import incidents, operations
from headrace.engine.store import sweep
from headrace.engine.store import tables as t
from headrace.engine.work.sweeper import LATE_MS, STUCK_MS, Sweeper
from tests.builder import flow
from tests.fakes import EVE, House, settle


def repairs(house: House) -> dict[str, int]:
    return {
        dict(labels)["kind"]: count
        for (name, labels), count in house.workspace.counters.snapshot().items()
        if name == "sweeper_repairs_total"
    }


def waiting(house: House, duration: str = "PT1H") -> str:
    house.publish(flow("slow").then("wait", "timer", duration=duration).then("done", "end"))
    return house.start("slow")


def test_a_sound_store_is_left_alone(house: House) -> None:
    house.publish(flow("paid").then("pay", "connector").then("done", "end"))
    waiting(house)
    house.start("paid")

    for _ in range(4):
        assert Sweeper(house.workspace).sweep() == 0

    assert repairs(house) == {}


def test_a_wish_nobody_was_told_of_is_applied(house: House) -> None:
    house.publish(flow("child").then("done", "end"))
    house.publish(flow("parent").then("sub", "subflow", flow="child").then("done", "end"))
    id_ = house.start("parent")
    house.write(lambda connection: connection.execute(t.ready.delete()))

    assert Sweeper(house.workspace).sweep() == 1
    settle(house)

    assert repairs(house) == {"inbox": 1}
    assert house.status(id_) == "completed"


def test_what_has_come_for_a_suspended_instance_is_left_to_rest(house: House) -> None:
    id_ = waiting(house)
    operations.suspend(house.workspace, house.actor(EVE), id_)
    house.later(s=3600)
    settle(house)
    assert operations.resting(house.workspace, house.actor(EVE), id_)["items"] != []

    assert Sweeper(house.workspace).sweep() == 0

    assert (repairs(house), house.status(id_)) == ({}, "suspended")


def test_an_overdue_timer_is_fired(house: House) -> None:
    id_ = waiting(house)
    sweeper = Sweeper(house.workspace)
    house.later(s=3600 + LATE_MS / 1000 + 1)

    assert sweeper.sweep() == 0  # perhaps somebody is about to
    assert sweeper.sweep() == 1

    assert repairs(house) == {"timer": 1}
    assert house.status(id_) == "completed"


def test_an_instance_that_nothing_moves_gets_an_incident_and_goes_on_by_hand(house: House) -> None:
    id_ = waiting(house)
    house.write(lambda connection: connection.execute(t.timers.delete()))
    sweeper = Sweeper(house.workspace)

    found = sum(sweeper.sweep() for _ in range(6))

    assert found == 1  # told once, not with every look
    assert repairs(house) == {"instance": 1}
    (incident,) = house.incidents(id_)
    assert (incident["code"], incident["node"]) == ("nothing_moves_it", "wait")
    incidents.retry(house.workspace, house.actor(EVE), incident["id"])
    house.later(s=3601)
    settle(house)
    assert house.status(id_) == "completed"


def test_a_message_nobody_sends_is_counted(house: House) -> None:
    row = {
        "channel": "mail", "recipient": "a@example.com", "title": "", "text": "", "status": "queued",
        "receipts": [], "available_at": house.now_ms, "created_at": house.now_ms,
    }  # fmt: skip
    house.write(lambda connection: connection.execute(t.outbox.insert().values(**row)))
    seen = house.workspace.wakeup.seen("outbox")
    house.later(ms=STUCK_MS + 1)

    Sweeper(house.workspace).sweep()

    assert repairs(house) == {"outbox": 1}
    assert house.workspace.wakeup.seen("outbox") > seen


def test_a_lease_that_ran_out_is_daily_business(house: House) -> None:
    house.publish(flow("paid").then("pay", "connector").then("done", "end"))
    house.start("paid")
    leased = {"status": "leased", "lease_epoch": 1, "attempt": 1, "lease_until": house.now_ms + 1}
    house.write(lambda connection: connection.execute(t.jobs.update().values(**leased)))
    house.later(s=1)

    assert Sweeper(house.workspace).sweep() == 0

    assert house.workspace.counters.get("sweeper_leases_expired_total") == 1
    assert house.rows(sa.select(t.jobs.c.status)) == [("ready",)]


def test_of_many_processes_one_sweeps(house: House) -> None:
    waiting(house)
    house.write(lambda connection: connection.execute(t.timers.delete()))
    sweeper = Sweeper(house.workspace)
    with house.workspace.read() as connection:
        others = sweep.try_lock(connection) and house.database.dialect.name == "postgresql"
        found = sum(sweeper.sweep() for _ in range(6))
    found_later = sum(sweeper.sweep() for _ in range(6))

    # An SQLite file has one engine, and so one sweeper.
    assert (found, found_later) == ((0, 1) if others else (1, 0))
