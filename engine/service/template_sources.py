"""Sources of orders as templates bring them: compared, made, left alone or switched off, and given out without a secret.

A source is a shop's way in (`sources.py`). One that a template makes waits, switched off, until its account is filled in:
polling an empty account would only be a row of failures. One that has taken orders is never taken away; removing the template
switches it off, because what handled its orders goes with the template (R205).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection

from headrace.engine.errors import Conflict, NotFound, ValidationFailed
from headrace.engine.flow.order_tables import EVENTS
from headrace.engine.service import bundles, sources
from headrace.engine.service.actor import Actor
from headrace.engine.service.bundles import Mapped
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import accounts, intake
from headrace.engine.store import sources as rows

TELLS = (
    "title", "connection", "channel", "shop", "order_table", "refund_table", "prefix", "ways", "fields", "statuses", "version",
    "alerts",
)  # fmt: skip
"""What a template says of a source. Who answers for it and whether it is on is the workspace's own business."""

TOOK_ORDERS = "took_orders"
"""Why a source stays: it has taken orders, and is switched off."""

_SOURCES_MAX = 2_000


def mapped(item: Mapping[str, Any], mapping: Mapped) -> dict[str, Any]:
    """What `sources.create` takes, with the names of this workspace."""
    made = {name: value for name, value in item.items() if name in TELLS and value is not None}
    if "table" in item:
        made.setdefault("order_table", item["table"])
    for name, kind in (("connection", "connections"), ("order_table", "tables"), ("refund_table", "tables")):  # fmt: skip
        if made.get(name):
            made[name] = mapping.get(kind, {}).get(made[name], made[name])
    if made.get("alerts"):
        accounts_ = mapping.get("connections", {})
        made["alerts"] = {
            what: accounts_.get(key, key) for what, key in made["alerts"].items() if key
        }
    return made


def named(item: Mapping[str, Any]) -> dict[str, set[str]]:
    """What a source names, by kind."""
    alerts = item.get("alerts") or {}
    return {
        "connections": {key for key in (item.get("connection"), *alerts.values()) if key},
        "tables": {
            str(item.get("order_table") or item.get("table") or "orders"),
            str(item.get("refund_table") or "refunds"),
        },
    }


def keys(connection: Connection, wanted: Collection[str]) -> set[str]:
    """Those of them that are there."""
    return {key for key in wanted if rows.find(connection, key) is not None}


def differences(
    workspace: Workspace, row: Any, item: Mapping[str, Any], mapping: Mapped
) -> list[dict[str, Any]]:
    """What is otherwise here than in the template, field by field."""
    values = mapped(item, mapping)
    try:
        wanted = sources.resolved(workspace, values)
    except ValidationFailed:  # its account is not there yet: what it says is compared as it stands
        wanted = values
    return [
        {"what": "changed", "where": name, "before": getattr(row, name), "after": wanted[name]}
        for name in TELLS
        if name in wanted and wanted[name] != getattr(row, name)
    ]


def make(
    workspace: Workspace, actor: Actor, item: Mapping[str, Any], mapping: Mapped, *, on: bool
) -> str:
    """Make it, on or off; answers its digest."""
    values = {**mapped(item, mapping), "key": item["key"], "enabled": on and item.get("enabled", True)}  # fmt: skip
    sources.create(workspace, actor, values)
    with workspace.read() as connection:
        return digest(rows.find(connection, item["key"]))


def renew(
    workspace: Workspace, actor: Actor, here: str, item: Mapping[str, Any], mapping: Mapped
) -> str:
    """Make one that differs what the template says, on or off as it is; answers its digest."""
    with workspace.read() as connection:
        revision = sources.read(connection, here).revision
    sources.change(workspace, actor, here, mapped(item, mapping), revision)
    with workspace.read() as connection:
        return digest(rows.find(connection, here))


def digest(row: Any) -> str:
    """The same as long as nobody has changed what the template said."""
    return bundles.digest({name: getattr(row, name) for name in TELLS})


def stays(connection: Connection, key: str, known: str) -> str:
    """Why removing leaves it; empty: nothing speaks against taking it away. `known`: its digest when it was made."""
    row = rows.find(connection, key)
    if row is None:
        return ""
    if digest(row) != known:
        return "changed"
    state = rows.state(connection, key)
    took = state is not None and state.last_order_at is not None
    if took or intake.last_body(connection, key) is not None or intake.has_open(connection, key):
        return TOOK_ORDERS
    return ""


def switch_off(workspace: Workspace, actor: Actor, key: str) -> None:
    """Let no more orders come in this way; what has come stays."""
    with workspace.read() as connection:
        source = sources.read(connection, key)
    if source.enabled:
        sources.change(workspace, actor, key, {"enabled": False}, source.revision)


def users_of(connection: Connection, kind: str, key: str, going: Collection[str]) -> list[str]:
    """Sources that name this connection or table and stay."""
    if kind not in {"connections", "tables"}:
        return []
    found = rows.listing(connection, after=None, limit=_SOURCES_MAX)
    return [
        row.key
        for row in found
        if f"sources {row.key}" not in going and key in named(row._asdict())[kind]
    ]


def of_flows(
    connection: Connection, documents: Collection[Mapping[str, Any]], tables: Collection[str]
) -> list[str]:
    """Sources that bring what these flows wait for: their orders go to one of these tables, or they are told of orders."""
    told = any(
        one.get("name") in EVENTS
        for document in documents
        for node in document.get("nodes", ())
        for one in (node.get("settings") or {}, *((node.get("settings") or {}).get("events") or ()))
        if node.get("type") in {"message_start", "receive"}
    )
    found = rows.listing(connection, after=None, limit=_SOURCES_MAX)
    return [row.key for row in found if told or row.order_table in tables]


def exported(connection: Connection, key: str) -> dict[str, Any]:
    """A source for a file: nothing secret, nobody's name, not how it stands."""
    row = rows.find(connection, key)
    if row is None:
        raise NotFound(kind="source", id=key)
    if row.connection and accounts.find(connection, row.connection) is None:
        raise Conflict(expected=f"the connection of source {key}", found="none")
    return {"key": key, **{name: getattr(row, name) for name in TELLS if getattr(row, name)}}
