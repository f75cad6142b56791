"""Sources of orders, and the registry of interfaces they use."""

from __future__ import annotations

from typing import Any

from headrace.engine.clock import from_iso
from headrace.engine.errors import NotFound, Problem, ValidationFailed
from headrace.engine.http.intake import OUTCOME
from headrace.engine.http.route import Call, route
from headrace.engine.http.shapes import (
    ANY,
    AT,
    BOOLEAN,
    COUNT,
    COUNTING_CURSOR,
    LIMIT,
    OBJECT,
    PAGING,
    PROBLEMS,
    SEARCH,
    STRING,
    body,
    many,
    one_of,
    or_null,
    page_of,
    record,
)
from headrace.engine.service import intake, interfaces, polling, source_incidents, sources

KEY = {"type": "string", "pattern": "^[a-z][a-z0-9_-]{0,63}$"}
_LINE = {"type": "string", "maxLength": 200}
_MAP = {"type": "object", "maxProperties": 300}
_DURATION = {"type": "string", "maxLength": 20, "description": "PT15M"}
WAYS = body(
    {
        "push?": body({"enabled?": BOOLEAN, "auth?": one_of("hmac", "token")}),
        "poll?": body(
            {
                "enabled?": BOOLEAN,
                "every?": _DURATION,
                "overlap?": _DURATION,
                "reverse?": {
                    "type": ["boolean", "null"],
                    "description": "Last page first; null: as the platform needs it.",
                },
                "daily?": {"type": "string", "maxLength": 5, "description": "00:10, in Shanghai."},
                "refunds?": {
                    "type": "boolean",
                    "description": "Refunds too, where it has a list of them.",
                },
            }
        ),
        "file?": body({"enabled?": BOOLEAN}),
    }
)
_ACCOUNT = {"type": ["string", "null"], "maxLength": 64}
_OWNER = body({"primary?": _ACCOUNT, "backup?": _ACCOUNT})
VALUES = {
    "title?": {
        "type": "object",
        "properties": {"zh": _LINE, "en": _LINE},
        "additionalProperties": False,
    },
    "connection?": _ACCOUNT,
    "channel?": {"type": "string", "maxLength": 32},
    "shop?": {"type": "string", "maxLength": 80},
    "table?": {"type": "string", "maxLength": 64},
    "order_table?": {"type": "string", "maxLength": 64},
    "refund_table?": {"type": "string", "maxLength": 64},
    "prefix?": {"type": "string", "maxLength": 2},
    "ways?": WAYS,
    "fields?": {**_MAP, "description": "{order: {field: place}, refund: {…}}; a place: a.b.0.c, or {from, kind}."},
    "statuses?": {**_MAP, "description": "{order: {code: state}, refund: {…}}."},
    "version?": {"type": "string", "maxLength": 32},
    "alerts?": body({"mail?": _ACCOUNT, "robot?": _ACCOUNT}),
    "owner?": _OWNER,
    "enabled?": BOOLEAN,
}  # fmt: skip
BRIEF = {
    "key": STRING, "title": OBJECT, "channel": STRING, "shop": STRING, "connection": or_null(STRING), "enabled": BOOLEAN,
    "ways": many(STRING), "version": STRING, "health": one_of("off", "new", "green", "amber", "red"), "exceptions": COUNT,
    "last_order_at": or_null(AT), "last_ok_at": or_null(AT), "watermark_at": or_null(AT), "failures": COUNT,
}  # fmt: skip
SOURCE = record(
    {
        **{name: schema for name, schema in BRIEF.items() if name != "ways"},
        "ways": OBJECT, "fields": OBJECT, "statuses": OBJECT, "known_statuses": OBJECT,
        "known_refund_statuses": OBJECT, "polls_refunds": BOOLEAN, "states": many(STRING),
        "refund_states": many(STRING), "order_fields": OBJECT, "refund_fields": OBJECT, "kinds": many(STRING),
        "versions": many(STRING), "order_table": STRING, "refund_table": STRING, "prefix": STRING, "alerts": OBJECT,
        "owner": OBJECT, "owner_names": OBJECT,
        "token": or_null(OBJECT), "open_incident": or_null(COUNT),
        "revision": COUNT, "push_path": STRING, "polls": BOOLEAN, "calls_us": BOOLEAN, "state": OBJECT,
        "lag": OBJECT,
    }
)  # fmt: skip
PULL = record(
    {
        "id": COUNT, "kind": one_of("poll", "reconcile", "repull"), "what": one_of("order", "refund", "both"),
        "status": one_of("queued", "running", "ok", "failed", "stopped"),
        "since": AT, "until": AT, "began_at": AT, "ended_at": or_null(AT), "pages": COUNT, "seen": COUNT, "created": COUNT,
        "changed": COUNT, "exceptions": COUNT, "error_class": or_null(STRING), "error": or_null(STRING), "by": STRING,
        "progress": {"type": "number"},
    }
)  # fmt: skip


