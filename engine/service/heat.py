"""Where many instances of a flow wait and where they fail, node by node and edge by edge (a heat map).

Nothing is counted while instances run: they cost what they cost without it. Whoever looks counts what has ended since somebody
looked last, a portion a request (`count`), into one row a day, version and node; looking reads those rows and never history. An
instance belongs to the day it started, and is counted once, when it has ended. Those that are open are shown where they wait now.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row

from headrace.engine import jsontext
from headrace.engine.clock import to_iso
from headrace.engine.errors import NotFound
from headrace.engine.run import heat as pure
from headrace.engine.service.actor import Actor
from headrace.engine.service.workspace import Workspace
from headrace.engine.store import drafts, heat
from headrace.engine.store.figures import first_id

DAY_MS = 86_400_000
PERIOD_MAX_DAYS = 366
PORTION = 500
"""Instances of one transaction: some tenths of a second of reading, one short write."""

CHUNKS_MAX = 5_000
"""Of one instance: a longer one is counted as an instance, its history is not read."""

COUNT_FOR_S = 0.5
"""How long one request counts; the next one goes on."""

SETTLED_MS = 10_000
"""Younger instances wait: another process may be about to commit one with a smaller id."""

LISTED = 20
"""The slowest and the failed visits kept of a node, a day and version each: the list behind the number."""

SHOWN = 100
"""Rows of such a list for a whole period."""


def look(
    workspace: Workspace,
    actor: Actor,
    key: str,
    *,
    version: int | None = None,
    from_ms: int | None = None,
    to_ms: int | None = None,
) -> dict[str, Any]:
    """The map of a flow for instances started in a period (whole UTC days; the last 30 when nothing is said)."""
    actor.require("instances:read")
    days = _days(workspace, from_ms, to_ms)
    with workspace.read() as connection:
        flow = drafts.find(connection, key)
        if flow is None:
            raise NotFound(kind="flow", id=key)
        number = version or flow.published_version
        found = None if number is None else drafts.find_version(connection, key, number)
        if version is not None and found is None:
            raise NotFound(kind="flow version", id=f"{key} {version}")
        mark = heat.mark(connection, key)
        rows = heat.rows(connection, key, version=version, days=days)
        places = heat.waiting_places(connection, key, version)
        incidents = heat.open_incidents(connection, key)
        behind = heat.behind(connection, key, mark.counted_to if mark else "", _settled(workspace))
    nodes = _merged(rows, "n")
    waiting: dict[str, tuple[int, int]] = {}
    for text, count, since in places:
        for node in jsontext.loads(text):
            before = waiting.get(node, (0, since))
            waiting[node] = (before[0] + count, min(before[1], since))
    whole = _merged(rows, "i").get("")
    return {
        "flow_key": key,
        "version": version,
        "drawn": number,
        "document": None if found is None else jsontext.loads(found.document),
        "from": to_iso(days[0] * DAY_MS),
        "to": to_iso((days[1] + 1) * DAY_MS - 1),
        "behind": behind,
        "counted": mark.counted if mark else 0,
        "instances": _number(whole),
        "open": sum(count for _, count, _ in places),
        "nodes": [
            {
                "node": node,
                **_number(nodes.get(node)),
                "waiting": waiting.get(node, (0, 0))[0],
                "waiting_since": to_iso(waiting[node][1]) if node in waiting else None,
                "incidents": incidents.get(node, 0),
            }
            for node in sorted({*nodes, *waiting, *incidents} - {""})
        ],
        "edges": {edge: row["visits"] for edge, row in _merged(rows, "e").items()},
        "versions": sorted({row.version for row in rows}, reverse=True),
    }


def listing(
    workspace: Workspace,
    actor: Actor,
    key: str,
    node: str,
    *,
    kind: str,
    version: int | None = None,
    from_ms: int | None = None,
    to_ms: int | None = None,
) -> dict[str, Any]:
    """The instances behind a node's number: those that were there longest (`slow`), or that failed there (`failed`)."""
    actor.require("instances:read")
    days = _days(workspace, from_ms, to_ms)
    with workspace.read() as connection:
        if drafts.find(connection, key) is None:
            raise NotFound(kind="flow", id=key)
        rows = heat.lists(connection, key, node, version=version, days=days)
        if kind == "failed":
            ids = list(dict.fromkeys(id_ for row in rows for id_ in row.failures))[:SHOWN]
            found: list[tuple[str, int | None]] = [(id_, None) for id_ in ids]
        else:
            slowest = sorted((one for row in rows for one in row.slowest), reverse=True)[:SHOWN]
            found = [(id_, ms) for ms, id_ in slowest]
        known = heat.business_keys(connection, [id_ for id_, _ in found])
    items = [
        {
            "id": id_,
            "ms": ms,
            "business_key": known[id_].business_key,
            "status": known[id_].status,
            "version": known[id_].version,
            "started_at": to_iso(known[id_].started_at),
        }
        for id_, ms in found
        if id_ in known
    ]
    return {"items": items, "next_cursor": None}


