"""The board of a flow (R106): per stage what waits, since when, how much of it is late, how long it takes, where it jams.

Counted from the rows of tasks themselves, so that the numbers are those of the lists.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from headrace.engine.clock import iso_or_none, to_iso
from headrace.engine.errors import NotFound
from headrace.engine.service.actor import Actor
from headrace.engine.service.shown import shown_flow
from headrace.engine.service.task_path import asks_people
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import drafts, stages

DAY_MS = 86_400_000
ENDED_MAX = 5_000
"""Tasks that the times are taken of, the newest."""


def board(workspace: Workspace, actor: Actor, flow_key: str, *, days: int = 30) -> dict[str, Any]:
    """`stages`, the drawing's people's nodes in its order; `bottleneck`: where most waiting has piled up."""
    actor.require("instances:read")
    now_ms = workspace.clock.now_ms()
    since_ms = now_ms - days * DAY_MS
    with workspace.read() as connection:
        row = drafts.find(connection, flow_key)
        if row is None:
            raise NotFound(kind="flow", id=flow_key)
        version = row.published_version or 0
        flow = shown_flow(workspace, connection, flow_key, version)
        waiting = stages.waiting(connection, flow_key)
        late = stages.late(connection, flow_key, now_ms)
        ended = stages.ended(connection, flow_key, since_ms, ENDED_MAX)
        came = stages.came(connection, flow_key, now_ms - DAY_MS)
    found: dict[str, dict[str, Any]] = {
        id_: _stage(id_, node.name) for id_, node in flow.nodes.items() if asks_people(node)
    }
    for stage in waiting:
        one = found.setdefault(stage.node, _stage(stage.node, {"en": stage.node}))
        one["waiting"] += stage.number
        one["_oldest"] = min(one["_oldest"] or stage.oldest_at, stage.oldest_at)
        one["_waited"] += stage.number * now_ms - stage.came_sum
    for node, number in late.items():
        found[node]["late"] = number
    for node, number in came.items():
        found.setdefault(node, _stage(node, {"en": node}))["came_today"] = number
    took: dict[str, list[int]] = defaultdict(list)
    for done in ended:
        took[done.node].append(done.ended_at - done.created_at)
        one = found.setdefault(done.node, _stage(done.node, {"en": done.node}))
        one["ended_today"] += done.ended_at >= now_ms - DAY_MS
    for node, times in took.items():
        found[node] |= times_of(times)
    worst = max(found.values(), key=lambda one: one["_waited"], default=None)
    jam = worst["node"] if worst and worst["_waited"] > 0 else None
    return {
        "flow_key": flow_key,
        "flow_name": dict(flow.name),
        "version": version,
        "at": to_iso(now_ms),
        "days": days,
        "bottleneck": jam,
        "stages": [_shown(one, jam) for one in found.values()],
    }


def _stage(node: str, name: Any) -> dict[str, Any]:
    return {
        "node": node,
        "name": dict(name),
        "waiting": 0,
        "late": 0,
        "came_today": 0,
        "ended_today": 0,
        "ended": 0,
        "mean_ms": None,
        "median_ms": None,
        "p90_ms": None,
        "_oldest": None,
        "_waited": 0,
    }


def times_of(times: list[int]) -> dict[str, Any]:
    """How long decisions took (ms): half of them, and nine of ten, no longer than told."""
    times.sort()
    last = len(times) - 1
    return {
        "ended": len(times),
        "mean_ms": sum(times) // len(times),
        "median_ms": times[last // 2],
        "p90_ms": times[(len(times) * 9 + 9) // 10 - 1],
    }


def _shown(one: dict[str, Any], jam: str | None) -> dict[str, Any]:
    """Trend: how many more came than went within a day."""
    oldest = one.pop("_oldest")
    del one["_waited"]
    return {
        **one,
        "oldest_at": iso_or_none(oldest),
        "trend": one["came_today"] - one["ended_today"],
        "bottleneck": one["node"] == jam,
    }
