"""Industry templates."""

from __future__ import annotations

from typing import Any

from headrace.engine.http.flows import TEST
from headrace.engine.http.route import Call, route
from headrace.engine.http.shapes import (
    ANY,
    BOOLEAN,
    LINE,
    OBJECT,
    STRING,
    TEXT,
    body,
    many,
    page_of,
    record,
)
from headrace.engine.service import templates

SUMMARY = {
    "key": STRING,
    "name": TEXT,
    "description": TEXT,
    "industry": TEXT,
    "roles": many(record({"key": STRING, "title": TEXT})),
    "connections": many(record({"key": STRING, "connector": STRING})),
    "installed": BOOLEAN,
}


@route(
    "GET",
    "/api/templates",
    "The gallery",
    permission="flows:read",
    answer=page_of(
        record({**SUMMARY, "flows": many(record({"key": STRING, "name": TEXT}))}),
    ),
)
def listing(call: Call) -> Any:
    return templates.listing(call.workspace, call.actor)


@route(
    "GET",
    "/api/templates/{key}",
    "One template with its flows and samples",
    permission="flows:read",
    answer=record({**SUMMARY, "flows": many(OBJECT), "samples": many(OBJECT)}),
)
def detail(call: Call, key: str) -> Any:
    return templates.detail(call.workspace, call.actor, key)


@route(
    "POST",
    "/api/templates/{key}/install",
    "Install a template; what is there already stays as it is",
    permission="templates:install",
    body=body({}),
    body_required=False,
    answer=record(
        {
            "flows": many(STRING),
            "created": many(STRING),
            "kept": many(STRING),
            "problems": many(OBJECT),
        }
    ),
    status=201,
    repeatable=True,
)
def install(call: Call, key: str) -> Any:
    return templates.install(call.workspace, call.actor, key)


@route(
    "POST",
    "/api/templates/{key}/try",
    "Run one of its samples in memory, and say whether it ended as expected",
    permission="flows:read",
    body=body({"flow": LINE, "sample": ANY}),
    answer={
        **TEST,
        "properties": {
            **TEST["properties"],
            "met": BOOLEAN,
            "expected": OBJECT,
            "unmet": many(OBJECT),
        },
    },
)
def try_sample(call: Call, key: str) -> Any:
    return templates.try_sample(
        call.workspace, call.actor, key, call.body["flow"], call.body["sample"]
    )
