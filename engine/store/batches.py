"""Batches and their items: which, how far, and what became of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row, bindparam

from headrace.engine import jsontext
from headrace.engine.store import tables as t
from headrace.engine.store.search import Condition, meeting

GATHER_MAX = 1_000
"""Items found and written in one transaction."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which instances or incidents; what is None or empty does not matter."""

    flow: str | None = None
    version: int | None = None
    node: str | None = None
    code: str | None = None
    statuses: Sequence[str] = ()
    from_ms: int | None = None
    to_ms: int | None = None
    search: str | None = None
    conditions: Sequence[Condition] = ()
    hold: bool | None = None


# --- finding ---------------------------------------------------------------------------------------


def matching(
    connection: Connection,
    subject: str,
    wanted: Filter,
    *,
    until_ms: int,
    after: str | None = None,
    limit: int = GATHER_MAX,
) -> Sequence[Row[Any]]:
    """(subject, instance_id, cursor) of what was there at `until_ms`, in a steady order, after a cursor."""
    return connection.execute(_query(subject, wanted, until_ms, after).limit(limit)).all()


def count(connection: Connection, subject: str, wanted: Filter, until_ms: int, limit: int) -> int:
    """How many there are; stops at the limit."""
    some = _query(subject, wanted, until_ms, None).order_by(None).limit(limit).subquery()
    return int(connection.execute(sa.select(sa.func.count()).select_from(some)).scalar_one())


def of_ids(connection: Connection, subject: str, ids: Sequence[str]) -> dict[str, str]:
    """Subject → instance, of those that exist."""
    if subject == "incident":
        query = sa.select(t.incidents.c.id, t.incidents.c.instance_id)
        query = query.where(t.incidents.c.id.in_(ids))
    elif subject == "task":
        query = sa.select(t.tasks.c.id, t.tasks.c.instance_id).where(t.tasks.c.id.in_(ids))
    else:
        query = sa.select(t.instances.c.id, t.instances.c.id.label("instance_id"))
        query = query.where(t.instances.c.id.in_(ids))
    return {row[0]: row[1] for row in connection.execute(query)}


def _query(subject: str, wanted: Filter, until_ms: int, after: str | None) -> sa.Select[Any]:
    if subject == "incident":
        return _incidents(wanted, until_ms, after)
    columns = t.instances.c
    query: sa.Select[Any] = sa.select(
        columns.id.label("subject"), columns.id.label("instance_id"), columns.id.label("cursor")
    ).order_by(columns.id)
    query = query.where(columns.started_at <= until_ms, *_of_instances(wanted))
    if wanted.statuses:
        query = query.where(columns.status.in_(wanted.statuses))
    if wanted.node:
        query = query.where(
            columns.waiting_nodes.contains(jsontext.dumps(wanted.node), autoescape=True)
        )
    if wanted.from_ms is not None:
        query = query.where(columns.started_at >= wanted.from_ms)
    if wanted.to_ms is not None:
        query = query.where(columns.started_at <= wanted.to_ms)
    if wanted.code:
        found = sa.exists().where(
            t.incidents.c.instance_id == columns.id,
            t.incidents.c.code == wanted.code,
            t.incidents.c.resolved_at.is_(None),
        )
        query = query.where(found)
    return query.where(columns.id > after) if after else query


def _incidents(wanted: Filter, until_ms: int, after: str | None) -> sa.Select[Any]:
    columns = t.incidents.c
    cursor = sa.cast(columns.raised_at, sa.String) + "_" + columns.id
    query: sa.Select[Any] = sa.select(
        columns.id.label("subject"), columns.instance_id, cursor.label("cursor")
    ).order_by(columns.raised_at, columns.id)
    query = query.where(columns.resolved_at.is_(None), columns.raised_at <= until_ms)
    if wanted.flow:
        query = query.where(columns.flow_key == wanted.flow)
    if wanted.node:
        query = query.where(columns.node == wanted.node)
    if wanted.code:
        query = query.where(columns.code == wanted.code)
    if wanted.from_ms is not None:
        query = query.where(columns.raised_at >= wanted.from_ms)
    if wanted.to_ms is not None:
        query = query.where(columns.raised_at <= wanted.to_ms)
    about = _of_instances(wanted, flow=False)
    if about:
        query = query.where(columns.instance_id.in_(sa.select(t.instances.c.id).where(*about)))
    if after:
        at, _, id_ = after.partition("_")
        seen = sa.tuple_(sa.literal(int(at)), sa.literal(id_))
        query = query.where(sa.tuple_(columns.raised_at, columns.id) > seen)
    return query


def _of_instances(wanted: Filter, *, flow: bool = True) -> list[Any]:
    columns = t.instances.c
    conditions: list[Any] = []
    if flow:
        conditions.append(sa.or_(columns.retain_until.is_(None), columns.retain_until > 0))
    if flow and wanted.flow:
        conditions.append(columns.flow_key == wanted.flow)
    if wanted.version is not None:
        conditions.append(columns.version == wanted.version)
    if wanted.search:
        key = columns.business_key
        prefix = sa.and_(key >= wanted.search, key < wanted.search + "\U0010ffff")
        conditions.append(sa.or_(prefix, columns.id == wanted.search))
    if wanted.hold is not None:
        conditions.append(columns.hold.is_(sa.true() if wanted.hold else sa.false()))
    conditions += [columns.id.in_(meeting(condition)) for condition in wanted.conditions]
    return conditions


