"""How fast orders come in, and the light path: while too many come, flows may leave out what can be done later (R146, G6).

Every event of an order carries `payload.mode`: `normal` or `light`. A flow asks for it in a condition, does what must be done
(amount, stock, doubles, rules of the platform) either way, and notes what it left out. The bus says `intake.light` when the light
path opens and `intake.normal` when it closes; a flow that begins with the latter makes up for what was left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from weakref import WeakKeyDictionary

from sqlalchemy import Connection

from headrace.engine.clock import to_iso
from headrace.engine.ids import new_id
from headrace.engine.service import figures, ops_alerts
from headrace.engine.service.actor import ENGINE, Actor
from headrace.engine.service.following import send_many
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import inbox
from headrace.engine.store import rush as rows
from headrace.engine.store.messages import Message
from headrace.engine.store.rush import SLOT_MS
from headrace.engine.store.writer import Writer

Mode = Literal["normal", "light"]

ABOVE = 500
"""More new orders a minute than this open the light path (HEADRACE_LIGHT_ABOVE)."""

BELOW = 400
"""Fewer than this, for `CALM_MS` without a break, close it (HEADRACE_LIGHT_BELOW): so it does not open and close all the time."""

CALM_MS = 300_000
MINUTE_MS = 60_000
LOOK_EVERY_MS = 1_000
"""A process looks at most so often."""

SHOWN_MS = 3_600_000
"""The curve on the board."""


@dataclass(frozen=True, slots=True)
class Rush:
    """How it stands."""

    mode: Mode = "normal"
    since_ms: int = 0
    calm_ms: int | None = None
    """Of a light one: since when so few come that it may end."""
    peak: int = 0
    """Orders a minute at most, while it was light last."""


def per_minute(slots: Mapping[int, int], now_ms: int) -> int:
    """New orders of the last sixty seconds, to the order where they come evenly. `slots`: slot → orders.

    Of the slot that began more than a minute ago as much counts as is left of it in the minute.
    """
    now = now_ms // SLOT_MS
    many = MINUTE_MS // SLOT_MS
    whole = sum(slots.get(slot, 0) for slot in range(now - many + 1, now + 1))
    left = SLOT_MS - now_ms % SLOT_MS
    return whole + slots.get(now - many, 0) * left // SLOT_MS


def after(rush: Rush, found: int, now_ms: int, above: int = ABOVE, below: int = BELOW) -> Rush:
    """What it becomes when so many orders came in the last minute. Pure."""
    if rush.mode == "normal":
        return Rush("light", now_ms, None, found) if found > above else rush
    peak = max(rush.peak, found)
    if found >= below:
        return Rush("light", rush.since_ms, None, peak)
    calm_ms = now_ms if rush.calm_ms is None else rush.calm_ms
    if now_ms - calm_ms >= CALM_MS:
        return Rush("normal", now_ms, None, peak)
    return Rush("light", rush.since_ms, calm_ms, peak)


# --- in the transaction of the orders --------------------------------------------------------------

_known: WeakKeyDictionary[Writer, tuple[int, int, Mode]] = WeakKeyDictionary()
"""When this process looked last, the writer's roll-backs till then, and what it saw."""


def mode(workspace: Workspace, connection: Connection, now_ms: int) -> Mode:
    """Which path flows take now; looks, and opens or closes it, at most once a second."""
    at, rollbacks, known = _known.get(workspace.writer, (0, -1, "normal"))
    if rollbacks == workspace.writer.rollbacks and 0 < now_ms - at < LOOK_EVERY_MS:
        return known
    found = _look(workspace, connection, now_ms)
    _known[workspace.writer] = (now_ms, workspace.writer.rollbacks, found)
    return found


def _look(workspace: Workspace, connection: Connection, now_ms: int) -> Mode:
    row = rows.find(connection)
    before = _rush(row)
    found = per_minute(rows.arrivals(connection, now_ms - MINUTE_MS - SLOT_MS), now_ms)
    above, below = limits(workspace)
    now = after(before, found, now_ms, above, below)
    if now == before:
        return now.mode
    values = {"mode": now.mode, "since_at": now.since_ms, "calm_at": now.calm_ms, "peak": now.peak}
    if rows.change(connection, row, values) and now.mode != before.mode:
        _tell(workspace, connection, before, now, found, now_ms)
    return now.mode


