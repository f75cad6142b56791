"""Views that a template's tables bring: lists and boards that all who see the table find there, kept like anybody's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection

from headrace.engine.errors import Problem
from headrace.engine.flow.table_fields import indexable
from headrace.engine.service import records
from headrace.engine.service.actor import Actor
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import record_list

VIEWS_MAX = 20
ALWAYS = frozenset({"created_at", "updated_at"})

_CONDITION = {
    "type": "object",
    "properties": {"field": {"type": "string"}, "op": {"type": "string"}, "value": {}},
    "required": ["field"],
    "additionalProperties": False,
}
_GROUP = {
    "type": "object",
    "properties": {
        "field": {"type": "string"},
        "per": {"enum": ["value", "day", "month", "age"]},
    },
    "required": ["field"],
    "additionalProperties": False,
}
_SUM = {
    "type": "object",
    "properties": {"what": {"enum": ["sum", "avg", "min", "max"]}, "field": {"type": "string"}},
    "required": ["what", "field"],
    "additionalProperties": False,
}
SCHEMA: Mapping[str, Any] = {
    "type": "array",
    "maxItems": VIEWS_MAX,
    "items": {
        "type": "object",
        "properties": {
            "title": {"type": "string", "minLength": 1, "maxLength": 200},
            "content": {
                "type": "object",
                "properties": {
                    "filter": {"type": "array", "items": _CONDITION, "maxItems": 20},
                    "columns": {"type": "array", "items": {"type": "string"}, "maxItems": 200},
                    "sort": {"type": "string", "maxLength": 80},
                    "search": {"type": "string", "maxLength": 200},
                    "board": {
                        "type": "object",
                        "properties": {
                            "group_by": {
                                "type": "array", "items": _GROUP, "minItems": 1, "maxItems": 3,
                            },
                            "sum": _SUM,
                        },
                        "required": ["group_by"],
                        "additionalProperties": False,
                    },
                },
                "additionalProperties": False,
            },
        },
        "required": ["title", "content"],
        "additionalProperties": False,
    },
}  # fmt: skip
"""`views` of a table in a bundle."""


def problems(table: Mapping[str, Any]) -> list[Problem]:
    """Fields that a view asks by and that the table cannot be asked by."""
    drawn = {field["name"]: field for field in table["definition"]["fields"]}
    asked = {n for n, field in drawn.items() if field.get("index") and indexable(field)} | ALWAYS
    found = []
    for index, view in enumerate(table.get("views", ())):
        for name in _asked(view["content"]):
            if name not in asked:
                params = {"expected": "a field that can be filtered by", "found": name[:64]}
                message = f"Expected {params['expected']}, but found {params['found']}."
                found.append(Problem(f"/views/{index}", "not_filterable", params, message))
    return found


def _asked(content: Mapping[str, Any]) -> Iterator[str]:
    board = content.get("board") or {}
    yield from (one["field"] for one in content.get("filter", ()))
    yield from (one["field"] for one in board.get("group_by", ()))
    if board.get("sum"):
        yield board["sum"]["field"]


def make(workspace: Workspace, actor: Actor, table: str, views: Any) -> None:
    """Keep them, for everybody."""
    for view in views:
        told = {"title": view["title"], "shared": True, "content": view["content"]}
        records.keep_view(workspace, actor, table, told)


def exported(connection: Connection, table_no: int) -> list[dict[str, Any]]:
    """What others share of a table, as a bundle carries it."""
    rows = record_list.views(connection, table_no, "")
    return [{"title": row.title, "content": row.content} for row in rows][:VIEWS_MAX]