@route(
    "GET",
    "/api/sources",
    "Where orders come from, each with how it is",
    permission="records:read",
    query={"search": SEARCH, **PAGING},
    answer=page_of(record(BRIEF)),
)
def listing(call: Call) -> Any:
    return sources.listing(call.workspace, call.actor, **call.query)


@route(
    "POST",
    "/api/sources",
    "A new source of orders",
    permission="tables:write",
    body=body({"key": KEY, **VALUES}),
    answer=SOURCE,
    status=201,
    errors=(409,),
    repeatable=True,
)
def create(call: Call) -> Any:
    return sources.create(call.workspace, call.actor, call.body)


@route("GET", "/api/sources/{key}", "One source", permission="records:read", answer=SOURCE)
def detail(call: Call, key: str) -> Any:
    return sources.detail(call.workspace, call.actor, key)


@route(
    "PUT",
    "/api/sources/{key}",
    "Change what is named, on top of a revision",
    permission="tables:write",
    body=body({"revision": COUNT, **VALUES}),
    answer=SOURCE,
    errors=(409,),
)
def change(call: Call, key: str) -> Any:
    values = {name: value for name, value in call.body.items() if name != "revision"}
    return sources.change(call.workspace, call.actor, key, values, call.body["revision"])


@route(
    "DELETE",
    "/api/sources/{key}",
    "Take a source away; its orders stay",
    permission="tables:write",
    status=204,
)
def delete(call: Call, key: str) -> Any:
    sources.delete(call.workspace, call.actor, key)


@route(
    "POST",
    "/api/sources/{key}/orders",
    "Put orders or refunds in as a file would: JSON of the platform, or in our words",
    permission="records:write",
    body=body({"items": many({"type": "object"}, intake.ITEMS_MAX), "kind?": one_of("order", "refund")}),
    body_max=5_000_000,
    answer=page_of(OUTCOME),
)  # fmt: skip
def put(call: Call, key: str) -> Any:
    kind = call.body.get("kind", "order")
    return intake.put(call.workspace, call.actor, key, call.body["items"], kind)


@route(
    "POST",
    "/api/sources/{key}/preview",
    "What its map, or another one, makes of a payload; nothing is kept",
    permission="records:read",
    body=body(
        {"payload?": ANY, "kind?": one_of("order", "refund"), "fields?": {**_MAP}, "statuses?": {**_MAP}}
    ),
    answer=record(
        {
            "payload": ANY, "places": many(record({"path": STRING, "value": ANY})), "values": OBJECT, "key": STRING, "code": STRING,
            "state": or_null(STRING), "unmapped": many(STRING), "mapped": COUNT, "whole": COUNT, "problems": PROBLEMS,
        }
    ),
)  # fmt: skip
def preview(call: Call, key: str) -> Any:
    told = call.body
    return intake.preview(
        call.workspace, call.actor, key, told.get("payload"), told.get("kind", "order"), told.get("fields"), told.get("statuses"),
    )  # fmt: skip


@route(
    "GET",
    "/api/sources/{key}/pulls",
    "Its pulls, newest first",
    permission="records:read",
    query={"cursor": COUNTING_CURSOR, "limit": LIMIT},
    answer=page_of(PULL),
)
def pulls(call: Call, key: str) -> Any:
    return sources.pulls(call.workspace, call.actor, key, **call.query)


@route(
    "POST",
    "/api/sources/{key}/poll",
    "Pull now, without waiting for the interval",
    permission="records:write",
    answer=SOURCE,
    errors=(422,),
)
def poll(call: Call, key: str) -> Any:
    return polling.poll_now(call.workspace, call.actor, key)


@route(
    "POST",
    "/api/sources/{key}/pulls",
    "Pull a window again; without a beginning: from where orders last came",
    permission="records:write",
    body=body({"since?": or_null({**AT, "maxLength": 40}), "until?": or_null({**AT, "maxLength": 40})}),
    answer=PULL,
    status=201,
    errors=(422,),
)  # fmt: skip
def repull(call: Call, key: str) -> Any:
    since, until = (_moment(call.body.get(name), name) for name in ("since", "until"))
    return polling.repull(call.workspace, call.actor, key, since, until)


def _moment(text: str | None, name: str) -> int | None:
    if text is None:
        return None
    try:
        return from_iso(text)
    except ValueError:
        problem = Problem(
            f"/{name}",
            "type",
            {"expected": "2026-01-01T00:00:00Z", "found": text[:40]},
            "Expected a moment.",
        )
        raise ValidationFailed(what="window", count=1, problems=[problem]) from None


@route(
    "GET",
    "/api/sources/{key}/pulls/{id}",
    "One pull with its progress",
    permission="records:read",
    answer=PULL,
)
def pull(call: Call, key: str, id: str) -> Any:  # noqa: A002 - its name in the path
    return polling.pull(call.workspace, call.actor, key, _id(id))


@route(
    "POST",
    "/api/sources/{key}/pulls/{id}/stop",
    "No more of this window; what was read stays",
    permission="records:write",
    answer=PULL,
    errors=(409,),
)
def stop(call: Call, key: str, id: str) -> Any:  # noqa: A002
    return polling.stop(call.workspace, call.actor, key, _id(id))


