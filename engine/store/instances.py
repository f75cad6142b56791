"""Instance rows: read with their lock, written in groups, each with its chunk of history."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row, bindparam

from headrace.engine import jsontext
from headrace.engine.run import events as e
from headrace.engine.run.state import Instance, from_json, to_json
from headrace.engine.store import tables as t
from headrace.engine.store.many import write
from headrace.engine.store.search import Condition, narrow

IN_MAX = 500
"""Values in one `IN (…)`: SQLite takes 32,766 variables, but statements stay cacheable when short."""


@dataclass(slots=True)
class Stored:
    """An instance as loaded: its state and the revision that a save must find unchanged."""

    instance: Instance
    rev: int
    root_id: str
    dedup_key: str | None = None
    new: bool = False
    route_id: str | None = None
    priority: int = 0
    trace: str | None = None
    """The traceparent of its start."""


_columns = t.instances.c
_LOAD = (
    sa.select(
        _columns.id, _columns.flow_key, _columns.version, _columns.business_key, _columns.rev, _columns.state,
        _columns.parent_id, _columns.parent_step, _columns.root_id, _columns.started_by, _columns.dedup_key,
        _columns.priority, _columns.trace,
    )
    .where(_columns.id.in_(bindparam("b_ids", expanding=True)))
    .order_by(_columns.id)
    .with_for_update()
)  # fmt: skip


def load(connection: Connection, ids: Sequence[str]) -> dict[str, Stored]:
    """These instances, locked in the order of their ids (PostgreSQL; SQLite has its one writer)."""
    found: dict[str, Stored] = {}
    ordered = sorted(ids)
    for start in range(0, len(ids), IN_MAX):
        rows = connection.execute(_LOAD, {"b_ids": ordered[start : start + IN_MAX]})
        for (
            id_, flow_key, version, business_key, rev, state, parent_id, parent_step, root_id, started_by, dedup_key,
            priority, trace,
        ) in rows:  # fmt: skip
            instance = from_json(
                id_, flow_key, version, jsontext.loads(state), business_key=business_key, initiator=started_by,
                parent_id=parent_id, parent_step=parent_step,
            )  # fmt: skip
            found[id_] = Stored(instance, rev, root_id, dedup_key, priority=priority, trace=trace)
    return found


def trace_of(connection: Connection, id_: str) -> str | None:
    """The traceparent of an instance's start."""
    query = sa.select(t.instances.c.trace).where(t.instances.c.id == id_)
    found: str | None = connection.execute(query).scalar_one_or_none()
    return found


def load_one(connection: Connection, row: Any) -> Instance:
    """The instance of a row, for reading."""
    query = sa.select(t.instances.c.state).where(t.instances.c.id == row.id)
    return from_json(
        row.id, row.flow_key, row.version, jsontext.loads(connection.execute(query).scalar_one()),
        business_key=row.business_key, initiator=row.started_by, parent_id=row.parent_id,
        parent_step=row.parent_step,
    )  # fmt: skip


def lock(connection: Connection, id_: str) -> None:
    """Nobody else changes this instance until the commit (PostgreSQL; SQLite has its one writer)."""
    connection.execute(
        sa.select(t.instances.c.id).where(t.instances.c.id == id_).with_for_update()
    ).all()


_UPDATE = (
    t.instances.update()
    .where(t.instances.c.id == bindparam("b_id"), t.instances.c.rev == bindparam("b_rev"))
    .values(
        status=bindparam("b_status"), result=bindparam("b_result"), rev=bindparam("b_rev") + 1, state=bindparam("b_state"),
        updated_at=bindparam("b_at"), incidents_open=bindparam("b_incidents"), waiting_nodes=bindparam("b_nodes"),
        retain_until=sa.func.coalesce(t.instances.c.retain_until, bindparam("b_retain_until", type_=t.AT)),
        # What comes after the end is kept in history and does not move the end.
        ended_at=sa.func.coalesce(t.instances.c.ended_at, bindparam("b_ended_at", type_=t.AT)),
    )
)  # fmt: skip


