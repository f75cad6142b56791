"""Connectors drawn in this workspace: kept in versions, read out of API documents, tried, and handed to whoever needs one.

Every save is a version that never changes. A connection follows the newest one, or keeps the version its settings name: so one
shop can be moved after another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from headrace.engine import jsontext
from headrace.engine.clock import to_iso
from headrace.engine.connector import Connector
from headrace.engine.errors import Conflict, NotFound, Problem, ValidationFailed
from headrace.engine.flow.own import check, merge, openapi, shape
from headrace.engine.flow.own.made import made
from headrace.engine.registry import connectors
from headrace.engine.service import audit
from headrace.engine.service.actor import Actor
from headrace.engine.service.paging import page
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import accounts
from headrace.engine.store import own_connectors as rows

MADE_MAX = 256
"""Connectors kept in memory, by what they say."""
PREFIX = shape.PREFIX


@lru_cache(maxsize=MADE_MAX)
def _made(key: str, text: str) -> Connector:
    return made(key, jsontext.loads(text))


def connector_of(
    connection: Connection, name: str, settings: Mapping[str, Any] | None = None
) -> Connector | None:
    """The connector by the name a connection has: a file's, or one drawn here, in the version the settings ask for."""
    if not name.startswith(PREFIX):
        return connectors().get(name)
    key = name.removeprefix(PREFIX)
    version = (settings or {}).get("version")
    if version:
        text = rows.definition(connection, key, int(version))
    else:
        row = rows.find(connection, key)
        text = row.definition if row else None
    return None if text is None else _made(key, text)


def every(connection: Connection) -> list[Connector]:
    """All that are drawn here, by key."""
    found = rows.listing(connection, after="", limit=rows.ALL_MAX)
    return [_made(row.key, row.definition) for row in found]


# --- seeing --------------------------------------------------------------------------------------


def listing(
    workspace: Workspace, actor: Actor, *, cursor: str | None = None, limit: int = 50
) -> dict[str, Any]:
    """Connectors by key."""
    actor.require("connections:read")
    with workspace.read() as connection:
        found = rows.listing(connection, after=cursor or "", limit=limit + 1)
    return page([_brief(row) for row in found], limit, lambda item: str(item["key"]))


def _brief(row: Any) -> dict[str, Any]:
    told = jsontext.loads(row.definition)
    return {
        "key": row.key,
        "connector": PREFIX + row.key,
        "title": told.get("title") or {},
        "base_url": told.get("base_url", ""),
        "operations": len(told.get("operations", ())),
        "version": row.last_version,
        "updated_at": to_iso(row.updated_at),
    }


def detail(workspace: Workspace, actor: Actor, key: str) -> dict[str, Any]:
    """A connector as it is now, and which connections are accounts at it."""
    actor.require("connections:read")
    with workspace.read() as connection:
        row = _found(connection, key)
        used = rows.used_by(connection, PREFIX + key)
    return {**_brief(row), "definition": jsontext.loads(row.definition), "connections": used}


def _found(connection: Connection, key: str, *, lock: bool = False) -> Any:
    row = rows.find(connection, key, lock=lock)
    if row is None:
        raise NotFound(kind="own connector", id=key)
    return row


def versions(
    workspace: Workspace, actor: Actor, key: str, *, cursor: str | None = None, limit: int = 50
) -> dict[str, Any]:
    """Versions, newest first."""
    actor.require("connections:read")
    before = int(cursor) if cursor and cursor.isdigit() else None
    with workspace.read() as connection:
        _found(connection, key)
        found = rows.versions(connection, key, before=before, limit=limit + 1)
        people = workspace.directory(connection).people
    items = [
        {
            "version": row.version,
            "note": row.note,
            "created_at": to_iso(row.created_at),
            "created_by": {
                "id": row.created_by,
                "name": getattr(people.get(row.created_by), "name", row.created_by),
            },
        }
        for row in found
    ]
    return page(items, limit, lambda item: str(item["version"]))


def version(workspace: Workspace, actor: Actor, key: str, number: int) -> dict[str, Any]:
    """What a version said."""
    actor.require("connections:read")
    with workspace.read() as connection:
        text = rows.definition(connection, key, number)
    if text is None:
        raise NotFound(kind="own connector version", id=f"{key} {number}")
    return {"version": number, "definition": jsontext.loads(text)}


def forms() -> dict[str, Any]:
    """What a definition is filled in with: the forms of the whole, and of an operation."""
    return {"general": shape.GENERAL, "operation": shape.OPERATION}


# --- drawing -------------------------------------------------------------------------------------


def checked(definition: Any) -> None:
    """Raises `ValidationFailed` with everything that is wrong."""
    found = check.problems(definition)
    if found:
        raise ValidationFailed(what="connector", count=len(found), problems=found)


def create(
    workspace: Workspace, actor: Actor, key: str, definition: Mapping[str, Any]
) -> dict[str, Any]:
    """A new connector, in its first version."""
    actor.require("connections:write")
    checked(definition)
    workspace.writer.call(lambda connection: add(connection, workspace, actor, key, definition))
    return detail(workspace, actor, key)


def add(
    connection: Connection,
    workspace: Workspace,
    actor: Actor,
    key: str,
    definition: Mapping[str, Any],
) -> None:
    """Write it inside somebody's transaction: bundles bring connectors too. `checked` comes first."""
    text, now_ms = jsontext.dumps(definition), workspace.clock.now_ms()
    try:
        with connection.begin_nested():
            rows.insert(connection, key, text, actor.user_id, now_ms)
    except IntegrityError:
        raise Conflict(expected="a key that no connector has", found=key) from None
    audit.note(connection, workspace, actor, "own_connectors.create", key)


