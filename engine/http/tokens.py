"""API tokens."""

from __future__ import annotations

from typing import Any

from headrace.engine.clock import from_iso
from headrace.engine.http.route import SIGNED_IN, Call, route
from headrace.engine.http.shapes import (
    AT,
    NAME,
    PAGING,
    STRING,
    TEXT,
    body,
    many,
    or_null,
    page_of,
    record,
)
from headrace.engine.service import tokens

TOKEN = {
    "id": STRING,
    "name": STRING,
    "hint": STRING,
    "user_id": STRING,
    "scopes": many(STRING),
    "created_at": AT,
    "expires_at": or_null(AT),
    "last_used_at": or_null(AT),
}


@route(
    "GET",
    "/api/tokens",
    "API tokens that work, newest first; never the tokens themselves",
    permission="tokens:write",
    query=PAGING,
    answer=page_of(record(TOKEN)),
)
def listing(call: Call) -> Any:
    return tokens.listing(call.workspace, call.actor, **call.query)


@route(
    "POST",
    "/api/tokens",
    "Make an API token; it is shown in this answer and never again",
    permission="tokens:write",
    body=body(
        {"name": NAME, "scopes": many(STRING, 100) | {"minItems": 1}, "expires_at?": or_null(AT)}
    ),
    answer=record({**TOKEN, "token": STRING}),
    status=201,
    errors=(409,),
)
def create(call: Call) -> Any:
    end = call.body.get("expires_at")
    return tokens.create(
        call.workspace,
        call.actor,
        call.body["name"],
        call.body["scopes"],
        from_iso(end.upper()) if end else None,
    )


@route(
    "DELETE",
    "/api/tokens/{token_id}",
    "Make a token worthless, at once",
    permission="tokens:write",
    status=204,
)
def revoke(call: Call, token_id: str) -> Any:
    tokens.revoke(call.workspace, call.actor, token_id)


@route(
    "GET",
    "/api/scopes",
    "What a token may be given",
    permission=SIGNED_IN,
    answer=page_of(record({"name": STRING, "title": TEXT})),
)
def scopes(call: Call) -> Any:
    return tokens.scopes()