WAITING_SHOWN_MAX = 20
"""Nodes of the open steps that a row names for lists: one that waits in more places is opened to see them all."""

SNAPSHOT_EVERY = 50
"""Chunks of history between two snapshots of the state: what must be replayed to stand at any moment."""

SNAPSHOT_FACTS = 2_000
"""The same counted in facts, where one advance makes many."""

SNAPSHOT_BYTES = 20_000
"""A larger state is kept so much more seldom, so that snapshots do not outgrow the history."""


def save(
    connection: Connection,
    advanced: Iterable[tuple[Stored, Sequence[e.Event]]],
    now_ms: int,
    keep_ms: Callable[[str], int | None] = lambda _: None,
) -> None:
    """Write where each stands now, and what happened, in one go. `keep_ms`: flow → how long one is kept after its end."""
    new_rows: list[dict[str, Any]] = []
    changes: list[dict[str, Any]] = []
    chunks: list[dict[str, Any]] = []
    snapshots: list[dict[str, Any]] = []
    for stored, events in advanced:
        instance = stored.instance
        state = jsontext.dumps(to_json(instance))
        ended_at = now_ms if instance.ended else None
        keep = keep_ms(instance.flow_key) if instance.ended and not instance.parent_id else None
        retain_until = None if keep is None else now_ms + keep
        nodes = [step.node for step in islice(instance.steps.values(), WAITING_SHOWN_MAX)]
        waiting = jsontext.dumps(nodes) if nodes else "[]"
        if stored.new:
            new_rows.append(
                {
                    "id": instance.id, "flow_key": instance.flow_key, "version": instance.version,
                    "business_key": instance.business_key, "dedup_key": stored.dedup_key, "status": instance.status,
                    "result": instance.result, "rev": 1, "state": state, "parent_id": instance.parent_id,
                    "parent_step": instance.parent_step, "root_id": stored.root_id, "started_by": instance.initiator,
                    "started_at": now_ms, "updated_at": now_ms, "ended_at": ended_at, "route_id": stored.route_id,
                    "retain_until": retain_until, "incidents_open": len(instance.incidents), "waiting_nodes": waiting,
                    "priority": stored.priority, "trace": stored.trace,
                }
            )  # fmt: skip
        else:
            changes.append(
                {
                    "b_id": instance.id, "b_rev": stored.rev, "b_status": instance.status, "b_result": instance.result,
                    "b_state": state, "b_at": now_ms, "b_ended_at": ended_at, "b_retain_until": retain_until,
                    "b_incidents": len(instance.incidents), "b_nodes": waiting,
                }
            )  # fmt: skip
        if events:
            chunks.append(
                {
                    "instance_id": instance.id, "chunk": stored.rev + 1, "first_seq": instance.seq - len(events) + 1,
                    "at": now_ms, "events": jsontext.dumps([e.encode(event) for event in events]),
                }
            )  # fmt: skip
            chunk = stored.rev + 1
            seldom = 1 + len(state) // SNAPSHOT_BYTES
            facts = SNAPSHOT_FACTS * seldom
            passed = instance.seq // facts > (instance.seq - len(events)) // facts
            if passed or chunk % (SNAPSHOT_EVERY * seldom) == 0:
                snapshots.append(
                    {
                        "instance_id": instance.id,
                        "chunk": chunk,
                        "seq": instance.seq,
                        "state": state,
                    }
                )
    if new_rows:
        write(connection, t.instances, new_rows)
    if changes:
        result = write(connection, _UPDATE, changes)
        # Every row was locked when it was read: another count means that the one-writer rule was broken.
        assert result.rowcount in (-1, len(changes)), (
            f"expected {len(changes)} instances at their revision, found {result.rowcount}"
        )
    if chunks:
        write(connection, t.history, chunks)
    if snapshots:
        write(connection, t.snapshots, snapshots)


_BY_DEDUP_KEY = sa.select(t.instances.c.id, t.instances.c.dedup_key).where(
    t.instances.c.flow_key == bindparam("b_flow"),
    t.instances.c.dedup_key.in_(bindparam("b_keys", expanding=True)),
)


