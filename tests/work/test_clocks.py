"""Time that jumps, many timers at once, the year's two odd nights, and schedules people stop, resume and look after."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from headrace.engine.clock import ManualClock, from_iso, to_iso
from headrace.engine.service import schedules
from headrace.engine.service.instances import submit_all
from headrace.engine.service.starts import StartRequest
from headrace.engine.store import tables as t
from headrace.engine.work import timers
from tests.builder import flow
from tests.fakes import ANN, NOON, House, settle

HOUR_MS = 3_600_000
MINUTE_MS = 60_000


def waiting(house: House, minutes: int) -> str:
    """An instance that waits so long."""
    key = f"wait-{minutes}"
    house.publish(flow(key).then("wait", "timer", duration=f"PT{minutes}M").then("done", "end"))
    return house.start(key)


def jump(house: House, ms: int) -> None:
    assert isinstance(house.clock, ManualClock)
    house.clock.set(house.now_ms + ms)


def ticking(house: House, **settings: Any) -> None:
    """A flow every 15 minutes, as publishing leaves it."""
    house.publish(flow("tick", "schedule", **settings).then("done", "end"))
    document = {
        "key": "tick",
        "nodes": [
            {
                "id": "schedule",
                "type": "schedule",
                "settings": {"cron": "*/15 * * * *", "timezone": "Asia/Shanghai", **settings},
            }
        ],
    }
    house.write(lambda connection: schedules.follow(connection, document, house.now_ms))


def slots(house: House) -> list[str]:
    query = sa.select(t.instances.c.dedup_key).where(t.instances.c.dedup_key.is_not(None))
    found = house.rows(query.order_by(t.instances.c.dedup_key))
    return [to_iso(int(row.dedup_key.rpartition(":")[2]))[11:16] for row in found]


# --- clocks that jump ------------------------------------------------------------------------------


def test_an_hour_back_fires_nothing_early_and_nothing_again(house: House) -> None:
    early, late = waiting(house, 10), waiting(house, 30)
    jump(house, 10 * MINUTE_MS)
    assert timers.fire_due(house.workspace) == 1

    jump(house, -HOUR_MS)
    assert timers.fire_due(house.workspace) == 0
    jump(house, HOUR_MS + 19 * MINUTE_MS)
    assert timers.fire_due(house.workspace) == 0
    assert house.status(late) == "waiting"
    jump(house, MINUTE_MS)

    assert timers.fire_due(house.workspace) == 1
    assert [house.status(id_) for id_ in (early, late)] == ["completed", "completed"]


def test_an_hour_ahead_fires_all_that_is_due_and_no_more(house: House) -> None:
    soon, later = waiting(house, 59), waiting(house, 61)

    jump(house, HOUR_MS)

    assert timers.fire_due(house.workspace) == 1
    assert timers.fire_due(house.workspace) == 0
    assert (house.status(soon), house.status(later)) == ("completed", "waiting")


@pytest.mark.parametrize("back", [HOUR_MS, 5 * MINUTE_MS])
def test_a_clock_set_back_repeats_no_slot(house: House, back: int) -> None:
    ticking(house)
    for _ in range(2):
        jump(house, 15 * MINUTE_MS)
        settle(house)
    assert slots(house) == ["08:15", "08:30"]

    jump(house, -back)
    for _ in range(back // MINUTE_MS):
        jump(house, MINUTE_MS)
        settle(house)
    assert slots(house) == ["08:15", "08:30"]
    jump(house, 15 * MINUTE_MS)
    settle(house)

    assert slots(house) == ["08:15", "08:30", "08:45"]


# --- many at once ----------------------------------------------------------------------------------


def test_ten_thousand_due_at_once_fire_once_each(cabin: House) -> None:
    count = 10_000
    cabin.publish(flow("many").then("wait", "timer", duration="PT1M").then("done", "end"))
    flow_ = cabin.workspace.kept_published("many")
    for _ in range(count // 1_000):
        requests = [StartRequest(flow_, "start", {}) for _ in range(1_000)]
        submit_all(cabin.workspace, requests).result(60)
    cabin.later(ms=MINUTE_MS - 1)
    assert timers.fire_due(cabin.workspace) == 0
    cabin.later(ms=1)

    fired = 0
    while now := timers.fire_due(cabin.workspace):
        assert now <= timers.DUE_MAX * timers.GROUPS_MAX
        fired += now

    assert fired == count
    done = cabin.rows(sa.select(sa.func.count()).where(t.instances.c.status == "completed"))
    assert done[0][0] == count
    assert cabin.rows(sa.select(t.timers.c.id)) == []
    counters = cabin.workspace.counters
    assert counters.get("timers_fired_total") == count
    ((_, late),) = [
        item for item in counters.histograms().items() if item[0][0] == "timer_late_seconds"
    ]
    assert sum(late.counts) == count
    assert late.sum == 0


def test_timers_are_found_by_their_index(house: House) -> None:
    waiting(house, 10)
    query = "SELECT id FROM timers WHERE due_at <= 5 ORDER BY due_at LIMIT 500"
    with house.workspace.read() as connection:
        if connection.dialect.name == "sqlite":
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}").all()
        else:
            connection.exec_driver_sql("SET enable_seqscan = off")
            rows = connection.exec_driver_sql(f"EXPLAIN {query}").all()

    plan = " ".join(str(row) for row in rows)
    assert "ix_timers_due_at" in plan
    assert "TEMP B-TREE" not in plan


# --- summer time -----------------------------------------------------------------------------------

BERLIN, NEW_YORK, SHANGHAI = "Europe/Berlin", "America/New_York", "Asia/Shanghai"

ODD_NIGHTS = [
    # Spring: 02:00 to 03:00 does not exist. A fixed time in it comes right after, once.
    ("30 2 * * *", BERLIN, "2026-03-28T12:00Z", ["03-29T01:00Z", "03-30T00:30Z"]),
    ("30 2 * * *", NEW_YORK, "2026-03-07T12:00Z", ["03-08T07:00Z", "03-09T06:30Z"]),
    ("0,30 2 * * *", BERLIN, "2026-03-28T12:00Z", ["03-29T01:00Z", "03-30T00:00Z"]),
    # Autumn: 02:00 to 03:00 (New York: 01:00 to 02:00) comes twice. A fixed time comes the first time only.
    ("30 2 * * *", BERLIN, "2026-10-24T12:00Z", ["10-25T00:30Z", "10-26T01:30Z"]),
    ("30 1 * * *", NEW_YORK, "2026-10-31T12:00Z", ["11-01T05:30Z", "11-02T06:30Z"]),
    # Asked in the second of the two hours, the first one's slot is past.
    ("50 2 * * *", BERLIN, "2026-10-25T01:45Z", ["10-26T01:50Z", "10-27T01:50Z"]),
    ("50 1 * * *", NEW_YORK, "2026-11-01T06:45Z", ["11-02T06:50Z"]),
    # A star goes by the time that passes: none missing, none doubled.
    ("0 * * * *", BERLIN, "2026-03-28T23:30Z", ["03-29T00:00Z", "03-29T01:00Z", "03-29T02:00Z"]),
    ("0 * * * *", BERLIN, "2026-10-24T23:30Z", ["10-25T00:00Z", "10-25T01:00Z", "10-25T02:00Z"]),
    ("*/30 * * * *", NEW_YORK, "2026-03-08T06:30Z", ["03-08T07:00Z", "03-08T07:30Z"]),
    ("*/30 * * * *", NEW_YORK, "2026-11-01T05:30Z", ["11-01T06:00Z", "11-01T06:30Z"]),
    # Before and after: the same hour on the wall is another in the world.
    ("10 0 * * *", BERLIN, "2026-03-28T12:00Z", ["03-28T23:10Z", "03-29T22:10Z"]),
    ("10 0 * * *", NEW_YORK, "2026-10-31T12:00Z", ["11-01T04:10Z", "11-02T05:10Z"]),
    # Shanghai has no summer time.
    ("30 2 * * *", SHANGHAI, "2026-03-28T12:00Z", ["03-28T18:30Z", "03-29T18:30Z"]),
    ("30 2 * * *", SHANGHAI, "2026-10-24T12:00Z", ["10-24T18:30Z", "10-25T18:30Z"]),
]


@pytest.mark.parametrize(("cron", "zone", "after", "expected"), ODD_NIGHTS)
def test_the_two_odd_nights(cron: str, zone: str, after: str, expected: list[str]) -> None:
    moment = from_iso(after.replace("Z", "+00:00"))
    found = []
    for _ in expected:
        moment = schedules.next_slot(cron, zone, moment)
        found.append(to_iso(moment)[5:16] + "Z")

    assert found == expected


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK, SHANGHAI])
@pytest.mark.parametrize("cron", ["50 2 * * *", "30 1,2 * * *", "*/15 * * * *", "0 */2 * * *"])
@pytest.mark.parametrize(
    "night", ["2026-03-08T00:00Z", "2026-03-29T00:00Z", "2026-10-25T00:00Z", "2026-11-01T00:00Z"]
)
def test_slots_always_go_forward_and_are_the_same_from_wherever_one_asks(
    zone: str, cron: str, night: str
) -> None:
    begin = from_iso(night.replace("Z", "+00:00"))
    chain = []
    moment = begin
    while moment < begin + 12 * HOUR_MS:
        moment = schedules.next_slot(cron, zone, moment)
        chain.append(moment)
    asked = {
        schedules.next_slot(cron, zone, begin + minute * MINUTE_MS) for minute in range(12 * 60)
    }

    assert chain == sorted(set(chain))
    assert asked == set(chain)


# --- what was missed -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("misfire", "count"),
    [("skip", 2), ("once", 3), ("catch_up", 9)],  # the slots of the last minute are in time: two
)
def test_a_year_of_missed_minutes_is_judged_at_once(misfire: str, count: int) -> None:
    now = from_iso("2027-01-09T08:00:00+00:00")
    row = SimpleNamespace(
        cron="* * * * *", timezone=BERLIN, misfire=misfire, catch_up_max=7, next_at=NOON
    )

    found = schedules.slots_due(row, now)

    assert len(found) == count
    assert found == sorted(found)
    assert found[-2:] == [now - MINUTE_MS, now]


def test_no_schedule_makes_up_for_more_than_the_limit() -> None:
    row = SimpleNamespace(
        cron="* * * * *", timezone="UTC", misfire="catch_up", catch_up_max=9_999, next_at=NOON
    )

    found = schedules.slots_due(row, NOON + 30 * 24 * HOUR_MS)

    assert len(found) == schedules.CATCH_UP_MAX + 2


# --- looked after by people ------------------------------------------------------------------------


def test_a_paused_schedule_starts_nothing_and_makes_up_for_nothing(house: House) -> None:
    ticking(house, misfire="catch_up")
    ann = house.actor(ANN)
    paused = schedules.pause(house.workspace, ann, "tick:schedule")
    assert (paused["next_times"], paused["paused_by"]) == ([], ANN)
    assert timers.next_due_at(house.workspace) is None
    for _ in range(4):
        house.later(s=15 * 60)
        settle(house)
    assert slots(house) == []

    resumed = schedules.resume(house.workspace, ann, "tick:schedule")
    settle(house)
    assert resumed["next_times"][0] == "2026-01-09T09:15:00.000Z"
    assert len(resumed["next_times"]) == schedules.NEXT_TIMES
    house.later(s=15 * 60)
    settle(house)

    assert slots(house) == ["09:15"]


def test_a_pause_outlives_a_new_version_with_other_times(cabin: House) -> None:
    ticking(cabin)
    schedules.pause(cabin.workspace, cabin.actor(ANN), "tick:schedule")
    ticking(cabin, cron="0 3 * * *")

    (item,) = schedules.listing(cabin.workspace, cabin.actor(ANN))["items"]
    assert (item["cron"], item["paused_by"]) == ("0 3 * * *", ANN)


def test_the_last_slot_and_the_next_five_can_be_seen(house: House) -> None:
    ticking(house)
    house.later(s=15 * 60)
    settle(house)

    (item,) = schedules.listing(house.workspace, house.actor(ANN))["items"]
    (instance,) = house.rows(sa.select(t.instances.c.id))
    assert (item["last_result"], item["last_slot_at"]) == ("started", "2026-01-09T08:15:00.000Z")
    assert item["last_instance"] == instance.id
    assert [moment[11:16] for moment in item["next_times"]] == [
        "08:30", "08:45", "09:00", "09:15", "09:30",
    ]  # fmt: skip


def test_a_schedule_whose_flow_refuses_its_input_is_seen_and_told_once(house: House) -> None:
    house.write(_operators)
    ticking(house, values=[{"name": "broken", "value": "nowhere.at_all"}])
    for _ in range(2):
        house.later(s=15 * 60)
        settle(house)

    failing = schedules.listing(house.workspace, house.actor(ANN), failing=True)["items"]
    assert [(item["last_result"], item["last_slot_at"][11:16]) for item in failing] == [
        ("refused", "08:30")
    ]
    assert "nowhere" in failing[0]["last_error"]
    told = house.rows(sa.select(t.notifications.c.user_id, t.notifications.c.title))
    assert [(row.user_id, row.title) for row in told] == [(ANN, "定时任务无法启动：tick")]


def test_a_schedule_that_starts_again_is_no_longer_failing(cabin: House) -> None:
    ticking(cabin, values=[{"name": "broken", "value": "nowhere.at_all"}])
    cabin.later(s=15 * 60)
    settle(cabin)
    ticking(cabin)
    cabin.later(s=15 * 60)
    settle(cabin)

    (item,) = schedules.listing(cabin.workspace, cabin.actor(ANN))["items"]
    assert (item["last_result"], item["last_error"]) == ("started", None)


def test_a_slot_waits_for_room_on_the_disk(house: House) -> None:
    ticking(house)
    house.workspace.free_bytes = lambda: 10
    house.later(s=15 * 60)
    settle(house)
    (item,) = schedules.listing(house.workspace, house.actor(ANN), failing=True)["items"]
    assert (item["last_result"], slots(house)) == ("waits", [])

    house.workspace.free_bytes = lambda: 10**12
    house.later(s=2)
    settle(house)

    assert slots(house) == ["08:15"]


def test_a_schedule_starts_the_version_in_force_at_that_moment(house: House) -> None:
    ticking(house)
    house.workspace.kept_published("tick")
    other = House(house.url, furnish=False, clock=house.clock) if _shared(house) else house
    other.publish(flow("tick", "schedule").then("new", "end"))
    house.later(s=15 * 60)
    settle(house)

    (row,) = house.rows(sa.select(t.instances.c.version))
    assert row.version == 2
    if other is not house:
        other.close()


def test_many_processes_start_one_instance_a_slot_and_catch_up_once(
    migrated_postgresql_url: str,
) -> None:
    here = House(migrated_postgresql_url)
    ticking(here, misfire="catch_up", catch_up_max=4)
    there = House(migrated_postgresql_url, furnish=False, clock=here.clock)
    here.later(s=3 * 3600 + 120)

    with ThreadPoolExecutor(4) as pool:
        houses = (here, there, here, there)
        started = list(pool.map(lambda house: timers.fire_schedules(house.workspace), houses))

    assert sum(started) == 4
    assert slots(here) == ["10:15", "10:30", "10:45", "11:00"]
    there.close()
    here.close()


def _shared(house: House) -> bool:
    return house.url.startswith("postgresql")


def _operators(connection: sa.Connection) -> None:
    connection.execute(t.roles.insert().values(key="operator", title={"en": "o"}, system=True))
    connection.execute(t.role_members.insert().values(role="operator", user_id=ANN))


def test_many_processes_fire_each_timer_once(migrated_postgresql_url: str) -> None:
    here = House(migrated_postgresql_url)
    here.publish(flow("many").then("wait", "timer", duration="PT1M").then("done", "end"))
    flow_ = here.workspace.kept_published("many")
    requests = [StartRequest(flow_, "start", {}) for _ in range(2_000)]
    submit_all(here.workspace, requests).result(60)
    there = House(migrated_postgresql_url, furnish=False, clock=here.clock)
    here.later(s=60)

    with ThreadPoolExecutor(2) as pool:
        fired = list(pool.map(lambda house: timers.fire_due(house.workspace), (here, there)))
    fired.append(timers.fire_due(here.workspace))

    assert sum(fired) == 2_000
    done = here.rows(sa.select(sa.func.count()).where(t.instances.c.status == "completed"))
    assert done[0][0] == 2_000
    there.close()
    here.close()
