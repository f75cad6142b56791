"""The text of a rota, as it is stored and sent, and what can be wrong with it.

{"timezone": "Asia/Shanghai", "calendar": "china" | null, "starts_on": "2026-11-23",
 "shifts": [{"id": "night", "name": "夜班", "from": "18:00", "to": "09:00", "on": "all" | "work" | "rest"}],
 "weeks": [{"mon": {"night": ["usr_1", "role:night_team"]}, …}, …],
 "exceptions": [{"date": "2026-10-01", "shift": "night", "people": [], "note": "国庆"}]}
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from headrace.engine.errors import Problem
from headrace.engine.people.calendar import DAY_MINUTES, Calendar
from headrace.engine.people.rota import OwnSlot, Rota, Shift
from headrace.engine.people.working_hours import WEEKDAYS

SHIFTS_MAX = 12
WEEKS_MAX = 8
EXCEPTIONS_MAX = 1_000
PEOPLE_MAX = 50
"""In one shift of one day."""

Content = Mapping[str, Any]


def rota_of(key: str, name: str, content: Content, calendar: Calendar | None) -> Rota:
    """The rota behind a content in which `problems_of` has found none."""
    return Rota(
        key,
        name,
        ZoneInfo(content["timezone"]),
        date.fromisoformat(content["starts_on"]),
        tuple(_shift(row) for row in content["shifts"]),
        tuple(
            {
                day: {shift: tuple(who) for shift, who in cells.items()}
                for day, cells in week.items()
            }
            for week in content["weeks"]
        ),
        {
            (date.fromisoformat(row["date"]), row["shift"]): OwnSlot(
                tuple(row["people"]), row.get("note", "")
            )
            for row in content.get("exceptions", ())
        },
        calendar,
    )


def _shift(row: Content) -> Shift:
    begin, end = _minutes(row["from"]), _minutes(row["to"])
    return Shift(row["id"], row["name"], begin % DAY_MINUTES, end, row.get("on", "all"))


def _minutes(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def people_of(content: Content) -> set[str]:
    """Everybody named in it, and roles as `role:<key>`."""
    planned = {
        who
        for week in content["weeks"]
        for cells in week.values()
        for people in cells.values()
        for who in people
    }
    return planned | {who for row in content.get("exceptions", ()) for who in row["people"]}


def problems_of(
    content: Content, *, users: Collection[str], roles: Collection[str], calendars: Collection[str]
) -> list[Problem]:
    """All that is wrong with a content of the right shape, beside those who exist."""
    return list(_problems(content, users, roles, calendars))


def _problems(
    content: Content, users: Collection[str], roles: Collection[str], calendars: Collection[str]
) -> Iterator[Problem]:
    if content["timezone"] not in available_timezones():
        yield _wrong("/timezone", "a time zone such as Asia/Shanghai", content["timezone"])
    first = _date(content["starts_on"])
    if first is None or first.weekday():
        yield _wrong("/starts_on", "a Monday such as 2026-11-23", content["starts_on"])
    calendar = content.get("calendar")
    if calendar is not None and calendar not in calendars:
        yield _wrong("/calendar", "a business calendar that exists", calendar)
    shifts: set[str] = set()
    for index, row in enumerate(content["shifts"]):
        if row["id"] in shifts:
            yield _wrong(f"/shifts/{index}/id", "each shift once", row["id"])
        shifts.add(row["id"])
        if row.get("on", "all") != "all" and calendar is None:
            yield _wrong(
                "/calendar", "a business calendar, because a shift depends on the kind of day", ""
            )
    for index, week in enumerate(content["weeks"]):
        for day, cells in week.items():
            if day not in WEEKDAYS:
                yield _wrong(f"/weeks/{index}/{day}", f"one of {', '.join(WEEKDAYS)}", day)
            for shift, people in cells.items():
                path = f"/weeks/{index}/{day}/{shift}"
                if shift not in shifts:
                    yield _wrong(path, "a shift of this rota", shift)
                yield from _unknown(path, people, users, roles)
    seen: set[tuple[str, str]] = set()
    for index, row in enumerate(content.get("exceptions", ())):
        path = f"/exceptions/{index}"
        if _date(row["date"]) is None:
            yield _wrong(f"{path}/date", "a day such as 2026-12-25", row["date"])
        if row["shift"] not in shifts:
            yield _wrong(f"{path}/shift", "a shift of this rota", row["shift"])
        if (row["date"], row["shift"]) in seen:
            yield _wrong(path, "each shift of a day once", f"{row['date']} {row['shift']}")
        seen.add((row["date"], row["shift"]))
        yield from _unknown(f"{path}/people", row["people"], users, roles)


def _unknown(
    path: str, people: Collection[str], users: Collection[str], roles: Collection[str]
) -> Iterator[Problem]:
    for who in people:
        kind, _, key = who.partition(":")
        if kind == "role" and key:
            if key not in roles:
                yield _wrong(path, "a role that exists", key)
        elif who not in users:
            yield _wrong(path, "a user who exists", who)


def _date(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if found.isoformat() == text else None


def _wrong(path: str, expected: str, found: str) -> Problem:
    params = {"expected": expected, "found": found}
    return Problem(
        path, "setting_wrong", params, f"Expected {expected}, but found {found or 'none'}."
    )
