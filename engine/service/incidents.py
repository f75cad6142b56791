"""Incidents: what cannot go on without a person, and the two ways on: try again, or go past it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from headrace.engine.errors import Conflict, NotFound, Problem, ValidationFailed
from headrace.engine.run import commands as c
from headrace.engine.service.actor import Actor
from headrace.engine.service.instances import PAGE_MAX, incident_json, wish
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import tables as t


def listing(
    workspace: Workspace,
    actor: Actor,
    *,
    status: str = "open",
    cursor: str | None = None,
    limit: int = 50,
) -> dict[str, Any]:
    """Newest first; `status` open, resolved or all."""
    actor.require("instances:read")
    columns = t.incidents.c
    query = sa.select(t.incidents).order_by(columns.raised_at.desc(), columns.id.desc())
    if status == "open":
        query = query.where(columns.resolved_at.is_(None))
    elif status == "resolved":
        query = query.where(columns.resolved_at.is_not(None))
    if cursor:
        at, _, id_ = cursor.partition("_")
        query = query.where(
            sa.tuple_(columns.raised_at, columns.id)
            < sa.tuple_(sa.literal(int(at)), sa.literal(id_))
        )
    limit = min(limit, PAGE_MAX)
    with workspace.read() as connection:
        rows = connection.execute(query.limit(limit + 1)).all()
        items = []
        for row in rows[:limit]:
            version = connection.execute(
                sa.select(t.instances.c.version).where(t.instances.c.id == row.instance_id)
            ).scalar_one()
            flow = workspace.flow(connection, row.flow_key, version)
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
        version = connection.execute(
            sa.select(t.instances.c.version).where(t.instances.c.id == row.instance_id)
        ).scalar_one()
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
        row = connection.execute(
            sa.select(t.incidents).where(t.incidents.c.id == id_)
        ).one_or_none()
    if row is None:
        raise NotFound(kind="incident", id=id_)
    if row.resolved_at is not None:
        raise Conflict(
            expected="an open incident",
            found=f"{id_} was {row.resolution}",
            current={"resolution": row.resolution},
        )
    return row
