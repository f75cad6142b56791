"""Records of tables: pages, one with its history, changes by hand, views."""

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
    NAME,
    OBJECT,
    PAGING,
    SEARCH,
    STRING,
    body,
    many,
    one_of,
    or_null,
    page_of,
    record,
)
from headrace.engine.service import org_files, record_files, record_totals, records
from headrace.engine.service.records import BULK_MAX

_READ, _WRITE = "records:read", "records:write"
FILTER = {
    "type": "string",
    "maxLength": 8_000,
    "default": "",
    "description": "JSON: a list of {field, op, value}; op: = != < <= > >= between ^= (begins with) in empty filled.",
}
SORT = {
    "type": "string",
    "maxLength": 80,
    "default": "",
    "description": "A field that can be filtered by, key, created_at or updated_at; - before it: downwards.",
}
VALUES = {
    "type": "object",
    "maxProperties": 200,
    "description": "Field → value; null takes one out.",
}
CONDITIONS = many(
    body(
        {
            "field": {"type": "string", "maxLength": 64},
            "op?": {"type": "string", "maxLength": 10},
            "value?": ANY,
        }
    ),
    20,
)
MEANT = {
    "ids?": many({"type": "integer", "minimum": 1}, BULK_MAX),
    "filter?": CONDITIONS,
    "search?": {"type": "string", "maxLength": 200},
}
RECORD = record(
    {
        "id": COUNT,
        "key": STRING,
        "title": STRING,
        "rev": COUNT,
        "value": OBJECT,
        "references": OBJECT,
        "instance_id": or_null(STRING),
        "created_at": AT,
        "updated_at": AT,
    }
)
WHOLE = record(
    {
        **RECORD["properties"],
        "instances": many(
            record(
                {
                    "id": STRING,
                    "flow": or_null(STRING),
                    "version": or_null(COUNT),
                    "status": or_null(STRING),
                    "created_at": or_null(AT),
                }
            )
        ),
    }
)
CHANGE = record(
    {
        "id": STRING,
        "record_id": COUNT,
        "key": STRING,
        "rev": COUNT,
        "at": AT,
        "kind": STRING,
        "by": record({"id": STRING, "name": STRING}),
        "channel": STRING,
        "instance_id": or_null(STRING),
        "node": or_null(STRING),
        "changes": many(record({"field": STRING, "before": ANY, "after": ANY})),
    }
)
GROUP = body(
    {
        "field": {"type": "string", "maxLength": 64},
        "per?": one_of("value", "day", "month", "age"),
    }
)
SUM = body(
    {"what": one_of("sum", "avg", "min", "max"), "field": {"type": "string", "maxLength": 64}}
)
VIEW_CONTENT = body(
    {
        "board?": body({"group_by": many(GROUP, 3), "sum?": SUM}),
        "filter?": CONDITIONS,
        "columns?": many({"type": "string", "maxLength": 64}, 200),
        "sort?": {"type": "string", "maxLength": 80},
        "search?": {"type": "string", "maxLength": 200},
    }
)
VIEW = record(
    {
        "id": STRING,
        "title": STRING,
        "shared": BOOLEAN,
        "mine": BOOLEAN,
        "may_change": BOOLEAN,
        "content": VIEW_CONTENT,
    }
)
VIEW_BODY = body({"title": NAME, "shared?": BOOLEAN, "content": VIEW_CONTENT})
MANY_DONE = record({"changed": COUNT, "ids": many(COUNT)})


@route(
    "GET",
    "/api/tables/{key}/records",
    "A page of records, last changed first unless sorted; a search looks at the newest matches only (`capped`)",
    permission=_READ,
    query={"search": SEARCH, "filter": FILTER, "sort": SORT, **PAGING},
    answer=record({"items": many(RECORD), "next_cursor": or_null(STRING), "capped": BOOLEAN}),
    errors=(422,),
)
def listing(call: Call, key: str) -> Any:
    return records.listing(call.workspace, call.actor, key, **call.query)


@route(
    "GET",
    "/api/tables/{key}/count",
    "How many records a search and a filter find, counted up to 10,000",
    permission=_READ,
    query={"search": SEARCH, "filter": FILTER},
    answer=record({"count": COUNT, "more": BOOLEAN}),
    errors=(422,),
)
def count(call: Call, key: str) -> Any:
    return records.count(call.workspace, call.actor, key, **call.query)


