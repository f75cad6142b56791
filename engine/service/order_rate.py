"""Do fewer orders come than usual? An empty list is not good news (R019).

What is usual: orders of the same weekday and the same hours in the last four weeks; where there are none yet, of the last day.
Orders are taken to come independently of each other; how likely so few are is then Poisson's formula.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial

from sqlalchemy import Connection

from headrace.engine.service import ops_alerts, source_incidents
from headrace.engine.service import sources as source_service
from headrace.engine.service.sources import Source
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import sources as rows
from headrace.engine.store.sources import SLOT_MS

WINDOWS_MS = (900_000, 3_600_000, 14_400_000)
"""A quarter of an hour where many orders come, an hour, four hours where few do."""

UNLIKELY = 1e-6
"""So unlikely a silence is told: at 60 orders an hour a quarter of an hour without one has 3 in ten millions."""

DAY_MS = 86_400_000
WEEK_MS = 7 * DAY_MS
WEEKS = 4
AROUND_MS = 3_600_000
"""An hour before and after count as the same hour."""


def likelihood(found: int, usual: float) -> float:
    """How likely so few or fewer are where so many are usual."""
    if usual <= 0:
        return 1.0
    term = whole = math.exp(-usual)
    for k in range(1, found + 1):
        term *= usual / k
        whole += term
    return min(1.0, whole)


def usual_in(counts: Mapping[int, int], until_ms: int, window_ms: int) -> float:
    """How many are usual in the window that ends then. `counts`: slot → orders."""
    wanted: list[float] = []
    middle = until_ms - window_ms // 2
    half = max(window_ms // 2, AROUND_MS)
    for week in range(1, WEEKS + 1):
        begin, end = middle - week * WEEK_MS - half, middle - week * WEEK_MS + half
        some = sum(counts.get(slot, 0) for slot in range(begin // SLOT_MS, end // SLOT_MS))
        there = middle - week * WEEK_MS
        whole = range((there - DAY_MS // 2) // SLOT_MS, (there + DAY_MS // 2) // SLOT_MS)
        if some or any(counts.get(slot) for slot in whole):  # else the source was not there yet
            wanted.append(some * window_ms / (end - begin))
    if wanted:
        wanted.sort()
        return (
            wanted[len(wanted) // 2]
            if len(wanted) % 2
            else (wanted[len(wanted) // 2 - 1] + wanted[len(wanted) // 2]) / 2
        )
    # Younger than a week: the day before this window; less than six hours of orders tell nothing.
    begin = until_ms - window_ms - DAY_MS
    slots = [
        slot
        for slot in range(begin // SLOT_MS, (until_ms - window_ms) // SLOT_MS)
        if counts.get(slot)
    ]
    if not slots or slots[-1] - slots[0] < 6 * 3_600_000 // SLOT_MS - 2:
        return 0.0
    span = (until_ms - window_ms) // SLOT_MS - slots[0]
    return sum(counts[slot] for slot in slots) / max(1, span) * (window_ms / SLOT_MS)


def quiet(counts: Mapping[int, int], until_ms: int) -> tuple[int, int, float] | None:
    """The shortest window that is too quiet: (ms, orders in it, usual); None: all is as usual."""
    end = until_ms // SLOT_MS
    for window in WINDOWS_MS:
        usual = usual_in(counts, until_ms, window)
        found = sum(counts.get(slot, 0) for slot in range(end - window // SLOT_MS, end))
        if likelihood(found, usual) < UNLIKELY:
            return window, found, usual
    return None


def check(workspace: Workspace, connection: Connection, source: Source, now_ms: int) -> bool:
    """Look at one source; tell once when it falls silent, once when orders come again. Is it quiet?"""
    state = rows.state(connection, source.key)
    if state is None or not source.enabled:
        return False
    until_ms = now_ms
    if source.every_ms is not None and not source.pushes:
        # What came since the last poll nobody can know yet; but a watermark that stands still hides nothing for long.
        until_ms = max(state.watermark_at or 0, now_ms - 2 * source.every_ms)
    since_ms = until_ms - WEEKS * WEEK_MS - WINDOWS_MS[-1] - AROUND_MS
    counts = rows.counted(connection, source.key, since_ms, until_ms)
    found = quiet(counts, until_ms) if counts else None
    if found is None:
        if state.quiet_at is not None:
            rows.set_state(connection, source.key, {"quiet_at": None})
            _tell_back(workspace, connection, source, state.quiet_at, now_ms)
        return False
    if state.quiet_at is None:
        rows.set_state(connection, source.key, {"quiet_at": now_ms})
        _tell_quiet(workspace, connection, source, found, now_ms)
    return True


def _check(workspace: Workspace, source: Source, now_ms: int, connection: Connection) -> bool:
    return check(workspace, connection, source, now_ms)


def _tell_quiet(
    workspace: Workspace,
    connection: Connection,
    source: Source,
    found: tuple[int, int, float],
    now_ms: int,
) -> None:
    window, count, usual = found
    minutes = window // 60_000
    texts = {
        "zh": (
            f"严重：订单异常减少：{source.name('zh')}",
            f"最近 {minutes} 分钟 {count} 单，平时约 {usual:.0f} 单。接口没有报错也可能已失效：请检查平台接口版本和授权，"
            f"再在“订单来源 / {source.key}”里补拉缺口。",
        ),
        "en": (
            f"Critical: far fewer orders than usual: {source.name('en')}",
            f"{count} in the last {minutes} minutes, usually about {usual:.0f}. An interface may be dead without an error: check"
            f" its version and authorisation, then pull the gap again under Sources / {source.key}.",
        ),
    }
    ops_alerts.tell(
        workspace,
        connection,
        texts,
        f"quiet.{source.key}.{now_ms}",
        ways=source.alerts,
        people=owners(source),
    )
    heard = ops_alerts.hearing(workspace, connection, owners(source))
    about = {"minutes": minutes, "orders": count, "usual": round(usual, 1)}
    source_incidents.begin(workspace, connection, source.key, "quiet", about, heard)


def _tell_back(
    workspace: Workspace, connection: Connection, source: Source, since_ms: int, now_ms: int
) -> None:
    minutes = (now_ms - since_ms) // 60_000
    texts = {
        "zh": (f"订单恢复正常：{source.name('zh')}", f"异常持续 {minutes} 分钟。"),
        "en": (f"Orders come as usual again: {source.name('en')}", f"It lasted {minutes} minutes."),
    }
    ops_alerts.tell(
        workspace,
        connection,
        texts,
        f"loud.{source.key}.{now_ms}",
        ways=source.alerts,
        people=owners(source),
    )
    source_incidents.over(workspace, connection, source.key, "orders_back")


def owners(source: Source) -> list[str]:
    """Who looks after it."""
    return [str(one) for one in (source.owner.get("primary"), source.owner.get("backup")) if one]


def watch(workspace: Workspace) -> int:
    """All sources, once; answers how many are quiet. Those without polling are looked at here only."""
    now_ms = workspace.clock.now_ms()
    after: str | None = None
    count = 0
    while True:
        with workspace.read() as connection:
            some = rows.listing(connection, after=after, limit=100)
        for row in some:
            if row.enabled:
                source = source_service.source_of(row)
                looked = partial(_check, workspace, source, now_ms)
                count += bool(workspace.writer.call(looked))
        if len(some) < 100:
            return count
        after = some[-1].key
