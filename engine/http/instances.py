"""Instances and their incidents."""

from __future__ import annotations

from typing import Any

from headrace.engine.clock import from_iso
from headrace.engine.http.route import SIGNED_IN, Answer, Call, route
from headrace.engine.http.shapes import (
    ANY,
    AT,
    BOOLEAN,
    COUNT,
    CURSOR,
    FLOW_KEY,
    LIMIT,
    LINE,
    OBJECT,
    PAGING,
    SEARCH,
    STRING,
    TEXT,
    body,
    many,
    one_of,
    or_null,
    page_of,
    record,
)
from headrace.engine.service import incidents, instances

STATUSES = (
    "running",
    "waiting",
    "suspended",
    "incident",
    "compensating",
    "completed",
    "cancelled",
    "failed",
)
REASON = {"type": "string", "maxLength": 2_000}
SUMMARY = {
    "id": STRING,
    "flow_key": STRING,
    "flow_name": TEXT,
    "version": COUNT,
    "business_key": or_null(STRING),
    "status": one_of(*STATUSES),
    "started_at": AT,
    "ended_at": or_null(AT),
}
STATE = record({"id": STRING, "status": STRING})
INCIDENT = record(
    {
        "id": STRING,
        "instance_id": STRING,
        "flow_key": STRING,
        "step": ANY,
        "node": or_null(STRING),
        "code": STRING,
        "message": STRING,
        "raised_at": AT,
        "resolved_at": or_null(AT),
        "resolution": or_null(STRING),
    }
)


@route(
    "POST",
    "/api/flows/{key}/instances",
    "Start an instance of the published version; the same dedup_key answers with the same instance (200)",
    permission="instances:start",
    body=body(
        {
            "input?": OBJECT,
            "business_key?": or_null(LINE),
            "dedup_key?": or_null(LINE),
            "start_node?": or_null(LINE),
            "priority?": {
                "type": ["integer", "null"],
                "minimum": 0,
                "maximum": 9,
                "description": "0 to 9, the most urgent; null: as the flow says.",
            },
        }
    ),
    body_required=False,
    answer=record({"id": STRING, "duplicate": BOOLEAN}),
    status=201,
    errors=(409, 507),
    repeatable=True,
)
def start(call: Call, key: str) -> Any:
    told = call.body or {}
    started = instances.start(
        call.workspace,
        call.actor,
        key,
        told.get("input", {}),
        start_node=told.get("start_node"),
        business_key=told.get("business_key"),
        dedup_key=told.get("dedup_key"),
        repeat_key=call.repeat_key,
        priority=told.get("priority"),
    )
    answer = {"id": started.id, "duplicate": started.duplicate}
    return Answer(answer, status=200 if started.duplicate else 201)


@route(
    "GET",
    "/api/instances",
    "Instances, newest first; who may not see all sees those he started",
    permission=SIGNED_IN,
    query={
        "flow": FLOW_KEY,
        "status": one_of("open", *STATUSES),
        "search": {**SEARCH, "description": "The beginning of a business key, or an id."},
        "from": AT,
        "to": AT,
        "filter": {
            "type": "string",
            "maxLength": 500,
            "default": "",
            "description": "Conditions on business fields (inputs marked x-search), all of which must hold:"
            ' `order_no = A-1 and amount >= 100 and city ^= "Shang"`. Operators: = != < <= > >= and ^= (begins with).',
        },
        "node": {**LINE, "description": "Only those that wait at this node (its id)."},
        "version": {"type": "integer", "minimum": 1},
        "hold": {
            **BOOLEAN,
            "description": "Only those under legal hold, or only those that are not.",
        },
        **PAGING,
    },
    answer=page_of(
        record(
            {
                **SUMMARY,
                "incidents": COUNT,
                "waiting_at": many(ANY),
                "priority": COUNT,
                "hold": BOOLEAN,
                "retain_until": or_null(AT),
            }
        )
    ),
)
def listing(call: Call) -> Any:
    asked = dict(call.query)
    return instances.listing(
        call.workspace,
        call.actor,
        from_ms=_ms(asked.pop("from")),
        to_ms=_ms(asked.pop("to")),
        filter_=asked.pop("filter"),
        **asked,
    )


