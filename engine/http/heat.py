"""Where many instances of a flow wait and fail."""

from __future__ import annotations

from typing import Any

from headrace.engine.clock import from_iso
from headrace.engine.http.route import Call, route
from headrace.engine.http.shapes import (
    ANY,
    AT,
    COUNT,
    OBJECT,
    STRING,
    many,
    one_of,
    or_null,
    page_of,
    record,
)
from headrace.engine.service import heat

PERIOD = {
    "version": {"type": "integer", "minimum": 1, "maximum": 999_999_999},
    "from": AT,
    "to": AT,
}
NUMBER = {
    "visits": COUNT,
    "failed": COUNT,
    "median_ms": or_null(COUNT),
    "p95_ms": or_null(COUNT),
    "max_ms": or_null(COUNT),
    "total_ms": COUNT,
}


@route(
    "GET",
    "/api/flows/{key}/heat",
    "Where instances started in a period wait and fail: by node and edge",
    permission="instances:read",
    query=PERIOD,
    answer=record(
        {
            "flow_key": STRING,
            "version": or_null(COUNT),
            "drawn": or_null(COUNT),
            "document": ANY,
            "from": AT,
            "to": AT,
            "behind": COUNT,
            "counted": COUNT,
            "instances": record(NUMBER),
            "open": COUNT,
            "nodes": many(
                record(
                    {
                        "node": STRING,
                        **NUMBER,
                        "waiting": COUNT,
                        "waiting_since": or_null(AT),
                        "incidents": COUNT,
                    }
                )
            ),
            "edges": OBJECT,
            "versions": many(COUNT),
        }
    ),
)
def look(call: Call, key: str) -> Any:
    return heat.look(call.workspace, call.actor, key, **_period(call))


@route(
    "POST",
    "/api/flows/{key}/heat/count",
    "Count ended instances into the map for half a second; ask again while some are left",
    permission="instances:read",
    answer=record({"counted": COUNT, "behind": COUNT}),
)
def count(call: Call, key: str) -> Any:
    return heat.count(call.workspace, call.actor, key)


@route(
    "GET",
    "/api/flows/{key}/heat/{node}",
    "The instances behind a node's number: the slowest there, or those that failed there",
    permission="instances:read",
    query={**PERIOD, "kind": {**one_of("slow", "failed"), "default": "slow"}},
    answer=page_of(
        record(
            {
                "id": STRING,
                "ms": or_null(COUNT),
                "business_key": or_null(STRING),
                "status": STRING,
                "version": COUNT,
                "started_at": AT,
            }
        )
    ),
)
def behind(call: Call, key: str, node: str) -> Any:
    return heat.listing(
        call.workspace, call.actor, key, node, kind=call.query["kind"], **_period(call)
    )


def _period(call: Call) -> dict[str, Any]:
    told = call.query
    return {
        "version": told["version"],
        "from_ms": from_iso(told["from"].upper()) if told["from"] else None,
        "to_ms": from_iso(told["to"].upper()) if told["to"] else None,
    }
