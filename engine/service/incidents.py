"""Incidents: what cannot go on without a person, and the two ways on: try again, or go past it."""

from __future__ import annotations

from typing import Any, Literal

from headrace.engine.errors import Conflict, NotFound, Problem, ValidationFailed
from headrace.engine.run import commands as c
from headrace.engine.service.actor import Actor
from headrace.engine.service.instances import PAGE_MAX, incident_json, wish
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
            flow = workspace.flow(connection, row.flow_key, versions[row.instance_id])
            names = {
                "flow_name": dict(flow.name),
                "node_name": dict(flow.nodes[row.node].name) if row.node in flow.nodes else None,
            }
            items.append({**incident_json(row), **names})
    last = rows[limit - 1] if len(rows) > limit else None
    return {"items": items, "next_cursor": f"{last.raised_at}_{last.id}" if last else None}


def retry(workspace: Workspace, actor: Actor, id_: str) -> dict[str, Any]:
    """Try the step again, with the same idempotency key. Answers where the instance stands after that, not before."""
    actor.require("instances:operate")
    row = _open(workspace, id_)
    return wish(workspace, row.instance_id, c.Retry(id_, actor.user_id))


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
    row = _open(workspace, id_)
    if not row.node:
        raise Conflict(expected="an incident at a node", found=f"{id_} is of the whole instance")
    with workspace.read() as connection:
        version = instances.versions_of(connection, [row.instance_id])[row.instance_id]
        node = workspace.flow(connection, row.flow_key, version).nodes[row.node]
    ports = sorted(node.connected) or ["out"]
    chosen = port or ("out" if "out" in ports else ports[0])
    if row.step and chosen not in ports:
        message = f"Expected one of the connected ports {', '.join(ports)}, but found {chosen}."
        problem = Problem("/port", "unknown_port", {"ports": ports, "found": chosen}, message)
        raise ValidationFailed(what="port", count=1, problems=[problem])
    return wish(workspace, row.instance_id, c.Skip(id_, actor.user_id, chosen, output, reason))


def _open(workspace: Workspace, id_: str) -> Any:
    with workspace.read() as connection:
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
