"""Test cases of flows. Rows only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from headrace.engine.store import tables as t


def of_flow(
    connection: Connection, flow_key: str, *, after: str | None = None, limit: int
) -> Sequence[Row[Any]]:
    """The cases of a flow, oldest first."""
    columns = t.test_cases.c
    query = sa.select(t.test_cases).where(columns.flow_key == flow_key)
    if after is not None:
        query = query.where(columns.id > after)
    return connection.execute(query.order_by(columns.id).limit(limit)).all()


def count(connection: Connection, flow_key: str) -> int:
    """How many a flow has."""
    query = sa.select(sa.func.count()).where(t.test_cases.c.flow_key == flow_key)
    return int(connection.execute(query).scalar_one())


def find(connection: Connection, flow_key: str, id_: str) -> Row[Any] | None:
    """One case of a flow."""
    columns = t.test_cases.c
    query = sa.select(t.test_cases).where(columns.flow_key == flow_key, columns.id == id_)
    return connection.execute(query).one_or_none()


def insert(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """More cases."""
    if rows:
        connection.execute(sa.insert(t.test_cases), [dict(row) for row in rows])


def update(connection: Connection, id_: str, values: Mapping[str, Any]) -> None:
    """Change one."""
    connection.execute(sa.update(t.test_cases).where(t.test_cases.c.id == id_).values(**values))


def delete(connection: Connection, flow_key: str, id_: str) -> bool:
    """Take one away; was it there?"""
    columns = t.test_cases.c
    query = sa.delete(t.test_cases).where(columns.flow_key == flow_key, columns.id == id_)
    return connection.execute(query).rowcount > 0
