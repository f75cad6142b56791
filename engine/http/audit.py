"""Who changed what."""

from __future__ import annotations

from typing import Any

from headrace.engine.http.route import Call, route
from headrace.engine.http.shapes import (
    AT,
    COUNTING_CURSOR,
    LIMIT,
    OBJECT,
    SEARCH,
    STRING,
    page_of,
    record,
)
from headrace.engine.service import audit


@route(
    "GET",
    "/api/audit",
    "Who changed what, newest first; `action` may be the beginning of one, as flows.",
    permission="audit:read",
    query={"action": SEARCH, "subject": SEARCH, "limit": LIMIT, "cursor": COUNTING_CURSOR},
    answer=page_of(
        record(
            {
                "id": STRING,
                "at": AT,
                "who": record({"id": STRING, "name": STRING}),
                "action": STRING,
                "subject": STRING,
                "params": OBJECT,
            }
        )
    ),
)
def listing(call: Call) -> Any:
    return audit.listing(call.workspace, call.actor, **call.query)
