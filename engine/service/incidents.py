"""Incidents: what cannot go on without a person, and the two ways on: try again, or go past it."""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy import Connection

from headrace.engine.errors import Conflict, NotFound, Problem, ValidationFailed
from headrace.engine.run import commands as c
from headrace.engine.service.actor import Actor
from headrace.engine.service.instances import PAGE_MAX, incident_json, names_of, wish
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import incidents, instances


def listing(
    workspace: Workspace,
    actor: Actor,
    *,
    status: Literal["open", "resolved", "all"] = "open",
    cursor: str | None = None,
    limit: int = 50,
) -> dict[str, Any]:
    """Newest first; `status` open, resolved or all."""
    actor.require("instances:read")
    before = None
    if cursor:
        at, _, id_ = cursor.partition("_")
        before = (int(at), id_)
    limit = min(limit, PAGE_MAX)
    with workspace.read() as connection:
        rows = incidents.page(connection, status, before=before, limit=limit + 1)
        versions = instances.versions_of(connection, [row.instance_id for row in rows])
        items = []
        for row in rows[:limit]:
            name, nodes = names_of(
                workspace, connection, row.flow_key, versions.get(row.instance_id, 0)
            )
            names = {
                "flow_name": name,
                "node_name": dict(nodes[row.node].name) if row.node in nodes else None,
            }
            items.append({**incident_json(row), **names})
    last = rows[limit - 1] if len(rows) > limit else None
    return {"items": items, "next_cursor": f"{last.raised_at}_{last.id}" if last else None}


def retry(workspace: Workspace, actor: Actor, id_: str) -> dict[str, Any]:
    """Try the step again, with the same idempotency key. Answers where the instance stands after that, not before."""
    actor.require("instances:operate")
    with workspace.read() as connection:
        row = open_row(connection, id_)
    command = c.Retry(id_, actor.user_id)
    return wish(
        workspace, row.instance_id, command, actor=actor, action="incidents.retry", incident=id_
    )


def skip(
    workspace: Workspace,
    actor: Actor,
    id_: str,
    *,
    port: str | None = None,
    output: Any = None,
    reason: str = "",
) -> dict[str, Any]:
    """Go past the step by one of its ports, as if it had answered `output`."""
    actor.require("instances:operate")
    with workspace.read() as connection:
        row = open_row(connection, id_)
        chosen = port_of(workspace, connection, row, port)
    command = c.Skip(id_, actor.user_id, chosen, output, reason)
    return wish(
        workspace, row.instance_id, command, actor=actor, action="incidents.skip", incident=id_,
        port=chosen, reason=reason,
    )  # fmt: skip


def port_of(workspace: Workspace, connection: Connection, row: Any, port: str | None) -> str:
    """The port by which the step of an incident is passed; `out`, or the first, when nobody says."""
    if not row.node:
        raise Conflict(expected="an incident at a node", found=f"{row.id} is of the whole instance")
    version = instances.versions_of(connection, [row.instance_id])[row.instance_id]
    node = workspace.flow(connection, row.flow_key, version).nodes[row.node]
    ports = sorted(node.connected) or ["out"]
    chosen = port or ("out" if "out" in ports else ports[0])
    if row.step and chosen not in ports:
        message = f"Expected one of the connected ports {', '.join(ports)}, but found {chosen}."
        problem = Problem("/port", "unknown_port", {"ports": ports, "found": chosen}, message)
        raise ValidationFailed(what="port", count=1, problems=[problem])
    return chosen


def open_row(connection: Connection, id_: str) -> Any:
    """The row of an incident that is open; `Conflict` for one that was resolved."""
    row = incidents.find(connection, id_)
    if row is None:
        raise NotFound(kind="incident", id=id_)
    if row.resolved_at is not None:
        raise Conflict(
            expected="an open incident",
            found=f"{id_} was {row.resolution}",
            current={"resolution": row.resolution},
        )
    return row