def bundled(connection: Connection, names: Iterable[str]) -> dict[str, Any]:
    """For a bundle: key → definition of those of these connectors that are drawn here."""
    keys = sorted({name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX)})
    found = {key: rows.find(connection, key) for key in keys}
    return {key: jsontext.loads(row.definition) for key, row in found.items() if row is not None}


def save(
    workspace: Workspace,
    actor: Actor,
    key: str,
    definition: Mapping[str, Any],
    base: int,
    note: str = "",
) -> dict[str, Any]:
    """One more version, on top of version `base`; another one meanwhile is a conflict. The same again is none."""
    actor.require("connections:write")
    checked(definition)

    def write(connection: Connection) -> None:
        row = _found(connection, key, lock=True)
        if row.last_version != base:
            raise Conflict(
                expected=f"version {base} of {key}",
                found=f"version {row.last_version}, saved by {row.updated_by}",
            )
        text = jsontext.dumps(definition)
        if text == row.definition:
            return
        rows.save(connection, key, base + 1, text, note, actor.user_id, workspace.clock.now_ms())
        audit.note(connection, workspace, actor, "own_connectors.save", key, version=base + 1)

    workspace.writer.call(write)
    forget(workspace, key)
    return detail(workspace, actor, key)


def remove(workspace: Workspace, actor: Actor, key: str) -> None:
    """Take it away, where no connection is an account at it."""
    actor.require("connections:write")

    def write(connection: Connection) -> None:
        _found(connection, key, lock=True)
        if used := rows.used_by(connection, PREFIX + key):
            raise Conflict(expected="a connector without connections", found=", ".join(used[:5]))
        rows.delete(connection, key)
        audit.note(connection, workspace, actor, "own_connectors.delete", key)

    workspace.writer.call(write)


def forget(workspace: Workspace, key: str) -> None:
    """Open connections that are accounts at it again: it has changed."""
    name = PREFIX + key
    for held, (info, _) in list(workspace.accounts.items()):
        if info.connector == name:
            workspace.accounts.pop(held, None)


# --- in drawings ---------------------------------------------------------------------------------


def problems(connection: Connection, document: Any) -> list[Problem]:
    """Operations of own connectors in a drawing: not there, noted with another effect class, without what they need."""
    nodes = document.get("nodes") if isinstance(document, Mapping) else None
    found: list[Problem] = []
    known: dict[tuple[str, str], Connector | None] = {}
    for index, node in enumerate(nodes if isinstance(nodes, list) else []):
        told = node.get("settings") if isinstance(node, Mapping) else None
        if not isinstance(told, Mapping) or node.get("type") != "operation":
            continue
        name, _, operation = str(told.get("operation", "")).partition(".")
        if not name.startswith(PREFIX):
            continue
        account = str(told.get("connection", ""))
        if (name, account) not in known:
            row = accounts.find(connection, account) if account else None
            settings = row.settings if row is not None and row.connector == name else {}
            known[name, account] = connector_of(connection, name, settings)
        path = f"/nodes/{index}/settings"
        found += _asked_wrong(
            known[name, account], name, operation, told, path, str(node.get("id"))
        )
    return found


def _asked_wrong(
    connector: Connector | None,
    name: str,
    operation: str,
    told: Mapping[str, Any],
    path: str,
    node: str,
) -> list[Problem]:
    offered = {one.name: one for one in connector.operations} if connector else {}
    one = offered.get(operation)
    if one is None:
        params = {"expected": ", ".join(offered) or "a connector", "found": f"{name}.{operation}"}
        message = f"Expected an operation of {name}, but found {operation}."
        return [Problem(f"{path}/operation", "setting_wrong", params, message, node=node)]
    found: list[Problem] = []
    if told.get("effect", "once") != one.effect:
        params = {"expected": one.effect, "found": str(told.get("effect", "once"))}
        message = f"Expected the class {one.effect} of {operation}, but found {params['found']}."
        found.append(Problem(f"{path}/effect", "setting_wrong", params, message, node=node))
    rows = told.get("params")
    given = (
        [str(row.get("name")) for row in rows if isinstance(row, Mapping)]
        if isinstance(rows, list)
        else []
    )
    for index, param in enumerate(given):
        if param not in one.params["properties"]:
            params = {"expected": ", ".join(one.params["properties"]), "found": param}
            message = f"Expected a parameter of {operation}, but found {param}."
            found.append(
                Problem(f"{path}/params/{index}/name", "setting_wrong", params, message, node=node)
            )
    for param in one.params["required"]:
        if param not in given:
            message = f"Expected a value for {param}, but found none."
            found.append(
                Problem(f"{path}/params", "setting_missing", {"setting": param}, message, node=node)
            )
    return found


# --- documents -----------------------------------------------------------------------------------


def read(actor: Actor, document: str) -> dict[str, Any]:
    """What an API document offers: `{definition, notes}`. Nothing is kept."""
    actor.require("connections:write")
    return openapi.definition_of(openapi.read_document(document))


def compared(workspace: Workspace, actor: Actor, key: str, document: str) -> dict[str, Any]:
    """What a newer document of the same API would change: `{changes, notes}`."""
    found = read(actor, document)
    now = detail(workspace, actor, key)["definition"]
    return {"changes": merge.changes(now, found["definition"]), "notes": found["notes"]}


def renewed(
    workspace: Workspace, actor: Actor, key: str, document: str, refs: list[str], base: int
) -> dict[str, Any]:
    """A version with these operations as the newer document has them."""
    found = read(actor, document)
    now = detail(workspace, actor, key)["definition"]
    definition = merge.merged(now, found["definition"], set(refs))
    told = definition.get("document") or {}
    note = f"{told.get('title', '')} {told.get('version', '')}".strip()
    return save(workspace, actor, key, definition, base, note)
