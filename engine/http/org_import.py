"""People from a table, and as one."""

from __future__ import annotations

from typing import Any

from flask import Response

from headrace.engine.http import body as bodies
from headrace.engine.http.route import Call, route
from headrace.engine.http.shapes import (
    ANY,
    AT,
    BOOLEAN,
    COUNT,
    COUNTING_CURSOR,
    LIMIT,
    OBJECT,
    STRING,
    body,
    many,
    one_of,
    or_null,
    record,
)
from headrace.engine.service import org_files, org_import
from headrace.engine.service.org_import import STATES

KIND = {**one_of("csv", "xlsx"), "default": "xlsx"}
LANGUAGE = {**one_of("zh", "en"), "default": "zh"}
ROW = record(
    {
        "row": COUNT,
        "state": one_of(*STATES),
        "login": STRING,
        "name": STRING,
        "changes": many(record({"field": STRING, "before": ANY, "after": ANY})),
        "errors": many(
            record({"field": STRING, "code": STRING, "params": OBJECT, "message": STRING})
        ),
    }
)
PREVIEW = record(
    {
        "id": STRING,
        "name": STRING,
        "total": COUNT,
        "counts": record(dict.fromkeys(STATES, COUNT)),
        "missing": {**COUNT, "description": "Active people who are not in the file."},
        "columns": many(STRING),
        "departments": {**many(STRING), "description": "Those that would be made."},
        "posts": {**many(STRING), "description": "Those that would be made."},
        "stale": {**BOOLEAN, "description": "The organisation has changed since."},
        "created_at": AT,
        "applied_at": or_null(AT),
        "items": many(ROW),
        "next_cursor": or_null(STRING),
    }
)


@route(
    "POST",
    "/api/organisation/import",
    "Compare a table of people (CSV in UTF-8 or GBK, or XLSX) with the organisation; nothing is changed",
    permission="users:write",
    raw=True,
    body_max=org_files.FILE_MAX_BYTES,
    query={"name": {"type": "string", "maxLength": 200, "default": ""}},
    answer=PREVIEW,
    status=201,
    errors=(413, 422),
)
def preview(call: Call) -> Any:
    data = bodies.read_bytes(call.request, org_files.FILE_MAX_BYTES)
    return org_import.preview(call.workspace, call.actor, call.query["name"], data)


@route(
    "GET",
    "/api/organisation/import/sample",
    "A small table that shows the columns",
    permission="users:write",
    query={"format": KIND, "language": LANGUAGE},
    media=org_files.XLSX,
)
def sample(call: Call) -> Any:
    kind = call.query["format"]
    data = org_import.sample(kind, call.query["language"])
    return _file(data, kind, "headrace-people-sample")


@route(
    "GET",
    "/api/organisation/import/{import_id}",
    "A preview with a page of its lines",
    permission="users:write",
    query={"state": one_of(*STATES), "limit": LIMIT, "cursor": COUNTING_CURSOR},
    answer=PREVIEW,
)
def detail(call: Call, import_id: str) -> Any:
    return org_import.detail(call.workspace, call.actor, import_id, **call.query)


@route(
    "POST",
    "/api/organisation/import/{import_id}/apply",
    "Do what the preview says, all or nothing; lines with errors are left out",
    permission="users:write",
    body=body({"leave_missing?": BOOLEAN}),
    body_required=False,
    answer=record({"new": COUNT, "changed": COUNT, "left": COUNT, "error": COUNT}),
    errors=(409,),
    repeatable=True,
)
def apply(call: Call, import_id: str) -> Any:
    leave = bool((call.body or {}).get("leave_missing"))
    return org_import.apply(call.workspace, call.actor, import_id, leave_missing=leave)


@route(
    "GET",
    "/api/organisation/export",
    "Everybody as a table that can come in again",
    permission="users:write",
    query={"format": KIND, "language": LANGUAGE},
    media=org_files.XLSX,
)
def export(call: Call) -> Any:
    kind = call.query["format"]
    data = org_import.export(call.workspace, call.actor, kind, call.query["language"])
    return _file(data, kind, "headrace-people")


def _file(data: bytes, kind: str, name: str) -> Response:
    media = org_files.XLSX if kind == "xlsx" else f"{org_files.CSV}; charset=utf-8"
    headers = {"Content-Disposition": f'attachment; filename="{name}.{kind}"'}
    return Response(data, 200, headers, content_type=media)
