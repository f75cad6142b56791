"""Messages and signals, who waits for them, locks, and the items of a for-each."""

from __future__ import annotations

from typing import Any

from headrace.engine.http.route import Call, route
from headrace.engine.http.shapes import (
    ANY,
    AT,
    BOOLEAN,
    COUNT,
    LINE,
    NAME,
    OBJECT,
    PAGING,
    STRING,
    Schema,
    body,
    many,
    one_of,
    or_null,
    page_of,
    record,
)
from headrace.engine.service import messages


def counted_page_of(items: Schema) -> Schema:
    """A page, and how many items there are in which state."""
    counts = record(
        {"total": COUNT, "done": COUNT, "failed": COUNT, "running": COUNT, "waiting": COUNT}
    )
    paged = page_of(items)
    return {
        **paged,
        "properties": {**paged["properties"], "counts": counts},
        "required": [*paged["required"], "counts"],
    }


MESSAGE = record(
    {
        "id": STRING,
        "kind": one_of("message", "signal"),
        "name": STRING,
        "key": STRING,
        "payload": ANY,
        "mode": one_of("one", "one_per_flow", "all"),
        "status": one_of("buffered", "delivered", "expired"),
        "receivers": COUNT,
        "sender_id": or_null(STRING),
        "created_at": AT,
        "expires_at": AT,
    }
)

TELLS = {
    "name": NAME,
    "key?": {**LINE, "description": "Only steps that wait under this key hear it."},
    "payload?": ANY,
    "dedup?": or_null({**LINE, "description": "Seen before under this name: nothing happens."}),
}


@route(
    "POST",
    "/api/messages",
    "Send a message: one receiver, or it waits until somebody wants it",
    permission="instances:start",
    body=body(
        {
            **TELLS,
            "ttl_s?": {"type": "integer", "minimum": 0, "maximum": messages.TTL_MAX_S},
            "mode?": one_of("one", "one_per_flow", "all"),
        }
    ),
    answer=record({"id": or_null(STRING), "reached": COUNT, "duplicate": BOOLEAN}),
    errors=(503,),
    repeatable=True,
)
def publish(call: Call) -> Any:
    told = call.body
    return messages.publish(
        call.workspace, call.actor, told["name"], key=told.get("key", ""), payload=told.get("payload"),
        dedup=told.get("dedup"), ttl_s=told.get("ttl_s", 3_600), mode=told.get("mode", "one"),
    )  # fmt: skip


@route(
    "POST",
    "/api/signals",
    "Send a signal: everybody hears it who waits for it now",
    permission="instances:start",
    body=body(TELLS),
    answer=record({"id": or_null(STRING), "reached": COUNT, "duplicate": BOOLEAN}),
    errors=(503,),
    repeatable=True,
)
def signal(call: Call) -> Any:
    told = call.body
    return messages.publish(
        call.workspace, call.actor, told["name"], kind="signal", key=told.get("key", ""),
        payload=told.get("payload"), dedup=told.get("dedup"),
    )  # fmt: skip


@route(
    "GET",
    "/api/messages",
    "Messages and signals, newest first",
    permission="instances:read",
    query={
        **PAGING,
        "name": LINE,
        "key": LINE,
        "status": one_of("buffered", "delivered", "expired"),
    },
    answer=page_of(MESSAGE),
)
def listing(call: Call) -> Any:
    return messages.listing(call.workspace, call.actor, **call.query)


@route(
    "GET",
    "/api/subscriptions",
    "Which steps wait for which message or signal",
    permission="instances:read",
    query={**PAGING, "name": LINE, "instance": LINE},
    answer=page_of(
        record(
            {
                "id": STRING,
                "instance_id": STRING,
                "flow_key": STRING,
                "step": COUNT,
                "node": STRING,
                "event": STRING,
                "kind": one_of("message", "signal"),
                "name": STRING,
                "key": STRING,
                "created_at": AT,
            }
        )
    ),
)
def subscriptions(call: Call) -> Any:
    return messages.subscriptions(call.workspace, call.actor, **call.query)


@route(
    "GET",
    "/api/instances/{instance_id}/locks",
    "The keys an instance holds or waits for",
    permission="instances:read",
    errors=(404,),
    answer=record(
        {"items": many(record({"key": STRING, "step": COUNT, "held": BOOLEAN, "since": AT}))}
    ),
)
def locks(call: Call, instance_id: str) -> Any:
    return messages.locks_of(call.workspace, call.actor, instance_id)


@route(
    "GET",
    "/api/instances/{instance_id}/steps/{step}/items",
    "The items of a for-each, in their order",
    permission="instances:read",
    query=PAGING,
    errors=(404,),
    answer=counted_page_of(
        record(
            {
                "number": COUNT,
                "input": OBJECT,
                "business_key": or_null(STRING),
                "instance_id": or_null(STRING),
                "status": STRING,
                "output": ANY,
            }
        )
    ),
)
def item_list(call: Call, instance_id: str, step: str) -> Any:
    return messages.item_list(call.workspace, call.actor, instance_id, _number(step), **call.query)


COUNTS = record({"status": STRING, "total": or_null(COUNT), "done": or_null(COUNT)})


@route(
    "POST",
    "/api/instances/{instance_id}/steps/{step}/items",
    "Add items to a for-each that takes more",
    permission="instances:operate",
    body=body({"inputs": many(OBJECT, messages.ITEMS_MAX)}),
    answer=COUNTS,
    errors=(404, 409),
    repeatable=True,
)
def add_items(call: Call, instance_id: str, step: str) -> Any:
    inputs = call.body["inputs"]
    return messages.add_items(call.workspace, call.actor, instance_id, _number(step), inputs)


@route(
    "POST",
    "/api/instances/{instance_id}/steps/{step}/close",
    "Let a for-each take no more items, or end it now",
    permission="instances:operate",
    body=body({"finish?": BOOLEAN}),
    body_required=False,
    answer=COUNTS,
    errors=(404, 409),
    repeatable=True,
)
def close_items(call: Call, instance_id: str, step: str) -> Any:
    finish = (call.body or {}).get("finish", False)
    return messages.close_items(
        call.workspace, call.actor, instance_id, _number(step), finish=finish
    )


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
