"""Connections: accounts at outside systems. Secrets go in and never come out again; an answer only says which are set."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row

from headrace.engine.clock import to_iso
from headrace.engine.connector import Connector, Outside
from headrace.engine.errors import Conflict, HeadraceError, NotFound, Problem, ValidationFailed
from headrace.engine.flow.forms import check_form
from headrace.engine.node import ConnectionInfo, NodeType, NotSent, OutcomeUnknown
from headrace.engine.registry import connectors, describe_connector
from headrace.engine.service import audit, own_connectors, shop_tokens
from headrace.engine.service import limits as limit_service
from headrace.engine.service.actor import Actor
from headrace.engine.service.paging import page
from headrace.engine.service.secrets import seal, unseal, without_value
from headrace.engine.service.workspace import FRESH_MS, Workspace
from headrace.engine.store import accounts, connection_tokens, limits

_KEY = re.compile(r"[a-z][a-z0-9_-]{0,63}")


def _wanted(node_type: str, settings: Mapping[str, Any]) -> list[str]:
    """Connectors a node's connection may be of; none: the node says it itself when it runs."""
    match node_type:
        case "webhook":
            return [name for name, connector in connectors().items() if connector.verify]
        case "operation":
            return [str(settings.get("operation", "")).partition(".")[0]]
        case _:
            return []


def kinds(workspace: Workspace, actor: Actor) -> dict[str, Any]:
    """All connectors, those drawn in this workspace too: what an account at each looks like, and what can be asked."""
    actor.require("connections:read")
    with workspace.read() as connection:
        own = own_connectors.every(connection)
    items = [
        {
            **describe_connector(connector),
            "limits": limit_service.SCHEMA,
            "own": connector.name.startswith(own_connectors.PREFIX),
            "by_code": (connector.oauth or {}).get("grant") == "code",
        }
        for connector in (*connectors().values(), *own)
    ]
    return {"items": items, "next_cursor": None}


def listing(
    workspace: Workspace, actor: Actor, *, cursor: str | None = None, limit: int = 50
) -> dict[str, Any]:
    """Connections by key."""
    actor.require("connections:read")
    with workspace.read() as connection:
        rows = accounts.listing(connection, after=cursor, limit=limit + 1)
        tokens = connection_tokens.some(connection, [row.key for row in rows])
    items = [_shown(workspace, row, tokens.get(row.key)) for row in rows]
    return page(items, limit, lambda found: str(found["key"]))


def detail(workspace: Workspace, key: str) -> dict[str, Any]:
    """One connection."""
    with workspace.read() as connection:
        token = connection_tokens.find(connection, key)
        return _shown(workspace, _found(connection, key), token)


def create(workspace: Workspace, actor: Actor, values: Mapping[str, Any]) -> dict[str, Any]:
    """A new account: key, name, connector, settings, secrets."""
    actor.require("connections:write")
    key = values["key"]
    if not _KEY.fullmatch(key):
        problem = Problem(
            "/key", "connection_key_wrong", {"found": key},
            f"Expected a key of a-z, 0-9, _ and -, beginning with a letter, but found {key[:80]}.",
        )  # fmt: skip
        raise ValidationFailed(what="connection", count=1, problems=[problem])
    with workspace.read() as connection:
        connector = _connector(connection, values["connector"], values.get("settings", {}))
    _check(connector, values.get("settings", {}), values.get("secrets", {}))
    add(workspace, actor, values)
    return detail(workspace, key)


