"""Decision tables."""

from __future__ import annotations

from typing import Any

from flask import Response

from headrace.engine.errors import NotFound
from headrace.engine.flow.decision import model
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
    PAGING,
    PROBLEMS,
    SEARCH,
    STRING,
    TEXT,
    body,
    many,
    one_of,
    or_null,
    page_of,
    record,
)
from headrace.engine.service import decision_tables, org_files

KEY = {"type": "string", "pattern": model.NAME}
_TITLE = {**TEXT, "minProperties": 0}
_CELL = {"type": "string", "maxLength": model.CELL_MAX}
_ID = {"type": "string", "minLength": 1, "maxLength": 64}
_END = {"type": ["number", "string", "null"], "maxLength": 40}
_CELLS = {
    "type": "object",
    "additionalProperties": _CELL,
    "maxProperties": 2 * model.COLUMNS_MAX,
    "description": "Column → what its cell says; `-` or nothing: anything.",
}
COLUMN = body(
    {
        "name": KEY,
        "kind": one_of(*model.KINDS),
        "title?": _TITLE,
        "options?": many(
            body(
                {
                    "value": {"type": "string", "minLength": 1, "maxLength": 64},
                    "title?": _TITLE,
                }
            ),
            model.OPTIONS_MAX,
        ),
        "decimals?": {"type": ["integer", "null"], "minimum": 0, "maximum": model.DECIMALS_MAX},
        "min?": _END,
        "max?": _END,
        "optional?": {**BOOLEAN, "description": "Of an input: nothing may be given."},
        "default?": {**or_null(_CELL), "description": "Of a result: what it is where no row hits."},
    }
)
DEFINITION = body(
    {
        "title": _TITLE,
        "description?": _TITLE,
        "policy": one_of(*model.POLICIES),
        "collect?": one_of(*model.COLLECTS),
        "inputs": many(COLUMN, model.COLUMNS_MAX),
        "outputs": many(COLUMN, model.COLUMNS_MAX),
        "rules": many(
            body(
                {
                    "id": _ID,
                    "when": _CELLS,
                    "then": _CELLS,
                    "note?": {"type": "string", "maxLength": 500},
                }
            ),
            model.RULES_MAX,
        ),
        "samples?": many(
            body(
                {
                    "id": _ID,
                    "name?": {"type": "string", "maxLength": 200},
                    "given": _CELLS,
                    "expect?": _CELLS,
                    "nothing?": {**BOOLEAN, "description": "No row is expected to hit."},
                }
            ),
            model.SAMPLES_MAX,
        ),
    }
)
_WHO = record({"id": STRING, "name": STRING})
BRIEF = {
    "key": STRING,
    "title": OBJECT,
    "description": OBJECT,
    "policy": STRING,
    "rows": COUNT,
    "revision": COUNT,
    "in_force": or_null(COUNT),
    "next": or_null(record({"version": COUNT, "valid_from": AT})),
    "last_version": COUNT,
    "changed": {**BOOLEAN, "description": "The draft differs from the last version."},
    "updated_at": AT,
    "updated_by": _WHO,
}
TABLE = record(
    {
        **BRIEF,
        "definition": OBJECT,
        "used_by": many(
            record(
                {
                    "key": STRING,
                    "name": OBJECT,
                    "nodes": many(STRING),
                    "published_version": or_null(COUNT),
                }
            )
        ),
    }
)
_CHANGE = record(
    {
        "what": STRING,
        "row": or_null(COUNT),
        "column": or_null(STRING),
        "before": ANY,
        "after": ANY,
    }
)
VERSION = {
    "version": COUNT,
    "state": one_of("in_force", "scheduled", "past", "withdrawn"),
    "valid_from": AT,
    "note": STRING,
    "published_at": AT,
    "published_by": _WHO,
}
_ROWS = many(COUNT)
CHECKED = record(
    {
        "problems": PROBLEMS,
        "report": or_null(
            record(
                {
                    "gaps": many(record({"when": OBJECT, "example": OBJECT, "maybe": _ROWS})),
                    "overlaps": many(record({"rows": _ROWS, "when": OBJECT, "example": OBJECT})),
                    "unreachable": many(record({"row": COUNT, "why": STRING, "by": _ROWS})),
                    "free_rows": _ROWS,
                    "complete": BOOLEAN,
                }
            )
        ),
        "bench": or_null(
            record({"samples": many(OBJECT), "passed": COUNT, "failed": COUNT, "hits": _ROWS})
        ),
    }
)
BODY_MAX = 4_000_000


@route(
    "GET",
    "/api/decision-tables",
    "Decision tables by key",
    permission="flows:read",
    query={"search": SEARCH, **PAGING},
    answer=page_of(record(BRIEF)),
)
def listing(call: Call) -> Any:
    return decision_tables.listing(call.workspace, call.actor, **call.query)


