"""What holds back the jobs of a connection, and its circuit breakers."""

from __future__ import annotations

from typing import Any

from headrace.engine.http.route import Call, route
from headrace.engine.http.shapes import (
    AT,
    BOOLEAN,
    COUNT,
    OBJECT,
    PAGING,
    STRING,
    body,
    one_of,
    or_null,
    page_of,
    record,
)
from headrace.engine.service import breakers, limits

LIMITS = record({"limits": OBJECT, "live": COUNT})
BREAKER = record(
    {
        "connection": STRING,
        "host": STRING,
        "connector": STRING,
        "state": one_of("closed", "open", "half_open"),
        "forced": BOOLEAN,
        "failures": COUNT,
        "outcomes": COUNT,
        "opens_in_a_row": COUNT,
        "next_try_at": or_null(AT),
        "error": STRING,
        "changed_at": AT,
        "changed_by": STRING,
    }
)


@route(
    "GET",
    "/api/connections/{key}/limits",
    "What holds back the jobs of a connection, and how many are under way",
    permission="connections:read",
    answer=LIMITS,
)
def detail(call: Call, key: str) -> Any:
    return limits.detail(call.workspace, call.actor, key)


@route(
    "PUT",
    "/api/connections/{key}/limits",
    "Set rates, how many at once, the queue and the breaker of a connection; what is not named is not limited",
    permission="connections:write",
    body=limits.SCHEMA,
    answer=LIMITS,
    repeatable=True,
)
def put(call: Call, key: str) -> Any:
    return limits.put(call.workspace, call.actor, key, call.body)


@route(
    "GET",
    "/api/breakers",
    "Circuit breakers by connection and host; a connection whose calls never failed has none",
    permission="connections:read",
    query={**PAGING, "connection": {"type": "string", "maxLength": 64, "default": ""}},
    answer=page_of(BREAKER),
)
def listing(call: Call) -> Any:
    return breakers.listing(call.workspace, call.actor, **call.query)


@route(
    "PUT",
    "/api/connections/{key}/breaker",
    "Force the breaker of a connection open or closed, or let it decide by itself again",
    permission="connections:write",
    body=body({"force": one_of("open", "closed", "automatic"), "host?": {"type": "string", "maxLength": 255}}),
    answer=BREAKER,
    repeatable=True,
)  # fmt: skip
def force(call: Call, key: str) -> Any:
    return breakers.force(
        call.workspace, call.actor, key, call.body["force"], call.body.get("host")
    )
