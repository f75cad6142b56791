"""Tables as people draw them."""

from __future__ import annotations

from typing import Any

from headrace.engine.flow.form_masks import MASKS
from headrace.engine.flow.table_definition import (
    FIELDS_MAX,
    OPTIONS_MAX,
    UNIQUE_FIELDS_MAX,
    UNIQUE_MAX,
)
from headrace.engine.flow.table_fields import DECIMALS_MAX, KINDS
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
from headrace.engine.service import data_tables

KEY = {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,63}$"}
_ROLES = many({"type": "string", "maxLength": 64}, 50)
_TITLE = {**TEXT, "minProperties": 0}
FIELD = body(
    {
        "name": KEY,
        "kind": one_of(*KINDS),
        "title?": _TITLE,
        "help?": _TITLE,
        "required?": BOOLEAN,
        "default?": ANY,
        "unique?": BOOLEAN,
        "index?": {
            **BOOLEAN,
            "description": "Filtered and sorted by: at most 8 texts and 8 numbers, dates or yes/no.",
        },
        "search?": {
            **BOOLEAN,
            "description": "Looked into by full-text search; never where it is masked.",
        },
        "min?": {"type": ["number", "string", "null"]},
        "max?": {"type": ["number", "string", "null"]},
        "max_length?": {"type": ["integer", "null"], "minimum": 1, "maximum": 20_000},
        "decimals?": {"type": "integer", "minimum": 0, "maximum": DECIMALS_MAX},
        "currency?": {"type": "string", "pattern": "^[A-Z]{3}$"},
        "options?": many(
            body(
                {
                    "value": {"type": "string", "minLength": 1, "maxLength": 64},
                    "title?": _TITLE,
                    "color?": {"type": "string", "maxLength": 20},
                }
            ),
            OPTIONS_MAX,
        ),
        "table?": KEY,
        "mask?": one_of(*MASKS),
        "unmask?": _ROLES,
        "hidden?": BOOLEAN,
    }
)
DEFINITION = body(
    {
        "title": _TITLE,
        "description?": _TITLE,
        "fields": many(FIELD, FIELDS_MAX),
        "key_field?": or_null(STRING),
        "display?": or_null(STRING),
        "unique?": many(many(KEY, UNIQUE_FIELDS_MAX), UNIQUE_MAX),
        "extra?": {
            **one_of("keep", "refuse"),
            "description": "Values of fields that are not drawn.",
        },
        "access?": body({"read?": _ROLES, "write?": _ROLES, "administer?": _ROLES}),
    }
)
BRIEF = {
    "key": STRING,
    "title": OBJECT,
    "description": OBJECT,
    "drawn": {**BOOLEAN, "description": "No: a flow writes to it, and nobody has drawn it."},
    "version": COUNT,
    "fields": COUNT,
    "records": COUNT,
    "more": {**BOOLEAN, "description": "More records than are counted."},
    "refilling": {**BOOLEAN, "description": "Its records are being written anew after a change."},
    "rights": record({"read": BOOLEAN, "write": BOOLEAN, "administer": BOOLEAN}),
    "updated_at": AT,
}
TABLE = record({**BRIEF, "definition": OBJECT, "filterable": many(STRING), "flows": many(STRING)})
CHANGES = many(record({"what": STRING, "field": STRING, "before": ANY, "after": ANY}))


@route(
    "GET",
    "/api/tables",
    "Tables by key, those one may read",
    permission="records:read",
    query={"search": SEARCH, **PAGING},
    answer=page_of(record(BRIEF)),
)
def listing(call: Call) -> Any:
    return data_tables.listing(call.workspace, call.actor, **call.query)


@route(
    "POST",
    "/api/tables",
    "Draw a table",
    permission="tables:write",
    body=body({"key": KEY, "definition": DEFINITION}),
    answer=TABLE,
    status=201,
    errors=(409,),
    repeatable=True,
)
def create(call: Call) -> Any:
    return data_tables.create(call.workspace, call.actor, call.body["key"], call.body["definition"])


@route(
    "GET",
    "/api/tables/{key}",
    "A table with its drawing",
    permission="records:read",
    answer=TABLE,
)
def detail(call: Call, key: str) -> Any:
    return data_tables.detail(call.workspace, call.actor, key)


@route(
    "PUT",
    "/api/tables/{key}",
    "Change a table on top of `version`; `misfits` says what becomes of values that no longer fit",
    permission="tables:write",
    body=body(
        {
            "definition": DEFINITION,
            "version": COUNT,
            "misfits?": {**one_of("refuse", "clear"), "default": "refuse"},
        }
    ),
    answer=TABLE,
    errors=(409,),
)
def change(call: Call, key: str) -> Any:
    told = call.body
    return data_tables.change(
        call.workspace,
        call.actor,
        key,
        told["definition"],
        told["version"],
        told.get("misfits", "refuse"),
    )


@route(
    "POST",
    "/api/tables/{key}/check",
    "What a changed drawing would do, and which records would not fit; nothing is changed",
    permission="tables:write",
    body=DEFINITION,
    answer=record(
        {
            "problems": PROBLEMS,
            "changes": CHANGES,
            "misfits": many(
                record(
                    {
                        "field": STRING,
                        "count": COUNT,
                        "sample": many(record({"key": STRING, "value": ANY, "code": STRING})),
                    }
                )
            ),
            "looked": COUNT,
            "complete": {**BOOLEAN, "description": "Were all records looked at?"},
        }
    ),
)
def check(call: Call, key: str) -> Any:
    return data_tables.check(call.workspace, call.actor, key, call.body)


@route(
    "DELETE",
    "/api/tables/{key}",
    "Take a table away; its records come back with a table of the same key",
    permission="tables:write",
    status=204,
)
def remove(call: Call, key: str) -> Any:
    return data_tables.remove(call.workspace, call.actor, key)


@route(
    "GET",
    "/api/tables/{key}/versions",
    "Drawings of a table, newest first, each with what it changed",
    permission="records:read",
    query={"limit": LIMIT, "cursor": COUNTING_CURSOR},
    answer=page_of(
        record(
            {
                "version": COUNT,
                "definition": OBJECT,
                "changes": CHANGES,
                "at": AT,
                "by": record({"id": STRING, "name": STRING}),
            }
        )
    ),
)
def versions(call: Call, key: str) -> Any:
    return data_tables.versions(call.workspace, call.actor, key, **call.query)


@route(
    "GET",
    "/api/tables/{key}/suggestion",
    "A drawing that fits the records flows have kept so far",
    permission="tables:write",
    answer=record({"definition": OBJECT}),
)
def suggestion(call: Call, key: str) -> Any:
    return data_tables.suggestion(call.workspace, call.actor, key)
