"""Connections: accounts at outside systems. Rows only; their secrets are sealed before they come here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from headrace.engine.store import tables as t


def listing(connection: Connection, *, after: str | None, limit: int) -> Sequence[Row[Any]]:
    """Connections by key."""
    query = sa.select(t.connections).order_by(t.connections.c.key).limit(limit)
    if after is not None:
        query = query.where(t.connections.c.key > after)
    return connection.execute(query).all()


def kinds(connection: Connection) -> dict[str, str]:
    """The connector of each connection, by key."""
    query = sa.select(t.connections.c.key, t.connections.c.connector)
    return {row.key: row.connector for row in connection.execute(query)}


def find(connection: Connection, key: str) -> Row[Any] | None:
    """One connection."""
    return connection.execute(
        sa.select(t.connections).where(t.connections.c.key == key)
    ).one_or_none()


def insert(connection: Connection, values: Mapping[str, Any]) -> None:
    """One more connection."""
    connection.execute(sa.insert(t.connections).values(**values))


def update(connection: Connection, key: str, values: Mapping[str, Any]) -> None:
    """Change columns of a connection."""
    connection.execute(sa.update(t.connections).where(t.connections.c.key == key).values(**values))


def delete(connection: Connection, key: str) -> None:
    """Take a connection away."""
    connection.execute(sa.delete(t.connections).where(t.connections.c.key == key))


def first_of(connection: Connection, connector: str) -> str | None:
    """The key of the first connection of this kind."""
    columns = t.connections.c
    query = sa.select(columns.key).where(columns.connector == connector).order_by(columns.key)
    return connection.execute(query.limit(1)).scalar_one_or_none()
