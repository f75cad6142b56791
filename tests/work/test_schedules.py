"""Schedules start once a slot, however many look, and one that cannot start keeps nobody busy."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from headrace.engine.clock import ManualClock, from_iso
from headrace.engine.store import tables as t
from headrace.engine.work import timers
from tests.builder import flow
from tests.fakes import House

SLOT = from_iso("2026-01-10T00:10:00+08:00")
A_DAY_MS = 24 * 3600 * 1000


def every_night(house: House, misfire: str = "once", **settings: Any) -> None:
    """A flow that starts at 00:10 in Shanghai, as publishing would leave it."""
    cron = {"cron": "10 0 * * *", "timezone": "Asia/Shanghai", "misfire": misfire, **settings}
    key = house.publish(flow("nightly", "schedule", **cron).then("done", "end"))
    row = {"id": f"{key}:schedule", "flow_key": key, "node": "schedule", "next_at": SLOT}
    row |= {"cron": cron["cron"], "timezone": cron["timezone"], "misfire": misfire}
    house.write(lambda connection: connection.execute(t.schedules.insert(), [row]))


def at(house: House, now_ms: int) -> None:
    assert isinstance(house.clock, ManualClock)
    house.clock.set(now_ms)


def started(house: House) -> list[Any]:
    return house.rows(sa.select(t.instances.c.id, t.instances.c.dedup_key))


def next_at(house: House) -> int:
    return int(house.rows(sa.select(t.schedules.c.next_at))[0].next_at)


def test_it_starts_at_its_slot_and_not_before(house: House) -> None:
    every_night(house)

    at(house, SLOT - 1)
    assert timers.fire_schedules(house.workspace) == 0
    at(house, SLOT)
    assert timers.fire_schedules(house.workspace) == 1

    assert len(started(house)) == 1
    assert next_at(house) == SLOT + A_DAY_MS


def test_of_many_who_look_one_starts_it(house: House) -> None:
    every_night(house)
    at(house, SLOT)

    with ThreadPoolExecutor(8) as pool:
        fired = list(pool.map(lambda _: timers.fire_schedules(house.workspace), range(16)))

    assert sum(fired) == 1
    assert len(started(house)) == 1


@pytest.mark.parametrize(
    ("misfire", "starts"),
    [
        ("skip", 0),  # what was missed is missed
        ("once", 1),  # three missed nights are made up for by one start
    ],
)
def test_missed_slots_are_treated_as_asked(house: House, misfire: str, starts: int) -> None:
    every_night(house, misfire)

    at(house, SLOT + 2 * A_DAY_MS + 3_600_000)

    assert timers.fire_schedules(house.workspace) == starts
    assert timers.fire_schedules(house.workspace) == 0
    assert next_at(house) == SLOT + 3 * A_DAY_MS


def test_one_that_cannot_start_moves_on(house: House) -> None:
    every_night(house, values=[{"name": "broken", "value": "nowhere.at_all"}])
    at(house, SLOT)

    assert timers.fire_schedules(house.workspace) == 0

    assert started(house) == []
    assert next_at(house) == SLOT + A_DAY_MS


@pytest.mark.parametrize(
    ("cron", "zone", "after", "expected"),
    [
        # an ordinary night, in a zone that is not the server's
        ("10 0 * * *", "Asia/Shanghai", "2026-01-09T16:09:59Z", "2026-01-09T16:10:00Z"),
        # exactly at a slot: the next one
        ("10 0 * * *", "Asia/Shanghai", "2026-01-09T16:10:00Z", "2026-01-10T16:10:00Z"),
        # the hour that does not exist when summer time begins: right after the jump
        ("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z"),
        # the hour that comes twice when it ends: once
        ("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z"),
        ("30 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"),
        # every quarter of an hour goes on by the clock of the world
        ("*/15 * * * *", "Asia/Shanghai", "2026-01-09T08:01:00Z", "2026-01-09T08:15:00Z"),
    ],
)
def test_slots_follow_the_zone_and_its_summer_time(
    cron: str, zone: str, after: str, expected: str
) -> None:
    assert timers.next_slot(cron, zone, from_iso(after)) == from_iso(expected)
