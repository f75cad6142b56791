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
from headrace.engine.service.decisions import Caller

REF = record({"id": STRING, "name": STRING})
SUMMARY = {
    "id": STRING,
    "title": ANY,
    "flow_key": STRING,
    "flow_name": TEXT,
    "instance_id": STRING,
    "business_key": or_null(STRING),
    "node_name": ANY,
    "created_at": AT,
    "due_at": or_null(AT),
    "summary": many(OBJECT),
    "status": STRING,
    "mode": STRING,
    "initiator?": ANY,
    "revision": COUNT,
    "round": COUNT,
    "kind": {
        "type": "string",
        "description": "decide, cc, confirm, resubmit, answer; none: no seat",
    },
    "on_behalf_of": or_null(STRING),
    "warned": BOOLEAN,
    "paused_at": or_null(AT),
    "needs_form": BOOLEAN,
    "decision": or_null(STRING),
    "seen": BOOLEAN,
    "step_at?": ANY,
}
SEAT = record(
    {
        "seat": COUNT,
        "user_id": STRING,
        "name": STRING,
        "kind": STRING,
        "status": STRING,
        "decision": or_null(STRING),
        "comment": or_null(STRING),
        "at": or_null(AT),
        "round": COUNT,
        "on_behalf_of": or_null(REF),
        "origin": STRING,
        "added_by": or_null(REF),
        "stage": COUNT,
        "weight": COUNT,
        "reason": or_null(STRING),
    }
)
NOTE = record(
    {
        "id": STRING,
        "at": AT,
        "by": or_null(REF),
        "kind": STRING,
        "action": STRING,
        "text": STRING,
        "to": or_null(REF),
        "seat": or_null(COUNT),
        "details": OBJECT,
    }
)
DETAIL = record(
    {
        **SUMMARY,
        "description": ANY,
        "show": many(OBJECT),
        "form": or_null(OBJECT),
        "form_version": STRING,
        "mend": {
            **or_null(record({"key": STRING, "form": OBJECT})),
            "description": "What was filled in at the start, for whoever mends it: sent as variables {key: value}.",
        },
        "buttons": many(record({"decision": STRING, "title": ANY})),
        "assignees": many(OBJECT),
        "seats": many(SEAT),
        "rule": record(
            {"mode": STRING, "text": TEXT, "have": COUNT, "needed": COUNT, "total": COUNT}
        ),
        "actions": many(
            record(
                {
                    "action": STRING,
                    "allowed": BOOLEAN,
                    "why": or_null(STRING),
                    "choices": OBJECT,
                }
            )
        ),
        "notes": many(NOTE),
        "notes_cursor": or_null(STRING),
        "path": or_null(OBJECT),
        "changed": or_null(OBJECT),
        "deadlines": many(record({"kind": STRING, "at": AT, "do": STRING, "text": OBJECT})),
        "timeline": many(OBJECT),
        "sent_back": or_null(OBJECT),
        "can_decide": BOOLEAN,
        "nonce": STRING,
        "attachments": many(
            record(
                {
                    "id": STRING,
                    "name": STRING,
                    "size": COUNT,
                    "type": STRING,
                    "field": or_null(STRING),
                }
            )
        ),
    }
)
ANSWER = {
    "answer": {
        **OBJECT,
        "description": "What was answered; the same again when the nonce comes again (`repeated`).",
    },
    "repeated": BOOLEAN,
}
NONCE: dict[str, Any] = {
    "type": ["string", "null"],
    "maxLength": 600,
    "description": "`nonce` of the task as it was shown: sent twice, it is done once.",
}
COMMENT = {"type": ["string", "null"], "maxLength": 20_000}
BOX = {**one_of("todo", "done", "started", "cc"), "default": "todo"}


