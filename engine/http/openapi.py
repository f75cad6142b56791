"""The description of the API, OpenAPI 3.1, made from the routes: the same schemas that check the bodies."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

from headrace.engine.http import api
from headrace.engine.http.door import COOKIE, CSRF_HEADER
from headrace.engine.http.route import ANYBODY, SIGNED_IN, Call, Route, route
from headrace.engine.http.shapes import ERROR, OBJECT
from headrace.engine.service.idempotency import KEY_MAX
from headrace.engine.service.tokens import SCOPES

ABOUT = """The API of Headrace (引渠), a low-code workflow engine.

Sign in with `POST /api/session` (a cookie, and the header `X-CSRF-Token` on every write), or send an API token as
`Authorization: Bearer hr_…`. Lists come in pages: send `next_cursor` back as `cursor`. Writes that take an
`Idempotency-Key` happen once however often they are sent within a day. Times are ISO 8601 in UTC.
Every error has one shape; programs look at `code` and `params`, people at `message`."""

TAGS = {
    "session": "Signing in",
    "nodes": "Node types and functions",
    "flows": "Flows",
    "expressions": "Expressions",
    "instances": "Instances and incidents",
    "live": "Live",
    "tasks": "Tasks and messages",
    "templates": "Templates",
    "users": "Users and roles",
    "connections": "Connections",
    "own_connectors": "Own connectors",
    "tokens": "API tokens",
    "records": "Business records",
    "hooks": "Webhooks",
    "schedules": "Schedules",
    "mail": "Links in mails",
    "overview": "Overview",
    "health": "Health and metrics",
    "audit": "Audit",
    "decisions": "Audit of decisions",
    "openapi": "This description",
}
"""Module of the routes → its heading; a module not named here gets its own name."""


@route(
    "GET",
    "/api/openapi.json",
    "This description",
    permission=ANYBODY,
    answer=OBJECT,
)
def openapi(_: Call) -> Any:
    return description()


@cache
def description() -> dict[str, Any]:
    """The whole document."""
    paths: dict[str, dict[str, Any]] = {}
    for known in api.routes():
        paths.setdefault(known.path, {})[known.method.lower()] = _operation(known)
    used = dict.fromkeys(_tag(known) for known in api.routes())
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {"title": "Headrace", "version": version("headrace"), "description": ABOUT},
        "servers": [{"url": "/"}],
        "tags": [{"name": tag, "description": TAGS.get(tag, tag)} for tag in used],
        "paths": paths,
        "components": {
            "schemas": {"Error": ERROR},
            "securitySchemes": {
                "cookie": {"type": "apiKey", "in": "cookie", "name": COOKIE},
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API token. Scopes: " + ", ".join(SCOPES) + ".",
                },
            },
        },
    }


def _operation(known: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": api.handler_name(known).replace(".", "_"),
        "summary": known.summary,
        "tags": [_tag(known)],
        "parameters": _parameters(known),
        "responses": _responses(known),
        "security": _security(known),
    }
    if known.permission not in {ANYBODY, SIGNED_IN}:
        operation["x-permission"] = known.permission
    if known.body is not None:
        operation["requestBody"] = {
            "required": known.body_required,
            "content": {"application/json": {"schema": known.body}},
        }
    elif known.raw:
        operation["requestBody"] = {"required": True, "content": _raw(known)}
    return operation


def _raw(known: Route) -> dict[str, Any]:
    if known.path.startswith(("/hooks/", "/intake/")):
        return {
            "application/json": {"schema": {}},
            "application/x-www-form-urlencoded": {"schema": OBJECT},
        }
    file = {
        "type": "object",
        "properties": {"file": {"type": "string", "contentMediaType": "application/json"}},
    }
    return {"application/json": {"schema": OBJECT}, "multipart/form-data": {"schema": file}}


def _parameters(known: Route) -> list[dict[str, Any]]:
    found = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"{(\w+)}", known.path)
    ]
    for name, schema in known.query.items():
        plain = {k: v for k, v in schema.items() if k not in {"description", "x-required"}}
        parameter = {
            "name": name,
            "in": "query",
            "required": bool(schema.get("x-required")),
            "schema": plain,
        }
        if "description" in schema:
            parameter["description"] = schema["description"]
        found.append(parameter)
    if known.writes and known.permission != ANYBODY:
        found.append(_header(CSRF_HEADER, "Needed with the session cookie, not with a token."))
    if known.repeatable:
        text = "The same key and body again answer as the first time; kept for a day."
        found.append(_header("Idempotency-Key", text, maxLength=KEY_MAX))
    if known.if_match:
        found.append(_header("If-Match", "The etag of the draft this one replaces.", required=True))
    return found


def _header(name: str, text: str, *, required: bool = False, **schema: Any) -> dict[str, Any]:
    return {
        "name": name,
        "in": "header",
        "required": required,
        "description": text,
        "schema": {"type": "string", **schema},
    }


def _security(known: Route) -> list[Mapping[str, Any]]:
    if known.permission == ANYBODY:
        return []
    # OpenAPI 3.1 lets bearer tokens name roles here: our scopes.
    needed = [] if known.permission == SIGNED_IN else [known.permission]
    return [{"cookie": []}, {"token": needed}]


def _responses(known: Route) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    content = None
    if known.status != 204 and known.answer is not None:
        content = {known.media: {"schema": known.answer}}
    responses[str(known.status)] = {
        "description": HTTPStatus(known.status).phrase,
        **({"content": content} if content else {}),
    }
    if known.status == 201 and content:
        responses["200"] = {"description": "It was so already", "content": content}
    for status, words in known.also.items():
        responses[str(status)] = {"description": words}
    for status in sorted(possible_errors(known)):
        responses[str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": {
                "application/json": {"schema": {"$ref": "#/components/schemas/Error"}},
                # A page says what is wrong as a page, too.
                **(content if content and known.media == "text/html" else {}),
            },
        }
    return responses


def possible_errors(known: Route) -> set[int]:
    """The statuses ≥ 400 a route may answer with."""
    found = {500, *known.errors}
    if known.permission != ANYBODY:
        found.add(401)
    if known.permission not in {ANYBODY, SIGNED_IN} or (
        known.writes and known.permission != ANYBODY
    ):
        found.add(403)
    if "{" in known.path:
        found.add(404)
    if known.query:
        found.add(422)
    if known.repeatable:
        found.add(409)
    if known.writes and (known.body is not None or known.raw or known.permission != ANYBODY):
        found |= {400, 413, 415, 422}
    return found


def _tag(known: Route) -> str:
    return api.handler_name(known).partition(".")[0]
