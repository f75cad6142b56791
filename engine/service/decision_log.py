"""The decisions for people: pages, export as a stream, and whether the chain holds."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from sqlalchemy import Engine

from headrace.engine import jsontext
from headrace.engine.clock import iso_or_none, to_iso
from headrace.engine.errors import NotFound
from headrace.engine.service import decisions
from headrace.engine.service.actor import Actor
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import decisions as rows
from headrace.engine.store import users
from headrace.engine.store.decisions import Filter

EXPORTED_AT_ONCE = 500

FIELDS = (
    *("id", "at", "by", "by_name", "on_behalf_of", "on_behalf_of_name", "action", "comment"),
    *("before", "after", "via", "ip", "client", "batch_id", "task_id", "seat", "round", "title"),
    *("instance_id", "business_key", "flow_key", "version", "node", "hash", "redacted_at"),
)
"""Columns of an export, in their order."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would take for a formula."""


def listing(
    workspace: Workspace,
    actor: Actor,
    wanted: Filter,
    *,
    cursor: str | None = None,
    limit: int = 50,
) -> dict[str, Any]:
    """Decisions, newest first."""
    actor.require("audit:read")
    before = int(cursor) if cursor else None
    with workspace.read() as connection:
        found = rows.page(connection, wanted, before=before, limit=limit + 1)
        people = workspace.directory(connection).people
    return {
        "items": [_shown(row, people) for row in found[:limit]],
        "next_cursor": str(found[limit - 1].seq) if len(found) > limit else None,
    }


def detail(workspace: Workspace, actor: Actor, seq: int) -> dict[str, Any]:
    """One decision."""
    actor.require("audit:read")
    with workspace.read() as connection:
        row = rows.one(connection, seq)
        people = workspace.directory(connection).people
    if row is None:
        raise NotFound(kind="decision", id=str(seq))
    return _shown(row, people)


def _shown(row: Any, people: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": str(row.seq),
        "at": to_iso(row.at),
        "by": _ref(row.actor, people),
        "on_behalf_of": _ref(row.on_behalf_of, people),
        "action": row.action,
        "decision": row.action,
        "comment": row.comment,
        "before": json.loads(row.before) if row.before else None,
        "after": json.loads(row.after) if row.after else None,
        "via": row.via,
        "ip": row.ip,
        "client": row.client,
        "batch_id": row.batch_id,
        "task_id": row.task_id,
        "seat": row.seat,
        "round": row.round,
        "title": row.title,
        "instance_id": row.instance_id,
        "flow_key": row.flow_key,
        "version": row.version,
        "node": row.node,
        "business_key": row.business_key,
        "hash": row.hash,
        "redacted_at": iso_or_none(row.redacted_at),
    }


def _ref(user_id: str | None, people: Mapping[str, Any]) -> dict[str, str] | None:
    if user_id is None:
        return None
    person = people.get(user_id)
    return {"id": user_id, "name": person.name if person else user_id}


def export(
    workspace: Workspace, actor: Actor, wanted: Filter, format_: Literal["csv", "jsonl"]
) -> Iterator[bytes]:
    """All of a filter, newest first, some rows at a time: the first row costs as much as the millionth."""
    actor.require("audit:read")
    return lines(workspace.database, format_, wanted)


def lines(
    database: Engine, format_: Literal["csv", "jsonl"], wanted: Filter | None = None
) -> Iterator[bytes]:
    """`export` for whoever may read the database anyway."""
    write = _csv_line if format_ == "csv" else _json_line
    if format_ == "csv":  # the mark by which spreadsheets know UTF-8
        yield b"\xef\xbb\xbf" + _cells(FIELDS)
    before: int | None = None
    with database.connect() as connection:
        people = {row.id: row for row in users.people(connection)}
    while True:
        with database.connect() as connection:
            found = rows.page(connection, wanted or Filter(), before=before, limit=EXPORTED_AT_ONCE)
        if found:
            yield b"".join(write(_shown(row, people)) for row in found)
        if len(found) < EXPORTED_AT_ONCE:
            return
        before = found[-1].seq


def _json_line(told: Mapping[str, Any]) -> bytes:
    return jsontext.dumps(told).encode() + b"\n"


def _csv_line(told: Mapping[str, Any]) -> bytes:
    flat = dict(told)
    for name in ("by", "on_behalf_of"):
        ref = told[name] or {}
        flat[name], flat[f"{name}_name"] = ref.get("id"), ref.get("name")
    for name in ("before", "after"):
        flat[name] = jsontext.dumps(told[name]) if told[name] is not None else None
    return _cells([flat.get(name) for name in FIELDS])


def _cells(values: Any) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow(["" if value is None else _harmless(str(value)) for value in values])
    return line.getvalue().encode()


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def verify(workspace: Workspace, actor: Actor) -> dict[str, Any]:
    """Does the chain hold? Names the first place where it does not."""
    actor.require("audit:read")
    with workspace.read() as connection:
        told = decisions.verify(connection, decisions.keys(workspace))
    return {
        "ok": told.ok,
        "checked": told.checked,
        "redacted": told.redacted,
        "last": str(told.seq),
        "hash": told.hash,
        "first_wrong": str(told.wrong) if told.wrong is not None else None,
        "why": told.why or None,
        "expected": told.expected or None,
        "found": told.found or None,
        "at": to_iso(workspace.clock.now_ms()),
    }