@route(
    "GET",
    "/api/tables/{key}/totals",
    "Records added up: how many, in groups (the 200 largest), and sums, means, least and most of their numbers",
    permission=_READ,
    query={
        "search": SEARCH,
        "filter": FILTER,
        "group_by": {
            "type": "string",
            "maxLength": 1_000,
            "default": "",
            "description": "JSON: a list of {field, per}; per: value, day, month, age (of dates; days of Beijing). At most 3.",
        },
        "sums": {
            "type": "string",
            "maxLength": 2_000,
            "default": "",
            "description": "JSON: a list of {name, what, field}; what: sum, avg, min, max, filled. At most 10.",
        },
    },
    answer=record(
        {
            "count": COUNT,
            "totals": OBJECT,
            "groups": many(OBJECT),
            "more": BOOLEAN,
            "capped": BOOLEAN,
            "refilling": BOOLEAN,
        }
    ),
    errors=(422,),
)
def totals(call: Call, key: str) -> Any:
    return record_totals.totals(call.workspace, call.actor, key, **call.query)


@route(
    "POST",
    "/api/tables/{key}/records",
    "Make a record",
    permission=_WRITE,
    body=body({"values": VALUES, "key?": NAME}),
    answer=WHOLE,
    status=201,
    errors=(409,),
    repeatable=True,
)
def create(call: Call, key: str) -> Any:
    return records.create(
        call.workspace, call.actor, key, call.body["values"], call.body.get("key")
    )


@route(
    "GET",
    "/api/tables/{key}/by-key/{record_key}",
    "The record with this key",
    permission=_READ,
    answer=RECORD,
)
def by_key(call: Call, key: str, record_key: str) -> Any:
    return records.by_key(call.workspace, call.actor, key, record_key)


@route(
    "GET",
    "/api/tables/{key}/records/{record_id}",
    "A record, and the instances that touched it",
    permission=_READ,
    answer=WHOLE,
)
def detail(call: Call, key: str, record_id: str) -> Any:
    return records.detail(call.workspace, call.actor, key, _number(record_id))


@route(
    "PATCH",
    "/api/tables/{key}/records/{record_id}",
    "Change a record; where another was faster than `rev`, 409 tells it as it is now (`params.current`)",
    permission=_WRITE,
    body=body({"values": VALUES, "rev": COUNT}),
    answer=WHOLE,
    errors=(409,),
)
def change(call: Call, key: str, record_id: str) -> Any:
    told = call.body
    return records.change(
        call.workspace, call.actor, key, _number(record_id), told["values"], told["rev"]
    )


@route(
    "GET",
    "/api/tables/{key}/records/{record_id}/history",
    "What has happened to a record, newest first",
    permission=_READ,
    query={"limit": LIMIT, "cursor": COUNTING_CURSOR},
    answer=page_of(CHANGE),
)
def history(call: Call, key: str, record_id: str) -> Any:
    return records.history(call.workspace, call.actor, key, _number(record_id), **call.query)


@route(
    "GET",
    "/api/tables/{key}/history",
    "What has happened in a table, newest first",
    permission=_READ,
    query={"limit": LIMIT, "cursor": COUNTING_CURSOR},
    answer=page_of(CHANGE),
)
def table_history(call: Call, key: str) -> Any:
    return records.history(call.workspace, call.actor, key, **call.query)


@route(
    "POST",
    "/api/tables/{key}/change",
    "Put values into many records (ids, or a filter), all or none",
    permission=_WRITE,
    body=body({**MEANT, "values": VALUES}),
    answer=MANY_DONE,
)
def change_many(call: Call, key: str) -> Any:
    return records.change_many(call.workspace, call.actor, key, call.body, call.body["values"])


@route(
    "POST",
    "/api/tables/{key}/delete",
    "Delete records (ids, or a filter); they can be brought back",
    permission=_WRITE,
    body=body(MEANT),
    answer=MANY_DONE,
)
def delete(call: Call, key: str) -> Any:
    return records.delete(call.workspace, call.actor, key, call.body)


@route(
    "POST",
    "/api/tables/{key}/restore",
    "Bring deleted records back",
    permission=_WRITE,
    body=body({"ids": many({"type": "integer", "minimum": 1}, BULK_MAX)}),
    answer=MANY_DONE,
)
def restore(call: Call, key: str) -> Any:
    return records.restore(call.workspace, call.actor, key, call.body["ids"])


@route(
    "GET",
    "/api/tables/{key}/views",
    "Saved views: one's own, and those that others share",
    permission=_READ,
    answer=page_of(VIEW),
)
def views(call: Call, key: str) -> Any:
    return records.views(call.workspace, call.actor, key)


@route(
    "POST",
    "/api/tables/{key}/views",
    "Save a view",
    permission=_READ,
    body=VIEW_BODY,
    answer=VIEW,
    status=201,
    errors=(409,),
)
def create_view(call: Call, key: str) -> Any:
    return records.keep_view(call.workspace, call.actor, key, call.body)


