"""The audit of decisions: pages, export, and whether its chain holds."""

from __future__ import annotations

from typing import Any

from flask import Response

from headrace.engine.clock import from_iso
from headrace.engine.http.route import Call, route
from headrace.engine.http.shapes import (
    ANY,
    AT,
    BOOLEAN,
    COUNT,
    COUNTING_CURSOR,
    LIMIT,
    LINE,
    STRING,
    one_of,
    or_null,
    page_of,
    record,
)
from headrace.engine.service import decision_log
from headrace.engine.store.decisions import Filter

REF = record({"id": STRING, "name": STRING})
DECISION = record(
    {
        "id": STRING,
        "at": AT,
        "by": or_null(REF),
        "on_behalf_of": or_null(REF),
        "action": or_null(STRING),
        "decision": or_null(STRING),
        "comment": or_null(STRING),
        "before": ANY,
        "after": ANY,
        "via": or_null(STRING),
        "ip": or_null(STRING),
        "client": or_null(STRING),
        "batch_id": or_null(STRING),
        "task_id": or_null(STRING),
        "seat": or_null(COUNT),
        "round": or_null(COUNT),
        "title": or_null(STRING),
        "instance_id": or_null(STRING),
        "flow_key": or_null(STRING),
        "version": or_null(COUNT),
        "node": or_null(STRING),
        "business_key": or_null(STRING),
        "hash": STRING,
        "redacted_at": or_null(AT),
    }
)
FILTER = {
    "user": {**LINE, "description": "Who decided, or for whom."},
    "decision": {**LINE, "description": "approved, rejected, transfer …"},
    "flow": LINE,
    "task": LINE,
    "instance": LINE,
    "batch": LINE,
    "from": AT,
    "until": AT,
    "search": {**LINE, "description": "A business key, or its beginning."},
}


@route(
    "GET",
    "/api/decisions",
    "Who decided what on tasks, newest first: a chain that tells when it was touched",
    permission="audit:read",
    query={**FILTER, "limit": LIMIT, "cursor": COUNTING_CURSOR},
    answer=page_of(DECISION),
)
def listing(call: Call) -> Any:
    return decision_log.listing(
        call.workspace,
        call.actor,
        _filter(call),
        cursor=call.query["cursor"],
        limit=call.query["limit"],
    )


@route(
    "GET",
    "/api/decisions/export",
    "The same as a file, as a stream: csv (with a BOM, for spreadsheets), or jsonl",
    permission="audit:read",
    query={**FILTER, "format": {**one_of("csv", "jsonl"), "default": "csv"}},
    answer={"type": "string"},
    media="text/csv",
)
def export(call: Call) -> Any:
    kind = call.query["format"]
    lines = decision_log.export(call.workspace, call.actor, _filter(call), kind)
    media = "text/csv; charset=utf-8" if kind == "csv" else "application/x-ndjson"
    headers = {"Content-Disposition": f'attachment; filename="decisions.{kind}"'}
    return Response(lines, 200, headers, content_type=media)


@route(
    "GET",
    "/api/decisions/verify",
    "Does the chain of decisions hold? Walks all of it; names the first place where it does not",
    permission="audit:read",
    answer=record(
        {
            "ok": BOOLEAN,
            "checked": COUNT,
            "redacted": COUNT,
            "last": STRING,
            "hash": STRING,
            "first_wrong": or_null(STRING),
            "why": or_null(STRING),
            "expected": or_null(STRING),
            "found": or_null(STRING),
            "at": AT,
        }
    ),
)
def verify(call: Call) -> Any:
    return decision_log.verify(call.workspace, call.actor)


def _filter(call: Call) -> Filter:
    told = call.query
    return Filter(
        actor=told["user"],
        action=told["decision"],
        flow=told["flow"],
        task=told["task"],
        instance=told["instance"],
        batch=told["batch"],
        from_ms=from_iso(told["from"]) if told["from"] else None,
        until_ms=from_iso(told["until"]) if told["until"] else None,
        search=told["search"],
    )
