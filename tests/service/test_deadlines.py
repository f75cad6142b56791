"""Time limits that hold, on the real store: the literal cases of R050, R094 and R095, pauses, restarts, calendars that change."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa

from headrace.engine.clock import from_iso, to_iso
from headrace.engine.people.working_hours import CHINA
from headrace.engine.run import commands as c
from headrace.engine.run import events as e
from headrace.engine.service import calendars, tasks
from headrace.engine.service.advance import advance
from headrace.engine.store import tables as t
from headrace.engine.work import timers
from tests.builder import Flow, flow
from tests.fakes import ANN, NOON, House, settle
from tests.service.staff import DAN, FAY, GUS, HAL, due, hire, holders, leave, role_of, told

HOUR = 3_600_000
DAY = 24 * HOUR


def checks(key: str = "checks", **settings: Any) -> Flow:
    """One task for the role."""
    drawing = flow(key).then(
        "check", "approval", title="Check {{ n }}", assignees=role_of(), **settings
    )
    return drawing.then("done", "end").at("check", "rejected").then("no", "end")


def begun(house: House, **settings: Any) -> str:
    house.publish(checks(**settings))
    return house.start("checks", {"n": 1})


def at(house: House, after_ms: int) -> None:
    """So long after noon everything that is due has happened."""
    house.later(ms=NOON + after_ms - house.now_ms)
    settle(house)


# --- R050, R094, R095 -------------------------------------------------------------------------------


def test_r050_a_limit_is_broken_after_24_00_00_and_not_at_it(house: House) -> None:
    """Enter a state at T0: T0 + 24:00:00 no, + 24:00:01 the supervisor has it in the list; it survives a restart."""
    hire(house)
    id_ = begun(house, escalation=[{"after": "PT24H", "do": "superior"}])

    at(house, DAY)
    assert holders(house) == [DAN]
    assert told(house, GUS) == []

    again = house.again()
    at(again, DAY + 1_000)
    assert holders(again) == [GUS]
    assert [task["title"] for task in again.todo(GUS)] == ["Check 1"]
    assert again.todo(DAN) == []
    assert told(again, GUS) == ["escalated_to"]
    again.decide(GUS)
    assert again.status(id_) == "completed"
    again.close()


def test_r050_leaving_the_state_takes_the_timer_away(house: House) -> None:
    hire(house)
    begun(house, due="P1D", warn=[50], escalation=[{"after": "PT24H", "do": "superior"}])
    assert len(due(house)) == 3

    house.decide(DAN)

    assert due(house) == {}
    at(house, 3 * DAY)
    assert told(house, GUS) == []


def test_r094_one_reminder_to_the_superior_and_again_by_the_step(house: House) -> None:
    """23:59:59 none; 24:00:01 one reminder to the superior of the org chart; repeats at the configured step."""
    hire(house)
    begun(house, escalation=[{"after": "PT24H", "do": "remind", "every": "PT12H", "times": 3}])

    at(house, DAY - 1_000)
    assert told(house, GUS) == []

    at(house, DAY + 1_000)
    assert told(house, GUS) == ["remind"]
    assert told(house, DAN, {"urge"}) == ["urge"]
    assert holders(house) == [DAN]

    at(house, DAY + 12 * HOUR)
    assert told(house, GUS) == ["remind"]
    at(house, DAY + 12 * HOUR + 1_000)
    assert told(house, GUS) == ["remind"] * 2
    at(house, 10 * DAY)
    assert told(house, GUS) == ["remind"] * 3  # at most three times
    assert told(house, HAL) == []


def test_r094_a_reminder_may_go_to_whom_the_drawing_names(house: House) -> None:
    hire(house)
    begun(
        house, escalation=[{"after": "PT24H", "do": "remind", "to": [{"kind": "user", "id": HAL}]}]
    )

    at(house, DAY + 1_000)

    assert (told(house, HAL), told(house, GUS)) == (["remind"], [])


def test_r095_at_8_00_01_it_moves_to_the_backup_and_the_first_hears_of_it_twice(
    house: House,
) -> None:
    hire(house)
    with_mail(house)
    begun(house, escalation=[{"after": "PT8H", "do": "backup", "sms": True}])

    at(house, 8 * HOUR)
    assert holders(house) == [DAN]

    at(house, 8 * HOUR + 1_000)
    assert holders(house) == [FAY]
    assert told(house, FAY) == ["escalated_to"]
    assert told(house, DAN, {"escalated_from"}) == ["escalated_from"]
    assert outgoing(house, DAN, "escalated_from") == ["mail", "sms"]
    assert outgoing(house, FAY, "escalated_to") == ["its own order"]
    (message,) = house.rows(
        sa.select(t.notifications).where(t.notifications.c.kind == "escalated_from")
    )
    assert "With: Fay" in message.text


def test_r095_without_a_backup_the_superior_has_it(house: House) -> None:
    hire(house)
    begun(house, escalation=[{"after": "PT8H", "do": "backup", "sms": True}])
    leave(house, FAY)

    at(house, 8 * HOUR + 1_000)

    assert holders(house) == [GUS]


def test_nobody_to_move_it_to_is_never_silence(house: House) -> None:
    hire(house, backup=False)
    begun(house, escalation=[{"after": "PT8H", "do": "backup"}])
    leave(house, GUS, HAL)

    at(house, 8 * HOUR + 1_000)

    assert holders(house) == [DAN]
    assert told(house, DAN) == ["task", "urge"]


# --- the whole chain --------------------------------------------------------------------------------

CHAIN = {
    "due": "PT48H",
    "warn": [50],
    "escalation": [
        {"after": "PT8H", "do": "backup"},
        {"after": "PT16H", "do": "superior"},
        {"after": "PT30H", "do": "transfer", "to": [{"kind": "user", "id": ANN}]},
        {"after": "due", "do": "reject"},
    ],
}


def test_a_chain_goes_on_step_by_step_until_the_rule_decides(house: House) -> None:
    hire(house)
    id_ = begun(house, **CHAIN)
    seen = []

    for hours in (8, 16, 24, 30, 48):
        at(house, hours * HOUR + 1_000)
        seen.append(holders(house))

    assert seen == [[FAY], [GUS], [GUS], [ANN], []]
    assert told(house, GUS, {"warn"}) == ["warn"]
    assert house.status(id_) == "completed"
    assert house.detail(id_)["steps"][-1]["node"] == "no"
    assert due(house) == {}


@pytest.mark.parametrize(("do", "node"), [("approve", "done"), ("reject", "no")])
def test_a_rule_decides_where_it_is_drawn(house: House, do: str, node: str) -> None:
    hire(house)
    id_ = begun(house, escalation=[{"after": "PT1H", "do": do}])

    at(house, HOUR)
    assert house.status(id_) == "waiting"
    at(house, HOUR + 1)

    assert house.status(id_) == "completed"
    assert house.detail(id_)["steps"][-1]["node"] == node


def test_warnings_and_the_due_time_tell_those_who_have_it(house: House) -> None:
    hire(house)
    begun(house, due="PT10H", warn=[50, 90])

    at(house, 5 * HOUR)
    assert told(house, DAN) == ["task", "warn"]
    at(house, 10 * HOUR)
    assert told(house, DAN) == ["task", "warn", "warn"]
    at(house, 10 * HOUR + 1)
    assert told(house, DAN) == ["task", "warn", "warn", "due"]


def test_after_a_standstill_what_was_missed_is_told_once(house: House) -> None:
    """The clock jumps by five days: one reminder now, the next one a step later, not ten at once."""
    hire(house)
    begun(house, escalation=[{"after": "PT1H", "do": "remind", "every": "PT12H"}])

    at(house, 5 * DAY)
    assert told(house, GUS) == ["remind"]
    at(house, 5 * DAY + 12 * HOUR - 1)
    assert told(house, GUS) == ["remind"]
    at(house, 5 * DAY + 12 * HOUR)
    assert told(house, GUS) == ["remind"] * 2


# --- the clock that stands still --------------------------------------------------------------------


def does(house: House, id_: str, action: str, by: str = DAN) -> None:
    """Somebody does something with the only task of this instance."""
    (step,) = [event.step for event in house.events(id_, e.TaskOpened)]
    wish = c.TaskAct(step, action, by, {"reason": "waiting for the customer"}, house.now_ms)
    house.write(lambda connection: advance(house.workspace, connection, [id_], [(id_, wish)]))
    assert house.events(id_, e.TaskChanged)[-1].action == action


def test_while_a_customer_is_waited_for_the_clock_stands_still(house: House) -> None:
    hire(house)
    id_ = begun(
        house,
        due="PT24H",
        escalation=[{"after": "PT24H", "do": "superior"}],
        pause_for_customer=True,
    )

    at(house, 10 * HOUR)
    does(house, id_, "pause")
    at(house, 100 * HOUR)
    assert holders(house) == [DAN]
    does(house, id_, "go_on")

    assert house.todo(DAN)[0]["due_at"] == iso(NOON + 114 * HOUR)
    at(house, 114 * HOUR)
    assert holders(house) == [DAN]
    at(house, 114 * HOUR + 1_000)
    assert holders(house) == [GUS]


def test_a_pause_within_a_suspension_is_not_counted_twice(house: House) -> None:
    hire(house)
    id_ = begun(house, due="PT24H", pause_for_customer=True)

    at(house, 10 * HOUR)
    does(house, id_, "pause")
    at(house, 20 * HOUR)
    tell(house, id_, c.Suspend(ANN, "stock-taking", "shift"))
    at(house, 30 * HOUR)
    tell(house, id_, c.Resume(ANN))
    at(house, 40 * HOUR)
    does(house, id_, "go_on")

    assert due(house) == {"task:due": NOON + 54 * HOUR + 1}
    assert house.todo(DAN)[0]["due_at"] == iso(NOON + 54 * HOUR)


def test_a_suspended_instance_is_late_by_as_much(house: House) -> None:
    hire(house)
    id_ = begun(house, due="PT24H", escalation=[{"after": "PT24H", "do": "superior"}])

    tell(house, id_, c.Suspend(ANN, "stock-taking", "shift"))
    at(house, 30 * HOUR)
    assert holders(house) == [DAN]
    tell(house, id_, c.Resume(ANN))

    assert set(due(house).values()) == {NOON + 54 * HOUR + 1}
    assert house.todo(DAN)[0]["due_at"] == iso(NOON + 54 * HOUR)


def test_business_time_that_was_left_is_counted_from_where_the_clock_goes_on(house: House) -> None:
    """Paused on Friday at five with seven of eight hours left; on Monday at ten it goes on: until five, not some time at night."""
    hire(house)
    id_ = begun(
        house, due="PT8H", days="business", warn=[50], pause_for_customer=True
    )  # Friday, 16:00 in Beijing

    at(house, HOUR)
    does(house, id_, "pause")
    at(house, 66 * HOUR)  # Monday, 10:00
    does(house, id_, "go_on")

    monday = from_iso("2026-01-12T10:00:00+08:00")
    assert due(house) == {"task:warn:0": monday + 3 * HOUR, "task:due": monday + 7 * HOUR + 1}
    assert house.todo(DAN)[0]["due_at"] == iso(monday + 7 * HOUR)


# --- business time and calendars that change --------------------------------------------------------


def test_every_timer_of_a_task_follows_a_calendar_that_changes(house: House) -> None:
    hire(house)
    calendars.prepare(house.workspace)
    begun(
        house, due="P1D", days="business", warn=[50],
        escalation=[{"after": "PT4H", "do": "backup"}, {"after": "due", "do": "superior"}],
    )  # fmt: skip
    monday = from_iso("2026-01-12T16:00:00+08:00")
    before = {
        "task:escalate:0": monday - 5 * HOUR + 1,
        "task:warn:0": monday - 4 * HOUR - HOUR // 2,
        "task:due": monday + 1,
        "task:escalate:1": monday + 1,
    }
    assert due(house) == before

    closed = {**CHINA, "days": [{"date": "2026-01-12", "hours": [], "note": "stock-taking"}]}
    version = calendars.detail(house.workspace, house.actor(ANN), "china")["version"]
    calendars.change(house.workspace, house.actor(ANN), "china", closed, str(version))
    assert calendars.follow(house.workspace) == 5  # four timers and the task

    assert due(house) == {name: moment + DAY for name, moment in before.items()}
    assert house.todo(DAN)[0]["due_at"] == iso(monday + DAY)
    assert calendars.follow(house.workspace) == 0


def test_a_role_may_have_hours_of_its_own(house: House) -> None:
    hire(house)
    calendars.prepare(house.workspace)
    nights = {**CHINA, "holidays": None, "weekly": {day: [["00:00", "24:00"]] for day in DAYS}}
    calendars.create(house.workspace, house.actor(ANN), "nights", nights)
    calendars.choose_for_role(house.workspace, house.actor(ANN), "checker", "nights")

    begun(house, due="PT8H", days="business")

    assert due(house) == {"task:due": NOON + 8 * HOUR + 1}


DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def test_timers_fire_once_in_whatever_order_they_are_found(house: House) -> None:
    hire(house)
    id_ = begun(house, due="PT1H", warn=[50], escalation=[{"after": "due", "do": "superior"}])
    house.later(ms=2 * HOUR)

    while timers.fire_due(house.workspace):
        pass
    settle(house)

    assert [event.name for event in house.events(id_, e.TimerFired)] == [
        "task:warn:0",
        "task:due",
        "task:escalate:0",
    ]
    assert holders(house) == [GUS]


# --- helpers ----------------------------------------------------------------------------------------


def tell(house: House, id_: str, wish: c.Command) -> None:
    house.write(lambda connection: advance(house.workspace, connection, [id_], [(id_, wish)]))


def with_mail(house: House) -> None:
    """A connection that messages could leave by."""
    row = {
        "key": "post", "name": "post", "connector": "smtp", "settings": {}, "secrets": b"", "created_at": 0,
        "updated_at": 0, "updated_by": ANN,
    }  # fmt: skip
    house.write(lambda connection: connection.execute(t.connections.insert().values(row)))


def outgoing(house: House, user_id: str, kind: str) -> list[str]:
    """How this message wants to leave."""
    columns = t.outbox.c
    query = sa.select(columns.details).where(columns.user_id == user_id, columns.kind == kind)
    found = [row.details.get("way", {}).get("first", "its own order") for row in house.rows(query)]
    return sorted(found)


def iso(ms: int) -> str:
    return to_iso(ms)


def test_a_task_says_what_its_time_limits_will_do(house: House) -> None:
    hire(house)
    begun(house, due="PT24H", warn=[50], escalation=[{"after": "PT8H", "do": "backup"}])

    (task,) = house.todo(DAN)
    found = tasks.detail(house.workspace, house.actor(DAN), task["id"])["deadlines"]

    assert [(row["kind"], row["do"], row["at"]) for row in found] == [
        ("escalation", "backup", iso(NOON + 8 * HOUR + 1)),
        ("warn", "warn", iso(NOON + 12 * HOUR)),
        ("due", "due", iso(NOON + DAY + 1)),
    ]
    assert found[0]["text"] == {"zh": "转给备岗", "en": "Move to the backup"}
    house.decide(DAN)
    assert tasks.detail(house.workspace, house.actor(DAN), task["id"])["deadlines"] == []
