"""Versions at work: canaries, comparison, rolling back and forward, the difference between two."""

from __future__ import annotations

from typing import Any

from headrace.engine.flow.routing import RULES_MAX
from headrace.engine.http.flows import version_number
from headrace.engine.http.route import Call, route
from headrace.engine.http.shapes import (
    ANY,
    AT,
    BOOLEAN,
    COUNT,
    OBJECT,
    PAGING,
    STRING,
    body,
    many,
    one_of,
    or_null,
    page_of,
    record,
)
from headrace.engine.service import canary, flows

NOTE = {"type": "string", "maxLength": 2_000}
VERSION_NUMBER = {"type": "integer", "minimum": 1, "maximum": 999_999_999}
RULE = record(
    {
        "version": VERSION_NUMBER,
        "when?": OBJECT,
        "weight?": {"type": "number", "exclusiveMinimum": 0, "maximum": 100},
    },
    closed=True,
)
GUARD = record(
    {
        "instances": {"type": "integer", "minimum": 1, "maximum": canary.SAMPLE_MAX},
        "rate": {"type": "number", "minimum": 0, "maximum": 100},
        "factor": {"type": "number", "minimum": 1, "maximum": 1_000},
    },
    closed=True,
)
ROUTE = record(
    {
        "id": STRING,
        "baseline": COUNT,
        "rules": many(record({"version": COUNT})),
        "guard": or_null(OBJECT),
        "status": one_of("running", "promoted", "stopped", "rolled_back"),
        "note": STRING,
        "began_at": AT,
        "began_by": STRING,
        "ended_at": or_null(AT),
        "ended_by": or_null(STRING),
        "reason": or_null(STRING),
    }
)
ROUTING = record({"published_version": or_null(COUNT), "running": or_null(ROUTE)})


@route(
    "GET",
    "/api/flows/{key}/route",
    "The version in force, and the canary that runs",
    permission="flows:read",
    answer=ROUTING,
)
def detail(call: Call, key: str) -> Any:
    return canary.detail(call.workspace, call.actor, key)


@route(
    "PUT",
    "/api/flows/{key}/route",
    "Begin a canary, or change the rules of the one that runs",
    permission="flows:publish",
    body=body(
        {
            "rules": {**many(RULE, RULES_MAX), "minItems": 1},
            "guard?": or_null(GUARD),
            "note?": NOTE,
        }
    ),
    answer=ROUTING,
    errors=(409,),
)
def begin(call: Call, key: str) -> Any:
    told = call.body
    return canary.begin(
        call.workspace,
        call.actor,
        key,
        rules=told["rules"],
        guard=told.get("guard"),
        note=told.get("note", ""),
    )


@route(
    "POST",
    "/api/flows/{key}/route/end",
    "End the canary: promote a version of it, or (without `version`) send all starts to the version in force again",
    permission="flows:publish",
    body=body({"version?": or_null(VERSION_NUMBER), "reason?": NOTE}),
    body_required=False,
    answer=ROUTING,
    errors=(409, 422),
)
def end(call: Call, key: str) -> Any:
    told = call.body or {}
    return canary.end(
        call.workspace,
        call.actor,
        key,
        version=told.get("version"),
        reason=told.get("reason", ""),
    )


@route(
    "GET",
    "/api/flows/{key}/routes",
    "The canaries this flow has had, newest first",
    permission="flows:read",
    query=PAGING,
    answer=page_of(ROUTE),
)
def listing(call: Call, key: str) -> Any:
    return canary.listing(call.workspace, call.actor, key, **call.query)


@route(
    "GET",
    "/api/flows/{key}/compare",
    "Versions side by side: started, ended, with an incident, how long they took; without `versions` the canary's, or the newest",
    permission="flows:read",
    query={
        "versions": {
            "type": "string",
            "pattern": "^([0-9]{1,9}(,[0-9]{1,9}){0,4})?$",
            "default": "",
        }
    },
    answer=record(
        {
            "route": or_null(STRING),
            "versions": many(
                record(
                    {
                        "version": COUNT,
                        "started": COUNT,
                        "ended": COUNT,
                        "cancelled": COUNT,
                        "failed": COUNT,
                        "failure_rate": or_null({"type": "number"}),
                        "p50_ms": or_null(COUNT),
                        "p95_ms": or_null(COUNT),
                        "sampled": BOOLEAN,
                    }
                )
            ),
        }
    ),
)
def compare(call: Call, key: str) -> Any:
    versions = [int(number) for number in call.query["versions"].split(",") if number]
    return canary.compare(call.workspace, call.actor, key, versions)


@route(
    "POST",
    "/api/flows/{key}/versions/{number}/activate",
    "Roll back or forward: new instances get this version from now on; a running canary ends",
    permission="flows:publish",
    body=body({"reason?": NOTE}),
    body_required=False,
    answer=ROUTING,
    errors=(409, 422),
)
def activate(call: Call, key: str, number: str) -> Any:
    reason = (call.body or {}).get("reason", "")
    return canary.activate(
        call.workspace, call.actor, key, version_number(key, number), reason=reason
    )


@route(
    "PUT",
    "/api/flows/{key}/versions/{number}/status",
    "Deprecate a version (said on screens) or retire it (no new starts, for ever), or make it active again",
    permission="flows:publish",
    body=body({"status": one_of("active", "deprecated", "retired")}),
    answer=record({"version": COUNT, "status": STRING}),
    errors=(409,),
)
def set_status(call: Call, key: str, number: str) -> Any:
    return canary.set_status(
        call.workspace, call.actor, key, version_number(key, number), call.body["status"]
    )


@route(
    "GET",
    "/api/flows/{key}/diff",
    "What two versions differ in, by node, edge, note and setting; a number left out means the draft",
    permission="flows:read",
    query={"from": VERSION_NUMBER, "to": VERSION_NUMBER},
    answer=record(
        {
            "from": or_null(COUNT),
            "to": or_null(COUNT),
            "changes": many(
                record(
                    {
                        "kind": one_of("flow", "node", "edge", "note"),
                        "id": STRING,
                        "change": one_of("added", "removed", "changed", "moved"),
                        "quiet": BOOLEAN,
                        "fields": many(
                            record(
                                {
                                    "path": STRING,
                                    "change": one_of("added", "removed", "changed"),
                                    "before": ANY,
                                    "after": ANY,
                                    "quiet": BOOLEAN,
                                }
                            )
                        ),
                    }
                )
            ),
        }
    ),
)
def difference(call: Call, key: str) -> Any:
    return flows.difference(call.workspace, call.actor, key, call.query["from"], call.query["to"])
