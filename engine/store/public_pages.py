"""Rows of pages for customers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from headrace.engine.store.tables import public_pages as pages


def of_step(connection: Connection, step_key: str) -> Row[Any] | None:
    """The page that this visit made."""
    return connection.execute(sa.select(pages).where(pages.c.step_key == step_key)).first()


def find(connection: Connection, id_: str) -> Row[Any] | None:
    """A page by its id."""
    return connection.execute(sa.select(pages).where(pages.c.id == id_)).first()


def insert(connection: Connection, values: Mapping[str, Any]) -> None:
    """One more."""
    connection.execute(sa.insert(pages).values(**values))


def close(connection: Connection, id_: str, by: str, now_ms: int) -> None:
    """From now on it shows nothing."""
    connection.execute(
        sa.update(pages).where(pages.c.id == id_).values(closed_at=now_ms, closed_by=by)
    )


def forget(connection: Connection, before_ms: int) -> int:
    """Delete those that expired before."""
    gone = connection.execute(sa.delete(pages).where(pages.c.expires_at < before_ms))
    return int(gone.rowcount)


def listing(
    connection: Connection, instance_id: str, before: int | None, limit: int
) -> Sequence[Row[Any]]:
    """Pages of an instance, newest first."""
    query = sa.select(pages).where(pages.c.instance_id == instance_id)
    if before is not None:
        query = query.where(pages.c.no < before)
    return connection.execute(query.order_by(pages.c.no.desc()).limit(limit)).all()