# --- counting --------------------------------------------------------------------------------------


def count(workspace: Workspace, actor: Actor, key: str) -> dict[str, Any]:
    """Count on for half a second; `behind`: how many instances are left, 0 when the map is up to date."""
    actor.require("instances:read")
    with workspace.read() as connection:
        if drafts.find(connection, key) is None:
            raise NotFound(kind="flow", id=key)
    until = time.monotonic() + COUNT_FOR_S
    counted = 0
    while True:
        done = _portion(workspace, key)
        counted += max(done, 0)
        if done == 0 or time.monotonic() >= until:
            break
    with workspace.read() as connection:
        mark = heat.mark(connection, key)
        behind = heat.behind(connection, key, mark.counted_to if mark else "", _settled(workspace))
    return {"counted": counted, "behind": behind}


def _settled(workspace: Workspace) -> str:
    return first_id("ins", workspace.clock.now_ms() - SETTLED_MS)


def _portion(workspace: Workspace, key: str) -> int:
    """Look at some instances; answers at how many, -1 when somebody else was quicker, 0 when there is nothing left."""
    with workspace.read() as connection:
        mark = heat.mark(connection, key)
        after = mark.counted_to if mark else ""
        late = heat.ended_later(connection, key, PORTION)
        fresh = heat.next_instances(
            connection, key, after, _settled(workspace), PORTION - len(late)
        )
        ended = [row for row in fresh if row.ended_at is not None]
        gathered = _gathered(connection, [*late, *ended])
    if not late and not fresh:
        return 0
    still_open = [row.id for row in fresh if row.ended_at is None]
    counted_to = fresh[-1].id if fresh else after

    def write(connection: Connection) -> bool:
        now = heat.mark(connection, key, lock=True)
        if (now.revision if now else 0) != (mark.revision if mark else 0):
            return False
        heat.forget_later(connection, key, [row.id for row in late])
        heat.put_later(connection, key, still_open)
        _add(connection, key, gathered)
        heat.put_mark(connection, key, now, counted_to, len(late) + len(ended))
        return True

    return len(late) + len(fresh) if workspace.writer.call(write) else -1


