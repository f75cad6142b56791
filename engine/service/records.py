"""Business records, for people to look at: flows write them, see `store/records.py`."""

from __future__ import annotations

from typing import Any

from headrace.engine.clock import to_iso
from headrace.engine.service.actor import Actor
from headrace.engine.service.paging import page
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import screens


def tables(workspace: Workspace, actor: Actor) -> dict[str, Any]:
    """The tables there are."""
    actor.require("records:read")
    with workspace.read() as connection:
        rows = screens.record_tables(connection)
    items = [{"table": row.table_name, "records": row.records} for row in rows]
    return {"items": items, "next_cursor": None}


def listing(
    workspace: Workspace,
    actor: Actor,
    table: str,
    *,
    search: str = "",
    cursor: str | None = None,
    limit: int = 50,
) -> dict[str, Any]:
    """Records of a table, last changed first; `search` looks into keys and values."""
    actor.require("records:read")
    before = _place(cursor)
    with workspace.read() as connection:
        rows = screens.records(connection, table, search=search, before=before, limit=limit + 1)
    found = page([dict(row._mapping) for row in rows], limit, _cursor)
    return {**found, "items": [_shown(row) for row in found["items"]]}


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "table": row["table_name"],
        "key": row["key"],
        "value": row["value"],
        "created_at": to_iso(row["created_at"]),
        "updated_at": to_iso(row["updated_at"]),
        "instance_id": row["instance_id"],
    }


def _cursor(row: dict[str, Any]) -> str:
    return f"{row['updated_at']}:{row['key']}"


def _place(cursor: str | None) -> tuple[int, str] | None:
    at, colon, key = (cursor or "").partition(":")
    return (int(at), key) if colon and at.isascii() and at.isdigit() and len(at) < 16 else None
