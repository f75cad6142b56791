"""How people are reached outside the app: my channels in my order, what was sent to me, and what counts for everybody."""

from __future__ import annotations

from typing import Any

from headrace.engine.http.route import SIGNED_IN, Call, route
from headrace.engine.http.shapes import (
    ANY,
    AT,
    BOOLEAN,
    COUNT,
    COUNTING_CURSOR,
    LIMIT,
    OBJECT,
    STRING,
    Schema,
    body,
    many,
    one_of,
    or_null,
    page_of,
    record,
)
from headrace.engine.people.reach import CHANNELS, KINDS_OFF
from headrace.engine.service import channels

CHANNEL = one_of(*CHANNELS)
ORDER = many(CHANNEL, len(CHANNELS))
CLOCK = {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"}
ZONE = {"type": "string", "minLength": 1, "maxLength": 64}
KEY = {"type": "string", "minLength": 1, "maxLength": 64}
ADDRESSES: dict[str, Schema] = {
    "mail": {"type": "string", "pattern": r"^[^\s@<>,;]+@[A-Za-z0-9.-]+$", "maxLength": 200},
    "sms": {"type": "string", "pattern": r"^\+?[0-9]{5,20}$"},
}
"""A robot's mention is a mobile number or an id of its platform."""
MENTION: Schema = {"type": "string", "pattern": r"^[A-Za-z0-9_.@+-]{1,100}$"}

MINE = body(
    {
        "order?": ORDER,
        "addresses?": body(
            {
                f"{channel}?": body(
                    {"address?": ADDRESSES.get(channel, MENTION), "connection?": KEY}
                )
                for channel in CHANNELS
            }
        ),
        "off?": {
            **many(one_of(*sorted(KINDS_OFF)), len(KINDS_OFF)),
            "description": "Kinds of message that stay in the app.",
        },
        "quiet?": or_null(body({"from": CLOCK, "to": CLOCK, "timezone?": ZONE})),
    }
)
REACHED = record(
    {
        "order": many(CHANNEL),
        "own": BOOLEAN,
        "off": many(STRING),
        "quiet": ANY,
        "may_be_off": many(STRING),
        "channels": many(
            record(
                {
                    "channel": CHANNEL,
                    "used": BOOLEAN,
                    "reaches": BOOLEAN,
                    "address": STRING,
                    "standard_address": STRING,
                    "connection": or_null(STRING),
                    "connections": many(record({"key": STRING, "name": STRING})),
                }
            )
        ),
    }
)
WORKSPACE = body(
    {
        "order?": ORDER,
        "connections?": body({f"{channel}?": KEY for channel in CHANNELS}),
        "sms?": body(
            {
                "template": {"type": "string", "minLength": 1, "maxLength": 64},
                "values?": {
                    "type": "object",
                    "maxProperties": 10,
                    "propertyNames": {"pattern": "^[A-Za-z][A-Za-z0-9_]{0,39}$"},
                    "additionalProperties": one_of("title", "text", "link"),
                },
            }
        ),
        "zone?": ZONE,
    }
)
USUAL = record(
    {
        "order": many(CHANNEL),
        "connections": OBJECT,
        "sms": OBJECT,
        "zone": STRING,
        "available": many(record({"key": STRING, "name": STRING, "channel": STRING})),
    }
)
MESSAGE = record(
    {
        "id": COUNT,
        "channel": STRING,
        "kind": or_null(STRING),
        "title": STRING,
        "status": one_of("queued", "sent", "failed"),
        "attempts": many(OBJECT),
        "task_id": or_null(STRING),
        "instance_id": or_null(STRING),
        "created_at": AT,
    }
)


@route(
    "GET",
    "/api/me/channels",
    "How I am reached outside the app: channels in my order, addresses, and which of them work now",
    permission=SIGNED_IN,
    answer=REACHED,
)
def mine(call: Call) -> Any:
    return channels.mine(call.workspace, call.actor)


@route(
    "PUT",
    "/api/me/channels",
    "Set how I am reached, all of it at once; what is not named is as usual in this workspace",
    permission=SIGNED_IN,
    body=MINE,
    answer=REACHED,
)
def change_mine(call: Call) -> Any:
    return channels.change_mine(call.workspace, call.actor, call.body)


@route(
    "POST",
    "/api/me/channels/test",
    "Send me a message by one channel; what became of it stands in /api/me/messages",
    permission=SIGNED_IN,
    body=body({"channel": CHANNEL}),
    answer=record({"id": COUNT}),
    status=202,
)
def test_mine(call: Call) -> Any:
    return channels.test_mine(call.workspace, call.actor, call.body["channel"])


@route(
    "GET",
    "/api/me/messages",
    "Messages sent to me outside the app with every attempt, newest first",
    permission=SIGNED_IN,
    query={"limit": LIMIT, "cursor": COUNTING_CURSOR},
    answer=page_of(MESSAGE),
)
def messages(call: Call) -> Any:
    return channels.messages(call.workspace, call.actor, **call.query)


@route(
    "GET",
    "/api/channels",
    "How people are reached who have set nothing else",
    permission="connections:read",
    answer=USUAL,
)
def workspace(call: Call) -> Any:
    return channels.workspace_settings(call.workspace, call.actor)


@route(
    "PUT",
    "/api/channels",
    "Set how people are reached who have set nothing else, all of it at once",
    permission="connections:write",
    body=WORKSPACE,
    answer=USUAL,
)
def change_workspace(call: Call) -> Any:
    return channels.change_workspace(call.workspace, call.actor, call.body)
