"""Messages and signals from outside, who waits for them, and the items of a for-each that people add or end."""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy import Connection

from headrace.engine import jsontext
from headrace.engine.clock import to_iso
from headrace.engine.errors import Conflict, NotFound
from headrace.engine.run import commands as c
from headrace.engine.service import disk
from headrace.engine.service.actor import Actor
from headrace.engine.service.advance import advance_each
from headrace.engine.service.following import send
from headrace.engine.service.paging import page
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import inbox, instances, items, locks
from headrace.engine.store import messages as store
from headrace.engine.store.messages import Message

PAGE_MAX = 200

TTL_MAX_S = 30 * 86_400
"""A message nobody wants is not kept longer than a month."""

AT_ONCE_MAX = 256
"""Receivers advanced in the transaction that tells them."""

ITEMS_MAX = 1_000
"""Items added by one call."""


def publish(
    workspace: Workspace,
    actor: Actor,
    name: str,
    *,
    kind: Literal["message", "signal"] = "message",
    key: str = "",
    payload: Any = None,
    ttl_s: int = 3_600,
    dedup: str | None = None,
    mode: Literal["one", "one_per_flow", "all"] = "one",
) -> dict[str, Any]:
    """Tell whoever waits; durable when this returns. `reached`: how many heard it now; a message that reached nobody waits.

    A dedup key seen before under this name does nothing and answers `duplicate`.
    """
    actor.require("instances:start")
    with workspace.read() as connection:
        if store.starts_of(connection, [name]):  # what only moves running work on is taken
            disk.require_room(workspace)
    now_ms = workspace.clock.now_ms()
    expires_at = now_ms + min(ttl_s, TTL_MAX_S) * 1_000
    id_ = workspace.id("msg")
    message = Message(id_, kind, name, key, payload, mode, expires_at, dedup)

    def operation(connection: Connection) -> int | None:
        wishes: list[tuple[str, c.Command]] = []
        reached = send(workspace, connection, message, now_ms, wishes, actor.user_id)
        inbox.put(connection, wishes, now_ms)
        if (
            len(wishes) <= AT_ONCE_MAX
        ):  # else by the drain, group by group, so that others get their turn
            advance_each(workspace, connection, {instance for instance, _ in wishes})
        workspace.changed.add("ready")
        return reached

    reached = workspace.writer.call(operation)
    return {
        "id": None if reached is None else id_,
        "reached": reached or 0,
        "duplicate": reached is None,
    }


