"""Rotas: shifts, the weeks that repeat, days by hand, and who is on duty."""

from __future__ import annotations

from typing import Any

from headrace.engine.errors import Problem, ValidationFailed
from headrace.engine.http.organisation import ID, NOTE, OWN_ID, REF
from headrace.engine.http.route import Call, route
from headrace.engine.http.shapes import (
    AT,
    BOOLEAN,
    NAME,
    STRING,
    body,
    many,
    one_of,
    or_null,
    page_of,
    record,
)
from headrace.engine.people.rota_text import EXCEPTIONS_MAX, PEOPLE_MAX, SHIFTS_MAX, WEEKS_MAX
from headrace.engine.people.working_hours import CLOCK, WEEKDAYS
from headrace.engine.service import rotas

SHIFT_ID = {"type": "string", "pattern": "^[a-z0-9][a-z0-9_-]{0,39}$"}
DATE = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
CLOCK_TIME = {"type": "string", "pattern": CLOCK}
WHO = {**many(ID, PEOPLE_MAX), "description": "Ids of users, and roles as role:<key>."}
SHIFT = body(
    {
        "id": SHIFT_ID,
        "name": NAME,
        "from": CLOCK_TIME,
        "to": {**CLOCK_TIME, "description": "At or before `from`: on the next day."},
        "on?": {
            **one_of("all", "work", "rest"),
            "default": "all",
            "description": "Every day, or only on business days or days off by the calendar.",
        },
    }
)
CELLS = {
    "type": "object",
    "propertyNames": SHIFT_ID,
    "additionalProperties": WHO,
    "maxProperties": SHIFTS_MAX,
    "description": "Shift → who works it.",
}
WEEK = body({f"{day}?": CELLS for day in WEEKDAYS})
EXCEPTION = body({"date": DATE, "shift": SHIFT_ID, "people": WHO, "note?": NOTE})
PLAN = {
    "name": NAME,
    "timezone": {"type": "string", "minLength": 1, "maxLength": 64},
    "calendar?": or_null({"type": "string", "maxLength": 64}),
    "starts_on": {**DATE, "description": "The Monday from which the weeks are counted."},
    "shifts": {**many(SHIFT, SHIFTS_MAX), "minItems": 1},
    "weeks": {**many(WEEK, WEEKS_MAX), "minItems": 1},
    "exceptions?": many(EXCEPTION, EXCEPTIONS_MAX),
}
SUMMARY = {
    "id": STRING,
    "key": STRING,
    "name": STRING,
    "timezone": STRING,
    "on_duty": many(REF),
    "until": or_null(AT),
}
ROTA = record(
    {
        **SUMMARY,
        "calendar": or_null(STRING),
        "starts_on": STRING,
        "shifts": many({"type": "object"}),
        "weeks": many({"type": "object"}),
        "exceptions": many({"type": "object"}),
        "known": many(record({"id": STRING, "name": STRING, "active": BOOLEAN})),
        "updated_at": AT,
        "updated_by": REF,
        "etag": STRING,
    }
)
SLOT = record(
    {
        "date": STRING,
        "shift": STRING,
        "name": STRING,
        "from": AT,
        "until": AT,
        "people": many(REF),
        "inactive": many(REF),
        "exception": BOOLEAN,
        "note": STRING,
        "gap": BOOLEAN,
    }
)


@route(
    "GET",
    "/api/rotas",
    "All rotas, each with who is on duty now",
    permission="flows:read",
    answer=page_of(record(SUMMARY)),
)
def listing(call: Call) -> Any:
    return rotas.listing(call.workspace, call.actor)


@route(
    "POST",
    "/api/rotas",
    "Make a rota",
    permission="users:write",
    body=body({"key?": OWN_ID, **PLAN}),
    answer=ROTA,
    status=201,
    errors=(409,),
    repeatable=True,
)
def create(call: Call) -> Any:
    return rotas.create(call.workspace, call.actor, call.body)


@route(
    "GET",
    "/api/rotas/{key}",
    "A rota with its whole plan",
    permission="flows:read",
    answer=ROTA,
)
def detail(call: Call, key: str) -> Any:
    return rotas.detail(call.workspace, call.actor, key)


@route(
    "PUT",
    "/api/rotas/{key}",
    "Change the plan of a rota; If-Match says which one it replaces",
    permission="users:write",
    body=body(PLAN),
    answer=ROTA,
    if_match=True,
    errors=(412,),
    repeatable=True,
)
def change(call: Call, key: str) -> Any:
    etag = call.request.headers.get("If-Match", "").removeprefix("W/").strip('" ')
    if not etag:
        message = "Expected the header If-Match with the rota's etag, but found none."
        problem = Problem("/headers/If-Match", "required", {"name": "If-Match"}, message)
        raise ValidationFailed(what="request", count=1, problems=[problem])
    return rotas.change(call.workspace, call.actor, key, call.body, etag)


@route(
    "DELETE",
    "/api/rotas/{key}",
    "Take a rota away",
    permission="users:write",
    status=204,
)
def delete(call: Call, key: str) -> Any:
    rotas.delete(call.workspace, call.actor, key)


@route(
    "GET",
    "/api/rotas/{key}/duty",
    "Every shift of some days with who works it and where nobody does, and who is on duty now",
    permission="flows:read",
    query={
        "from": {**DATE, "description": "The first day; today without it, on the rota's clock."},
        "until": {**DATE, "description": "The last day; a week without it."},
    },
    answer=record(
        {"slots": many(SLOT), "now": record({"people": many(REF), "until": or_null(AT)})}
    ),
)
def duty(call: Call, key: str) -> Any:
    asked = call.query
    return rotas.duty(call.workspace, call.actor, key, asked["from"], asked["until"])
