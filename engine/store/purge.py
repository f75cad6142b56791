"""Deleting for good: instances past their retention with every row that is theirs, and what has limits of its own.

Every statement deletes at most `ROWS_MAX` rows and every operation about as many, so that the writer is never held for long;
a root goes last, so that a purge that was interrupted goes on where it stood. A root is never passed over for being large.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from headrace.engine.store import tables as t
from headrace.engine.store.tables import metadata

ROWS_MAX = 1_000
"""Rows of one statement."""

ROOTS_MAX = 100
"""Roots taken up together: small ones share their statements."""

MEMBERS_MAX = 500
"""Instances of a tree whose rows are deleted together."""

POSTPONED_MS = 3_600_000
"""A root whose sub-flows still run (it did not wait for them) is looked at again after so long."""

ENDED = ("completed", "cancelled", "failed")

KEPT = frozenset({"records", "record_changes", "batch_items", "decisions"})
"""Tables with an `instance_id` that outlive it: business records, the results of a batch (which go with their batch), and the
chain of decisions, which loses content by a rule of its own."""


def tables_of_instances() -> tuple[sa.Table, ...]:
    """Every table whose rows belong to an instance, found by its column: a new table is purged without being listed."""
    return tuple(
        table
        for table in metadata.sorted_tables
        if "instance_id" in table.c and table.name not in KEPT
    )


# --- instances -------------------------------------------------------------------------------------


def due_count(connection: Connection, now_ms: int) -> int:
    """How many roots a purge would take now."""
    query = sa.select(sa.func.count()).select_from(t.instances).where(*_due(now_ms))
    return int(connection.execute(query).scalar_one())


def mark_due(connection: Connection, now_ms: int, limit: int = ROOTS_MAX) -> list[str] | None:
    """The next roots to be purged, None when there are none. They are gone for readers now, and can no longer be held back."""
    columns = t.instances.c
    rows = connection.execute(
        sa.select(columns.id, columns.status)
        .where(*_due(now_ms))
        .order_by(columns.retain_until)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    if not rows:
        return None
    found = [row.id for row in rows]
    still = {row.id for row in rows if row.status not in ENDED}  # opened again after its end
    still |= set(
        connection.execute(
            sa.select(columns.root_id)
            .where(
                columns.root_id.in_(found),
                columns.parent_id.is_not(None),
                columns.status.not_in(ENDED),
            )
            .distinct()
        ).scalars()
    )
    chosen = [id_ for id_ in found if id_ not in still]
    _set_retain_until(connection, list(still), now_ms + POSTPONED_MS)
    _set_retain_until(connection, chosen, 0)
    return chosen


def _due(now_ms: int) -> tuple[Any, ...]:
    """Without the status: SQLite would take that index, and sort a million rows to find a hundred."""
    columns = t.instances.c
    return (
        columns.retain_until.is_not(None),
        columns.retain_until <= now_ms,
        columns.parent_id.is_(None),
        columns.hold.is_(sa.false()),
        columns.ended_at.is_not(None),
    )


def _set_retain_until(connection: Connection, ids: Sequence[str], at: int) -> None:
    if ids:
        change = t.instances.update().where(t.instances.c.id.in_(ids)).values(retain_until=at)
        connection.execute(change)


def members(connection: Connection, roots: Sequence[str], limit: int = MEMBERS_MAX) -> list[str]:
    """Some of the instances below these roots."""
    columns = t.instances.c
    query = sa.select(columns.id).where(columns.root_id.in_(roots), columns.parent_id.is_not(None))
    return list(connection.execute(query.limit(limit)).scalars())


def delete_some(connection: Connection, ids: Sequence[str]) -> tuple[int, bool]:
    """Delete up to about `ROWS_MAX` rows of these instances; answers how many, and whether the instances are gone now."""
    gone = 0
    for table in tables_of_instances():
        for condition in _parts(table):
            gone += _delete(
                connection, table, ROWS_MAX - gone, table.c.instance_id.in_(ids), condition
            )
            if gone >= ROWS_MAX:
                return gone, False
    columns = t.instances.c
    gone += connection.execute(t.instances.delete().where(columns.id.in_(ids))).rowcount
    return gone, True


def _parts(table: sa.Table) -> tuple[Any, ...]:
    """Conditions that belong to the partial indexes of a table, or that spare a row."""
    if table is t.inbox:
        return (table.c.applied_rev.is_not(None), table.c.applied_rev.is_(None))
    if table is t.outbox:
        return (table.c.status != "queued",)  # what is not sent yet is sent all the same
    return (sa.true(),)


def _delete(connection: Connection, table: sa.Table, limit: int, *conditions: Any) -> int:
    if connection.dialect.name == "postgresql":  # by their place: no join of the table with itself
        row: sa.ColumnClause[Any] = sa.literal_column("ctid")
        places = sa.select(row).select_from(table).where(*conditions).limit(limit)
        found = sa.func.array(places.scalar_subquery())
        return connection.execute(table.delete().where(row == sa.any_(found))).rowcount
    key = list(table.primary_key.columns)
    some = sa.select(*key).where(*conditions).limit(limit)
    place = key[0] if len(key) == 1 else sa.tuple_(*key)
    return connection.execute(table.delete().where(place.in_(some))).rowcount


# --- what has limits of its own --------------------------------------------------------------------


def aged(
    connection: Connection, table: sa.Table, after: int, before_ms: int
) -> tuple[list[int], int | None]:
    """Of the next rows in the order of their numbers: those that are done with since before a moment, and where to go on.

    Numbers grow with time, so that the walk needs no index and ends at the first row that is too young.
    """
    columns = table.c
    at = columns.at if "at" in columns else columns.created_at
    rows = connection.execute(
        sa.select(columns.id, at, _done_with(table, before_ms).label("done"))
        .where(columns.id > after)
        .order_by(columns.id)
        .limit(ROWS_MAX)
    ).all()
    young = [row for row in rows if row[1] >= before_ms]
    done = [row.id for row in rows if row.done and row[1] < before_ms]
    return done, None if young or len(rows) < ROWS_MAX else rows[-1].id


def _done_with(table: sa.Table, before_ms: int) -> Any:
    columns = table.c
    match table.name:
        case "inbox":
            return columns.applied_rev.is_not(None)
        case "outbox":
            return columns.status != "queued"
        case "notifications":
            return sa.and_(columns.read_at.is_not(None), columns.read_at < before_ms)
        case _:
            return sa.true()


def delete_rows(connection: Connection, table: sa.Table, ids: Sequence[int]) -> int:
    """Delete these rows."""
    return connection.execute(table.delete().where(table.c.id.in_(ids))).rowcount


def delete_old_replies(connection: Connection, before_ms: int) -> int:
    """Answers kept for an `Idempotency-Key`."""
    return _delete(connection, t.idempotency, ROWS_MAX, t.idempotency.c.created_at < before_ms)


def delete_old_messages(connection: Connection, before_ms: int) -> int:
    """Messages that were delivered or have expired."""
    columns = t.messages.c
    over = columns.status.in_(("delivered", "expired"))
    return _delete(connection, t.messages, ROWS_MAX, over, columns.expires_at < before_ms)


def delete_old_batches(connection: Connection, before_ms: int) -> int:
    """Some rows of batches that ended long ago: their items first."""
    columns = t.batches.c
    query = sa.select(columns.id).where(columns.ended_at < before_ms).limit(1)
    id_ = connection.execute(query).scalar_one_or_none()
    if id_ is None:
        return 0
    gone = _delete(connection, t.batch_items, ROWS_MAX, t.batch_items.c.batch_id == id_)
    if gone < ROWS_MAX:
        gone += connection.execute(t.batches.delete().where(columns.id == id_)).rowcount
    return gone


# --- holds -----------------------------------------------------------------------------------------


def roots_of(connection: Connection, ids: Sequence[str]) -> list[str]:
    """The roots of these instances, in order."""
    columns = t.instances.c
    query = sa.select(columns.root_id).where(columns.id.in_(ids)).distinct()
    return sorted(connection.execute(query).scalars())


def by_business_key(connection: Connection, key: str, limit: int) -> list[str]:
    """The instances with this business key."""
    query = sa.select(t.instances.c.id).where(t.instances.c.business_key == key).limit(limit)
    return list(connection.execute(query).scalars())


def lock_roots(connection: Connection, ids: Sequence[str]) -> Sequence[Any]:
    """These roots as they are; nobody purges or ends them until the commit."""
    columns = t.instances.c
    query = sa.select(
        columns.id, columns.flow_key, columns.hold, columns.retain_until, columns.ended_at
    )
    query = query.where(columns.id.in_(ids)).order_by(columns.id)
    return connection.execute(query.with_for_update()).all()


def set_hold(connection: Connection, id_: str, *, hold: bool, retain_until: int | None) -> None:
    """Hold a root back from purging, or no longer."""
    change = t.instances.update().where(t.instances.c.id == id_)
    connection.execute(change.values(hold=hold, retain_until=retain_until))
