"""How long is kept, and what must be kept longer."""

from __future__ import annotations

from typing import Any

from headrace.engine.http.instances import REASON
from headrace.engine.http.operations import PRIORITY
from headrace.engine.http.route import Call, route
from headrace.engine.http.shapes import (
    BOOLEAN,
    COUNT,
    FLOW_KEY,
    LINE,
    STRING,
    body,
    many,
    or_null,
    record,
)
from headrace.engine.service import holds, rules

DAYS = {"type": ["integer", "null"], "minimum": 0, "maximum": 36_500}
"""Days; null: for ever (of a flow: as the workspace says)."""
_WORDS = {
    "instance_days": {
        **DAYS,
        "description": "Instances after the end of their root; a flow may say otherwise.",
    },
    "inbox_days": {**DAYS, "description": "Wishes after they were applied."},
    "outbox_days": {**DAYS, "description": "Messages after they were sent or given up."},
    "message_days": {
        **DAYS,
        "description": "Messages between flows after they could last be taken.",
    },
    "notification_days": {**DAYS, "description": "Notifications after they were read."},
    "audit_days": {**DAYS, "description": "Entries of who changed what."},
    "decision_days": {
        **DAYS,
        "description": "What decisions on tasks said; their places in the chain stay for ever.",
    },
    "archive": {**BOOLEAN, "description": "Write every instance into a file before it is deleted."},
}
RETENTION = record(
    {
        **_WORDS,
        "flows": many(
            record({"flow_key": STRING, "retain_days": or_null(COUNT), "priority": COUNT})
        ),
    }
)
RULES = record(
    {
        "flow_key": STRING,
        "retain_days": or_null(COUNT),
        "kept_days": or_null(COUNT),
        "priority": COUNT,
        "calendar": or_null(STRING),
    }
)
HELD = record({"hold": BOOLEAN, "roots": many(STRING)})


@route(
    "GET",
    "/api/retention",
    "How long what is kept; null is for ever. With the flows that have rules of their own",
    permission="instances:read",
    answer=RETENTION,
)
def read(call: Call) -> Any:
    return rules.read(call.workspace, call.actor)


@route(
    "PATCH",
    "/api/retention",
    "Change it; what has ended already follows the new rule, in the background",
    permission="retention:write",
    body=body({f"{name}?": schema for name, schema in _WORDS.items()}),
    answer=RETENTION,
)
def change(call: Call) -> Any:
    return rules.change(call.workspace, call.actor, call.body)


@route(
    "GET",
    "/api/flows/{key}/rules",
    "The rules of a flow: its own days (null: as the workspace says), what they come to, and how urgent its instances are",
    permission="flows:read",
    answer=RULES,
)
def read_flow(call: Call, key: str) -> Any:
    return rules.read_flow(call.workspace, call.actor, key)


@route(
    "PATCH",
    "/api/flows/{key}/rules",
    "Change them; `retain_days` wants retention:write, `calendar` calendars:write. They count for what begins now",
    permission="instances:operate",
    body=body({"retain_days?": DAYS, "priority?": PRIORITY, "calendar?": or_null(FLOW_KEY)}),
    answer=RULES,
    errors=(403,),
)
def change_flow(call: Call, key: str) -> Any:
    return rules.change_flow(call.workspace, call.actor, key, call.body)


@route(
    "POST",
    "/api/instances/{instance_id}/hold",
    "Legal hold: the instance and the whole tree it belongs to are not purged until released (`on`: false)",
    permission="retention:write",
    body=body({"on": BOOLEAN, "reason": {**REASON, "minLength": 1}}),
    answer=HELD,
    errors=(409,),
    repeatable=True,
)
def hold(call: Call, instance_id: str) -> Any:
    told = call.body
    return holds.hold(call.workspace, call.actor, instance_id, on=told["on"], reason=told["reason"])


@route(
    "POST",
    "/api/holds",
    "The same for every instance with a business key (up to a thousand; for more there are batches)",
    permission="retention:write",
    body=body(
        {
            "business_key": {**LINE, "minLength": 1},
            "on": BOOLEAN,
            "reason": {**REASON, "minLength": 1},
        }
    ),
    answer=HELD,
    errors=(404, 409),
    repeatable=True,
)
def hold_key(call: Call) -> Any:
    told = call.body
    return holds.hold_key(
        call.workspace, call.actor, told["business_key"], on=told["on"], reason=told["reason"]
    )
