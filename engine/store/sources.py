"""Sources of orders and how polling of each stands. Rows only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from headrace.engine.store import source_incidents
from headrace.engine.store import tables as t
from headrace.engine.store.inbox import upsert
from headrace.engine.store.many import write

SLOT_MS = 300_000
"""Orders are counted in pieces of five minutes."""


def listing(
    connection: Connection, *, after: str | None, limit: int, search: str = ""
) -> Sequence[Row[Any]]:
    """Sources by key."""
    columns = t.sources.c
    query = sa.select(t.sources).order_by(columns.key).limit(limit)
    if after is not None:
        query = query.where(columns.key > after)
    if search:
        query = query.where(
            columns.key.icontains(search, autoescape=True)
            | columns.title.icontains(search, autoescape=True)
            | columns.channel.icontains(search, autoescape=True)
        )
    return connection.execute(query).all()


def find(connection: Connection, key: str) -> Row[Any] | None:
    """One source."""
    return connection.execute(sa.select(t.sources).where(t.sources.c.key == key)).one_or_none()


def of_connection(connection: Connection, account: str) -> Sequence[Row[Any]]:
    """Sources of a shop's account."""
    query = sa.select(t.sources).where(t.sources.c.connection == account)
    return connection.execute(query.order_by(t.sources.c.key)).all()


def by_connections(connection: Connection, accounts: Sequence[str]) -> dict[str, list[str]]:
    """Account → keys of the sources that use it."""
    query = sa.select(t.sources.c.key, t.sources.c.connection).where(
        t.sources.c.connection.in_(accounts)
    )
    found: dict[str, list[str]] = {}
    for row in connection.execute(query.order_by(t.sources.c.key)):
        found.setdefault(row.connection, []).append(row.key)
    return found


def insert(
    connection: Connection, values: Mapping[str, Any], now_ms: int, reconcile_at: int
) -> None:
    """A new source, which is polled at once."""
    connection.execute(t.sources.insert().values(**values))
    state = {
        "source": values["key"], "next_at": now_ms, "reconcile_at": reconcile_at, "refund_next_at": now_ms,
    }  # fmt: skip
    connection.execute(t.source_states.insert().values(**state))


def update(connection: Connection, key: str, revision: int, values: Mapping[str, Any]) -> bool:
    """Change a source, if it still has this revision."""
    statement = t.sources.update().where(t.sources.c.key == key, t.sources.c.revision == revision)
    return connection.execute(statement.values(**values)).rowcount == 1


def delete(connection: Connection, key: str) -> None:
    """Take a source away; its orders stay, and what came in raw until its time is over."""
    connection.execute(t.sources.delete().where(t.sources.c.key == key))
    source_incidents.delete(connection, key)
    for table in (t.source_states, t.source_counts, t.source_pulls, t.source_wants):
        connection.execute(table.delete().where(table.c.source == key))


# --- how polling stands ----------------------------------------------------------------------------


def state(connection: Connection, key: str) -> Row[Any] | None:
    """How a source stands."""
    query = sa.select(t.source_states).where(t.source_states.c.source == key)
    return connection.execute(query).one_or_none()


def states(connection: Connection, keys: Sequence[str]) -> dict[str, Row[Any]]:
    """How these stand."""
    if not keys:
        return {}
    query = sa.select(t.source_states).where(t.source_states.c.source.in_(keys))
    return {row.source: row for row in connection.execute(query)}


def set_state(connection: Connection, key: str, values: Mapping[str, Any]) -> None:
    """Change how it stands."""
    statement = t.source_states.update().where(t.source_states.c.source == key)
    connection.execute(statement.values(**values))


def due(connection: Connection, now_ms: int, limit: int) -> list[str]:
    """Sources whose poll or daily look back is due and that nobody is at."""
    columns = t.source_states.c
    query = (
        sa.select(columns.source)
        .join(t.sources, t.sources.c.key == columns.source)
        .where(
            t.sources.c.enabled,
            (columns.next_at <= now_ms)
            | (columns.reconcile_at <= now_ms)
            | (columns.refund_next_at <= now_ms),
            columns.lease_until.is_(None) | (columns.lease_until <= now_ms),
        )
        .order_by(columns.next_at)
        .limit(limit)
    )
    return list(connection.execute(query).scalars())


def take_lease(connection: Connection, key: str, owner: str, now_ms: int, until_ms: int) -> bool:
    """One puller a source, whatever process: did we get it?"""
    columns = t.source_states.c
    statement = t.source_states.update().where(
        columns.source == key,
        columns.lease_until.is_(None)
        | (columns.lease_until <= now_ms)
        | (columns.lease_owner == owner),
    )
    return (
        connection.execute(statement.values(lease_until=until_ms, lease_owner=owner)).rowcount == 1
    )


def give_lease(connection: Connection, key: str, owner: str) -> None:
    """Let the next one pull."""
    columns = t.source_states.c
    statement = t.source_states.update().where(columns.source == key, columns.lease_owner == owner)
    connection.execute(statement.values(lease_until=None, lease_owner=None))


# --- pulls -----------------------------------------------------------------------------------------


def begin_pull(connection: Connection, values: Mapping[str, Any]) -> int:
    """A pull; answers its number."""
    made: int = connection.execute(
        t.source_pulls.insert().values(**values).returning(t.source_pulls.c.id)
    ).scalar_one()
    return made


