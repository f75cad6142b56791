"""What comes in: requests as they came, numbers of orders, and what nobody could read yet. Rows only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from headrace.engine.store import data_tables
from headrace.engine.store import tables as t
from headrace.engine.store.data_tables import DataTable
from headrace.engine.store.inbox import upsert
from headrace.engine.store.many import write

# --- numbers ---------------------------------------------------------------------------------------


def next_numbers(
    connection: Connection, wanted: Mapping[tuple[str, str], int]
) -> dict[tuple[str, str], int]:
    """Take so many numbers of each (prefix, day); answers the first of each. Others wait for the commit: none is given twice.

    In one order, so that two processes never wait for each other.
    """
    first: dict[tuple[str, str], int] = {}
    statement = _next_number(connection.dialect.name)
    for (prefix, day), count in sorted(wanted.items()):
        row = {"prefix": prefix, "day": day, "last": count}
        last = connection.execute(statement, row).scalar_one()
        first[prefix, day] = int(last) - count + 1
    return first


@cache
def _next_number(dialect: str) -> Any:
    made = upsert(dialect, t.order_numbers)
    more = t.order_numbers.c.last + made.excluded.last
    return made.on_conflict_do_update(
        index_elements=["prefix", "day"], set_={"last": more}
    ).returning(t.order_numbers.c.last)


# --- as it came ------------------------------------------------------------------------------------

_BRIEF = tuple(column for column in t.inflows.c if column.name not in ("body", "headers", "query"))


def keep(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep requests as they came."""
    write(connection, t.inflows, rows)


def seen(connection: Connection, source: str, digest: str) -> int | None:
    """The first request with this very content."""
    columns = t.inflows.c
    query = sa.select(columns.id).where(columns.source == source, columns.digest == digest)
    found: int | None = connection.execute(query.order_by(columns.id).limit(1)).scalar()
    return found


def find(connection: Connection, id_: int) -> Row[Any] | None:
    """One request with all of it."""
    return connection.execute(sa.select(t.inflows).where(t.inflows.c.id == id_)).one_or_none()


def page(
    connection: Connection,
    *,
    source: str | None,
    verdict: str | None,
    way: str | None,
    digest: str | None,
    before: int | None,
    limit: int,
) -> Sequence[Row[Any]]:
    """Requests, newest first, without what is long."""
    columns = t.inflows.c
    query = sa.select(*_BRIEF).order_by(columns.id.desc()).limit(limit)
    for column, value in (
        (columns.source, source), (columns.verdict, verdict), (columns.way, way), (columns.digest, digest),
    ):  # fmt: skip
        if value is not None:
            query = query.where(column == value)
    if before is not None:
        query = query.where(columns.id < before)
    return connection.execute(query).all()


def lags(connection: Connection, source: str, way: str, limit: int) -> list[int]:
    """How late the latest of this way were (ms)."""
    columns = t.inflows.c
    query = (
        sa.select(columns.lag_ms)
        .where(columns.source == source, columns.way == way, columns.lag_ms.is_not(None))
        .order_by(columns.id.desc())
        .limit(limit)
    )
    return [int(one) for one in connection.execute(query).scalars()]


def last_body(connection: Connection, source: str) -> Row[Any] | None:
    """The latest request that was taken: a sample for the editor of the map."""
    columns = t.inflows.c
    query = sa.select(t.inflows).where(columns.source == source, columns.verdict != "refused")
    return connection.execute(query.order_by(columns.id.desc()).limit(1)).one_or_none()


# --- exceptions ------------------------------------------------------------------------------------


def put_exceptions(connection: Connection, rows: Sequence[Mapping[str, Any]], now_ms: int) -> None:
    """Keep what a person must look at; the same thing again counts up, and is open again."""
    if not rows:
        return
    statement = upsert(connection, t.order_exceptions)
    made = [
        {**row, "times": 1, "status": "open", "created_at": now_ms, "updated_at": now_ms}
        for row in rows
    ]
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["dedup"],
            set_={
                "times": t.order_exceptions.c.times + 1,
                "status": "open",
                "updated_at": now_ms,
                "payload": statement.excluded.payload,
                "problems": statement.excluded.problems,
                "code": statement.excluded.code,
            },
        ),
        made,
    )


