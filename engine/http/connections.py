"""Connections, and the connectors they are made with."""

from __future__ import annotations

from typing import Any

from headrace.engine.errors import Busy
from headrace.engine.http.route import Call, route
from headrace.engine.http.shapes import (
    AT,
    BOOLEAN,
    NAME,
    OBJECT,
    PAGING,
    STRING,
    TEXT,
    body,
    page_of,
    record,
)
from headrace.engine.service import connections

KEY = {"type": "string", "minLength": 1, "maxLength": 64}
SECRETS = {"type": "object", "additionalProperties": {"type": "string", "maxLength": 20_000}}
CONNECTION = record(
    {
        "key": STRING,
        "name": STRING,
        "connector": STRING,
        "settings": OBJECT,
        "secrets": {"type": "object", "additionalProperties": BOOLEAN},
        "token": {
            "type": ["object", "null"],
            "description": "Its life, where a machine renews it: expires_at, refresh_expires_at, renewed_at, next_at, trouble.",
        },
        "updated_at": AT,
    }
)


@route(
    "GET",
    "/api/connectors",
    "Kinds of outside systems one can have an account at",
    permission="connections:read",
    answer=page_of(
        record({"name": STRING, "title": TEXT, "help": TEXT, "settings": OBJECT, "secrets": OBJECT})
    ),
)
def kinds(call: Call) -> Any:
    return connections.kinds(call.workspace, call.actor)


@route(
    "GET",
    "/api/connections",
    "Connections by key; of secrets only whether they are set",
    permission="connections:read",
    query=PAGING,
    answer=page_of(CONNECTION),
)
def listing(call: Call) -> Any:
    return connections.listing(call.workspace, call.actor, **call.query)


@route(
    "POST",
    "/api/connections",
    "Make a connection",
    permission="connections:write",
    body=body(
        {
            "key": KEY,
            "name": NAME,
            "connector": KEY,
            "settings?": OBJECT,
            "secrets?": SECRETS,
        }
    ),
    answer=CONNECTION,
    status=201,
    errors=(409,),
    repeatable=True,
)
def create(call: Call) -> Any:
    return connections.create(call.workspace, call.actor, call.body)


@route(
    "PATCH",
    "/api/connections/{key}",
    "Change a connection; a secret that is not named stays, an empty one is taken away",
    permission="connections:write",
    body=body({"name?": NAME, "settings?": OBJECT, "secrets?": SECRETS}),
    answer=CONNECTION,
    errors=(409,),
    repeatable=True,
)
def change(call: Call, key: str) -> Any:
    return connections.change(call.workspace, call.actor, key, call.body)


@route(
    "DELETE",
    "/api/connections/{key}",
    "Take a connection away",
    permission="connections:write",
    status=204,
)
def delete(call: Call, key: str) -> Any:
    connections.delete(call.workspace, call.actor, key)


@route(
    "POST",
    "/api/connections/{key}/test",
    "Try a connection, as its connector says",
    permission="connections:write",
    answer=record({"ok": BOOLEAN, "message": STRING}),
    errors=(409, 503),
)
def test(call: Call, key: str) -> Any:
    if call.house.outside is None:
        raise Busy(what="the way out", retry_after_s=5)
    return connections.test(call.workspace, call.actor, key, call.house.outside)
