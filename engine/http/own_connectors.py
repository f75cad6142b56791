"""Connectors drawn in this workspace: read out of API documents, changed, tried; and authorisations by OAuth."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from flask import Response

from headrace.engine.connector import ParamWrong, Request
from headrace.engine.errors import Busy, HeadraceError
from headrace.engine.flow.own import openapi, shape
from headrace.engine.http.route import Call, route
from headrace.engine.http.shapes import (
    ANY,
    AT,
    COUNT,
    COUNTING_CURSOR,
    LIMIT,
    OBJECT,
    PAGING,
    STRING,
    body,
    many,
    or_null,
    page_of,
    record,
)
from headrace.engine.node import HttpAnswer, NotSent, OutcomeUnknown
from headrace.engine.service import own_connectors, own_tokens, own_trial

DOCUMENT_BYTES = 3 * openapi.DOCUMENT_MAX
"""A document of Chinese letters has three bytes for each."""
KEY = {"type": "string", "pattern": shape.KEY}
DOCUMENT = {"type": "string", "minLength": 1, "maxLength": openapi.DOCUMENT_MAX}
BRIEF = {
    "key": STRING,
    "connector": STRING,
    "title": OBJECT,
    "base_url": STRING,
    "operations": COUNT,
    "version": COUNT,
    "updated_at": AT,
}
CONNECTOR = record({**BRIEF, "definition": OBJECT, "connections": many(STRING)})
NOTES = many(record({"code": STRING, "where": STRING, "what": STRING}))
_SAYING = {"type": "object", "additionalProperties": {"type": "string", "maxLength": 20_000}}


@route(
    "GET",
    "/api/own-connectors",
    "Connectors drawn in this workspace, by key",
    permission="connections:read",
    query=PAGING,
    answer=page_of(record(BRIEF)),
)
def listing(call: Call) -> Any:
    return own_connectors.listing(call.workspace, call.actor, **call.query)


@route(
    "GET",
    "/api/own-connectors/forms",
    "What a connector is filled in with: JSON Schemas with titles and help",
    permission="connections:read",
    answer=record({"general": OBJECT, "operation": OBJECT}),
)
def forms(_: Call) -> Any:
    return own_connectors.forms()


@route(
    "POST",
    "/api/own-connectors/read",
    "What an OpenAPI document offers (3.0, 3.1, Swagger 2; JSON or YAML); nothing is kept",
    permission="connections:write",
    body=body({"document": DOCUMENT}),
    body_max=DOCUMENT_BYTES,
    answer=record({"definition": OBJECT, "notes": NOTES}),
)
def read(call: Call) -> Any:
    return own_connectors.read(call.actor, call.body["document"])


@route(
    "POST",
    "/api/own-connectors",
    "Make a connector",
    permission="connections:write",
    body=body({"key": KEY, "definition": OBJECT}),
    body_max=DOCUMENT_BYTES,
    answer=CONNECTOR,
    status=201,
    errors=(409,),
    repeatable=True,
)
def create(call: Call) -> Any:
    return own_connectors.create(
        call.workspace, call.actor, call.body["key"], call.body["definition"]
    )


@route(
    "POST",
    "/api/own-connectors/try",
    "Ask an operation of a definition now, saved or not: what is sent, what comes back, secrets as dots",
    permission="connections:write",
    body=body(
        {
            "definition": OBJECT,
            "operation": {"type": "string", "maxLength": 64},
            "params?": OBJECT,
            "connection?": {"type": "string", "maxLength": 64},
            "settings?": OBJECT,
            "secrets?": _SAYING,
        }
    ),
    body_max=DOCUMENT_BYTES,
    answer=record(
        {
            "sent": or_null(OBJECT),
            "received": or_null(OBJECT),
            "verdict": or_null(OBJECT),
            "trouble": or_null(STRING),
            "reason?": OBJECT,
        }
    ),
    errors=(409, 503),
)
def attempt(call: Call) -> Any:
    outside = call.house.outside
    if outside is None:
        raise Busy(what="the way out", retry_after_s=5)
    told = call.body
    own_connectors.checked(told["definition"])
    try:
        account = own_trial.account_to_try(
            call.workspace,
            call.actor,
            told.get("connection"),
            told["definition"],
            told.get("settings", {}),
            told.get("secrets", {}),
            _sending(call),
        )
    except (NotSent, OutcomeUnknown, ParamWrong) as trouble:
        return {"sent": None, "received": None, "verdict": None, "trouble": str(trouble)}
    key = call.workspace.id("try")
    return own_trial.attempt(
        account, told["definition"], told["operation"], told.get("params", {}), key, outside
    )


@route(
    "GET",
    "/api/own-connectors/{key}",
    "A connector as it is now",
    permission="connections:read",
    answer=CONNECTOR,
)
def detail(call: Call, key: str) -> Any:
    return own_connectors.detail(call.workspace, call.actor, key)


@route(
    "PUT",
    "/api/own-connectors/{key}",
    "Save a further version on top of version `base`",
    permission="connections:write",
    body=body({"definition": OBJECT, "base": COUNT, "note?": {"type": "string", "maxLength": 500}}),
    body_max=DOCUMENT_BYTES,
    answer=CONNECTOR,
    errors=(409,),
)
def save(call: Call, key: str) -> Any:
    told = call.body
    return own_connectors.save(
        call.workspace, call.actor, key, told["definition"], told["base"], told.get("note", "")
    )


@route(
    "DELETE",
    "/api/own-connectors/{key}",
    "Take a connector away that no connection is an account at",
    permission="connections:write",
    status=204,
    errors=(409,),
)
def delete(call: Call, key: str) -> Any:
    own_connectors.remove(call.workspace, call.actor, key)


@route(
    "GET",
    "/api/own-connectors/{key}/versions",
    "Versions, newest first",
    permission="connections:read",
    query={"limit": LIMIT, "cursor": COUNTING_CURSOR},
    answer=page_of(
        record(
            {
                "version": COUNT,
                "note": STRING,
                "created_at": AT,
                "created_by": record({"id": STRING, "name": STRING}),
            }
        )
    ),
)
def versions(call: Call, key: str) -> Any:
    return own_connectors.versions(call.workspace, call.actor, key, **call.query)


@route(
    "GET",
    "/api/own-connectors/{key}/versions/{version}",
    "What a version said",
    permission="connections:read",
    answer=record({"version": COUNT, "definition": OBJECT}),
)
def version(call: Call, key: str, version: str) -> Any:
    number = int(version) if version.isascii() and version.isdigit() and len(version) < 9 else 0
    return own_connectors.version(call.workspace, call.actor, key, number)


@route(
    "POST",
    "/api/own-connectors/{key}/compare",
    "What a newer document of the same API would change",
    permission="connections:write",
    body=body({"document": DOCUMENT}),
    body_max=DOCUMENT_BYTES,
    answer=record({"changes": many(OBJECT), "notes": NOTES}),
)
def compare(call: Call, key: str) -> Any:
    return own_connectors.compared(call.workspace, call.actor, key, call.body["document"])


@route(
    "POST",
    "/api/own-connectors/{key}/renew",
    "Save a version with the chosen operations as a newer document has them",
    permission="connections:write",
    body=body(
        {
            "document": DOCUMENT,
            "refs": many({"type": "string", "maxLength": 600}, shape.OPERATIONS_MAX * 5),
            "base": COUNT,
        }
    ),
    body_max=DOCUMENT_BYTES,
    answer=CONNECTOR,
    errors=(409,),
)
def renew(call: Call, key: str) -> Any:
    told = call.body
    return own_connectors.renewed(
        call.workspace, call.actor, key, told["document"], told["refs"], told["base"]
    )


# --- OAuth ---------------------------------------------------------------------------------------

BACK = "/api/connections/authorized"


@route(
    "POST",
    "/api/connections/{key}/authorize",
    "Where to send a person to allow a connection (OAuth 2.0, authorisation code with PKCE)",
    permission="connections:write",
    answer=record({"url": STRING}),
    errors=(409,),
)
def authorize(call: Call, key: str) -> Any:
    base = call.workspace.settings.url or call.request.host_url.rstrip("/")
    return own_tokens.ask(call.workspace, call.actor, key, base + BACK)


@route(
    "GET",
    BACK,
    "Where the far side sends a person back to",
    permission="connections:write",
    query={
        name: {"type": "string", "maxLength": 8_000, "default": ""}
        for name in ("state", "code", "error", "error_description", "iss", "scope", "session_state")
    },
    answer=ANY,
    status=302,
    media="text/html",
    errors=(409,),
)
def authorized(call: Call) -> Response:
    """Back to the screen, with what became of it."""
    try:
        key = own_tokens.agreed(
            call.workspace, call.actor, call.query["state"], call.query["code"], _sending(call)
        )
    except (HeadraceError, NotSent, OutcomeUnknown, ParamWrong):
        return _to("authorized=no")
    return _to(f"authorized={quote(key, safe='')}")


def _to(query: str) -> Response:
    return Response(status=302, headers={"Location": f"../../connections?{query}"})


def _sending(call: Call) -> own_tokens.Send:
    outside = call.house.outside

    def send(request: Request) -> HttpAnswer:
        if outside is None:
            raise Busy(what="the way out", retry_after_s=5)
        return outside.http(
            request.method,
            request.url,
            headers=request.headers,
            body=request.body,
            timeout_s=own_tokens.TIMEOUT_S,
        )

    return send
