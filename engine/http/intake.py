"""Orders in: the door that platforms push to, the log of what came, and what waits for a person."""

from __future__ import annotations

import time
from typing import Any

from flask import Response

from headrace.engine.connector import Incoming
from headrace.engine.errors import NotFound
from headrace.engine.http import body as bodies
from headrace.engine.http.route import ANYBODY, Call, route
from headrace.engine.http.shapes import (
    ANY,
    AT,
    BOOLEAN,
    COUNT,
    OBJECT,
    PAGING,
    PROBLEMS,
    STRING,
    body,
    many,
    one_of,
    or_null,
    page_of,
    record,
)
from headrace.engine.node import ConnectionInfo
from headrace.engine.service import connections, intake, order_exceptions, rush

PUSH_MAX_BYTES = 2_000_000
"""A page of any shop's orders is smaller."""

KEY = {"type": "string", "maxLength": 64}
OUTCOME = record(
    {
        "key": STRING,
        "outcome": one_of("created", "updated", "same", "exception", "wrong"),
        "number": STRING,
        "problems": PROBLEMS,
    }
)
EXCEPTION = {
    "id": COUNT, "source": STRING, "kind": one_of("status_unknown", "values_wrong", "unreadable", "went_back", "conflict"),
    "what": one_of("order", "refund"), "record_key": STRING, "code": STRING, "problems": PROBLEMS, "way": STRING,
    "times": COUNT, "status": one_of("open", "done", "dismissed"), "created_at": AT, "updated_at": AT,
    "closed_by": or_null(STRING), "note": STRING,
}  # fmt: skip
EXCEPTION_WHOLE = record({**EXCEPTION, "payload": ANY, "preview": or_null(OBJECT)})
INFLOW = {
    "id": COUNT, "source": STRING, "way": one_of("push", "poll", "file"), "at": AT, "digest": STRING, "size": COUNT,
    "verdict": one_of("taken", "duplicate", "refused", "wrong", "exception", "nothing"), "status": COUNT, "detail": STRING,
    "keys": many(STRING), "took_ms": COUNT, "lag_ms": or_null(COUNT),
}  # fmt: skip


@route(
    "POST",
    "/intake/{key}",
    "Orders pushed by a platform; the source's account says how it proves itself",
    permission=ANYBODY,
    raw=True,
    body_max=PUSH_MAX_BYTES,
    answer=record({"items": many(OUTCOME)}),
    status=202,
    also={200: "The words the platform wants to hear, where its connector knows some"},
    errors=(401, 404, 413, 422, 507),
)
def push(call: Call, key: str) -> Any:
    began_s = time.monotonic()
    raw = bodies.read_bytes(call.request, PUSH_MAX_BYTES)
    headers = {name.lower(): value for name, value in call.request.headers.items()}
    query = {name: value.replace("\0", "") for name, value in call.request.args.items()}
    incoming = Incoming(headers, query, raw, call.workspace.clock.now_ms())
    outcomes, reply = intake.push(
        call.workspace, key, incoming, lambda name: _account(call, name), began_s
    )
    if reply is not None:
        return Response(reply.body, reply.status, content_type=reply.content_type)
    return {"items": [one.as_json() for one in outcomes]}


@route(
    "GET",
    "/intake/{key}",
    "Answer a platform that asks whether we are there, before it pushes for the first time",
    permission=ANYBODY,
    media="text/plain",
    errors=(401, 404),
)
def greet(call: Call, key: str) -> Any:
    query = {name: value.replace("\0", "") for name, value in call.request.args.items()}
    word = intake.greeting(call.workspace, key, query, lambda name: _account(call, name))
    return Response(word, 200, content_type="text/plain; charset=utf-8")


def _account(call: Call, key: str) -> ConnectionInfo:
    return connections.open_connection(call.workspace, key)


# --- what waits for a person -----------------------------------------------------------------------


@route(
    "GET",
    "/api/order-exceptions",
    "Orders and refunds that nobody could read yet, newest first",
    permission="records:read",
    query={
        "source": KEY, "status": {**one_of("open", "done", "dismissed", "all"), "default": "open"},
        "kind": one_of("status_unknown", "values_wrong", "unreadable", "went_back", "conflict"), **PAGING,
    },
    answer=page_of(record(EXCEPTION)),
)  # fmt: skip
def exceptions(call: Call) -> Any:
    return order_exceptions.listing(call.workspace, call.actor, **call.query)


