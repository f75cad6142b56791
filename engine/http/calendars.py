"""Business calendars: weekly hours, public holidays with make-up days, days by hand; a month as people see it."""

from __future__ import annotations

from typing import Any

from headrace.engine.errors import Problem, ValidationFailed
from headrace.engine.http.route import Answer, Call, route
from headrace.engine.http.shapes import (
    AT,
    BOOLEAN,
    COUNT,
    FLOW_KEY,
    PAGING,
    STRING,
    TEXT,
    body,
    many,
    one_of,
    or_null,
    page_of,
    record,
)
from headrace.engine.people.working_hours import CLOCK, WEEKDAYS
from headrace.engine.service import calendars

SPANS_MAX = 12
OWN_DAYS_MAX = 1_000

HOURS = many(
    {
        "type": "array",
        "items": {"type": "string", "pattern": CLOCK},
        "minItems": 2,
        "maxItems": 2,
        "description": "From and to, such as 09:00 and 18:00; a day ends at 24:00.",
    },
    SPANS_MAX,
)
CONTENT = body(
    {
        "name": TEXT,
        "timezone": {"type": "string", "minLength": 1, "maxLength": 64},
        "weekly": body({f"{name}?": HOURS for name in WEEKDAYS}),
        "holidays": {
            **or_null({"type": "string", "maxLength": 8}),
            "description": "The country whose public holidays and make-up workdays count (CN), or null.",
        },
        "makeup?": {**HOURS, "description": "Hours of a make-up workday that falls on a weekend."},
        "unknown_years?": {
            **one_of("weekly", "refuse"),
            "default": "weekly",
            "description": "A year whose public holidays are not known yet: by the weekly hours, or an incident.",
        },
        "days?": many(
            body(
                {
                    "date": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
                    "hours": {**HOURS, "description": "Empty: closed."},
                    "note?": {"type": "string", "maxLength": 200},
                }
            ),
            OWN_DAYS_MAX,
        ),
    }
)
CALENDAR = record(
    {
        "key": STRING,
        "version": COUNT,
        "content": CONTENT,
        "standard": BOOLEAN,
        "flows": many(STRING),
        "roles": many(STRING),
        "holidays_from": or_null(STRING),
        "unknown_years": many(COUNT),
        "changed_at": AT,
        "changed_by": STRING,
    }
)
DAY = record(
    {
        "date": STRING,
        "kind": one_of("work", "rest", "holiday", "makeup", "own"),
        "hours": HOURS,
        "note": {"type": "object"},
        "known": BOOLEAN,
    }
)


@route(
    "GET",
    "/api/calendars",
    "Business calendars by key, each with its version in force and the flows that chose it",
    permission="flows:read",
    query=PAGING,
    answer=page_of(CALENDAR),
)
def listing(call: Call) -> Any:
    return calendars.listing(call.workspace, call.actor, **call.query)


@route(
    "POST",
    "/api/calendars",
    "Make a calendar",
    permission="calendars:write",
    body=body({"key": FLOW_KEY, "content": CONTENT}),
    answer=CALENDAR,
    status=201,
    errors=(409,),
    repeatable=True,
)
def create(call: Call) -> Any:
    told = call.body
    return calendars.create(call.workspace, call.actor, told["key"], told["content"])


@route(
    "GET",
    "/api/calendars/{key}",
    "A calendar; the header ETag is its version",
    permission="flows:read",
    answer=CALENDAR,
)
def detail(call: Call, key: str) -> Any:
    return _answer(calendars.detail(call.workspace, call.actor, key))


@route(
    "PUT",
    "/api/calendars/{key}",
    "Change a calendar: a new version; If-Match says which one it replaces. Open timers and tasks follow in the background",
    permission="calendars:write",
    body=CONTENT,
    answer=CALENDAR,
    if_match=True,
    errors=(412,),
)
def change(call: Call, key: str) -> Any:
    version = call.request.headers.get("If-Match", "").removeprefix("W/").strip('" ')
    if not version:
        message = "Expected the header If-Match with the calendar's version, but found none."
        problem = Problem("/headers/If-Match", "required", {"name": "If-Match"}, message)
        raise ValidationFailed(what="request", count=1, problems=[problem])
    return _answer(calendars.change(call.workspace, call.actor, key, call.body, version))


@route(
    "POST",
    "/api/calendars/{key}/standard",
    "Flows without a calendar of their own go by this one from now on",
    permission="calendars:write",
    answer=CALENDAR,
)
def standard(call: Call, key: str) -> Any:
    return calendars.make_standard(call.workspace, call.actor, key)


@route(
    "PUT",
    "/api/roles/{key}/calendar",
    "Whose hours count for tasks of this role; null: those of the flow",
    permission="calendars:write",
    body=body({"calendar": or_null(FLOW_KEY)}),
    answer=record({"role": STRING, "calendar": or_null(STRING)}),
)
def of_role(call: Call, key: str) -> Any:
    return calendars.choose_for_role(call.workspace, call.actor, key, call.body["calendar"])


@route(
    "GET",
    "/api/calendars/{key}/days",
    "Every day of a month: what it is, and when it is worked",
    permission="flows:read",
    query={
        "month": {
            "type": "string",
            "pattern": "^(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])$",
            "description": "Such as 2026-10; without it this month, by the calendar's clock.",
        },
    },
    answer=record({"month": STRING, "today": STRING, "items": many(DAY)}),
    errors=(422,),
)
def days(call: Call, key: str) -> Any:
    return calendars.month(call.workspace, call.actor, key, call.query["month"])


def _answer(found: dict[str, Any]) -> Answer:
    return Answer(found, headers={"ETag": f'"{found["version"]}"'})