def _gathered(connection: Connection, rows: Sequence[Row[Any]]) -> dict[heat.Key, dict[str, Any]]:
    told = {row.id: pure.Told() for row in rows}
    readable = [row.id for row in rows if row.rev <= CHUNKS_MAX]
    for id_, at, events in heat.chunks(connection, readable):
        told[id_].take(at, events)
    found: dict[heat.Key, dict[str, Any]] = {}
    for row in rows:
        where = (row.started_at // DAY_MS, row.version)
        one = told[row.id]
        _visit(found, (*where, "i", ""), row.id, row.ended_at - row.started_at)
        if one.failed:
            _fail(found, (*where, "i", ""), row.id)
        for node, ms in one.visits:
            _visit(found, (*where, "n", node), row.id, ms)
        for node in one.failed:
            _fail(found, (*where, "n", node), row.id)
        for edge, times in one.edges.items():
            _empty(found, (*where, "e", edge))["visits"] += times
    return found


def _empty(found: dict[heat.Key, dict[str, Any]], key: heat.Key) -> dict[str, Any]:
    row = found.get(key)
    if row is None:
        row = found[key] = {
            "visits": 0, "failed": 0, "total_ms": 0, "max_ms": 0, "buckets": {}, "slowest": [],
            "failures": [],
        }  # fmt: skip
    return row


def _visit(found: dict[heat.Key, dict[str, Any]], key: heat.Key, id_: str, ms: int) -> None:
    row = _empty(found, key)
    name = str(pure.bucket(ms))
    row["visits"] += 1
    row["total_ms"] += ms
    row["max_ms"] = max(row["max_ms"], ms)
    row["buckets"][name] = row["buckets"].get(name, 0) + 1
    if ms > 0:
        row["slowest"].append([ms, id_])


def _fail(found: dict[heat.Key, dict[str, Any]], key: heat.Key, id_: str) -> None:
    row = _empty(found, key)
    row["failed"] += 1
    row["failures"].append(id_)


def _add(connection: Connection, key: str, gathered: Mapping[heat.Key, dict[str, Any]]) -> None:
    known = heat.exact(connection, key, gathered)
    old: list[dict[str, Any]] = []
    new: list[dict[str, Any]] = []
    for place, more in gathered.items():
        before = known.get(place)
        row = more if before is None else _sum(dict(before._mapping), more)
        row["slowest"] = sorted(row["slowest"], reverse=True)[:LISTED]
        row["failures"] = list(dict.fromkeys(reversed(row["failures"])))[:LISTED]
        named = dict(zip(("day", "version", "kind", "name"), place, strict=True))
        (new if before is None else old).append({**named, **row})
    heat.put(connection, key, old, new)


def _sum(before: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    buckets = dict(before["buckets"])
    for name, times in more["buckets"].items():
        buckets[name] = buckets.get(name, 0) + times
    return {
        "visits": before["visits"] + more["visits"],
        "failed": before["failed"] + more["failed"],
        "total_ms": before["total_ms"] + more["total_ms"],
        "max_ms": max(before["max_ms"], more["max_ms"]),
        "buckets": buckets,
        "slowest": [*before["slowest"], *more["slowest"]],
        "failures": [*reversed(before["failures"]), *more["failures"]],
    }


# --- numbers ---------------------------------------------------------------------------------------


def _merged(rows: Iterable[Row[Any]], kind: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        if row.kind != kind:
            continue
        told = dict(row._mapping) | {"slowest": [], "failures": []}
        before = found.get(row.name)
        found[row.name] = told if before is None else _sum(before, told)
    return found


def _number(row: Mapping[str, Any] | None) -> dict[str, Any]:
    if row is None:
        return {
            "visits": 0, "failed": 0, "median_ms": None, "p95_ms": None, "max_ms": None, "total_ms": 0,
        }  # fmt: skip
    return {
        "visits": row["visits"],
        "failed": row["failed"],
        "median_ms": pure.quantile(row["buckets"], 0.5),
        "p95_ms": pure.quantile(row["buckets"], 0.95),
        "max_ms": row["max_ms"],
        "total_ms": row["total_ms"],
    }


def _days(workspace: Workspace, from_ms: int | None, to_ms: int | None) -> tuple[int, int]:
    last = (workspace.clock.now_ms() if to_ms is None else to_ms) // DAY_MS
    first = last - 29 if from_ms is None else from_ms // DAY_MS
    return max(first, last - PERIOD_MAX_DAYS), last