def change_pull(connection: Connection, id_: int, values: Mapping[str, Any]) -> None:
    """What became of it so far."""
    statement = t.source_pulls.update().where(t.source_pulls.c.id == id_)
    connection.execute(statement.values(**values))


def find_pull(connection: Connection, id_: int) -> Row[Any] | None:
    """One pull."""
    return connection.execute(
        sa.select(t.source_pulls).where(t.source_pulls.c.id == id_)
    ).one_or_none()


def pulls(
    connection: Connection, key: str, *, before: int | None, limit: int
) -> Sequence[Row[Any]]:
    """Pulls of a source, newest first."""
    columns = t.source_pulls.c
    query = sa.select(t.source_pulls).where(columns.source == key)
    if before is not None:
        query = query.where(columns.id < before)
    return connection.execute(query.order_by(columns.id.desc()).limit(limit)).all()


def open_pulls(connection: Connection, limit: int) -> Sequence[Row[Any]]:
    """Windows that somebody wants pulled again, oldest first."""
    columns = t.source_pulls.c
    query = (
        sa.select(t.source_pulls)
        .where(columns.status.in_(("queued", "running")), columns.kind == "repull")
        .order_by(columns.id)
        .limit(limit)
    )
    return connection.execute(query).all()


# --- how many orders -------------------------------------------------------------------------------


def count(connection: Connection, key: str, slots: Mapping[int, int]) -> None:
    """So many new orders more in each of these slots."""
    if not slots:
        return
    rows = [{"source": key, "slot": slot, "orders": n} for slot, n in sorted(slots.items())]
    write(connection, _counted_more(connection.dialect.name), rows)


@cache
def _counted_more(dialect: str) -> Any:
    made = upsert(dialect, t.source_counts)
    return made.on_conflict_do_update(
        index_elements=["source", "slot"],
        set_={"orders": t.source_counts.c.orders + made.excluded.orders},
    )


def counted(connection: Connection, key: str, since_ms: int, until_ms: int) -> dict[int, int]:
    """Slot → new orders in it; slots without one are not told."""
    columns = t.source_counts.c
    query = sa.select(columns.slot, columns.orders).where(
        columns.source == key,
        columns.slot >= since_ms // SLOT_MS,
        columns.slot < until_ms // SLOT_MS,
    )
    return {row.slot: row.orders for row in connection.execute(query)}


def forget(connection: Connection, before_ms: int, limit: int = 500) -> int:
    """Counts, pulls and settled exceptions older than this, some at a time; answers how many."""
    gone = 0
    counts = t.source_counts.c
    gone += connection.execute(
        t.source_counts.delete().where(counts.slot < before_ms // SLOT_MS)
    ).rowcount
    for table, settled in (
        (t.source_pulls, t.source_pulls.c.ended_at < before_ms),
        (
            t.order_exceptions,
            (t.order_exceptions.c.status != "open") & (t.order_exceptions.c.updated_at < before_ms),
        ),
    ):
        old = sa.select(table.c.id).where(settled).order_by(table.c.id).limit(limit)
        gone += connection.execute(
            table.delete().where(table.c.id.in_(old.scalar_subquery()))
        ).rowcount
    return gone


# --- what a push only named ------------------------------------------------------------------------


def want(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Ask for these; what is asked for already is asked for once, and soon."""
    if not rows:
        return
    statement = upsert(connection, t.source_wants)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["source", "what", "number"],
            set_={"next_at": statement.excluded.next_at},
        ),
        list(rows),
    )


def wanted(connection: Connection, now_ms: int, limit: int) -> Sequence[Row[Any]]:
    """What is due to be asked for."""
    columns = t.source_wants.c
    query = sa.select(t.source_wants).where(columns.next_at <= now_ms)
    return connection.execute(query.order_by(columns.next_at).limit(limit)).all()


def put_off(connection: Connection, id_: int, until_ms: int, tries: int) -> None:
    """Ask again then."""
    statement = t.source_wants.update().where(t.source_wants.c.id == id_)
    connection.execute(statement.values(next_at=until_ms, tries=tries))


def unwant(connection: Connection, ids: Sequence[int]) -> None:
    """These have come, or never will."""
    connection.execute(t.source_wants.delete().where(t.source_wants.c.id.in_(list(ids))))


def next_due(connection: Connection) -> int | None:
    """When the next source is due to be pulled, or something a push only named."""
    columns = t.source_states.c
    first = [
        connection.execute(query).scalar()
        for query in (
            sa.select(sa.func.min(columns.next_at)),
            sa.select(sa.func.min(columns.reconcile_at)),
            sa.select(sa.func.min(columns.refund_next_at)),
            sa.select(sa.func.min(t.source_wants.c.next_at)),
        )
    ]
    return min((at for at in first if at is not None), default=None)


def forward(connection: Connection, key: str, until_ms: int, what: str = "order") -> None:
    """Move the watermark of its orders or refunds, never back."""
    columns = t.source_states.c
    mark = columns.watermark_at if what == "order" else columns.refund_watermark_at
    statement = t.source_states.update().where(
        columns.source == key, mark.is_(None) | (mark < until_ms)
    )
    connection.execute(statement.values({mark: until_ms}))


def running(connection: Connection, key: str) -> Sequence[Row[Any]]:
    """Pulls of a source that say they run."""
    columns = t.source_pulls.c
    query = sa.select(t.source_pulls).where(columns.source == key, columns.status == "running")
    return connection.execute(query.order_by(columns.id.desc()).limit(20)).all()
