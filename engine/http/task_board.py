"""The board of a flow: what waits where, and how long it takes."""

from __future__ import annotations

from typing import Any

from headrace.engine.http.route import Call, route
from headrace.engine.http.shapes import (
    AT,
    BOOLEAN,
    COUNT,
    STRING,
    TEXT,
    many,
    or_null,
    record,
)
from headrace.engine.service import task_board

STAGE = record(
    {
        "node": STRING,
        "name": TEXT,
        "waiting": COUNT,
        "late": COUNT,
        "oldest_at": or_null(AT),
        "came_today": COUNT,
        "ended_today": COUNT,
        "trend": {
            "type": "integer",
            "description": "How many more came than went within 24 hours.",
        },
        "ended": COUNT,
        "mean_ms": or_null(COUNT),
        "median_ms": or_null(COUNT),
        "p90_ms": or_null(COUNT),
        "bottleneck": BOOLEAN,
    }
)


@route(
    "GET",
    "/api/flows/{key}/board",
    "Per stage of a flow: what waits, since when, how much is late, how long it takes; and the bottleneck",
    permission="instances:read",
    query={
        "days": {
            "type": "integer",
            "minimum": 1,
            "maximum": 366,
            "default": 30,
            "description": "Times are those of tasks that ended within so many days.",
        }
    },
    answer=record(
        {
            "flow_key": STRING,
            "flow_name": TEXT,
            "version": COUNT,
            "at": AT,
            "days": COUNT,
            "bottleneck": or_null(STRING),
            "stages": many(STAGE),
        }
    ),
    errors=(404,),
)
def board(call: Call, key: str) -> Any:
    return task_board.board(call.workspace, call.actor, key, days=call.query["days"])
