"""Wishes that rest until an advance applies them, and the run queue that says whose inbox is not empty.

The ready row is written with `gen + 1` on conflict, never "do nothing": an advance deletes it only at the `gen` it has seen,
so a wish that came in between is not forgotten (the lost wake-up of engine.md 5.3).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, bindparam
from sqlalchemy.dialects import postgresql, sqlite

from headrace.engine import jsontext
from headrace.engine.run import commands as c
from headrace.engine.store import tables as t
from headrace.engine.store.many import write


def upsert(connection: Connection | str, table: sa.Table) -> Any:
    """`INSERT … ON CONFLICT` of the database in use (or of the dialect named); both dialects have the same methods."""
    dialect = connection if isinstance(connection, str) else connection.dialect.name
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


def put(connection: Connection, wishes: Iterable[tuple[str, c.Command]], now_ms: int) -> None:
    """Rest these wishes in their instances' inboxes and mark the instances ready."""
    rows = [
        {
            "instance_id": id_,
            "kind": type(wish).__name__,
            "payload": jsontext.dumps(list(wish)),
            "created_at": now_ms,
        }
        for id_, wish in wishes
    ]
    if rows:
        write(connection, t.inbox, rows)
        mark_ready(connection, {str(row["instance_id"]) for row in rows}, now_ms)


_PRIORITY = sa.func.coalesce(
    sa.select(t.instances.c.priority)
    .where(t.instances.c.id == bindparam("b_id", type_=t.ID))
    .scalar_subquery(),
    0,
)


def mark_ready(connection: Connection, instance_ids: Iterable[str], now_ms: int) -> None:
    """These instances have something to do."""
    rows = [{"b_id": id_, "b_at": now_ms} for id_ in sorted(instance_ids)]
    if not rows:
        return
    statement = upsert(connection, t.ready).values(
        instance_id=bindparam("b_id"), ready_at=bindparam("b_at"), gen=0, priority=_PRIORITY
    )
    sooner = sa.case((t.ready.c.ready_at > now_ms, now_ms), else_=t.ready.c.ready_at)
    statement = statement.on_conflict_do_update(
        index_elements=["instance_id"], set_={"gen": t.ready.c.gen + 1, "ready_at": sooner}
    )
    connection.execute(statement, rows)


def postpone(connection: Connection, instance_id: str, until_ms: int) -> None:
    """This instance has something to do that does not succeed now; a new wish brings it forward again."""
    statement = upsert(connection, t.ready).values(
        instance_id=instance_id, ready_at=until_ms, priority=_PRIORITY, gen=0
    )
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["instance_id"], set_={"gen": t.ready.c.gen + 1, "ready_at": until_ms}
        ),
        {"b_id": instance_id},
    )


def pick_ready(connection: Connection, limit: int, now_ms: int) -> dict[str, int]:
    """Up to `limit` ready instances, most urgent first, each with the `gen` seen."""
    rows = connection.execute(
        sa.select(t.ready.c.instance_id, t.ready.c.gen)
        .where(t.ready.c.ready_at <= now_ms)
        .order_by(t.ready.c.rank)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    return {row.instance_id: row.gen for row in rows}


_DONE = t.ready.delete().where(
    t.ready.c.instance_id == bindparam("b_id"), t.ready.c.gen == bindparam("b_gen")
)


def unmark_ready(connection: Connection, seen: Iterable[tuple[str, int]]) -> None:
    """These have been advanced, unless something came in since."""
    rows = [{"b_id": id_, "b_gen": gen} for id_, gen in seen]
    if rows:
        write(connection, _DONE, rows)


_UNAPPLIED = (
    sa.select(
        t.inbox.c.id, t.inbox.c.instance_id, t.inbox.c.kind, t.inbox.c.payload, t.inbox.c.created_at
    )
    .where(
        t.inbox.c.instance_id.in_(bindparam("b_ids", expanding=True)),
        t.inbox.c.applied_rev.is_(None),
    )
    .order_by(t.inbox.c.id)
)


def unapplied(
    connection: Connection, instance_ids: Sequence[str], accepted_at: list[int] | None = None
) -> dict[str, list[tuple[int, c.Command]]]:
    """The wishes of these instances in the order in which they were accepted; when that was goes into `accepted_at`."""
    found: dict[str, list[tuple[int, c.Command]]] = {}
    for row in connection.execute(_UNAPPLIED, {"b_ids": instance_ids}):
        found.setdefault(row.instance_id, []).append(
            (row.id, c.decode(row.kind, jsontext.loads(row.payload)))
        )
        if accepted_at is not None:
            accepted_at.append(row.created_at)
    return found


def resting(
    connection: Connection, instance_id: str, *, after: int, limit: int
) -> list[tuple[int, c.Command, int]]:
    """(number, wish, accepted at) of what an instance has not applied yet, in the order in which it came."""
    columns = t.inbox.c
    query = (
        sa.select(columns.id, columns.kind, columns.payload, columns.created_at)
        .where(
            columns.instance_id == instance_id, columns.applied_rev.is_(None), columns.id > after
        )
        .order_by(columns.id)
        .limit(limit)
    )
    return [
        (row.id, c.decode(row.kind, jsontext.loads(row.payload)), row.created_at)
        for row in connection.execute(query)
    ]


_APPLIED = (
    t.inbox.update().where(t.inbox.c.id == bindparam("b_id")).values(applied_rev=bindparam("b_rev"))
)


def mark_applied(connection: Connection, applied: Iterable[tuple[int, int]]) -> None:
    """(inbox id, rev of the instance that has it)."""
    rows = [{"b_id": id_, "b_rev": rev} for id_, rev in applied]
    if rows:
        write(connection, _APPLIED, rows)