def add(workspace: Workspace, actor: Actor, values: Mapping[str, Any]) -> None:
    """Write a new account without asking whether it is complete: templates bring empty ones to be filled in."""
    now = workspace.clock.now_ms()
    row = {
        "key": values["key"],
        "name": values["name"],
        "connector": values["connector"],
        "settings": values.get("settings", {}),
        "secrets": seal(workspace, values.get("secrets", {})),
        "created_at": now,
        "updated_at": now,
        "updated_by": actor.user_id,
    }

    def write(connection: Connection) -> None:
        if accounts.find(connection, row["key"]) is not None:
            raise Conflict(expected="a new connection key", found=f"{row['key']}, which is taken")
        accounts.insert(connection, row)
        shop_tokens.entered(
            workspace, connection, row["key"], row["connector"], values.get("secrets", {})
        )
        made_with = own_connectors.connector_of(connection, row["connector"], row["settings"])
        if known := limit_service.declared(made_with, row["settings"]):
            limits.put(connection, row["key"], known, now, actor.user_id)
        audit.note(
            connection,
            workspace,
            actor,
            "connections.create",
            row["key"],
            connector=row["connector"],
        )

    workspace.writer.call(write)


def change(
    workspace: Workspace, actor: Actor, key: str, values: Mapping[str, Any]
) -> dict[str, Any]:
    """Change name, settings, or some secrets: one that is not named stays, an empty one is taken away."""
    actor.require("connections:write")

    def write(connection: Connection) -> None:
        row = _found(connection, key)
        secrets = unseal(workspace, row.secrets) if values.get("secrets") is not None else None
        if secrets is not None:
            secrets.update(values["secrets"])
            secrets = {name: secret for name, secret in secrets.items() if secret}
        settings = values.get("settings", row.settings)
        _check(_connector(connection, row.connector, settings), settings, secrets)
        columns = {name: values[name] for name in ("name", "settings") if name in values}
        if secrets is not None:
            columns["secrets"] = seal(workspace, secrets)
            shop_tokens.entered(workspace, connection, key, row.connector, secrets)
        columns |= {"updated_at": workspace.clock.now_ms(), "updated_by": actor.user_id}
        accounts.update(connection, key, columns)
        audit.note(
            connection, workspace, actor, "connections.change", key,
            changed=sorted(set(values) - {"secrets"}), secrets=sorted(values.get("secrets") or ()),
        )  # fmt: skip

    workspace.writer.call(write)
    workspace.accounts.pop(key, None)
    return detail(workspace, key)


def delete(workspace: Workspace, actor: Actor, key: str) -> None:
    """Take an account away; steps that still need it become incidents."""
    actor.require("connections:write")

    def write(connection: Connection) -> None:
        _found(connection, key)
        accounts.delete(connection, key)
        connection_tokens.delete(connection, key)
        limits.delete(connection, key)
        audit.note(connection, workspace, actor, "connections.delete", key)

    workspace.writer.call(write)
    workspace.accounts.pop(key, None)


def test(workspace: Workspace, actor: Actor, key: str, outside: Outside) -> dict[str, Any]:
    """Try the account, as its connector says; what went wrong is told, not raised."""
    actor.require("connections:write")
    info = open_connection(workspace, key)
    try:
        connector = info.own or connectors()[info.connector]
        receipt = connector.test(info, outside)
    except HeadraceError as trouble:
        return {"ok": False, "message": without(info, trouble.message)}
    except (NotSent, OutcomeUnknown) as trouble:
        return {"ok": False, "message": without(info, str(trouble))}
    return {"ok": receipt.ok, "message": without(info, receipt.answer)}


def open_connection(workspace: Workspace, key: str) -> ConnectionInfo:
    """A connection with its secrets: for workers and for proving webhooks, never for an answer.

    It is kept open for a moment: a busy flow asks for it a thousand times a second. (The key that opens it is in memory as long
    as the process; sealing what is kept would protect nothing.)
    """
    now_ms = workspace.clock.now_ms()
    info, until = workspace.accounts.get(key, (None, 0))
    if info is None or until < now_ms:
        with workspace.read() as connection:
            row = _found(connection, key)
            own = (
                _connector(connection, row.connector, row.settings)
                if row.connector.startswith(own_connectors.PREFIX)
                else None
            )
        secrets = unseal(workspace, row.secrets)
        info = ConnectionInfo(row.key, row.connector, row.settings, secrets, own)
        workspace.accounts[key] = (info, now_ms + FRESH_MS)
    return info


