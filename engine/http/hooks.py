"""Webhooks in: the bytes as they came, so that their signature can be proven. 2xx means that it is in the store.

The answer is 202 and what was started, or the words the platform insists on (`success`), where its connector knows some.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from flask import Response

from headrace.engine.errors import NotJson, WrongContentType
from headrace.engine.http import body as bodies
from headrace.engine.http.route import ANYBODY, Call, route
from headrace.engine.http.shapes import BOOLEAN, STRING, many, record
from headrace.engine.node import ConnectionInfo
from headrace.engine.service import connections, hooks

HOOK_MAX_BYTES = 2_000_000
"""A page of any shop's orders is smaller."""

FIELDS_MAX = 1_000
"""Fields of a form: payment services send some fifty."""

FORM_TYPE = "application/x-www-form-urlencoded"


@route(
    "POST",
    "/hooks/{flow_key}/{node_id}",
    "Start instances from a call of another system; the flow's webhook node says how it proves itself",
    permission=ANYBODY,
    raw=True,
    body_max=HOOK_MAX_BYTES,
    answer=record({"instances": many(record({"id": STRING, "duplicate": BOOLEAN}))}),
    status=202,
    also={
        200: "The words the platform wants to hear, where its connector knows some",
        409: "It is kept and does not fit what the node compares it with: not told success, so that it comes again",
    },
    errors=(400, 401, 404, 413, 415, 422, 507),
)
def receive(call: Call, flow_key: str, node_id: str) -> Any:
    request = call.request
    if not bodies.is_json(request.mimetype) and request.mimetype != FORM_TYPE:
        found = request.mimetype or "none"
        raise WrongContentType(expected=f"{bodies.JSON_TYPE} or {FORM_TYPE}", found=found)
    raw = bodies.read_bytes(request, HOOK_MAX_BYTES)
    body = form_fields(raw) if request.mimetype == FORM_TYPE else bodies.parse(raw)
    received = hooks.receive(
        call.workspace,
        flow_key,
        node_id,
        raw,
        body,
        {name.lower(): value for name, value in request.headers.items()},
        {name: value.replace("\0", "") for name, value in request.args.items()},
        lambda key: _account(call, key),
    )
    wanted = hooks.reply(
        call.workspace,
        flow_key,
        node_id,
        lambda key: _account(call, key),
        accepted=received.accepted,
    )
    if wanted is not None:
        return Response(wanted.body, wanted.status, content_type=wanted.content_type)
    return {"instances": [{"id": one.id, "duplicate": one.duplicate} for one in received.started]}


@route(
    "GET",
    "/hooks/{flow_key}/{node_id}",
    "Answer a platform that asks whether we are there, before it calls for the first time",
    permission=ANYBODY,
    media="text/plain",
    errors=(401, 404),
)
def greet(call: Call, flow_key: str, node_id: str) -> Any:
    query = {name: value.replace("\0", "") for name, value in call.request.args.items()}
    word = hooks.greeting(call.workspace, flow_key, node_id, query, lambda key: _account(call, key))
    return Response(word, 200, content_type="text/plain; charset=utf-8")


def _account(call: Call, key: str) -> ConnectionInfo:
    return connections.open_connection(call.workspace, key)


def form_fields(raw: bytes) -> dict[str, str]:
    """The fields of a form as payment services send it; raises `NotJson`."""
    try:
        pairs = parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX)
    except ValueError as wrong:
        raise NotJson(reason=f"a form that cannot be read: {wrong}") from None
    if any("\0" in name or "\0" in value for name, value in pairs):
        raise NotJson(reason="a text holds the character U+0000")
    return dict(pairs)