def by_dedup_key(
    connection: Connection, keys: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], str]:
    """(flow key, dedup key) → the instance that has it."""
    by_flow: dict[str, list[str]] = {}
    for flow_key, dedup_key in keys:
        by_flow.setdefault(flow_key, []).append(dedup_key)
    found: dict[tuple[str, str], str] = {}
    for flow_key, dedup_keys in by_flow.items():
        for start in range(0, len(dedup_keys), IN_MAX):
            some = dedup_keys[start : start + IN_MAX]
            rows = connection.execute(_BY_DEDUP_KEY, {"b_flow": flow_key, "b_keys": some})
            found.update(((flow_key, row.dedup_key), row.id) for row in rows)
    return found


# --- for screens -----------------------------------------------------------------------------------


def page(
    connection: Connection,
    *,
    started_by: str | None,
    flow: str | None,
    statuses: Sequence[str],
    search: str | None,
    from_ms: int | None,
    to_ms: int | None,
    before: str | None,
    limit: int,
    conditions: Sequence[Condition] = (),
    node: str | None = None,
    version: int | None = None,
    hold: bool | None = None,
) -> Sequence[Any]:
    """Instances, newest first. `search` is the beginning of a business key (an index answers it), or an id."""
    columns = t.instances.c
    query: sa.Select[Any] = sa.select(
        columns.id, columns.flow_key, columns.version, columns.business_key, columns.status, columns.result, columns.started_at,
        columns.updated_at, columns.ended_at, columns.incidents_open, columns.waiting_nodes, columns.priority, columns.hold,
        columns.retain_until,
    ).order_by(columns.id.desc())  # fmt: skip
    query = narrow(connection, query, conditions, before)
    query = query.where(sa.or_(columns.retain_until.is_(None), columns.retain_until > 0))
    if node:
        query = query.where(columns.ended_at.is_(None))
        query = query.where(columns.waiting_nodes.contains(jsontext.dumps(node), autoescape=True))
    if version is not None:
        query = query.where(columns.version == version)
    if hold is not None:
        query = query.where(columns.hold.is_(sa.true() if hold else sa.false()))
    if started_by is not None:
        query = query.where(columns.started_by == started_by)
    if flow:
        query = query.where(columns.flow_key == flow)
    if statuses:
        query = query.where(columns.status.in_(statuses))
    if search:
        prefix = sa.and_(
            columns.business_key >= search, columns.business_key < search + "\U0010ffff"
        )
        query = query.where(sa.or_(prefix, columns.id == search))
    if from_ms is not None:
        query = query.where(columns.started_at >= from_ms)
    if to_ms is not None:
        query = query.where(columns.started_at <= to_ms)
    if before:
        query = query.where(columns.id < before)
    return connection.execute(query.limit(limit)).all()


def find(connection: Connection, id_: str, *, lock: bool = False) -> Row[Any] | None:
    """One instance's row."""
    query = sa.select(t.instances).where(t.instances.c.id == id_)
    return connection.execute(query.with_for_update() if lock else query).one_or_none()


def status(connection: Connection, id_: str, *, lock: bool = False) -> str | None:
    """The status of an instance; with `lock` nobody changes it until the commit."""
    query = sa.select(t.instances.c.status).where(t.instances.c.id == id_)
    found: str | None = connection.execute(
        query.with_for_update() if lock else query
    ).scalar_one_or_none()
    return found


def versions_of(connection: Connection, ids: Sequence[str]) -> dict[str, int]:
    """Instance → the version it runs on."""
    columns = t.instances.c
    query = sa.select(columns.id, columns.version).where(columns.id.in_(ids))
    return {row.id: row.version for row in connection.execute(query)}


def children(connection: Connection, parent_id: str, limit: int) -> Sequence[Any]:
    """The sub-flows an instance has started."""
    columns = t.instances.c
    query = sa.select(columns.id, columns.status, columns.parent_step, columns.flow_key)
    return connection.execute(query.where(columns.parent_id == parent_id).limit(limit)).all()
