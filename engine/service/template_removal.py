"""Removing a template: what installing has made and nobody has touched or needs; the rest stays and is the workspace's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection

from headrace.engine import jsontext
from headrace.engine.errors import Conflict, NotFound
from headrace.engine.service import (
    audit,
    bundles,
    connections,
    data_tables,
    decision_tables,
    flows,
    own_connectors,
    sources,
    template_connectors,
    template_sources,
    users,
)
from headrace.engine.service.actor import ENGINE, Actor
from headrace.engine.service.bundles import KINDS, WORDS, digest
from headrace.engine.service.templates import INSTALLED_BEFORE
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import accounts, drafts, facts, record_list
from headrace.engine.store import bundles as rows
from headrace.engine.store import data_tables as table_rows
from headrace.engine.store import decision_tables as decision_rows
from headrace.engine.store import users as user_rows

OWNER = Actor(ENGINE.user_id, ENGINE.name, ("administrator",), ENGINE.permissions)
"""The engine where a table names roles."""


def removal(workspace: Workspace, actor: Actor, key: str) -> dict[str, Any]:
    """What removing would take away, and what stays and why. Nothing is changed."""
    actor.require("templates:install")
    return _removed(workspace, actor, key, dry=True)


def remove(workspace: Workspace, actor: Actor, key: str) -> dict[str, Any]:
    """Take away what installing has made and nobody has touched or needs; the rest stays and is the workspace's own."""
    actor.require("templates:install")
    return _removed(workspace, actor, key, dry=False)


def _removed(workspace: Workspace, actor: Actor, key: str, *, dry: bool) -> dict[str, Any]:
    with workspace.read() as connection:
        noted = rows.made_by(connection, key)
        before = set(facts.get(connection, INSTALLED_BEFORE) or ())
    if not noted and key not in before:
        raise NotFound(kind="installed template", id=key)
    order = {kind: index for index, kind in enumerate(reversed(KINDS))}
    removed: list[dict[str, Any]] = []
    kept: list[dict[str, Any]] = []
    going: set[str] = set()
    for row in sorted(noted, key=lambda r: (order[r.kind], r.key)):
        with workspace.read() as connection:
            why = _stays(workspace, connection, row, going)
        told = {"kind": row.kind, "key": row.made}
        if not why and not dry:
            try:
                _REMOVERS[row.kind](workspace, row.made)
            except NotFound:
                pass
            except Conflict:
                why = "in_use"
        if why:
            if why == template_sources.TOOK_ORDERS and not dry:
                template_sources.switch_off(workspace, OWNER, row.made)
            kept.append({**told, "why": why})
        else:
            going.add(f"{row.kind} {row.made}")
            removed.append(told)

    def write(connection: Connection) -> None:
        for row in noted:
            rows.forget(connection, key, row.kind, row.key)
        facts.put(connection, INSTALLED_BEFORE, sorted(before - {key}))
        names = [f"{WORDS[one['kind']]} {one['key']}" for one in removed]
        audit.note(
            connection, workspace, actor, "templates.remove", key, removed=names,
            kept=[f"{WORDS[one['kind']]} {one['key']}" for one in kept],
        )  # fmt: skip

    if not dry:
        workspace.writer.call(write)
    return {"removed": removed, "kept": kept}


def _stays(workspace: Workspace, connection: Connection, row: Any, going: set[str]) -> str:
    """Why a thing is not taken away; empty: nothing speaks against it."""
    if not row.created:
        return "was_there"
    if rows.others(connection, row.template, row.kind, row.made):
        return "other_template"
    here = row.made
    users_ = _users_of(workspace, connection, row.kind, here, going)
    match row.kind:
        case "flows":
            found = drafts.find(connection, here)
            if found is not None and found.draft_etag != row.digest:
                return "changed"
            return "has_run" if drafts.was_started(connection, here) else ""
        case "decision_tables":
            found = decision_rows.find(connection, here)
            if found is not None and digest(jsontext.loads(found.draft)) != row.digest:
                return "changed"
        case "tables":
            table = table_rows.find(connection, here)
            if table is not None:
                if digest(table.definition) != row.digest:
                    return "changed"
                if record_list.touched(connection, table.no, int(row.details.get("rows", 0))):
                    return "has_data"
        case "connections":
            found = accounts.find(connection, here)
            if found is not None:
                shown = connections.detail(workspace, here)
                if any(shown["secrets"].values()) or digest(found.settings) != row.digest:
                    return "filled_in"
        case "own_connectors":
            drawn = own_connectors.bundled(connection, [own_connectors.PREFIX + here])
            if here in drawn and digest(drawn[here]) != row.digest:
                return "changed"
        case "roles":
            if any(user_rows.members_by_kind(connection, here).values()):
                return "has_people"
        case "sources":
            return template_sources.stays(connection, here, row.digest)
        case _:
            return ""
    return "in_use" if users_ else ""


def _users_of(
    workspace: Workspace, connection: Connection, kind: str, key: str, going: set[str]
) -> list[str]:
    """Flows, sources and accounts that name it and stay."""
    if kind in {"flows", "sources"}:
        return []
    if kind == "own_connectors":
        return list(template_connectors.users_of(connection, workspace.types, key, going))
    found = drafts.naming(connection, key)
    return template_sources.users_of(connection, kind, key, going) + [
        flow
        for flow, text in found
        if f"flows {flow}" not in going
        and key in bundles.references(jsontext.loads(text), workspace.types)[kind]
    ]


_REMOVERS: Mapping[str, Callable[[Workspace, str], None]] = {
    "flows": lambda workspace, key: flows.delete(workspace, OWNER, key),
    "decision_tables": lambda workspace, key: decision_tables.remove(workspace, OWNER, key),
    "tables": lambda workspace, key: data_tables.remove(workspace, OWNER, key),
    "connections": lambda workspace, key: connections.delete(workspace, OWNER, key),
    "own_connectors": lambda workspace, key: own_connectors.remove(workspace, OWNER, key),
    "roles": lambda workspace, key: users.delete_role(workspace, OWNER, key),
    "sources": lambda workspace, key: sources.delete(workspace, OWNER, key),
}
