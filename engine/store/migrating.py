"""Migrations of running instances: their plans, and a row an instance. Rows only. (Alembic's migrations are another thing.)"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, bindparam

from headrace.engine import jsontext
from headrace.engine.run.state import Instance, from_json
from headrace.engine.store import tables as t

_columns = t.instances.c
_OPEN = sa.select(
    _columns.id, _columns.flow_key, _columns.version, _columns.business_key, _columns.rev, _columns.state,
    _columns.parent_id, _columns.parent_step, _columns.started_by,
)  # fmt: skip


def open_instances(
    connection: Connection, key: str, versions: Iterable[int], after: str, limit: int
) -> list[tuple[Instance, int]]:
    """Open instances on these versions with their revision, by id (index `ix_instances_open_version`); nothing is locked."""
    rows: list[Any] = []
    for version in versions:
        query = (
            _OPEN.where(
                _columns.flow_key == key,
                _columns.version == version,
                _columns.ended_at.is_(None),
                _columns.id > after,
            )
            .order_by(_columns.id)
            .limit(limit)
        )
        rows += connection.execute(query).all()
    rows.sort(key=lambda row: str(row.id))
    return [_instance(row) for row in rows[:limit]]


def instances(connection: Connection, ids: Sequence[str]) -> dict[str, tuple[Instance, int]]:
    """These instances with their revision; nothing is locked."""
    rows = connection.execute(_OPEN.where(_columns.id.in_(ids)))
    return {row.id: _instance(row) for row in rows}


def _instance(row: Any) -> tuple[Instance, int]:
    instance = from_json(
        row.id, row.flow_key, row.version, jsontext.loads(row.state), business_key=row.business_key,
        initiator=row.started_by, parent_id=row.parent_id, parent_step=row.parent_step,
    )  # fmt: skip
    return instance, row.rev


def lock_revisions(connection: Connection, ids: Sequence[str]) -> dict[str, int]:
    """Open instance → its revision; nobody else changes them until the commit."""
    query = (
        sa.select(_columns.id, _columns.rev)
        .where(_columns.id.in_(ids), _columns.ended_at.is_(None))
        .order_by(_columns.id)
        .with_for_update()
    )
    return {row.id: row.rev for row in connection.execute(query)}


def due_of(connection: Connection, ids: Sequence[str]) -> dict[str, dict[int, int]]:
    """Instance → step → the moment its timer ends it."""
    columns = t.timers.c
    query = sa.select(columns.instance_id, columns.step, columns.due_at).where(
        columns.instance_id.in_(ids), columns.name == "due"
    )
    found: dict[str, dict[int, int]] = {}
    for row in connection.execute(query):
        found.setdefault(row.instance_id, {})[row.step] = row.due_at
    return found


def limits_of(connection: Connection, ids: Sequence[str]) -> dict[str, dict[int, list[Any]]]:
    """Instance → step of an open task → when it is due, and its timers [(name, moment), …]."""
    if not ids:
        return {}
    tasks, timers = t.tasks.c, t.timers.c
    found: dict[str, dict[int, list[Any]]] = {}
    open_tasks = sa.select(tasks.instance_id, tasks.step, tasks.due_at).where(
        tasks.instance_id.in_(ids), tasks.status == "open"
    )
    for open_task in connection.execute(open_tasks):
        found.setdefault(open_task.instance_id, {})[open_task.step] = [open_task.due_at, []]
    query = sa.select(timers.instance_id, timers.step, timers.name, timers.due_at).where(
        timers.instance_id.in_(ids),
        sa.or_(timers.name.startswith("task:"), timers.name == "remind"),
    )
    for row in connection.execute(query.order_by(timers.id)):
        if (task := found.get(row.instance_id, {}).get(row.step)) is not None:
            task[1].append([row.name, row.due_at])
    return found


def busy_steps(connection: Connection, ids: Sequence[str]) -> dict[str, set[int]]:
    """Instance → steps whose job a worker is at."""
    columns = t.jobs.c
    query = sa.select(columns.instance_id, columns.step).where(
        columns.instance_id.in_(ids), columns.status == "leased"
    )
    found: dict[str, set[int]] = {}
    for row in connection.execute(query):
        found.setdefault(row.instance_id, set()).add(row.step)
    return found


def rename_withdrawn(connection: Connection, ids: Sequence[str], nodes: Mapping[str, str]) -> None:
    """Jobs whose step was withdrawn while a worker was at them follow their node's new name: their late success is undone there."""
    columns = t.jobs.c
    which = (columns.instance_id.in_(ids), columns.status == "cancelled")
    if ids and nodes:
        named = sa.case(dict(nodes), value=columns.node, else_=columns.node)
        connection.execute(
            sa.update(t.jobs).where(*which, columns.node.in_(list(nodes))).values(node=named)
        )