# --- interfaces ------------------------------------------------------------------------------------

INTERFACE = record(
    {
        "id": COUNT, "connection": STRING, "connector": STRING, "operation": STRING, "api": STRING, "version": STRING,
        "url": STRING, "owner": OBJECT, "expires_at": or_null(AT), "acknowledged_at": or_null(AT),
        "status": one_of("ok", "failing", "gone", "deprecated"), "gone_at": or_null(AT), "first_at": AT, "last_at": AT,
        "last_ok_at": or_null(AT), "last_error_at": or_null(AT), "last_class": or_null(STRING), "last_error": or_null(STRING),
        "failures": COUNT, "agreed_ms": or_null(COUNT), "p95_ms": or_null(COUNT), "months": many(OBJECT), "sources": many(STRING),
        "flows": many(STRING), "versions": many(STRING),
    }
)  # fmt: skip


INCIDENT = {
    "id": COUNT, "source": STRING, "status": one_of("open", "over", "closed"), "cause": one_of("gone", "failing", "quiet"),
    "since": AT, "opened_at": AT, "over_at": or_null(AT), "closed_at": or_null(AT), "note": STRING,
}  # fmt: skip
INCIDENT_WHOLE = record(
    {
        **INCIDENT, "closed_by": or_null(STRING), "steps": many(record({"at": AT, "kind": STRING, "details": OBJECT})),
        "names": OBJECT, "late": OBJECT, "exceptions": COUNT, "checked": or_null(OBJECT),
    }
)  # fmt: skip


@route(
    "GET",
    "/api/sources/{key}/incidents",
    "Records of what went wrong at a source, newest first",
    permission="records:read",
    query=PAGING,
    answer=page_of(record(INCIDENT)),
)
def incidents(call: Call, key: str) -> Any:
    return source_incidents.listing(call.workspace, call.actor, key, **call.query)


@route(
    "GET",
    "/api/sources/{key}/incidents/{id}",
    "What happened when, who was told, what was pulled again",
    permission="records:read",
    answer=INCIDENT_WHOLE,
)
def incident(call: Call, key: str, id: str) -> Any:  # noqa: A002
    return source_incidents.detail(call.workspace, call.actor, key, _id(id))


@route(
    "GET",
    "/api/sources/{key}/incidents/{id}/orders",
    "Orders that came late because of it, with the limits they have broken",
    permission="records:read",
    query=PAGING,
    answer=record(
        {
            "items": many(
                record(
                    {
                        "id": COUNT, "key": STRING, "number": STRING, "state": STRING, "paid_at": AT, "in_at": AT,
                        "late_ms": COUNT, "ship_by": AT, "ship_breached": BOOLEAN,
                    }
                )
            ),
            "next_cursor": or_null(STRING),
            "counts": OBJECT,
        }
    ),
)  # fmt: skip
def incident_orders(call: Call, key: str, id: str) -> Any:  # noqa: A002
    return source_incidents.late(call.workspace, call.actor, key, _id(id), **call.query)


@route(
    "POST",
    "/api/sources/{key}/incidents/{id}/close",
    "It is settled",
    permission="records:write",
    body=body({"note?": {"type": "string", "maxLength": 2_000}}),
    answer=INCIDENT_WHOLE,
    errors=(409,),
)
def close_incident(call: Call, key: str, id: str) -> Any:  # noqa: A002
    note = call.body.get("note", "")
    return source_incidents.close(call.workspace, call.actor, key, _id(id), note)


@route(
    "GET",
    "/api/interfaces",
    "Interfaces of platforms in use: version, owner, end, how they answer, who depends on them",
    permission="connections:read",
    query={
        "status": one_of("ok", "failing", "gone", "deprecated"), "connection": {"type": "string", "maxLength": 64}, **PAGING,
    },
    answer=page_of(INTERFACE),
)  # fmt: skip
def interface_list(call: Call) -> Any:
    return interfaces.listing(call.workspace, call.actor, **call.query)


@route(
    "PATCH",
    "/api/interfaces/{id}",
    "Who looks after it, when it ends, how fast it must answer by contract",
    permission="tables:write",
    body=body(
        {
            "owner?": _OWNER, "expires_on?": {"type": ["string", "null"], "maxLength": 10},
            "agreed_ms?": {"type": ["integer", "null"], "minimum": 1, "maximum": 600_000}, "retired?": BOOLEAN,
        }
    ),
    answer=INTERFACE,
)  # fmt: skip
def interface_change(call: Call, id: str) -> Any:  # noqa: A002
    return interfaces.change(call.workspace, call.actor, _id(id), call.body)


@route(
    "POST",
    "/api/interfaces/{id}/acknowledge",
    "Say that one knows when it ends: no more reminders",
    permission="records:write",
    answer=INTERFACE,
)
def acknowledge(call: Call, id: str) -> Any:  # noqa: A002
    return interfaces.acknowledge(call.workspace, call.actor, _id(id))


def _id(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise NotFound(kind="row", id=text[:40])
    return int(text)
