"""Business calendars of a workspace: changed by those who may, chosen by flows, followed by what is open."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa

from headrace.engine.clock import from_iso, to_iso
from headrace.engine.errors import CalendarStale, Forbidden, NotFound, ValidationFailed
from headrace.engine.people import holidays
from headrace.engine.people.working_hours import CHINA
from headrace.engine.service import calendars, instances, rules, testrun
from headrace.engine.service.actor import PERMISSIONS, Actor
from headrace.engine.store import tables as t
from headrace.engine.work import timers
from tests.builder import flow
from tests.fakes import ANN, NOON, TYPES, House

MONDAY = NOON + 3 * 86_400_000  # NOON is 16:00 on a Friday in Beijing
TUESDAY = MONDAY + 86_400_000
CLOSED = {**CHINA, "days": [{"date": "2026-01-12", "hours": [], "note": "盘点"}]}
"""On Monday everybody counts what is in the store."""


@pytest.fixture(autouse=True)
def _prepared(request: pytest.FixtureRequest) -> None:
    if "house" in request.fixturenames:
        calendars.prepare(request.getfixturevalue("house").workspace)


def waits(key: str = "waits", length: str = "P1D", days: str = "business") -> Any:
    return flow(key).then("wait", "timer", mode="for", duration=length, days=days).then("e", "end")


def asks() -> Any:
    boss = [{"kind": "role", "id": "boss"}]
    return flow("asks").then(
        "ask", "approval", title="?", assignees=boss, days="business", due="P1D",
        reminder={"after": "PT4H", "to": boss},
    ).then("e", "end")  # fmt: skip


def due(house: House) -> list[str]:
    found = house.rows(sa.select(t.timers.c.due_at).order_by(t.timers.c.due_at))
    return [to_iso(row.due_at) for row in found]


def change(house: House, content: Any = CLOSED, key: str = "china", version: str = "*") -> Any:
    return calendars.change(house.workspace, house.actor(ANN), key, content, version)


def test_a_new_workspace_has_the_calendar_of_china(house: House) -> None:
    calendars.prepare(house.workspace)

    (found,) = calendars.listing(house.workspace, house.actor(ANN))["items"]
    assert (found["key"], found["version"], found["standard"]) == ("china", 1, True)
    assert found["content"] == CHINA
    assert found["holidays_from"].startswith("chinesecalendar ")
    assert found["changed_by"] == "engine"


def test_processes_that_start_at_once_make_it_once(house: House) -> None:
    others = [House(house.url, clock=house.clock, furnish=False) for _ in range(2)]
    house.write(lambda connection: connection.execute(t.calendar_versions.delete()))
    house.write(lambda connection: connection.execute(t.calendars.delete()))

    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda one: calendars.prepare(one.workspace), [house, *others]))

    for other in others:
        other.close()
    assert house.rows(sa.select(t.calendars.c.key, t.calendars.c.version)) == [("china", 1)]


def test_a_wait_in_business_time_goes_by_the_standard_calendar(house: House) -> None:
    house.publish(waits())
    house.start("waits")

    assert due(house) == [to_iso(MONDAY)]


def test_a_flow_may_go_by_a_calendar_of_its_own(house: House) -> None:
    house.publish(waits())
    sundays = {**CHINA, "holidays": None, "weekly": {"sun": [["10:00", "12:00"]]}}
    calendars.create(house.workspace, house.actor(ANN), "sundays", sundays)
    rules.change_flow(house.workspace, house.actor(ANN), "waits", {"calendar": "sundays"})

    house.start("waits")

    assert due(house) == [to_iso(from_iso("2026-01-18T10:00+08:00"))]
    detail = calendars.detail(house.workspace, house.actor(ANN), "sundays")
    assert detail["flows"] == ["waits"]
    assert rules.read_flow(house.workspace, house.actor(ANN), "waits")["calendar"] == "sundays"


def test_another_calendar_may_become_the_standard(house: House) -> None:
    house.publish(waits())
    calendars.create(house.workspace, house.actor(ANN), "closed", CLOSED)

    calendars.make_standard(house.workspace, house.actor(ANN), "closed")
    house.start("waits")

    assert due(house) == [to_iso(TUESDAY)]


def test_open_timers_and_tasks_follow_a_change_once(house: House) -> None:
    house.publish(waits())
    house.publish(waits("plain", "P3D", "all"))
    house.publish(asks())
    for key in ("waits", "plain", "asks"):
        house.start(key)
    # The task has two timers: the reminder, and its due time, a millisecond later.
    before = [MONDAY - 5 * 3_600_000, MONDAY, MONDAY, MONDAY + 1]
    assert due(house) == [to_iso(at) for at in before]

    change(house)
    assert calendars.follow(house.workspace) == 4

    assert calendars.follow(house.workspace) == 0
    after = [MONDAY, TUESDAY - 5 * 3_600_000, TUESDAY, TUESDAY + 1]  # the plain one is as it was
    assert due(house) == [to_iso(at) for at in after]
    assert house.todo(ANN)[0]["due_at"] == to_iso(TUESDAY)


def test_a_change_taken_back_gives_the_first_due_times(house: House) -> None:
    house.publish(waits())
    house.start("waits")
    change(house)
    calendars.follow(house.workspace)

    change(house, CHINA)
    calendars.follow(house.workspace)

    assert due(house) == [to_iso(MONDAY)]


def test_what_has_fired_never_fires_again(house: House) -> None:
    house.publish(waits())
    id_ = house.start("waits")
    house.later(ms=MONDAY - NOON)
    assert timers.fire_due(house.workspace) == 1

    change(house)
    calendars.follow(house.workspace)
    house.later(s=10 * 86_400)

    assert timers.fire_due(house.workspace) == 0
    assert house.status(id_) == "completed"


def test_a_timer_that_follows_fires_at_its_new_time_only(house: House) -> None:
    house.publish(waits())
    id_ = house.start("waits")
    change(house)
    calendars.follow(house.workspace)

    house.later(ms=MONDAY - NOON)
    assert timers.fire_due(house.workspace) == 0
    house.later(ms=TUESDAY - MONDAY)
    assert timers.fire_due(house.workspace) == 1

    assert house.status(id_) == "completed"


def test_what_stood_still_begins_later_by_as_much(house: House) -> None:
    house.publish(waits(length="PT1H"))
    id_ = house.start("waits")  # due at 17:00 on Friday
    house.write(
        lambda connection: connection.execute(
            t.timers.update().values(due_at=t.timers.c.due_at + 3_600_000)
        )
    )  # as a suspension of an hour does

    change(house, {**CHINA, "weekly": {**CHINA["weekly"], "fri": [["09:00", "17:30"]]}})
    calendars.follow(house.workspace)

    # as if begun at 17:00: half an hour on Friday, half an hour on Monday
    assert due(house) == [to_iso(from_iso("2026-01-12T09:30+08:00"))]
    assert house.waiting(id_) == ["wait"]


def test_many_follow_in_slices(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendars, "FOLLOW_MAX", 2)
    house.publish(waits())
    for _ in range(3):
        house.start("waits")
    change(house)

    assert [calendars.follow(house.workspace) for _ in range(3)] == [2, 1, 0]
    assert set(due(house)) == {to_iso(TUESDAY)}


def test_newer_public_holidays_are_a_change_too(house: House) -> None:
    house.publish(waits())
    house.start("waits")
    house.write(
        lambda connection: connection.execute(
            t.calendar_versions.update().values(source="chinesecalendar 1.0")
        )
    )

    calendars.prepare(house.workspace)

    found = calendars.detail(house.workspace, house.actor(ANN), "china")
    assert (found["version"], found["holidays_from"]) == (2, holidays.china().source)
    assert calendars.follow(house.workspace) == 1


def test_two_who_change_at_once_do_not_undo_each_other(house: House) -> None:
    change(house, version="1")

    with pytest.raises(CalendarStale, match="version 1 of calendar china, but"):
        change(house, CHINA, version="1")


def test_of_many_who_change_at_the_same_moment_one_is_right(house: House) -> None:
    others = [House(house.url, clock=house.clock, furnish=False) for _ in range(4)]
    own = [{**CHINA, "days": [{"date": f"2026-03-0{n}", "hours": []}]} for n in range(2, 6)]

    def try_it(other: House, content: Any) -> str:
        try:
            change(other, content, version="1")
        except CalendarStale:
            return "stale"
        return "changed"

    with ThreadPoolExecutor() as pool:
        told = sorted(pool.map(try_it, others, own))

    for other in others:
        other.close()
    assert told == ["changed", "stale", "stale", "stale"]
    assert calendars.detail(house.workspace, house.actor(ANN), "china")["version"] == 2


def test_a_calendar_without_an_hour_is_refused_and_nothing_is_lost(house: House) -> None:
    with pytest.raises(ValidationFailed) as told:
        change(house, {**CHINA, "weekly": {"mon": []}})

    assert told.value.problems[0].code == "calendar_never_open"
    assert calendars.detail(house.workspace, house.actor(ANN), "china")["version"] == 1


def test_only_administrators_change_calendars(house: House) -> None:
    designer = Actor("usr_d", "d", (), PERMISSIONS["designer"])

    with pytest.raises(Forbidden, match="calendars:write"):
        calendars.change(house.workspace, designer, "china", CLOSED, "*")
    with pytest.raises(Forbidden):
        calendars.create(house.workspace, designer, "other", CLOSED)
    with pytest.raises(Forbidden):
        calendars.make_standard(house.workspace, designer, "china")
    operator = Actor("usr_o", "o", (), PERMISSIONS["operator"])
    with pytest.raises(Forbidden):
        rules.change_flow(house.workspace, operator, "waits", {"calendar": "china"})
    assert calendars.listing(house.workspace, designer)["items"]


def test_a_flow_cannot_choose_a_calendar_that_is_not_there(house: House) -> None:
    house.publish(waits())

    with pytest.raises(NotFound, match="calendar moon"):
        rules.change_flow(house.workspace, house.actor(ANN), "waits", {"calendar": "moon"})


def test_a_month_as_people_see_it(house: House) -> None:
    change(house)

    days = calendars.month(house.workspace, house.actor(ANN), "china", "2026-01")["items"]

    assert len(days) == 31
    kinds = {day["date"][-2:]: day["kind"] for day in days}
    assert [kinds[day] for day in ("01", "04", "05", "10", "12")] == [
        "holiday", "makeup", "work", "rest", "own",
    ]  # fmt: skip
    assert days[11] == {
        "date": "2026-01-12", "kind": "own", "hours": [], "note": {"zh": "盘点", "en": "盘点"}, "known": True,
    }  # fmt: skip


def test_years_that_nobody_has_announced_are_told(house: House) -> None:
    house.later(s=300 * 366 * 86_400)

    found = calendars.detail(house.workspace, house.actor(ANN), "china")

    assert found["unknown_years"] == [2326, 2327]


def test_a_year_that_is_refused_is_an_incident_that_says_so(house: House) -> None:
    change(house, {**CHINA, "unknown_years": "refuse"})
    house.publish(waits())
    house.later(s=300 * 366 * 86_400)

    id_ = house.start("waits")

    (incident,) = house.incidents(id_)
    assert incident["code"] == "calendar_year_unknown"
    assert "public holidays of 2326" in incident["message"]


def test_a_test_run_goes_by_the_calendar_too() -> None:
    run = testrun.run_test(waits().document(), TYPES, {}, now_ms=NOON)

    assert run["ended_at"] == to_iso(MONDAY)


def test_an_instance_tells_when_it_goes_on(house: House) -> None:
    house.publish(waits())
    id_ = house.start("waits")
    change(house)
    calendars.follow(house.workspace)

    detail = instances.detail(house.workspace, house.actor(ANN), id_)

    assert to_iso(TUESDAY) in str(detail)
