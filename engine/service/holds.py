"""Legal hold: an instance, with the whole tree it belongs to, is not purged until somebody lets it go. Noted in the audit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from headrace.engine.errors import Conflict, NotFound
from headrace.engine.service import audit
from headrace.engine.service.actor import Actor
from headrace.engine.service.rules import rules_of
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import purge

KEYED_MAX = 1_000
"""Instances with one business key held at once; for more there are batches."""


def hold(
    workspace: Workspace, actor: Actor, instance_id: str, *, on: bool, reason: str
) -> dict[str, Any]:
    """Hold the tree of an instance, or let it go."""
    actor.require("retention:write")

    def write(connection: Connection) -> list[str]:
        return set_hold(workspace, connection, actor, [instance_id], on=on, reason=reason)

    roots = workspace.writer.call(write)
    return {"hold": on, "roots": roots}


def hold_key(
    workspace: Workspace, actor: Actor, business_key: str, *, on: bool, reason: str
) -> dict[str, Any]:
    """The same for every instance with a business key."""
    actor.require("retention:write")

    def write(connection: Connection) -> list[str]:
        ids = purge.by_business_key(connection, business_key, KEYED_MAX + 1)
        if not ids:
            raise NotFound(kind="instance with the business key", id=business_key)
        if len(ids) > KEYED_MAX:
            raise Conflict(expected=f"at most {KEYED_MAX} instances", found="more: use a batch")
        return set_hold(workspace, connection, actor, ids, on=on, reason=reason)

    roots = workspace.writer.call(write)
    return {"hold": on, "roots": roots}


def set_hold(
    workspace: Workspace,
    connection: Connection,
    actor: Actor,
    ids: Sequence[str],
    *,
    on: bool,
    reason: str,
) -> list[str]:
    """Inside an operation of the writer; answers the roots. `Conflict` for one that is being deleted."""
    found = purge.lock_roots(connection, purge.roots_of(connection, ids))
    if not found:
        raise NotFound(kind="instance", id=ids[0])
    rules = rules_of(workspace, connection)
    for row in found:
        if row.retain_until == 0:
            raise Conflict(expected=f"{row.id} to be kept", found="that it is being deleted now")
        keep_ms = rules.keep_ms(row.flow_key)
        ended = row.ended_at is not None and keep_ms is not None
        until = row.ended_at + keep_ms if ended and not on else None
        purge.set_hold(connection, row.id, hold=on, retain_until=until)
        action = "instances.hold" if on else "instances.release"
        audit.note(connection, workspace, actor, action, row.id, reason=reason)
    return [row.id for row in found]
