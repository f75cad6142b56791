"""Files of orders on the page of a source: handed in, looked at, taken in."""

from __future__ import annotations

from typing import Any

from headrace.engine.http import body as bodies
from headrace.engine.http.records import IMPORT, IMPORT_LOOK
from headrace.engine.http.route import Call, route
from headrace.engine.http.shapes import COUNT, STRING, body, many, one_of, or_null, record
from headrace.engine.service import record_files, source_files

PLAN = body(
    {
        "mapping": {**many(or_null({"type": "string", "maxLength": 64}), 50), "description": "The field of each column."},
        "wrong?": {
            **one_of("stop", "skip"),
            "default": "stop",
            "description": "A wrong line: nothing is written, or the others are.",
        },
    }
)  # fmt: skip


@route(
    "POST",
    "/api/sources/{key}/files",
    "Hand in a file of orders or refunds (CSV in UTF-8 or GBK, or XLSX); nothing is changed yet",
    permission="records:write",
    raw=True,
    body_max=record_files.FILE_MAX_BYTES,
    query={
        "name": {"type": "string", "maxLength": 200, "default": ""},
        "kind": {**one_of("order", "refund"), "default": "order"},
    },
    answer=record(
        {
            "id": STRING, "columns": many(STRING), "mapping": many(or_null(STRING)), "total": COUNT,
            "sample": many(many(STRING)), "fields": many(STRING),
        }
    ),
    status=201,
    errors=(413, 422),
)  # fmt: skip
def upload(call: Call, key: str) -> Any:
    data = bodies.read_bytes(call.request, record_files.FILE_MAX_BYTES)
    name, kind = call.query["name"], call.query["kind"]
    return source_files.upload(call.workspace, call.actor, key, kind, name, data)


@route(
    "GET",
    "/api/sources/{key}/files/{import_id}",
    "How far a file is",
    permission="records:write",
    answer=IMPORT,
)
def detail(call: Call, key: str, import_id: str) -> Any:
    return source_files.detail(call.workspace, call.actor, key, import_id)


@route(
    "POST",
    "/api/sources/{key}/files/{import_id}/preview",
    "What a file would do, and every line that is wrong; nothing is changed",
    permission="records:write",
    body=PLAN,
    answer=IMPORT_LOOK,
)
def preview(call: Call, key: str, import_id: str) -> Any:
    return source_files.preview(call.workspace, call.actor, key, import_id, call.body)


@route(
    "POST",
    "/api/sources/{key}/files/{import_id}/apply",
    "Take a file in: up to 500 orders at once, more in the background; again: nothing new",
    permission="records:write",
    body=PLAN,
    answer=IMPORT,
    errors=(409,),
)
def apply(call: Call, key: str, import_id: str) -> Any:
    return source_files.apply(call.workspace, call.actor, key, import_id, call.body)
