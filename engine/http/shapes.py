"""JSON Schemas that several routes share, and short words to write them with.

A name ending in `?` may be missing: `record({"key": KEY, "note?": TEXT})`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]

STRING: Schema = {"type": "string"}
ANY: Schema = {}
OBJECT: Schema = {"type": "object"}
BOOLEAN: Schema = {"type": "boolean"}
COUNT: Schema = {"type": "integer", "minimum": 0}
AT: Schema = {"type": "string", "format": "date-time"}
"""A moment: ISO 8601, UTC, milliseconds."""
TEXT: Schema = {
    "type": "object",
    "description": "A text in both languages; one may be missing, not both.",
    "properties": {
        "zh": {"type": "string", "maxLength": 2_000},
        "en": {"type": "string", "maxLength": 2_000},
    },
    "additionalProperties": False,
    "minProperties": 1,
}
FLOW_KEY: Schema = {"type": "string", "pattern": "^[a-z][a-z0-9-]{1,63}$"}
NAME: Schema = {"type": "string", "minLength": 1, "maxLength": 200}
LINE: Schema = {"type": "string", "maxLength": 200}


def record(properties: Mapping[str, Schema], *, closed: bool = False) -> Schema:
    """An object; `closed` refuses other names (bodies are closed, answers may grow)."""
    schema: Schema = {
        "type": "object",
        "properties": {name.removesuffix("?"): value for name, value in properties.items()},
        "required": [name for name in properties if not name.endswith("?")],
    }
    if closed:
        schema["additionalProperties"] = False
    return schema


def body(properties: Mapping[str, Schema]) -> Schema:
    """An object that refuses other names."""
    return record(properties, closed=True)


def many(items: Schema, most: int | None = None) -> Schema:
    """A list."""
    return {"type": "array", "items": items} | ({"maxItems": most} if most else {})


def page_of(items: Schema) -> Schema:
    """A page of a list."""
    return record({"items": many(items), "next_cursor?": or_null(STRING), "total?": COUNT})


def or_null(schema: Schema) -> Schema:
    """The same, or null."""
    if isinstance(schema.get("type"), str):
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]}


def one_of(*names: str) -> Schema:
    """One of these texts."""
    return {"type": "string", "enum": list(names)}


LIMIT_MAX = 200
"""Items in one page."""

LIMIT: Schema = {"type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": 50}
CURSOR: Schema = {
    "type": "string",
    "maxLength": 300,
    "description": "`next_cursor` of the page before.",
}
COUNTING_CURSOR: Schema = {**CURSOR, "pattern": "^[0-9]{1,18}$"}
SEARCH: Schema = {"type": "string", "maxLength": 200, "default": ""}
PAGING: Mapping[str, Schema] = {"limit": LIMIT, "cursor": CURSOR}

PROBLEM: Schema = record(
    {
        "path": STRING,
        "code": STRING,
        "params": OBJECT,
        "message": STRING,
        "node?": STRING,
        "edge?": STRING,
        "severity": one_of("error", "warning"),
    }
)
PROBLEMS: Schema = many(PROBLEM)
ERROR: Schema = record(
    {
        "error": record(
            {"code": STRING, "message": STRING, "params": OBJECT, "problems": many(PROBLEM)}
        )
    }
)