def withdrawn_nodes(connection: Connection, ids: Sequence[str]) -> dict[str, set[str]]:
    """Instance → nodes whose step was withdrawn while a worker was at it, and still is."""
    columns = t.jobs.c
    query = sa.select(columns.instance_id, columns.node).where(
        columns.instance_id.in_(ids), columns.status == "cancelled"
    )
    found: dict[str, set[str]] = {}
    for row in connection.execute(query):
        found.setdefault(row.instance_id, set()).add(row.node)
    return found


def open_counts(connection: Connection, key: str) -> dict[int, int]:
    """Version → how many of its instances are open."""
    query = (
        sa.select(_columns.version, sa.func.count())
        .where(_columns.flow_key == key, _columns.ended_at.is_(None))
        .group_by(_columns.version)
    )
    return {row.version: row[1] for row in connection.execute(query)}


# --- migrations --------------------------------------------------------------------------------------


def insert(connection: Connection, values: Mapping[str, Any]) -> None:
    """One more migration."""
    connection.execute(sa.insert(t.migrations).values(**values))


def find(connection: Connection, id_: str, *, lock: bool = False) -> Any:
    """One migration."""
    query = sa.select(t.migrations).where(t.migrations.c.id == id_)
    return connection.execute(query.with_for_update() if lock else query).one_or_none()


def update(connection: Connection, id_: str, values: Mapping[str, Any]) -> None:
    """Change columns of a migration."""
    connection.execute(sa.update(t.migrations).where(t.migrations.c.id == id_).values(**values))


def page(connection: Connection, key: str, *, before: str | None, limit: int) -> Sequence[Any]:
    """The migrations of a flow, newest first."""
    query = sa.select(t.migrations).where(t.migrations.c.flow_key == key)
    if before is not None:
        query = query.where(t.migrations.c.id < before)
    return connection.execute(query.order_by(t.migrations.c.id.desc()).limit(limit)).all()


def wanted(connection: Connection, limit: int) -> Sequence[Any]:
    """Those that go on by themselves, the oldest first."""
    query = sa.select(t.migrations.c.id).where(t.migrations.c.wanted.is_not(None))
    return connection.execute(query.order_by(t.migrations.c.id).limit(limit)).scalars().all()


# --- items -------------------------------------------------------------------------------------------


def delete_items(connection: Connection, id_: str, limit: int) -> int:
    """Forget what an earlier check found, so many rows at once; answers how many went."""
    columns = t.migration_items.c
    some = sa.select(columns.instance_id).where(columns.migration_id == id_).limit(limit)
    query = sa.delete(t.migration_items).where(
        columns.migration_id == id_, columns.instance_id.in_(some)
    )
    return connection.execute(query).rowcount


def insert_items(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """What a check found."""
    if rows:
        connection.execute(t.migration_items.insert(), [dict(row) for row in rows])


_ITEM = (
    t.migration_items.update()
    .where(
        t.migration_items.c.migration_id == bindparam("b_migration"),
        t.migration_items.c.instance_id == bindparam("b_instance"),
    )
    .values(
        status=bindparam("b_status"),
        problems=bindparam("b_problems"),
        rev=bindparam("b_rev"),
        before=bindparam("b_before"),
        updated_at=bindparam("b_at"),
    )
)


def update_items(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """What became of some."""
    if rows:
        connection.execute(_ITEM, [dict(row) for row in rows])


def next_items(
    connection: Connection, id_: str, status: str, after: str, limit: int
) -> Sequence[Any]:
    """The next with this status, by instance."""
    columns = t.migration_items.c
    query = (
        sa.select(t.migration_items)
        .where(columns.migration_id == id_, columns.status == status, columns.instance_id > after)
        .order_by(columns.instance_id)
        .limit(limit)
    )
    return connection.execute(query).all()


_WITH_KEYS = sa.select(t.migration_items, t.instances.c.business_key).select_from(
    t.migration_items.outerjoin(t.instances, t.instances.c.id == t.migration_items.c.instance_id)
)


def item(connection: Connection, id_: str, instance_id: str) -> Any:
    """What is known of one instance."""
    columns = t.migration_items.c
    query = _WITH_KEYS.where(columns.migration_id == id_, columns.instance_id == instance_id)
    return connection.execute(query).one_or_none()


def items_page(
    connection: Connection, id_: str, *, status: str | None, after: str | None, limit: int
) -> Sequence[Any]:
    """Rows of a report with the business keys, by instance."""
    columns = t.migration_items.c
    query = _WITH_KEYS.where(columns.migration_id == id_).order_by(columns.instance_id).limit(limit)
    if status:
        query = query.where(columns.status == status)
    if after is not None:
        query = query.where(columns.instance_id > after)
    return connection.execute(query).all()


def counts(connection: Connection, id_: str) -> dict[str, int]:
    """Status → how many; an index alone answers it."""
    columns = t.migration_items.c
    query = (
        sa.select(columns.status, sa.func.count())
        .where(columns.migration_id == id_)
        .group_by(columns.status)
    )
    return {row.status: row[1] for row in connection.execute(query)}