@route(
    "GET",
    "/api/instances/{instance_id}",
    "One instance: the drawing it runs on, where it stands, every step with what went in and came out",
    permission=SIGNED_IN,
    answer=record(
        {
            **SUMMARY,
            "result": or_null(STRING),
            "variables": OBJECT,
            "output": ANY,
            "document": OBJECT,
            "seq": COUNT,
            "steps": many(OBJECT),
            "steps_cursor": or_null(STRING),
            "hold": BOOLEAN,
            "retain_until": or_null(AT),
            "priority": COUNT,
            "suspended": or_null(OBJECT),
            "edges": {"type": "object", "additionalProperties": COUNT},
            "incidents": many(INCIDENT),
            "deliveries": many(OBJECT),
            "children": many(OBJECT),
            "trace_id": or_null(STRING),
            "parent": or_null(OBJECT),
        }
    ),
    errors=(403,),
)
def detail(call: Call, instance_id: str) -> Any:
    return instances.detail(call.workspace, call.actor, instance_id)


@route(
    "GET",
    "/api/instances/{instance_id}/history",
    "What happened, oldest first, after a number",
    permission=SIGNED_IN,
    query={
        "after": {"type": "integer", "minimum": 0, "default": 0},
        "limit": {**LIMIT, "maximum": 1_000, "default": 500},
        "cursor": {**CURSOR, "pattern": "^[0-9]{1,15}$"},
    },
    answer=page_of(record({"seq": COUNT, "at": AT, "type": STRING})),
    errors=(403,),
)
def history(call: Call, instance_id: str) -> Any:
    after = int(call.query["cursor"] or call.query["after"])
    return instances.history(call.workspace, call.actor, instance_id, after, call.query["limit"])


@route(
    "POST",
    "/api/instances/{instance_id}/cancel",
    "End an instance, with its tasks, jobs, timers and sub-flows",
    permission="instances:operate",
    body=body(
        {
            "reason?": REASON,
            "compensate?": {
                **BOOLEAN,
                "description": "Undo first what was done and can be undone.",
            },
        }
    ),
    body_required=False,
    answer=STATE,
    errors=(409,),
    repeatable=True,
)
def cancel(call: Call, instance_id: str) -> Any:
    told = call.body or {}
    return instances.cancel(
        call.workspace,
        call.actor,
        instance_id,
        told.get("reason", ""),
        compensate=told.get("compensate", False),
    )


@route(
    "GET",
    "/api/incidents",
    "Steps that cannot go on without a person, newest first",
    permission="instances:read",
    query={
        "status": {**one_of("open", "resolved", "all"), "default": "open"},
        "limit": LIMIT,
        "cursor": {**CURSOR, "pattern": "^[0-9]{1,18}_.+$"},
    },
    answer=page_of(INCIDENT),
)
def incident_list(call: Call) -> Any:
    return incidents.listing(call.workspace, call.actor, **call.query)


@route(
    "POST",
    "/api/incidents/{incident_id}/retry",
    "Try the step again, with the same key",
    permission="instances:operate",
    body=body({}),
    body_required=False,
    answer=STATE,
    errors=(409,),
    repeatable=True,
)
def retry(call: Call, incident_id: str) -> Any:
    return incidents.retry(call.workspace, call.actor, incident_id)


@route(
    "POST",
    "/api/incidents/{incident_id}/skip",
    "Go past the step by one of its ports, as if it had answered `output`",
    permission="instances:operate",
    body=body({"port?": or_null(LINE), "output?": ANY, "reason?": REASON}),
    body_required=False,
    answer=STATE,
    errors=(409,),
    repeatable=True,
)
def skip(call: Call, incident_id: str) -> Any:
    told = call.body or {}
    return incidents.skip(
        call.workspace,
        call.actor,
        incident_id,
        port=told.get("port"),
        output=told.get("output"),
        reason=told.get("reason", ""),
    )


def _ms(text: str | None) -> int | None:
    return from_iso(text.upper()) if text else None