@route(
    "POST",
    "/api/decision-tables",
    "Begin a decision table",
    permission="flows:write",
    body=body({"key": KEY, "definition": DEFINITION}),
    body_max=BODY_MAX,
    answer=TABLE,
    status=201,
    errors=(409,),
    repeatable=True,
)
def create(call: Call) -> Any:
    told = call.body
    return decision_tables.create(call.workspace, call.actor, told["key"], told["definition"])


@route(
    "GET",
    "/api/decision-tables/{key}",
    "A decision table with its draft and the flows that ask it",
    permission="flows:read",
    answer=TABLE,
)
def detail(call: Call, key: str) -> Any:
    return decision_tables.detail(call.workspace, call.actor, key)


@route(
    "PUT",
    "/api/decision-tables/{key}",
    "Keep the draft, on top of `revision`",
    permission="flows:write",
    body=body({"definition": DEFINITION, "revision": COUNT}),
    body_max=BODY_MAX,
    answer=TABLE,
    errors=(409,),
)
def save(call: Call, key: str) -> Any:
    told = call.body
    return decision_tables.save(
        call.workspace, call.actor, key, told["definition"], told["revision"]
    )


@route(
    "DELETE",
    "/api/decision-tables/{key}",
    "Take away a decision table that no flow asks",
    permission="flows:write",
    status=204,
    errors=(409,),
)
def remove(call: Call, key: str) -> Any:
    return decision_tables.remove(call.workspace, call.actor, key)


@route(
    "POST",
    "/api/decision-tables/{key}/check",
    "What is wrong with a table, what it leaves out or says twice, and how its samples come out; nothing is saved",
    permission="flows:read",
    body=body({"definition?": DEFINITION}),
    body_max=BODY_MAX,
    body_required=False,
    answer=CHECKED,
)
def check(call: Call, key: str) -> Any:
    told = (call.body or {}).get("definition")
    return decision_tables.check(call.workspace, call.actor, key, told)


@route(
    "POST",
    "/api/decision-tables/{key}/publish",
    "Make a version of the draft, valid from a moment on",
    permission="flows:publish",
    body=body(
        {
            "revision": COUNT,
            "valid_from?": or_null(AT),
            "note?": {"type": "string", "maxLength": 2_000},
        }
    ),
    answer=TABLE,
    errors=(409,),
    repeatable=True,
)
def publish(call: Call, key: str) -> Any:
    return decision_tables.publish(call.workspace, call.actor, key, **call.body)


@route(
    "GET",
    "/api/decision-tables/{key}/versions",
    "Published versions, newest first, each with what it changed",
    permission="flows:read",
    query={"limit": LIMIT, "cursor": COUNTING_CURSOR},
    answer=page_of(record({**VERSION, "changes": many(_CHANGE)})),
)
def versions(call: Call, key: str) -> Any:
    return decision_tables.versions(call.workspace, call.actor, key, **call.query)


@route(
    "GET",
    "/api/decision-tables/{key}/versions/{number}",
    "One published version",
    permission="flows:read",
    answer=record({**VERSION, "definition": OBJECT}),
)
def version(call: Call, key: str, number: str) -> Any:
    return decision_tables.version(call.workspace, call.actor, key, _number(key, number))


@route(
    "POST",
    "/api/decision-tables/{key}/versions/{number}/withdraw",
    "Withdraw a version that is not in force yet",
    permission="flows:publish",
    answer=record({**VERSION, "definition": OBJECT}),
    errors=(409,),
)
def withdraw(call: Call, key: str, number: str) -> Any:
    return decision_tables.withdraw(call.workspace, call.actor, key, _number(key, number))


@route(
    "POST",
    "/api/decision-tables/{key}/import",
    "Read rows from a table (CSV in UTF-8 or GBK, or XLSX) for the columns of the draft; nothing is saved",
    permission="flows:write",
    raw=True,
    body_max=org_files.FILE_MAX_BYTES,
    answer=record({"rules": many(OBJECT), "problems": PROBLEMS}),
    errors=(413, 422),
)
def read_sheet(call: Call, key: str) -> Any:
    data = bodies.read_bytes(call.request, org_files.FILE_MAX_BYTES)
    return decision_tables.read_sheet(call.workspace, call.actor, key, data)


@route(
    "GET",
    "/api/decision-tables/{key}/export",
    "The draft, or a version, as a table that can come in again",
    permission="flows:read",
    query={
        "format": {**one_of("csv", "xlsx"), "default": "xlsx"},
        "language": {**one_of("zh", "en"), "default": "zh"},
        "version": {"type": "integer", "minimum": 1},
    },
    media=org_files.XLSX,
)
def export(call: Call, key: str) -> Any:
    told = call.query
    kind = told["format"]
    data = decision_tables.write_sheet(
        call.workspace, call.actor, key, kind, told["language"], told.get("version")
    )
    media = org_files.XLSX if kind == "xlsx" else f"{org_files.CSV}; charset=utf-8"
    headers = {"Content-Disposition": f'attachment; filename="{key}.{kind}"'}
    return Response(data, 200, headers, content_type=media)


def _number(key: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise NotFound(kind="decision table", id=f"{key} v{text}")
    return int(text)
