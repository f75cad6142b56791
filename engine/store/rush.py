"""Arrivals of orders in slots of ten seconds, and the one row that says which path flows take. Rows only."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from headrace.engine.store.inbox import upsert
from headrace.engine.store.many import write
from headrace.engine.store.tables import intake_arrivals, intake_rush

SLOT_MS = 10_000
"""Orders are counted in pieces of ten seconds: a burst is seen within one of them (G6)."""

_ARRIVALS = sa.select(intake_arrivals).where(intake_arrivals.c.slot >= sa.bindparam("b_from"))
_RUSH = sa.select(intake_rush).where(intake_rush.c.id == 1)


def count(connection: Connection, now_ms: int, orders: int) -> None:
    """So many new orders more, now."""
    row = {"slot": now_ms // SLOT_MS, "orders": orders}
    write(connection, _more(connection.dialect.name), [row])


@cache
def _more(dialect: str) -> Any:
    made = upsert(dialect, intake_arrivals)
    return made.on_conflict_do_update(
        index_elements=["slot"],
        set_={"orders": intake_arrivals.c.orders + made.excluded.orders},
    )


def arrivals(connection: Connection, since_ms: int) -> dict[int, int]:
    """Slot → new orders in it; slots without one are not told."""
    rows = connection.execute(_ARRIVALS, {"b_from": since_ms // SLOT_MS})
    return {row.slot: row.orders for row in rows}


def find(connection: Connection) -> Row[Any] | None:
    """How it stands; None: it has never been anything but normal."""
    return connection.execute(_RUSH).one_or_none()


def change(connection: Connection, before: Row[Any] | None, values: Mapping[str, Any]) -> bool:
    """Change how it stands; False: another process was faster."""
    if before is None:
        made = upsert(connection, intake_rush).values(id=1, **values)
        return bool(connection.execute(made.on_conflict_do_nothing()).rowcount)
    columns = intake_rush.c
    statement = intake_rush.update().where(
        columns.id == 1, columns.mode == before.mode, columns.since_at == before.since_at
    )
    return bool(connection.execute(statement.values(**values)).rowcount)


def forget(connection: Connection, before_ms: int, limit: int = 500) -> int:
    """Counts older than this, some at a time; answers how many."""
    columns = intake_arrivals.c
    old = sa.select(columns.slot).where(columns.slot < before_ms // SLOT_MS).limit(limit)
    return connection.execute(
        intake_arrivals.delete().where(columns.slot.in_(old.scalar_subquery()))
    ).rowcount