def problems(
    document: Any, types: Mapping[str, NodeType], known: Mapping[str, str]
) -> Iterator[Problem]:
    """Settings of a document that name a connection which is not there, or of the wrong kind. `known`: key → connector."""
    for index, node in enumerate(_nodes(document)):
        node_type = types.get(node.get("type", ""))
        settings = node.get("settings")
        if node_type is None or not isinstance(settings, Mapping):
            continue
        for name, schema in node_type.settings.get("properties", {}).items():
            key = settings.get(name)
            if schema.get("x-widget") != "connection" or not isinstance(key, str) or not key:
                continue
            path = f"/nodes/{index}/settings/{name}"
            wanted = _wanted(node_type.name, settings)
            if key not in known:
                yield Problem(
                    path, "connection_unknown", {"connection": key, "known": sorted(known)},
                    f"Expected a connection, but found no {key}.", node=node.get("id"),
                )  # fmt: skip
            elif wanted and known[key] not in wanted:
                expected = " / ".join(wanted)
                yield Problem(
                    path, "connection_kind_wrong",
                    {"connection": key, "expected": expected, "found": known[key]},
                    f"Expected a connection of {expected}, but {key} is one of {known[key]}.",
                    node=node.get("id"),
                )  # fmt: skip


def _nodes(document: Any) -> list[Mapping[str, Any]]:
    nodes = document.get("nodes") if isinstance(document, Mapping) else None
    found = nodes if isinstance(nodes, list) else []
    return [node if isinstance(node, Mapping) else {} for node in found]


def _connector(connection: Connection, name: str, settings: Mapping[str, Any]) -> Connector:
    connector = own_connectors.connector_of(connection, name, settings)
    if connector is None:
        known = sorted(connectors())
        problem = Problem(
            "/connector", "connector_unknown", {"known": known, "found": name},
            f"Expected one of {', '.join(known)}, but found {name[:80]}.",
        )  # fmt: skip
        raise ValidationFailed(what="connection", count=1, problems=[problem])
    return connector


def _check(
    connector: Connector, settings: Mapping[str, Any], secrets: Mapping[str, str] | None
) -> None:
    found = [
        Problem(f"/settings{p.path}", p.code, p.params, p.message)
        for p in check_form(connector.settings, settings)
    ]
    if not found:
        found += [
            Problem(f"/settings{path}", code, params, f"Expected another value: {code}.")
            for path, code, params in connector.check(settings)
        ]
    if secrets is not None:
        found += [
            replace(without_value(p), path=f"/secrets{p.path}")
            for p in check_form({**connector.secrets, "required": []}, secrets)
        ]
    if found:
        raise ValidationFailed(what="connection", count=len(found), problems=found)


def _found(connection: Connection, key: str) -> Row[Any]:
    row = accounts.find(connection, key)
    if row is None:
        raise NotFound(kind="connection", id=key)
    return row


def _shown(workspace: Workspace, row: Row[Any], token: Any = None) -> dict[str, Any]:
    return {
        "key": row.key,
        "name": row.name,
        "connector": row.connector,
        "settings": row.settings,
        "secrets": _set(workspace, row),
        "token": shop_tokens.shown(token),
        "updated_at": to_iso(row.updated_at),
    }


def _set(workspace: Workspace, row: Row[Any]) -> dict[str, bool]:
    """Which secrets are set: never what they are."""
    try:
        known = unseal(workspace, row.secrets)
    except Conflict:
        known = {}
    connector = connectors().get(row.connector)
    names = list(connector.secrets.get("properties", {})) if connector else list(known)
    return {name: bool(known.get(name)) for name in names}


def without(info: ConnectionInfo, text: str) -> str:
    """A far side may repeat what it was sent."""
    for secret in info.secrets.values():
        if len(secret) >= 4:  # shorter ones would only tear words apart
            text = text.replace(secret, "•••")
    return text[:2_000]
