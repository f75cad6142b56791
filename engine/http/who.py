""" "Who would get this?", and the rules about roles without anybody behind them."""

from __future__ import annotations

from typing import Any

from headrace.engine.clock import from_iso
from headrace.engine.http.organisation import ID, REF
from headrace.engine.http.route import Call, route
from headrace.engine.http.shapes import (
    AT,
    BOOLEAN,
    COUNT,
    FLOW_KEY,
    OBJECT,
    STRING,
    TEXT,
    body,
    many,
    one_of,
    or_null,
    page_of,
    record,
)
from headrace.engine.service import org_watch, staffing, who
from headrace.engine.service.flows import SHAPE

NODE = {"type": "string", "minLength": 1, "maxLength": 64}
REASON = record({"code": STRING, "params": OBJECT, "text": TEXT})
FOUND = record(
    {
        "id": STRING,
        "name": STRING,
        "on_behalf_of": or_null(REF),
        "origin": STRING,
        "stage": COUNT,
        "by_rule": or_null(STRING),
        "may_decide": BOOLEAN,
        "why": many(REASON),
    }
)
ANSWER = {
    "people": many(FOUND),
    "steps": many(REASON),
    "incident": or_null(REASON),
    "at": AT,
    "initiator": REF,
}
ASSIGNEE = body({"kind": one_of("user", "role"), "id": ID})
RULES = {
    "backup": {
        **one_of(*staffing.BACKUP),
        "description": "A role without an active backup: its flow is not published, or a warning.",
    },
    "fallback": {
        **many(ASSIGNEE, staffing.FALLBACK_MAX),
        "description": "Who is asked when nobody else is there and the node names no fallback.",
    },
}


@route(
    "POST",
    "/api/who",
    "Who would be asked at a node, for this data, starter and moment, and why; without a node: at all of them",
    permission="flows:read",
    body=body(
        {
            "flow?": FLOW_KEY,
            "version?": {"type": "integer", "minimum": 1},
            "document?": {**SHAPE, "description": "A drawing that is not kept."},
            "node?": NODE,
            "data?": or_null(OBJECT),
            "initiator?": or_null(ID),
            "approver?": or_null(ID),
            "at?": or_null(AT),
            "chosen?": {"type": "object", "additionalProperties": many(ID, 200)},
        }
    ),
    errors=(404,),
    answer=record(
        {name + "?": value for name, value in ANSWER.items()}
        | {"node?": NODE, "items?": many(OBJECT)}
    ),
)
def ask(call: Call) -> Any:
    told = dict(call.body)
    at = told.pop("at", None)
    told["at_ms"] = from_iso(at.upper()) if at else None
    if told.get("node"):
        return who.of_node(call.workspace, call.actor, **told)
    told.pop("node", None)
    return who.of_flow(call.workspace, call.actor, **told)


@route(
    "GET",
    "/api/flows/{key}/who",
    "Who would be asked at every node of a flow, with the sample data of the drawing",
    permission="flows:read",
    query={"initiator": ID, "at": AT, "version": {"type": "integer", "minimum": 1}},
    answer=page_of(record({"node": STRING, "name": TEXT, **ANSWER})),
)
def of_flow(call: Call, key: str) -> Any:
    asked = call.query
    return who.of_flow(
        call.workspace,
        call.actor,
        flow=key,
        version=asked["version"],
        initiator=asked["initiator"],
        at_ms=from_iso(asked["at"].upper()) if asked["at"] else None,
    )


@route(
    "GET",
    "/api/organisation/rules",
    "What a role without a backup does to a publish, and the fallback of the workspace",
    permission="flows:read",
    answer=record(RULES),
)
def rules(call: Call) -> Any:
    return staffing.rules(call.workspace, call.actor)


@route(
    "PATCH",
    "/api/organisation/rules",
    "Change these rules",
    permission="users:write",
    body=body({f"{name}?": value for name, value in RULES.items()}),
    answer=record(RULES),
    repeatable=True,
)
def change_rules(call: Call) -> Any:
    return staffing.change_rules(call.workspace, call.actor, call.body)


@route(
    "GET",
    "/api/organisation/gaps",
    "The roles that flows in force ask and that have nobody active, or nobody behind them",
    permission="flows:read",
    answer=page_of(
        record(
            {
                "role": STRING,
                "title": TEXT,
                "flows": many(STRING),
                "primary": COUNT,
                "backup": COUNT,
            }
        )
    ),
)
def gaps(call: Call) -> Any:
    return org_watch.gaps(call.workspace, call.actor)
