"""Business records."""

from __future__ import annotations

from typing import Any

from headrace.engine.http.route import Call, route
from headrace.engine.http.shapes import (
    ANY,
    AT,
    COUNT,
    PAGING,
    SEARCH,
    STRING,
    or_null,
    page_of,
    record,
)
from headrace.engine.service import records


@route(
    "GET",
    "/api/records",
    "Records of a table, last changed first",
    permission="records:read",
    query={
        "table": {"type": "string", "minLength": 1, "maxLength": 64, "x-required": True},
        "search": SEARCH,
        **PAGING,
    },
    answer=page_of(
        record(
            {
                "table": STRING,
                "key": STRING,
                "value": ANY,
                "created_at": AT,
                "updated_at": AT,
                "instance_id": or_null(STRING),
            }
        )
    ),
)
def listing(call: Call) -> Any:
    return records.listing(call.workspace, call.actor, **call.query)


@route(
    "GET",
    "/api/records/tables",
    "The tables of records there are",
    permission="records:read",
    answer=page_of(record({"table": STRING, "records": COUNT})),
)
def tables(call: Call) -> Any:
    return records.tables(call.workspace, call.actor)