@route(
    "GET",
    "/api/tasks",
    "todo: what waits for me · done: what I decided · started: tasks of what I started · cc: what I read along",
    permission=SIGNED_IN,
    query={
        "box": BOX,
        "search": SEARCH,
        "flow": LINE,
        "sort": {**one_of("new", "due"), "default": "new"},
        "late": {
            "type": "integer",
            "enum": [0, 1],
            "default": 0,
            "description": "1: only those past their due time.",
        },
        **PAGING,
    },
    answer=page_of(record(SUMMARY)),
)
def listing(call: Call) -> Any:
    asked = {**call.query, "late": bool(call.query["late"])}
    return tasks.listing(call.workspace, call.actor, **asked)


@route(
    "GET",
    "/api/tasks/count",
    "How many tasks wait for me, how many of them are late, and copies I have not looked at",
    permission=SIGNED_IN,
    answer=record({"todo": COUNT, "late": COUNT, "cc": COUNT}),
)
def count(call: Call) -> Any:
    return tasks.count(call.workspace, call.actor)


@route(
    "GET",
    "/api/tasks/flows",
    "Which flows the tasks of a box belong to",
    permission=SIGNED_IN,
    query={"box": BOX},
    answer=page_of(record({"key": STRING, "name": TEXT, "count": COUNT})),
)
def flows(call: Call) -> Any:
    return tasks.flows(call.workspace, call.actor, call.query["box"])


@route(
    "GET",
    "/api/tasks/{task_id}",
    "One task, for those it concerns and for operators: seats, what one may do and why not, discussion, path",
    permission=SIGNED_IN,
    answer=DETAIL,
    errors=(403,),
)
def detail(call: Call, task_id: str) -> Any:
    return tasks.detail(call.workspace, call.actor, task_id)


@route(
    "GET",
    "/api/tasks/{task_id}/notes",
    "What people said and did with a task, oldest first",
    permission=SIGNED_IN,
    query={"limit": LIMIT, "cursor": COUNTING_CURSOR},
    answer=page_of(NOTE),
    errors=(403,),
)
def notes(call: Call, task_id: str) -> Any:
    return tasks.notes(call.workspace, call.actor, task_id, **call.query)


@route(
    "POST",
    "/api/tasks/{task_id}/decide",
    "Approve, reject or return; 409 tells how the task stands when somebody was faster",
    permission="tasks:decide",
    body=body(
        {
            "decision": LINE,
            "comment?": COMMENT,
            "form?": or_null(OBJECT),
            "nonce?": NONCE,
            "form_version?": {"type": ["string", "null"], "maxLength": 80},
            "revision?": or_null(COUNT),
            "version?": ANY,
        }
    ),
    answer=record({"task": DETAIL, **ANSWER}),
    errors=(403, 409),
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
        nonce=told.get("nonce"),
        form_version=told.get("form_version"),
        caller=caller(call),
    )
    return {"task": task, "answer": task["answer"], "repeated": task["repeated"]}


@route(
    "POST",
    "/api/tasks/{task_id}/actions/{action}",
    "Do something with a task but vote: add_sign, transfer, return, ask, urge, withdraw … (see docs/people.md)",
    permission="tasks:decide",
    body={
        **OBJECT,
        "properties": {"nonce": NONCE, "revision": or_null(COUNT)},
        "description": "What the action wants to be told, besides `nonce` and `revision`; see docs/people.md.",
    },
    body_required=False,
    answer=record({"task": or_null(DETAIL), **ANSWER}),
    errors=(403, 409, 429),
    repeatable=True,
)
def act(call: Call, task_id: str, action: str) -> Any:
    args = dict(call.body or {})
    nonce, revision = args.pop("nonce", None), args.pop("revision", None)
    return tasks.act(
        call.workspace,
        call.actor,
        task_id,
        action,
        args,
        nonce=nonce,
        revision=revision,
        caller=caller(call),
    )


def caller(call: Call) -> Caller:
    """How this wish came in, for the audit."""
    return Caller(
        "web" if call.session is not None else "api",
        call.request.remote_addr,
        call.request.headers.get("User-Agent"),
    )


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
                "task_id": or_null(STRING),
                "kind": or_null(STRING),
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
