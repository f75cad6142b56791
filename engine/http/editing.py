"""Who has a drawing open."""

from __future__ import annotations

from typing import Any

from headrace.engine.http.route import Call, route
from headrace.engine.http.shapes import AT, STRING, body, many, one_of, or_null, record
from headrace.engine.service import editing

_CLIENT = {"type": "string", "pattern": f"^{editing.CLIENT}$"}
_PLACE = or_null(
    body(
        {
            "x": {"type": "number", "minimum": -1e6, "maximum": 1e6},
            "y": {"type": "number", "minimum": -1e6, "maximum": 1e6},
        }
    )
)
_DOING = {
    "cursor": _PLACE,
    "selection": many({"type": "string", "maxLength": 64}, editing.SELECTION_MAX),
    "look": one_of("canvas", "vertical"),
}


@route(
    "PUT",
    "/api/flows/{key}/editors/{client}",
    "Say what a tab does in a drawing; the answer says who else is there, and which draft the server has",
    permission="flows:read",
    body=body(_DOING),
    answer=record(
        {
            "etag": STRING,
            "others": many(
                record(
                    {"client": _CLIENT, "user_id": STRING, "name": STRING, "since": AT, **_DOING}
                ),
                editing.SHOWN_MAX + 1,
            ),
        }
    ),
    errors=(409,),
)
def say(call: Call, key: str, client: str) -> Any:
    return editing.say(call.workspace, call.actor, key, client, call.body)


@route(
    "DELETE",
    "/api/flows/{key}/editors/{client}",
    "Say that a tab is closed",
    permission="flows:read",
    status=204,
)
def leave(call: Call, key: str, client: str) -> Any:
    editing.leave(call.workspace, call.actor, key, client)
