"""What people have to decide, and what they are told."""

from __future__ import annotations

from typing import Any

from headrace.engine.errors import NotFound
from headrace.engine.http.route import SIGNED_IN, Call, route
from headrace.engine.http.shapes import (
    ANY,
    AT,
    BOOLEAN,
    COUNT,
    COUNTING_CURSOR,
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
from headrace.engine.service import tasks

SUMMARY = {
    "id": STRING,
    "title": ANY,
    "flow_name": TEXT,
    "instance_id": STRING,
    "business_key": or_null(STRING),
    "node_name": ANY,
    "created_at": AT,
    "due_at": or_null(AT),
    "summary": many(OBJECT),
    "status": STRING,
    "mode": one_of("any", "all"),
    "initiator?": ANY,
}
DETAIL = record(
    {
        **SUMMARY,
        "description": ANY,
        "show": many(OBJECT),
        "form": or_null(OBJECT),
        "buttons": many(record({"decision": STRING, "title": ANY})),
        "assignees": many(OBJECT),
        "timeline": many(OBJECT),
        "can_decide": BOOLEAN,
    }
)


@route(
    "GET",
    "/api/tasks",
    "todo: what waits for me · done: what I decided · started: tasks of what I started",
    permission=SIGNED_IN,
    query={
        "box": {**one_of("todo", "done", "started"), "default": "todo"},
        "search": SEARCH,
        **PAGING,
    },
    answer=page_of(record(SUMMARY)),
)
def listing(call: Call) -> Any:
    return tasks.listing(call.workspace, call.actor, **call.query)


@route(
    "GET",
    "/api/tasks/count",
    "How many tasks wait for me",
    permission=SIGNED_IN,
    answer=record({"todo": COUNT}),
)
def count(call: Call) -> Any:
    return tasks.count(call.workspace, call.actor)


@route(
    "GET",
    "/api/tasks/{task_id}",
    "One task, for those it concerns and for operators",
    permission=SIGNED_IN,
    answer=DETAIL,
    errors=(403,),
)
def detail(call: Call, task_id: str) -> Any:
    return tasks.detail(call.workspace, call.actor, task_id)


@route(
    "POST",
    "/api/tasks/{task_id}/decide",
    "Approve, reject or return; 409 tells how the task stands when somebody was faster",
    permission="tasks:decide",
    body=body(
        {
            "decision": LINE,
            "comment?": {"type": ["string", "null"], "maxLength": 20_000},
            "form?": or_null(OBJECT),
            "version?": ANY,
        }
    ),
    answer=record({"task": DETAIL}),
    errors=(409,),
    repeatable=True,
)
def decide(call: Call, task_id: str) -> Any:
    told = call.body
    task = tasks.decide(
        call.workspace,
        call.actor,
        task_id,
        told["decision"],
        comment=told.get("comment") or "",
        form=told.get("form"),
    )
    return {"task": task}


@route(
    "GET",
    "/api/notifications",
    "My messages, newest first",
    permission=SIGNED_IN,
    query={"limit": LIMIT, "cursor": COUNTING_CURSOR},
    answer=page_of(
        record(
            {
                "id": ANY,
                "title": STRING,
                "text": STRING,
                "at": AT,
                "read": BOOLEAN,
                "instance_id": or_null(STRING),
            }
        )
    ),
)
def notifications(call: Call) -> Any:
    return tasks.notifications(call.workspace, call.actor, **call.query)


@route(
    "POST",
    "/api/notifications/{notification_id}/read",
    "Mark a message as read",
    permission=SIGNED_IN,
    body=body({}),
    body_required=False,
    status=204,
)
def read_notification(call: Call, notification_id: str) -> Any:
    if not notification_id.isascii() or not notification_id.isdigit() or len(notification_id) > 18:
        raise NotFound(kind="notification", id=notification_id)
    tasks.read_notification(call.workspace, call.actor, int(notification_id))


@route(
    "GET",
    "/api/deliveries",
    "Mails and robot messages with their receipts, newest first",
    permission="instances:read",
    query={
        "instance": {"type": "string", "maxLength": 100},
        "limit": LIMIT,
        "cursor": COUNTING_CURSOR,
    },
    answer=page_of(
        record(
            {
                "id": ANY,
                "channel": STRING,
                "to": ANY,
                "status": one_of("queued", "sent", "failed"),
                "attempts": many(OBJECT),
                "instance_id": or_null(STRING),
            }
        )
    ),
)
def deliveries(call: Call) -> Any:
    return tasks.deliveries(call.workspace, call.actor, **call.query)
