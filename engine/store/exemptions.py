"""Exemptions that people have used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from headrace.engine.store import tables as t


def used(connection: Connection, flow_key: str, node: str, user_id: str, period: str) -> int:
    """How often this person has in this period; along the primary key."""
    columns = t.exemptions.c
    query = sa.select(sa.func.coalesce(sa.func.max(columns.number), 0)).where(
        columns.flow_key == flow_key,
        columns.node == node,
        columns.user_id == user_id,
        columns.period == period,
    )
    return int(connection.execute(query).scalar_one())


def insert(connection: Connection, values: Mapping[str, Any]) -> None:
    """One more. Of two with the same number the second tries again, and counts the first."""
    connection.execute(t.exemptions.insert().values(**values))
