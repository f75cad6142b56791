"""How long is kept, and how urgent a flow is: decided by people at any time, and no part of a version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection

from headrace.engine.errors import NotFound
from headrace.engine.service import audit, calendars
from headrace.engine.service.actor import Actor
from headrace.engine.service.starts import StartRequest
from headrace.engine.service.workspace import FRESH_MS, Workspace
from headrace.engine.store import facts, rules
from headrace.engine.store.writer import Writer

DAY_MS = 86_400_000
PRIORITY_MAX = 9


@dataclass(frozen=True, slots=True)
class Retention:
    """The workspace's own words, in days; None: for ever."""

    instance_days: int | None = None
    """After the end of the root instance; a flow may say otherwise."""
    inbox_days: int | None = 7
    """Wishes after they were applied."""
    outbox_days: int | None = 90
    """Messages after they were sent, or given up."""
    message_days: int | None = 30
    """Messages between flows after they could last be taken; so long their dedup ids are remembered."""
    notification_days: int | None = 90
    """Notifications after they were read."""
    audit_days: int | None = None
    """Entries of who changed what."""
    decision_days: int | None = None
    """What a decision on a task said; its place in the chain stays for ever."""
    archive: bool = False
    """Write every instance into a file before it is deleted."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What is in force."""

    retention: Retention = Retention()
    days: Mapping[str, int] = field(default_factory=dict)
    """Flow → days, where it has a rule of its own."""
    priorities: Mapping[str, int] = field(default_factory=dict)

    def keep_ms(self, flow_key: str) -> int | None:
        """How long an instance of this flow is kept after its end; None: for ever."""
        days = self.days.get(flow_key, self.retention.instance_days)
        return None if days is None else days * DAY_MS

    def priority(self, request: StartRequest) -> int:
        """How urgent a start is."""
        if request.priority is not None:
            return request.priority
        return self.priorities.get(request.flow.key, 0)


_kept: WeakKeyDictionary[Writer, tuple[Rules, int]] = WeakKeyDictionary()


def rules_of(workspace: Workspace, connection: Connection) -> Rules:
    """The rules, at most a second old."""
    now_ms = workspace.clock.now_ms()
    kept = _kept.get(workspace.writer)
    if kept is None or kept[1] < now_ms:
        kept = _kept[workspace.writer] = (load(connection), now_ms + FRESH_MS)
    return kept[0]


def load(connection: Connection) -> Rules:
    """The rules as the store has them."""
    rows = rules.flow_rules(connection)
    return Rules(
        retention(connection),
        {row.flow_key: row.retain_days for row in rows if row.retain_days is not None},
        {row.flow_key: row.priority for row in rows if row.priority},
    )


def retention(connection: Connection) -> Retention:
    """The workspace's retention."""
    told = facts.get(connection, "retention") or {}
    known = {one.name for one in fields(Retention)}
    return Retention(**{name: value for name, value in told.items() if name in known})


def read(workspace: Workspace, actor: Actor) -> dict[str, Any]:
    """The workspace's retention, and the flows with rules of their own."""
    actor.require("instances:read")
    with workspace.read() as connection:
        rows = rules.flow_rules(connection)
        told = asdict(retention(connection))
    told["flows"] = [
        {"flow_key": row.flow_key, "retain_days": row.retain_days, "priority": row.priority}
        for row in sorted(rows, key=lambda row: row.flow_key)
        if row.retain_days is not None or row.priority
    ]
    return told


def change(workspace: Workspace, actor: Actor, values: Mapping[str, Any]) -> dict[str, Any]:
    """Change the workspace's retention; what has ended already gets its new date in the background."""
    actor.require("retention:write")
    now_ms = workspace.clock.now_ms()

    def write(connection: Connection) -> None:
        before = retention(connection)
        after = replace(before, **values)
        facts.put(connection, "retention", asdict(after))
        if after.instance_days != before.instance_days:
            rules.retag_followers(connection, actor.user_id, now_ms)
        audit.note(connection, workspace, actor, "retention.change", "workspace", **values)

    workspace.writer.call(write)
    forget(workspace)
    return read(workspace, actor)


def read_flow(workspace: Workspace, actor: Actor, flow_key: str) -> dict[str, Any]:
    """The rules of one flow, and what they come to."""
    actor.require("flows:read")
    with workspace.read() as connection:
        if not rules.flow_exists(connection, flow_key):
            raise NotFound(kind="flow", id=flow_key)
        row = rules.find(connection, flow_key)
        days = retention(connection).instance_days
    own = row.retain_days if row else None
    return {
        "flow_key": flow_key,
        "retain_days": own,
        "kept_days": days if own is None else own,
        "priority": row.priority if row else 0,
        "calendar": row.calendar if row else None,
    }


def change_flow(
    workspace: Workspace, actor: Actor, flow_key: str, values: Mapping[str, Any]
) -> dict[str, Any]:
    """Change how long a flow's instances are kept (`retain_days`), how urgent new ones are (`priority`), and its `calendar`."""
    if "calendar" in values:
        actor.require("calendars:write")
    if "retain_days" in values:
        actor.require("retention:write")
    if "priority" in values:
        actor.require("instances:operate")
    now_ms = workspace.clock.now_ms()

    def write(connection: Connection) -> None:
        if not rules.flow_exists(connection, flow_key):
            raise NotFound(kind="flow", id=flow_key)
        if (key := values.get("calendar")) and not calendars.exists(connection, key):
            raise NotFound(kind="calendar", id=key)
        changed = {**values, "updated_at": now_ms, "updated_by": actor.user_id}
        if "retain_days" in values:
            changed["retag_after"] = ""
        rules.set_rules(connection, flow_key, changed)
        audit.note(connection, workspace, actor, "flows.rules", flow_key, **values)

    workspace.writer.call(write)
    forget(workspace)
    calendars.forget(workspace)
    return read_flow(workspace, actor, flow_key)


def forget(workspace: Workspace) -> None:
    """Look the rules up again."""
    _kept.pop(workspace.writer, None)