def _rush(row: Any) -> Rush:
    return Rush() if row is None else Rush(row.mode, row.since_at, row.calm_at, row.peak)


def limits(workspace: Workspace) -> tuple[int, int]:
    """Above how many orders a minute the light path opens, and below how many it may close."""
    settings = workspace.settings
    return getattr(settings, "light_above", ABOVE), getattr(settings, "light_below", BELOW)


def _tell(
    workspace: Workspace, connection: Connection, before: Rush, now: Rush, found: int, now_ms: int
) -> None:
    name = f"intake.{now.mode}"
    payload = {
        "mode": now.mode, "per_minute": found, "peak": now.peak, "at": to_iso(now_ms),
        "since": to_iso(before.since_ms if now.mode == "normal" else now.since_ms),
    }  # fmt: skip
    dedup = f"{name}:{now.since_ms}"
    message = Message(new_id("msg", now_ms), "message", name, "", payload, "all", now_ms, dedup)
    told = send_many(workspace, connection, [message], now_ms, ENGINE.user_id)
    inbox.put(connection, told, now_ms)
    workspace.changed.add("ready")
    above, below = limits(workspace)
    if now.mode == "light":
        texts = {
            "zh": (
                "订单高峰：已进入轻量通道",
                f"最近一分钟 {found} 单，超过 {above} 单；非必要检查稍后补做。",
            ),
            "en": (
                "Many orders: the light path is open",
                f"{found} in the last minute, more than {above}; what can wait is checked later.",
            ),
        }
    else:
        texts = {
            "zh": (
                "订单高峰已过：恢复正常通道",
                f"已连续 5 分钟少于每分钟 {below} 单（峰值 {now.peak}）；正在补做跳过的检查。",
            ),
            "en": (
                "The rush is over: the light path is closed",
                f"Five minutes with fewer than {below} a minute (peak {now.peak}); what was left out is made up for.",
            ),
        }
    ops_alerts.tell(workspace, connection, texts, dedup)


def count(connection: Connection, now_ms: int, orders: int) -> None:
    """So many new orders came."""
    if orders:
        rows.count(connection, now_ms, orders)


# --- beside it -------------------------------------------------------------------------------------


def look(workspace: Workspace) -> None:
    """Also when no order comes any more the light path must close. Cheap where it is not open."""
    with workspace.read() as connection:
        row = rows.find(connection)
    if row is not None and row.mode == "light":
        workspace.writer.call(lambda c: mode(workspace, c, workspace.clock.now_ms()))


def board(workspace: Workspace, actor: Actor) -> dict[str, Any]:
    """Mode, throughput and depth: what is looked at in a rush."""
    actor.require("records:read")
    now_ms = workspace.clock.now_ms()
    with workspace.read() as connection:
        now = _rush(rows.find(connection))
        slots = rows.arrivals(connection, now_ms - SHOWN_MS)
    found = figures.figures_of(workspace)
    above, below = limits(workspace)
    waiting = sum(count for _, status, count in found["jobs"] if status != "leased")
    minutes: dict[int, int] = {}
    for slot, orders in slots.items():
        minute = slot * SLOT_MS // MINUTE_MS
        minutes[minute] = minutes.get(minute, 0) + orders
    first = (now_ms - SHOWN_MS) // MINUTE_MS + 1
    return {
        "mode": now.mode,
        "since": to_iso(now.since_ms) if now.since_ms else None,
        "calm_since": None if now.calm_ms is None else to_iso(now.calm_ms),
        "peak": now.peak,
        "per_minute": per_minute(slots, now_ms),
        "opens_above": above,
        "closes_below": below,
        "closes_after_s": CALM_MS // 1_000,
        "depth": found["ready"] + waiting + found["writer_queue"],
        "oldest_s": round(found["ready_oldest_ms"] / 1_000, 1),
        "done_per_minute": sum(flow["ended"] for flow in found["flows"]),
        "minutes": [
            {"at": to_iso(minute * MINUTE_MS), "orders": minutes.get(minute, 0)}
            for minute in range(first, now_ms // MINUTE_MS + 1)
        ],
    }