def settle_exceptions(connection: Connection, source: str, keys: Sequence[str], now_ms: int) -> int:
    """These came in right now: what kept them out is over."""
    columns = t.order_exceptions.c
    settled = 0
    for at in range(0, len(keys), 500):
        statement = t.order_exceptions.update().where(
            columns.source == source,
            columns.status == "open",
            columns.kind.in_(("status_unknown", "values_wrong")),
            columns.record_key.in_(keys[at : at + 500]),
        )
        settled += connection.execute(
            statement.values(status="done", updated_at=now_ms, closed_by="engine")
        ).rowcount
    return settled


_OPEN = sa.exists().where(
    t.order_exceptions.c.source == sa.bindparam("b_source"), t.order_exceptions.c.status == "open"
)
_OPENED = sa.select(t.data_tables, _OPEN.label("waiting")).where(
    t.data_tables.c.key == sa.bindparam("b_key"), t.data_tables.c.removed_at.is_(None)
)


def opened(connection: Connection, table: str, source: str) -> tuple[DataTable | None, bool]:
    """The table by that key, and whether anything of this source waits for a person."""
    row = connection.execute(_OPENED, {"b_key": table, "b_source": source}).one_or_none()
    return (None, True) if row is None else (data_tables.of_row(row), bool(row.waiting))


def has_open(connection: Connection, source: str) -> bool:
    """Is anything of this source waiting for a person?"""
    columns = t.order_exceptions.c
    query = sa.select(columns.id).where(columns.source == source, columns.status == "open")
    return connection.execute(query.limit(1)).first() is not None


def find_exception(connection: Connection, id_: int) -> Row[Any] | None:
    """One."""
    query = sa.select(t.order_exceptions).where(t.order_exceptions.c.id == id_)
    return connection.execute(query).one_or_none()


def exceptions(
    connection: Connection,
    *,
    source: str | None,
    status: str | None,
    kind: str | None,
    before: int | None,
    limit: int,
    code: str | None = None,
) -> Sequence[Row[Any]]:
    """Newest first."""
    columns = t.order_exceptions.c
    query = sa.select(t.order_exceptions).order_by(columns.id.desc()).limit(limit)
    for column, value in (
        (columns.source, source), (columns.status, status), (columns.kind, kind), (columns.code, code),
    ):  # fmt: skip
        if value is not None:
            query = query.where(column == value)
    if before is not None:
        query = query.where(columns.id < before)
    return connection.execute(query).all()


def open_counts(connection: Connection, sources: Sequence[str]) -> dict[str, int]:
    """Source → how many wait for a person."""
    if not sources:
        return {}
    columns = t.order_exceptions.c
    query = sa.select(columns.source, sa.func.count().label("open"))
    query = query.where(columns.source.in_(sources), columns.status == "open")
    return {row.source: row.open for row in connection.execute(query.group_by(columns.source))}


def close_exception(
    connection: Connection, id_: int, status: str, by: str, note: str, now_ms: int
) -> None:
    """Done, or dismissed."""
    statement = t.order_exceptions.update().where(t.order_exceptions.c.id == id_)
    connection.execute(statement.values(status=status, closed_by=by, note=note, updated_at=now_ms))


def forget(connection: Connection, before_ms: int, limit: int = 500) -> int:
    """Requests older than this, some at a time; answers how many."""
    columns = t.inflows.c
    old = sa.select(columns.id).where(columns.created_at < before_ms).limit(limit)
    return connection.execute(
        t.inflows.delete().where(columns.id.in_(old.scalar_subquery()))
    ).rowcount
