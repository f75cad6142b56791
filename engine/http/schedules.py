"""Schedules: when each starts its flow next, what became of the last slot, pause and resume."""

from __future__ import annotations

from typing import Any

from headrace.engine.http.route import Call, route
from headrace.engine.http.shapes import (
    BOOLEAN,
    COUNT,
    FLOW_KEY,
    OBJECT,
    PAGING,
    STRING,
    many,
    one_of,
    or_null,
    page_of,
    record,
)
from headrace.engine.service import schedules

SCHEDULE = record(
    {
        "id": STRING,
        "flow_key": STRING,
        "flow_name": OBJECT,
        "node": STRING,
        "cron": STRING,
        "timezone": STRING,
        "misfire": one_of("skip", "once", "catch_up"),
        "catch_up_max": COUNT,
        "paused_at": or_null(STRING),
        "paused_by": or_null(STRING),
        "next_times": many(STRING, schedules.NEXT_TIMES),
        "last_slot_at": or_null(STRING),
        "last_result": or_null(STRING),
        "last_instance": or_null(STRING),
        "last_error": or_null(STRING),
        "last_error_at": or_null(STRING),
    }
)


@route(
    "GET",
    "/api/schedules",
    "Schedules by id: their next five times, and what became of the last",
    permission="flows:read",
    query={
        **PAGING,
        "flow": FLOW_KEY,
        "failing": {
            **BOOLEAN,
            "default": False,
            "description": "Only those whose last slot could not start its flow.",
        },
    },
    answer=page_of(SCHEDULE),
)
def listing(call: Call) -> Any:
    query = call.query
    return schedules.listing(
        call.workspace,
        call.actor,
        flow=query["flow"],
        failing=query["failing"],
        cursor=query["cursor"],
        limit=query["limit"],
    )


@route(
    "POST",
    "/api/schedules/{schedule_id}/pause",
    "Let no slot start its flow until it is resumed",
    permission="instances:operate",
    answer=SCHEDULE,
    errors=(404,),
)
def pause(call: Call, schedule_id: str) -> Any:
    return schedules.pause(call.workspace, call.actor, schedule_id)


@route(
    "POST",
    "/api/schedules/{schedule_id}/resume",
    "Go on with the next slot from now; those that passed meanwhile are not made up for",
    permission="instances:operate",
    answer=SCHEDULE,
    errors=(404,),
)
def resume(call: Call, schedule_id: str) -> Any:
    return schedules.resume(call.workspace, call.actor, schedule_id)
