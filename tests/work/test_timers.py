"""Timers and schedules: at their moment, once, whatever the clocks of summer time do and however many look."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from headrace.engine.clock import from_iso, to_iso
from headrace.engine.store import tables as t
from headrace.engine.work import timers
from tests.builder import flow
from tests.fakes import NOON, House, settle

MINUTE_MS = 60_000


def test_a_timer_fires_at_its_moment_and_not_before(house: House) -> None:
    house.publish(flow("wait").then("wait", "timer", duration="PT30M").then("done", "end"))
    id_ = house.start("wait")

    house.later(ms=30 * MINUTE_MS - 1)
    assert timers.fire_due(house.workspace) == 0

    house.later(ms=1)
    assert timers.fire_due(house.workspace) == 1
    assert house.status(id_) == "completed"


def test_many_looking_at_once_fire_each_timer_once(house: House) -> None:
    house.publish(flow("wait").then("wait", "timer", duration="PT1S").then("done", "end"))
    for _ in range(30):
        house.start("wait")
    house.later(s=1)

    with ThreadPoolExecutor(4) as pool:
        fired = list(pool.map(lambda _: timers.fire_due(house.workspace), range(4)))

    assert sum(fired) == 30


def test_the_next_moment_is_that_of_the_first_timer_or_schedule(cabin: House) -> None:
    assert timers.next_due_at(cabin.workspace) is None
    cabin.publish(flow("wait").then("wait", "timer", duration="PT1H").then("done", "end"))
    cabin.start("wait")
    assert timers.next_due_at(cabin.workspace) == NOON + 60 * MINUTE_MS

    scheduled(cabin)
    assert timers.next_due_at(cabin.workspace) == NOON + 15 * MINUTE_MS


# --- schedules -------------------------------------------------------------------------------------


def scheduled(house: House, misfire: str = "skip", **settings: Any) -> None:
    """Every 15 minutes; the next time is in 15 minutes."""
    house.publish(flow("tick", "schedule", misfire=misfire, **settings).then("done", "end"))
    row = {
        "id": "tick:schedule", "flow_key": "tick", "node": "schedule", "cron": "*/15 * * * *", "timezone": "Asia/Shanghai",
        "misfire": misfire, "catch_up_max": 3, "next_at": NOON + 15 * MINUTE_MS,
    }  # fmt: skip
    house.write(lambda connection: connection.execute(t.schedules.insert().values(**row)))


def ticks(house: House) -> list[str]:
    found = house.rows(sa.select(t.instances.c.dedup_key).order_by(t.instances.c.dedup_key))
    return [to_iso(int(row.dedup_key.rpartition(":")[2])) for row in found]


def test_a_schedule_starts_one_case_a_slot(house: House) -> None:
    scheduled(house)

    for _ in range(3):
        house.later(s=15 * 60)
        settle(house)
        settle(house)

    assert ticks(house) == [f"2026-01-09T08:{minute}:00.000Z" for minute in (15, 30, 45)]


def test_two_racing_callers_start_one_case(house: House) -> None:
    scheduled(house)
    house.later(s=15 * 60)

    with ThreadPoolExecutor(2) as pool:
        started = list(pool.map(lambda _: timers.fire_schedules(house.workspace), range(2)))

    assert sorted(started) == [0, 1]
    assert len(ticks(house)) == 1


def test_two_racing_processes_start_one_case(migrated_postgresql_url: str) -> None:
    here = House(migrated_postgresql_url)
    scheduled(here)
    there = House(migrated_postgresql_url, furnish=False, clock=here.clock)
    for _ in range(5):
        here.later(s=15 * 60)
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda house: timers.fire_schedules(house.workspace), (here, there)))

    assert len(ticks(here)) == 5
    there.close()
    here.close()


@pytest.mark.parametrize(
    ("misfire", "late_s", "slots"),
    [
        ("skip", 60, ["08:15"]),  # a minute late is in time
        ("skip", 61, []),  # later it was missed
        ("once", 61, ["08:15"]),
        # twelve slots missed, and the thirteenth is now: that one is in time
        ("once", 3 * 3600, ["08:15", "11:15"]),
        ("skip", 3 * 3600, ["11:15"]),
        ("once", 3 * 3600 + 61, ["08:15"]),
        ("skip", 3 * 3600 + 61, []),
        # at most three are made up for, the latest
        ("catch_up", 61, ["08:15"]),
        ("catch_up", 3600 + 61, ["08:45", "09:00", "09:15"]),
        ("catch_up", 3600, ["08:30", "08:45", "09:00", "09:15"]),
    ],
)
def test_missed_slots_are_dropped_or_made_up_for_once(
    house: House, misfire: str, late_s: int, slots: list[str]
) -> None:
    scheduled(house, misfire)

    house.later(s=15 * 60 + late_s)
    settle(house)

    assert ticks(house) == [f"2026-01-09T{slot}:00.000Z" for slot in slots]
    assert house.rows(sa.select(t.schedules.c.next_at))[0].next_at > house.now_ms


def test_a_schedule_gives_the_flow_its_input(cabin: House) -> None:
    scheduled(cabin, values={"day": "'today'"})
    cabin.later(s=15 * 60)
    settle(cabin)

    (row,) = cabin.rows(sa.select(t.instances.c.id))
    assert cabin.detail(row.id)["variables"] == {"day": "today"}


def test_a_schedule_that_cannot_start_holds_up_no_other(
    cabin: House, caplog: pytest.LogCaptureFixture
) -> None:
    scheduled(cabin)
    for column, wrong in (("cron", "never"), ("timezone", "Mars/Base")):
        row = dict(cabin.rows(sa.select(t.schedules))[0]._mapping) | {
            "id": column,
            column: wrong,
            "next_at": NOON,
        }
        cabin.write(
            lambda connection, row=row: connection.execute(t.schedules.insert().values(**row))
        )

    cabin.later(s=15 * 60)
    timers.fire_schedules(cabin.workspace)

    assert len(ticks(cabin)) == 1


BERLIN = "Europe/Berlin"


@pytest.mark.parametrize(
    ("cron", "zone", "after", "slots"),
    [
        # Shanghai has no summer time: 00:10 is always 16:10 UTC of the day before.
        ("10 0 * * *", "Asia/Shanghai", "2026-03-28T12:00:00Z", ["03-28T16:10Z", "03-29T16:10Z"]),
        # Spring, 29 March: 02:30 does not exist; it fires once, right after the gap.
        ("30 2 * * *", BERLIN, "2026-03-28T12:00:00Z", ["03-29T01:00Z", "03-30T00:30Z"]),
        # Autumn, 25 October: 02:30 comes twice; it fires the first time only.
        ("30 2 * * *", BERLIN, "2026-10-24T12:00:00Z", ["10-25T00:30Z", "10-26T01:30Z"]),
        # Every hour is every hour that passes: none missing, none doubled.
        (
            "0 * * * *",
            BERLIN,
            "2026-10-24T23:30:00Z",
            ["10-25T00:00Z", "10-25T01:00Z", "10-25T02:00Z"],
        ),
        ("0 * * * *", BERLIN, "2026-03-29T00:30:00Z", ["03-29T01:00Z", "03-29T02:00Z"]),
        # Exactly at a slot, the next one follows.
        ("*/15 * * * *", "UTC", "2026-01-01T00:15:00Z", ["01-01T00:30Z"]),
    ],
)
def test_slots_when_the_clocks_change(cron: str, zone: str, after: str, slots: list[str]) -> None:
    moment = from_iso(after)
    found = []
    for _ in slots:
        moment = timers.next_slot(cron, zone, moment)
        found.append(
            datetime.fromtimestamp(moment / 1000, ZoneInfo("UTC")).strftime("%m-%dT%H:%MZ")
        )

    assert found == slots
