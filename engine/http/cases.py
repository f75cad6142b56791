"""Test cases of flows, and the check list before a publish."""

from __future__ import annotations

from typing import Any

from headrace.engine.errors import Busy
from headrace.engine.http.flows import DOCUMENT_MAX_BYTES
from headrace.engine.http.route import Call, route
from headrace.engine.http.shapes import (
    ANY,
    AT,
    BOOLEAN,
    COUNT,
    LINE,
    OBJECT,
    PAGING,
    PROBLEMS,
    STRING,
    TEXT,
    body,
    many,
    or_null,
    page_of,
    record,
)
from headrace.engine.service import cases, flows, readiness, recording

CASE = record(
    {
        "id": STRING,
        "name": TEXT,
        "origin": STRING,
        "revision": COUNT,
        "updated_at": AT,
        "updated_by": STRING,
        "content": OBJECT,
    }
)
UNMET = many(record({"what": STRING, "expected": ANY, "found": ANY}))
RUN = record(
    {
        "passed": COUNT,
        "failed": COUNT,
        "results": many(
            record(
                {
                    "id": STRING,
                    "name": TEXT,
                    "met": BOOLEAN,
                    "unmet": UNMET,
                    "status": STRING,
                    "result": or_null(STRING),
                    "visited": many(STRING),
                    "edges": many(STRING),
                }
            )
        ),
        "coverage": record(
            {
                "edges": COUNT,
                "taken": COUNT,
                "never": many(STRING),
                "never_visited": many(STRING),
            }
        ),
        "problems": PROBLEMS,
    }
)


@route(
    "GET",
    "/api/flows/{key}/cases",
    "The test cases of a flow, oldest first",
    permission="flows:read",
    query=PAGING,
    answer=page_of(CASE),
)
def listing(call: Call, key: str) -> Any:
    return cases.listing(call.workspace, call.actor, key, **call.query)


@route(
    "POST",
    "/api/flows/{key}/cases",
    "Keep a test case: what goes in, who decides what, what must come of it",
    permission="flows:write",
    body=body({"name": TEXT, "content": OBJECT, "origin?": LINE}),
    answer=CASE,
    status=201,
    errors=(409,),
    repeatable=True,
)
def create(call: Call, key: str) -> Any:
    told = call.body
    return cases.create(
        call.workspace,
        call.actor,
        key,
        told["name"],
        told["content"],
        origin=told.get("origin", "hand"),
    )


@route(
    "PUT",
    "/api/flows/{key}/cases/{case}",
    "Change a test case; `revision` is the one it replaces",
    permission="flows:write",
    body=body({"name": TEXT, "content": OBJECT, "revision": COUNT}),
    answer=CASE,
    errors=(409,),
)
def change(call: Call, key: str, case: str) -> Any:
    told = call.body
    return cases.change(
        call.workspace, call.actor, key, case, told["name"], told["content"], told["revision"]
    )


@route(
    "DELETE",
    "/api/flows/{key}/cases/{case}",
    "Take a test case away",
    permission="flows:write",
    status=204,
)
def delete(call: Call, key: str, case: str) -> Any:
    cases.delete(call.workspace, call.actor, key, case)


@route(
    "POST",
    "/api/flows/{key}/cases/run",
    "Run all test cases, or some, over the draft or a document; no call leaves",
    permission="flows:read",
    body=body({"document?": OBJECT, "only?": many(LINE, cases.CASES_MAX)}),
    body_required=False,
    body_max=DOCUMENT_MAX_BYTES,
    answer=RUN,
)
def run(call: Call, key: str) -> Any:
    told = call.body or {}
    return flows.run_cases(
        call.workspace,
        call.actor,
        key,
        document=told.get("document"),
        only=told.get("only", ()),
    )


@route(
    "POST",
    "/api/flows/{key}/cases/record",
    "The test case that a real instance would be, disguised and not yet kept",
    permission="instances:read",
    body=body({"instance": LINE}),
    answer=record(
        {
            "name": STRING,
            "origin": STRING,
            "version": COUNT,
            "content": OBJECT,
            "hidden": COUNT,
            "differences": UNMET,
        }
    ),
    errors=(409,),
)
def recorded(call: Call, key: str) -> Any:
    return recording.record(call.workspace, call.actor, key, call.body["instance"])


@route(
    "POST",
    "/api/flows/{key}/readiness",
    "The check list before a publish: problems, test cases, roles, connections, who is under way",
    permission="flows:read",
    body=body({"document?": OBJECT}),
    body_required=False,
    body_max=DOCUMENT_MAX_BYTES,
    answer=record(
        {
            "problems": PROBLEMS,
            "cases": RUN,
            "roles": many(
                record({"key": STRING, "title": TEXT, "members": COUNT, "backups": COUNT})
            ),
            "connections": many(
                record({"key": STRING, "known": BOOLEAN, "name": STRING, "connector": STRING})
            ),
            "in_force": or_null(COUNT),
            "next_version": COUNT,
            "versions": many(record({"version": COUNT, "open_instances": COUNT})),
            "open_instances": COUNT,
            "canary": BOOLEAN,
            "changes": record({"loud": COUNT, "quiet": COUNT}),
            "may_overrule": BOOLEAN,
        }
    ),
)
def ready(call: Call, key: str) -> Any:
    document = (call.body or {}).get("document")
    return readiness.look(call.workspace, call.actor, key, document)


@route(
    "POST",
    "/api/flows/{key}/connections/{name}/test",
    "Try a connection that the draft uses, as its connector says",
    permission="flows:publish",
    answer=record({"ok": BOOLEAN, "message": STRING}),
    errors=(409, 503),
)
def try_connection(call: Call, key: str, name: str) -> Any:
    if call.house.outside is None:
        raise Busy(what="the way out", retry_after_s=5)
    return readiness.try_connection(call.workspace, call.actor, key, name, call.house.outside)