def listing(
    workspace: Workspace,
    actor: Actor,
    *,
    name: str | None = None,
    key: str | None = None,
    status: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> dict[str, Any]:
    """Messages and signals, newest first."""
    actor.require("instances:read")
    at, _, id_ = (cursor or "").partition("_")
    before = (int(at), id_) if at.isascii() and at.isdigit() and len(at) < 16 else None
    limit = min(limit, PAGE_MAX)
    with workspace.read() as connection:
        rows = store.page(
            connection, name=name, key=key, status=status, before=before, limit=limit + 1
        )
    now_ms = workspace.clock.now_ms()
    return page([_shown(row, now_ms) for row in rows], limit, lambda item: item.pop("cursor"))


def _shown(row: Any, now_ms: int) -> dict[str, Any]:
    over = row.status == "buffered" and row.expires_at <= now_ms
    return {
        "id": row.id,
        "kind": row.kind,
        "name": row.name,
        "key": row.key,
        "payload": jsontext.loads(row.payload),
        "mode": row.mode,
        "status": "expired" if over else row.status,
        "receivers": row.receivers,
        "sender_id": row.sender_id,
        "created_at": to_iso(row.created_at),
        "expires_at": to_iso(row.expires_at),
        "cursor": f"{row.created_at}_{row.id}",
    }


def subscriptions(
    workspace: Workspace,
    actor: Actor,
    *,
    name: str | None = None,
    instance: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> dict[str, Any]:
    """Which steps wait for which message or signal."""
    actor.require("instances:read")
    limit = min(limit, PAGE_MAX)
    with workspace.read() as connection:
        rows = store.subscriptions_page(
            connection, name=name, instance=instance, after=cursor, limit=limit + 1
        )
    found = [
        {
            "id": row.id,
            "instance_id": row.instance_id,
            "flow_key": row.flow_key,
            "step": row.step,
            "node": row.node,
            "event": row.event.partition(".")[2],
            "kind": row.kind,
            "name": row.name,
            "key": row.key,
            "created_at": to_iso(row.created_at),
        }
        for row in rows
    ]
    return page(found, limit, lambda item: str(item["id"]))


def locks_of(workspace: Workspace, actor: Actor, instance_id: str) -> dict[str, Any]:
    """The keys an instance holds or waits for."""
    actor.require("instances:read")
    with workspace.read() as connection:
        if instances.find(connection, instance_id) is None:
            raise NotFound(kind="instance", id=instance_id)
        rows = locks.of_instance(connection, instance_id)
    return {
        "items": [
            {
                "key": row.key,
                "step": row.step,
                "held": bool(row.held),
                "since": to_iso(row.created_at),
            }
            for row in rows
        ]
    }


# --- items of a for-each ------------------------------------------------------------------------------------------------------


def item_list(
    workspace: Workspace,
    actor: Actor,
    instance_id: str,
    step: int,
    *,
    cursor: str | None = None,
    limit: int = 50,
) -> dict[str, Any]:
    """The items of a step in their order, and how each ended."""
    actor.require("instances:read")
    limit = min(limit, PAGE_MAX)
    after = (
        int(cursor) if cursor and cursor.isascii() and cursor.isdigit() and len(cursor) < 10 else -1
    )
    with workspace.read() as connection:
        rows = items.page(connection, instance_id, step, after=after, limit=limit + 1)
        counts = items.counts(connection, instance_id, step)
        stored = instances.find(connection, instance_id)
        if stored is None:
            raise NotFound(kind="instance", id=instance_id)
        goes_on = step in instances.load_one(connection, stored).steps
    if not goes_on:  # what had not ended when the step did was withdrawn with it
        counts.update(running=0, waiting=0)
    found = [
        {
            "number": row.number,
            "input": jsontext.loads(row.input),
            "business_key": row.business_key,
            "instance_id": row.child_id,
            "status": row.status if goes_on or row.status not in items.NOT_ENDED else "cancelled",
            "output": None if row.output is None else jsontext.loads(row.output),
        }
        for row in rows
    ]
    return {**page(found, limit, lambda item: str(item["number"])), "counts": counts}


def add_items(
    workspace: Workspace, actor: Actor, instance_id: str, step: int, inputs: list[dict[str, Any]]
) -> dict[str, Any]:
    """More items for a for-each that takes more."""
    return _tell(
        workspace, actor, instance_id, step,
        c.AddItems(step, [[input_, None, None] for input_ in inputs], actor.user_id),
    )  # fmt: skip


def close_items(
    workspace: Workspace, actor: Actor, instance_id: str, step: int, *, finish: bool
) -> dict[str, Any]:
    """No more items will come; `finish`: those that still run or wait are cancelled, and the flow goes on."""
    return _tell(workspace, actor, instance_id, step, c.CloseItems(step, actor.user_id, finish))


def _tell(
    workspace: Workspace, actor: Actor, instance_id: str, step: int, command: c.Command
) -> dict[str, Any]:
    actor.require("instances:operate")

    def operation(connection: Connection) -> dict[str, Any]:
        stored = instances.load(connection, [instance_id]).get(instance_id)
        if stored is None:
            raise NotFound(kind="instance", id=instance_id)
        found = stored.instance.steps.get(step)
        if found is None or found.items is None:
            what = "another kind of step" if found else "no such step open"
            raise Conflict(
                expected="an open for-each", found=what, current={"status": stored.instance.status}
            )
        if isinstance(command, c.AddItems) and not found.items.more:
            raise Conflict(
                expected="a for-each that takes more items", found="one that is closed",
                current={"status": stored.instance.status},
            )  # fmt: skip
        advance_each(workspace, connection, [instance_id], [(instance_id, command)])
        after = instances.load(connection, [instance_id])[instance_id].instance
        counts = after.steps[step].items if step in after.steps else None
        return {
            "status": after.status,
            "total": counts.total if counts else None,
            "done": counts.done if counts else None,
        }

    answer: dict[str, Any] = workspace.writer.call(operation)
    return answer


def tidy(workspace: Workspace) -> int:
    """Messages whose time is over, and keys whose holders wait for one another; answers how many circles were told."""

    def operation(connection: Connection) -> int:
        now_ms = workspace.clock.now_ms()
        store.expire(connection, now_ms)
        told = locks.circles(connection)
        if told:
            advance_each(workspace, connection, {id_ for id_, _ in told}, told)
        return len(told)

    return int(workspace.writer.call(operation))