@route(
    "GET",
    "/api/order-exceptions/{id}",
    "One of them, with what came and what the map of now makes of it",
    permission="records:read",
    answer=EXCEPTION_WHOLE,
)
def exception(call: Call, id: str) -> Any:  # noqa: A002 - its name in the path
    return order_exceptions.detail(call.workspace, call.actor, _id(id))


@route(
    "POST",
    "/api/order-exceptions/{id}/retry",
    "Take it again, with the map of now",
    permission="records:write",
    answer=record({**EXCEPTION, "payload": ANY, "preview": or_null(OBJECT), "outcome": OUTCOME}),
    errors=(409,),
)
def retry(call: Call, id: str) -> Any:  # noqa: A002
    return order_exceptions.retry(call.workspace, call.actor, _id(id))


@route(
    "POST",
    "/api/order-exceptions/{id}/learn",
    "Say what its status means; all that wait for it are taken again",
    permission="tables:write",
    body=body({"state": {"type": "string", "maxLength": 20}}),
    answer=record({"taken": COUNT, "failed": COUNT, "more": BOOLEAN}),
    errors=(409, 422),
)
def learn(call: Call, id: str) -> Any:  # noqa: A002
    return order_exceptions.learn(call.workspace, call.actor, _id(id), call.body["state"])


@route(
    "POST",
    "/api/order-exceptions/{id}/accept",
    "What was held back counts: a state that goes back, another source's word",
    permission="records:write",
    answer=EXCEPTION_WHOLE,
    errors=(409,),
)
def accept(call: Call, id: str) -> Any:  # noqa: A002
    return order_exceptions.accept(call.workspace, call.actor, _id(id))


@route(
    "POST",
    "/api/order-exceptions/{id}/dismiss",
    "Leave it be, and say why",
    permission="records:write",
    body=body({"note": {"type": "string", "minLength": 1, "maxLength": 1_000}}),
    answer=EXCEPTION_WHOLE,
    errors=(409,),
)
def dismiss(call: Call, id: str) -> Any:  # noqa: A002
    return order_exceptions.dismiss(call.workspace, call.actor, _id(id), call.body["note"])


# --- the log ---------------------------------------------------------------------------------------


@route(
    "GET",
    "/api/intake/rush",
    "How fast orders come, which path flows take, and how much waits",
    permission="records:read",
    answer=record(
        {
            "mode": one_of("normal", "light"), "since": or_null(AT), "calm_since": or_null(AT), "peak": COUNT,
            "per_minute": COUNT, "opens_above": COUNT, "closes_below": COUNT, "closes_after_s": COUNT, "depth": COUNT,
            "oldest_s": {"type": "number"}, "done_per_minute": COUNT, "minutes": many(record({"at": AT, "orders": COUNT})),
        }
    ),
)  # fmt: skip
def how_fast(call: Call) -> Any:
    return rush.board(call.workspace, call.actor)


@route(
    "GET",
    "/api/inflows",
    "Requests as they came in, newest first",
    permission="records:read",
    query={
        "source": KEY, "way": one_of("push", "poll", "file"),
        "verdict": one_of("taken", "duplicate", "refused", "wrong", "exception", "nothing"),
        "digest": {"type": "string", "maxLength": 64}, **PAGING,
    },
    answer=page_of(record(INFLOW)),
)  # fmt: skip
def inflows(call: Call) -> Any:
    return order_exceptions.inflows(call.workspace, call.actor, **call.query)


@route(
    "GET",
    "/api/inflows/{id}",
    "One request with all that is kept of it; what proved it is stars",
    permission="records:write",
    answer=record(
        {**INFLOW, "headers": OBJECT, "query": OBJECT, "body": STRING, "cut": BOOLEAN, "reply": STRING, "first": or_null(COUNT)}
    ),
)  # fmt: skip
def inflow(call: Call, id: str) -> Any:  # noqa: A002
    return order_exceptions.inflow(call.workspace, call.actor, _id(id))


@route(
    "POST",
    "/api/inflows/{id}/replay",
    "Run it once more in test mode: what would become of it; nothing is kept",
    permission="records:write",
    answer=record({"test": BOOLEAN, "source": STRING, "items": many(OBJECT), "at": AT}),
    errors=(409,),
)
def replay(call: Call, id: str) -> Any:  # noqa: A002
    return order_exceptions.replay(call.workspace, call.actor, _id(id))


def _id(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise NotFound(kind="row", id=text[:40])
    return int(text)
