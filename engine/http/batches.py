"""Bulk actions: look first, begin, follow to the outcome of every item."""

from __future__ import annotations

from typing import Any

from headrace.engine.http.instances import REASON, STATUSES
from headrace.engine.http.route import SIGNED_IN, Call, route
from headrace.engine.http.shapes import (
    ANY,
    AT,
    BOOLEAN,
    COUNT,
    COUNTING_CURSOR,
    FLOW_KEY,
    LIMIT,
    LINE,
    OBJECT,
    PAGING,
    STRING,
    body,
    many,
    one_of,
    or_null,
    page_of,
    record,
)
from headrace.engine.service import batches

KIND = {"type": "string", "maxLength": 24, "description": "See GET /api/batches/kinds."}
SELECTION = {
    **body(
        {
            "ids?": many(LINE, batches.SELECTED_MAX),
            "flow?": FLOW_KEY,
            "version?": {"type": "integer", "minimum": 1},
            "status?": one_of(*STATUSES),
            "node?": LINE,
            "code?": {**LINE, "description": "The code of an open incident."},
            "from?": AT,
            "to?": AT,
            "search?": LINE,
            "filter?": {
                "type": "string",
                "maxLength": 500,
                "description": "As in GET /api/instances.",
            },
            "hold?": BOOLEAN,
        }
    ),
    "description": "Either `ids` (of incidents for retry and skip, of instances for all else), or fields of a filter, all of which"
    " must hold; `{}` is all. What comes to match later is not in the batch."
    " From and to: when incidents were raised, or instances started.",
}
BATCH = record(
    {
        "id": STRING,
        "kind": STRING,
        "status": one_of("gathering", "running", "done", "cancelled"),
        "reason": STRING,
        "params": OBJECT,
        "selection": OBJECT,
        "total": COUNT,
        "counts": record(
            {
                "waiting": COUNT,
                "running": COUNT,
                "done": COUNT,
                "failed": COUNT,
                "skipped": COUNT,
            }
        ),
        "per_second": COUNT,
        "created_at": AT,
        "created_by": STRING,
        "ended_at": or_null(AT),
    }
)


@route(
    "GET",
    "/api/batches/kinds",
    "What can be done to many by whoever asks: the kinds, what they are done to, and what they want to be told",
    permission="instances:read",
    answer=record(
        {
            "items": many(
                record(
                    {
                        "kind": STRING,
                        "subject": one_of("incident", "instance", "task"),
                        "params": OBJECT,
                        "statuses": many(STRING),
                    }
                )
            )
        }
    ),
)
def kinds(call: Call) -> Any:
    return batches.kinds(call.actor)


@route(
    "POST",
    "/api/batches/preview",
    "How many items a batch would have now (counted up to a limit, then `more`), and the first of them",
    permission="instances:read",
    body=body({"kind": KIND, "selection": SELECTION}),
    answer=record(
        {
            "kind": STRING,
            "subject": STRING,
            "count": COUNT,
            "more": BOOLEAN,
            "sample": many(record({"subject": STRING, "instance_id": STRING})),
        }
    ),
    errors=(404,),
)
def preview(call: Call) -> Any:
    return batches.preview(call.workspace, call.actor, call.body["kind"], call.body["selection"])


@route(
    "POST",
    "/api/batches",
    "Begin a batch: an item is `done` when the outcome of what was begun is known, a retry when its step is done",
    permission="instances:read",
    body=body(
        {
            "kind": KIND,
            "selection": SELECTION,
            "params?": OBJECT,
            "reason?": REASON,
            "per_second?": {
                "type": "integer",
                "minimum": 1,
                "maximum": batches.PER_SECOND_MAX,
                "description": "Items begun in a second.",
            },
        }
    ),
    answer=BATCH,
    status=201,
    errors=(404,),
    repeatable=True,
)
def create(call: Call) -> Any:
    told = call.body
    return batches.create(
        call.workspace,
        call.actor,
        told["kind"],
        told["selection"],
        params=told.get("params"),
        reason=told.get("reason", ""),
        per_second=told.get("per_second", batches.PER_SECOND),
    )


@route(
    "GET",
    "/api/batches",
    "Batches, newest first, with their progress",
    permission="instances:read",
    query={"kind": KIND, **PAGING},
    answer=page_of(BATCH),
)
def listing(call: Call) -> Any:
    return batches.listing(call.workspace, call.actor, **call.query)


@route(
    "GET",
    "/api/batches/{batch_id}",
    "One batch with its progress",
    permission=SIGNED_IN,
    answer=BATCH,
)
def detail(call: Call, batch_id: str) -> Any:
    return batches.detail(call.workspace, call.actor, batch_id)


@route(
    "GET",
    "/api/batches/{batch_id}/items",
    "What became of each item, in the order in which they were found",
    permission=SIGNED_IN,
    query={
        "status": one_of("waiting", "running", "done", "failed", "skipped"),
        "limit": LIMIT,
        "cursor": COUNTING_CURSOR,
    },
    answer=page_of(
        record(
            {
                "number": COUNT,
                "subject": STRING,
                "instance_id": STRING,
                "status": STRING,
                "code": or_null(STRING),
                "message": or_null(STRING),
                "data": ANY,
                "began_at": or_null(AT),
                "ended_at": or_null(AT),
            }
        )
    ),
)
def items(call: Call, batch_id: str) -> Any:
    return batches.items(call.workspace, call.actor, batch_id, **call.query)


@route(
    "POST",
    "/api/batches/{batch_id}/cancel",
    "Begin no further item; those that run are still followed to their outcome",
    permission="instances:read",
    body=body({}),
    body_required=False,
    answer=BATCH,
    errors=(409,),
    repeatable=True,
)
def cancel(call: Call, batch_id: str) -> Any:
    return batches.cancel(call.workspace, call.actor, batch_id)