# --- batches ---------------------------------------------------------------------------------------


def insert(connection: Connection, values: Mapping[str, Any]) -> None:
    """A new batch."""
    connection.execute(t.batches.insert().values(**values))


def insert_items(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """More items of a batch."""
    if rows:
        connection.execute(t.batch_items.insert(), [{**row, "status": "waiting"} for row in rows])


def subjects(connection: Connection, batch_id: str, some: Sequence[str]) -> set[str]:
    """Which of these are items of the batch already."""
    columns = t.batch_items.c
    query = sa.select(columns.subject).where(
        columns.batch_id == batch_id, columns.subject.in_(some)
    )
    return set(connection.execute(query).scalars())


def change(connection: Connection, id_: str, **values: Any) -> None:
    """Change a batch."""
    connection.execute(t.batches.update().where(t.batches.c.id == id_).values(**values))


def find(connection: Connection, id_: str, *, lock: bool = False) -> Row[Any] | None:
    """One batch; with `lock` nobody else works on it until the commit."""
    query = sa.select(t.batches).where(t.batches.c.id == id_)
    return connection.execute(query.with_for_update() if lock else query).one_or_none()


def due(connection: Connection, now_ms: int, limit: int) -> Sequence[Row[Any]]:
    """Open batches that may go on now."""
    columns = t.batches.c
    query = sa.select(t.batches).where(columns.ended_at.is_(None), columns.next_at <= now_ms)
    return connection.execute(query.order_by(columns.next_at).limit(limit)).all()


def next_at(connection: Connection) -> int | None:
    """When the next open batch goes on; None when there is none."""
    columns = t.batches.c
    query = sa.select(sa.func.min(columns.next_at)).where(columns.ended_at.is_(None))
    found: int | None = connection.execute(query).scalar_one()
    return found


def page(
    connection: Connection, *, kind: str | None, before: str | None, limit: int
) -> Sequence[Row[Any]]:
    """Batches, newest first."""
    query = sa.select(t.batches).order_by(t.batches.c.id.desc()).limit(limit)
    if kind:
        query = query.where(t.batches.c.kind == kind)
    if before:
        query = query.where(t.batches.c.id < before)
    return connection.execute(query).all()


# --- items -----------------------------------------------------------------------------------------


def counts(connection: Connection, batch_ids: Sequence[str]) -> dict[str, dict[str, int]]:
    """Batch → status → items; an index alone answers it."""
    columns = t.batch_items.c
    query = (
        sa.select(columns.batch_id, columns.status, sa.func.count())
        .where(columns.batch_id.in_(batch_ids))
        .group_by(columns.batch_id, columns.status)
    )
    found: dict[str, dict[str, int]] = {id_: {} for id_ in batch_ids}
    for batch_id, status, number in connection.execute(query):
        found[batch_id][status] = number
    return found


def items(
    connection: Connection,
    batch_id: str,
    *,
    status: str | None = None,
    after: int = 0,
    limit: int,
) -> Sequence[Row[Any]]:
    """Items in the order of their numbers."""
    columns = t.batch_items.c
    query = sa.select(t.batch_items).where(columns.batch_id == batch_id, columns.number > after)
    if status:
        query = query.where(columns.status == status)
    return connection.execute(query.order_by(columns.number).limit(limit)).all()


_ITEM = (
    t.batch_items.update()
    .where(
        t.batch_items.c.batch_id == bindparam("b_batch"),
        t.batch_items.c.number == bindparam("b_number"),
        t.batch_items.c.status == bindparam("b_from"),
    )
    .values(
        status=bindparam("b_status"),
        code=bindparam("b_code"),
        message=bindparam("b_message"),
        data=bindparam("b_data"),
        rev=bindparam("b_rev"),
        began_at=bindparam("b_began"),
        ended_at=bindparam("b_ended"),
    )
)


def set_item(
    connection: Connection,
    item: Any,
    status: str,
    *,
    rev: int | None,
    began_at: int | None,
    ended_at: int | None,
    code: str | None = None,
    message: str | None = None,
    data: Any = None,
) -> None:
    """What has become of an item, unless somebody was faster."""
    values = {
        "b_batch": item.batch_id, "b_number": item.number, "b_from": item.status, "b_status": status, "b_code": code,
        "b_message": message, "b_data": data, "b_rev": rev, "b_began": began_at, "b_ended": ended_at,
    }  # fmt: skip
    connection.execute(_ITEM, values)


def cancel_waiting(connection: Connection, batch_id: str, now_ms: int) -> None:
    """Items that have not begun will not."""
    columns = t.batch_items.c
    connection.execute(
        t.batch_items.update()
        .where(columns.batch_id == batch_id, columns.status == "waiting")
        .values(status="skipped", code="batch_cancelled", ended_at=now_ms)
    )
