"""Many tasks at once: bulk decisions, the green channel, hand-over, sending to-dos again. Each answers a batch."""

from __future__ import annotations

from typing import Any

from headrace.engine.http.batches import BATCH
from headrace.engine.http.route import Call, route
from headrace.engine.http.shapes import (
    AT,
    BOOLEAN,
    COUNT,
    FLOW_KEY,
    LINE,
    STRING,
    body,
    many,
    one_of,
    or_null,
    record,
)
from headrace.engine.http.tasks import caller
from headrace.engine.service import batches, handover, task_acts, task_batches

REASON = {
    "type": "string",
    "minLength": 1,
    "maxLength": 2_000,
    "pattern": r"\S",
    "description": "Why; kept with every decision.",
}
FILTER = {
    "flow": FLOW_KEY,
    "node": LINE,
    "role": {**LINE, "description": "Nodes drawn for this role."},
    "older_than": {
        "type": "string",
        "maxLength": 40,
        "description": "Waiting for longer: PT8H, P2D.",
    },
    "filter": {
        "type": "string",
        "maxLength": 500,
        "description": "On business values, as in GET /api/instances: amount < 500 and risk = none.",
    },
}
SELECTED = body({f"{name}?": schema for name, schema in FILTER.items()})


@route(
    "POST",
    "/api/tasks/bulk",
    "Approve or reject several of my tasks: a batch with the true outcome of each",
    permission="tasks:decide",
    body=body(
        {
            "ids": {**many(LINE, batches.SELECTED_MAX), "minItems": 1},
            "decision": one_of("approved", "rejected"),
            "comment?": {"type": ["string", "null"], "maxLength": task_acts.COMMENT_MAX},
        }
    ),
    answer=BATCH,
    status=201,
    repeatable=True,
)
def bulk(call: Call) -> Any:
    told = call.body
    return task_batches.decide(
        call.workspace,
        call.actor,
        told["ids"],
        told["decision"],
        told.get("comment") or "",
        caller(call),
    )


@route(
    "GET",
    "/api/tasks/release/preview",
    "How many open tasks a release would let pass now, how many would stay, and the first of them",
    permission="tasks:release",
    query=FILTER,
    answer=record(
        {
            "count": COUNT,
            "more": BOOLEAN,
            "kept": COUNT,
            "sample": many(
                record(
                    {
                        "id": STRING,
                        "title": STRING,
                        "business_key": or_null(STRING),
                        "instance_id": STRING,
                        "created_at": AT,
                    }
                )
            ),
        }
    ),
)
def preview(call: Call) -> Any:
    return task_batches.preview(call.workspace, call.actor, call.query)


@route(
    "POST",
    "/api/tasks/release",
    "Green channel: let all open tasks of a filter pass, as one audited batch",
    permission="tasks:release",
    body=body({"filter": SELECTED, "reason": REASON, "decision?": one_of("approved")}),
    answer=BATCH,
    status=201,
    repeatable=True,
)
def release(call: Call) -> Any:
    told = call.body
    return task_batches.release(
        call.workspace, call.actor, told["filter"], told["reason"], caller(call)
    )


@route(
    "POST",
    "/api/tasks/resend",
    "Tell people of open tasks again; who has left is replaced, and nobody gets a second task",
    permission="instances:operate",
    body=body({"filter": SELECTED, "reason?": REASON}),
    answer=BATCH,
    status=201,
    repeatable=True,
)
def resend(call: Call) -> Any:
    told = call.body
    return task_batches.resend(
        call.workspace, call.actor, told["filter"], told.get("reason", ""), caller(call)
    )


@route(
    "POST",
    "/api/handover",
    "All open tasks of somebody go to another, or (to: null) to whom the policy of each task names",
    permission="instances:operate",
    body=body({"from": LINE, "to?": or_null(LINE), "reason": REASON}),
    answer=BATCH,
    status=201,
    errors=(404,),
    repeatable=True,
)
def hand_over(call: Call) -> Any:
    told = call.body
    return handover.hand_over(
        call.workspace, call.actor, told["from"], told.get("to"), told["reason"], caller(call)
    )
