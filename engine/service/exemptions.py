"""Limited exemption (R103): people named by the drawing may let a task pass themselves, so often in a period, with a reason.

Each use is a row with a number within its period: two at the same moment cannot both be the last one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from headrace.engine.errors import Forbidden, QuotaUsedUp
from headrace.engine.people.assign import resolve
from headrace.engine.people.directory import Directory
from headrace.engine.service.actor import Actor
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import exemptions as rows

ZONE = ZoneInfo("Asia/Shanghai")
"""Where a day, a week and a month begin; as the first calendar of a workspace."""

DEFAULT_QUOTA = 1


@dataclass(frozen=True, slots=True)
class Left:
    """May this person exempt now, and how often still?"""

    allowed: bool
    why: str | None = None
    choices: Mapping[str, Any] = field(default_factory=dict)


def left(workspace: Workspace, connection: Connection, row: Any, actor: Actor) -> Left:
    """What a screen shows."""
    drawn = _drawn(workspace, connection, row)
    if not drawn or not _named(drawn, actor, workspace.directory(connection)):
        return Left(allowed=False, why="not_allowed")
    quota, period = _quota(drawn), _period(drawn, workspace.clock.now_ms())
    used = rows.used(connection, row.flow_key, row.node, actor.user_id, period)
    choices = {"left": max(0, quota - used), "quota": quota, "period": drawn.get("period", "month")}
    if used >= quota:
        return Left(allowed=False, why="quota_used_up", choices=choices)
    return Left(allowed=True, choices=choices)


def may_look(workspace: Workspace, connection: Connection, row: Any, actor: Actor) -> bool:
    """Is this person named by the drawing to let open tasks like this one pass? Without a seat, too (R103)."""
    if row.status != "open":
        return False
    drawn = _drawn(workspace, connection, row)
    return bool(drawn) and _named(drawn, actor, workspace.directory(connection))


def use(workspace: Workspace, connection: Connection, row: Any, actor: Actor, reason: str) -> None:
    """Count one; raises when the person is not named, or has used up the quota."""
    drawn = _drawn(workspace, connection, row)
    if not drawn or not _named(drawn, actor, workspace.directory(connection)):
        raise Forbidden(permission=f"to exempt task {row.id}")
    now_ms = workspace.clock.now_ms()
    quota, period = _quota(drawn), _period(drawn, now_ms)
    used = rows.used(connection, row.flow_key, row.node, actor.user_id, period)
    if used >= quota:
        raise QuotaUsedUp(quota=quota, period=period, used=used)
    rows.insert(
        connection,
        {
            "flow_key": row.flow_key,
            "node": row.node,
            "user_id": actor.user_id,
            "period": period,
            "number": used + 1,
            "task_id": row.id,
            "instance_id": row.instance_id,
            "reason": reason,
            "at": now_ms,
        },
    )


def _drawn(workspace: Workspace, connection: Connection, row: Any) -> Mapping[str, Any]:
    node = workspace.flow(connection, row.flow_key, row.version).nodes.get(row.node)
    found: Mapping[str, Any] = (node.settings.get("exempt") if node else None) or {}
    return found


def _named(drawn: Mapping[str, Any], actor: Actor, directory: Directory) -> bool:
    """Is this person one of those whom the drawing lets exempt?"""
    found = resolve(drawn.get("who", ()), directory, initiator=None, evaluate=lambda _: None)
    return any(person.id == actor.user_id for person in found)


def _quota(drawn: Mapping[str, Any]) -> int:
    return int(drawn.get("quota", DEFAULT_QUOTA))


def _period(drawn: Mapping[str, Any], now_ms: int) -> str:
    now = datetime.fromtimestamp(now_ms / 1_000, ZONE)
    match drawn.get("period", "month"):
        case "day":
            return now.strftime("%Y-%m-%d")
        case "week":
            return now.strftime("%G-W%V")
        case _:
            return now.strftime("%Y-%m")
