"""What stands between a draft and a publish, in one answer: problems, test cases, roles, connections, who is under way, canary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row

from headrace.engine import jsontext
from headrace.engine.connector import Outside
from headrace.engine.errors import NotFound
from headrace.engine.flow.diff import diff
from headrace.engine.service import connections, flows, staffing
from headrace.engine.service.actor import Actor
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import accounts, drafts, routes

VERSIONS_SHOWN = 20
"""Versions with open instances that are named one by one, the newest."""


def look(
    workspace: Workspace,
    actor: Actor,
    key: str,
    document: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The check list of the draft, or of a document. Connections are only named: each is tried by `try_connection`."""
    actor.require("flows:read")
    with workspace.read() as connection:
        row = drafts.find(connection, key)
        if row is None:
            raise NotFound(kind="flow", id=key)
        drawn = jsontext.loads(row.draft) if document is None else {**document, "key": key}
        force = row.published_version
        before = drafts.document_of(connection, key, None) if force else None
        running = routes.running(connection, key)
        versions = [
            {"version": one.version, "open_instances": one.open_instances}
            for one in drafts.versions(connection, key, before=None, limit=VERSIONS_SHOWN)
            if one.open_instances
        ]
        roles = _roles(workspace, connection, drawn)
        used = [
            _account(name, accounts.find(connection, name))
            for name in sorted(set(connections_of(workspace, drawn)))
        ]
        last = drafts.last_version(connection, key)
    changes = [] if before is None else diff(jsontext.loads(before), drawn)
    return {
        "problems": flows.problems_json(workspace, drawn),
        "cases": flows.run_cases(workspace, actor, key, document=drawn),
        "roles": roles,
        "connections": used,
        "in_force": force,
        "next_version": last + 1,
        "versions": versions,
        "open_instances": sum(one["open_instances"] for one in versions),
        "canary": running is not None,
        "changes": {
            "loud": sum(1 for one in changes if not one.quiet),
            "quiet": sum(1 for one in changes if one.quiet),
        },
        "may_overrule": actor.may("flows:override"),
    }


def try_connection(
    workspace: Workspace, actor: Actor, key: str, name: str, outside: Outside
) -> dict[str, Any]:
    """Try one connection that the draft uses: whoever may publish a flow may know whether its accounts answer."""
    actor.require("flows:publish")
    with workspace.read() as connection:
        row = drafts.find(connection, key)
    if row is None or name not in set(connections_of(workspace, jsontext.loads(row.draft))):
        raise NotFound(kind=f"connection of flow {key}", id=name)
    allowed = replace(actor, permissions=actor.permissions | {"connections:write"})
    return connections.test(workspace, allowed, name, outside)


def _roles(
    workspace: Workspace, connection: Connection, document: Mapping[str, Any]
) -> list[dict[str, Any]]:
    directory = workspace.directory(connection)
    return [
        {
            "key": role,
            "title": dict(directory.title("role", role)),
            "members": len(directory.members(role)),
            "backups": len(directory.backups_of(role)),
        }
        for role in sorted(staffing.roles_asked(document, workspace.types))
    ]


def _account(key: str, row: Row[Any] | None) -> dict[str, Any]:
    if row is None:
        return {"key": key, "known": False, "name": key, "connector": ""}
    return {"key": key, "known": True, "name": row.name, "connector": row.connector}


def connections_of(workspace: Workspace, document: Mapping[str, Any]) -> Iterator[str]:
    """The connections a drawing names, as the schemas of its nodes say."""
    for node in document.get("nodes", ()):
        kind = workspace.types.get(str(node.get("type")))
        settings = node.get("settings")
        if kind is None or not isinstance(settings, Mapping):
            continue
        for name, schema in kind.settings.get("properties", {}).items():
            value = settings.get(name)
            if schema.get("x-widget") == "connection" and isinstance(value, str) and value:
                yield value