@route(
    "PUT",
    "/api/tables/{key}/views/{view_id}",
    "Change a view",
    permission=_READ,
    body=VIEW_BODY,
    answer=VIEW,
)
def change_view(call: Call, key: str, view_id: str) -> Any:
    return records.keep_view(call.workspace, call.actor, key, call.body, view_id)


@route(
    "DELETE",
    "/api/tables/{key}/views/{view_id}",
    "Delete a view",
    permission=_READ,
    status=204,
)
def drop_view(call: Call, key: str, view_id: str) -> Any:
    return records.drop_view(call.workspace, call.actor, key, view_id)


# --- files -----------------------------------------------------------------------------------------

PLAN = body(
    {
        "mapping": many(or_null({"type": "string", "maxLength": 64}), 50),
        "mode?": {**one_of("upsert", "create", "update"), "default": "upsert"},
        "wrong?": {
            **one_of("stop", "skip"),
            "default": "stop",
            "description": "A wrong line: nothing is written, or the others are.",
        },
        "empty?": {**one_of("keep", "clear"), "default": "keep", "description": "Empty cells."},
    }
)
_COUNTS = {"type": "object", "additionalProperties": COUNT}
IMPORT = record(
    {
        "id": STRING,
        "name": STRING,
        "status": one_of("mapped", "running", "done", "failed", "stopped"),
        "total": COUNT,
        "done": COUNT,
        "counts": _COUNTS,
        "ended_at": or_null(AT),
    }
)
IMPORT_LOOK = record(
    {
        "counts": _COUNTS,
        "total": COUNT,
        "errors": many(
            record(
                {
                    "line": COUNT,
                    "field": STRING,
                    "value": STRING,
                    "code": STRING,
                    "params": OBJECT,
                    "message": STRING,
                }
            )
        ),
    }
)


@route(
    "POST",
    "/api/tables/{key}/imports",
    "Hand in a file (CSV in UTF-8 or GBK, or XLSX); nothing is changed yet",
    permission=_WRITE,
    raw=True,
    body_max=record_files.FILE_MAX_BYTES,
    query={"name": {"type": "string", "maxLength": 200, "default": ""}},
    answer=record(
        {
            "id": STRING,
            "columns": many(STRING),
            "mapping": many(or_null(STRING)),
            "total": COUNT,
            "sample": many(many(STRING)),
        }
    ),
    status=201,
    errors=(413, 422),
)
def upload(call: Call, key: str) -> Any:
    data = bodies.read_bytes(call.request, record_files.FILE_MAX_BYTES)
    return record_files.upload(call.workspace, call.actor, key, call.query["name"], data)


@route(
    "GET",
    "/api/tables/{key}/imports/{import_id}",
    "How far an import is",
    permission=_WRITE,
    answer=IMPORT,
)
def import_detail(call: Call, key: str, import_id: str) -> Any:
    return record_files.detail(call.workspace, call.actor, key, import_id)


@route(
    "POST",
    "/api/tables/{key}/imports/{import_id}/preview",
    "What an import would do, and every line that is wrong; nothing is changed",
    permission=_WRITE,
    body=PLAN,
    answer=IMPORT_LOOK,
)
def import_preview(call: Call, key: str, import_id: str) -> Any:
    return record_files.preview(call.workspace, call.actor, key, import_id, call.body)


@route(
    "POST",
    "/api/tables/{key}/imports/{import_id}/apply",
    "Take a file in: up to 5,000 lines at once, more in the background",
    permission=_WRITE,
    body=PLAN,
    answer=IMPORT,
    errors=(409,),
)
def import_apply(call: Call, key: str, import_id: str) -> Any:
    return record_files.apply(call.workspace, call.actor, key, import_id, call.body)


@route(
    "GET",
    "/api/tables/{key}/export",
    "The records of a filter as a file: csv as a stream, xlsx up to 100,000 records",
    permission=_READ,
    query={
        "search": SEARCH,
        "filter": FILTER,
        "sort": SORT,
        "format": {**one_of("csv", "xlsx"), "default": "csv"},
        "language": {**one_of("zh", "en"), "default": "zh"},
    },
    media="text/csv",
    errors=(422,),
)
def export(call: Call, key: str) -> Any:
    told = dict(call.query)
    kind = told.pop("format")
    parts = record_files.export(call.workspace, call.actor, key, kind=kind, **told)
    media = org_files.XLSX if kind == "xlsx" else f"{org_files.CSV}; charset=utf-8"
    headers = {"Content-Disposition": f'attachment; filename="{key}.{kind}"'}
    return Response(parts, 200, headers, content_type=media)


def _number(text: str) -> int:
    """The number of a record; what is none finds nothing."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0
