"""Files that become records: kept as they came, with how far they have been taken in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from headrace.engine.store import tables as t

_SEEN = [column for column in t.record_imports.c if column.name != "data"]


def insert(connection: Connection, values: Mapping[str, Any]) -> None:
    """Keep a file."""
    connection.execute(t.record_imports.insert(), dict(values))


def find(connection: Connection, no: int, import_id: str, *, lock: bool = False) -> Any:
    """An import, without its file; None where there is none."""
    columns = t.record_imports.c
    query = sa.select(*_SEEN).where(columns.id == import_id, columns.table_no == no)
    return connection.execute(query.with_for_update() if lock else query).one_or_none()


def data(connection: Connection, import_id: str) -> bytes:
    """Its file."""
    query = sa.select(t.record_imports.c.data).where(t.record_imports.c.id == import_id)
    return bytes(connection.execute(query).scalar_one())


def update(connection: Connection, import_id: str, values: Mapping[str, Any]) -> None:
    """How far it is."""
    statement = t.record_imports.update().where(t.record_imports.c.id == import_id)
    connection.execute(statement, dict(values))


def by_id(connection: Connection, import_id: str, *, lock: bool = False) -> Any:
    """An import of whatever table, without its file; None where there is none."""
    query = sa.select(*_SEEN).where(t.record_imports.c.id == import_id)
    return connection.execute(query.with_for_update() if lock else query).one_or_none()


def last_plan(connection: Connection, no: int, source: str) -> Mapping[str, Any]:
    """How the columns of this source's last file were read; empty where there is none of late."""
    columns = t.record_imports.c
    query = sa.select(columns.plan).where(columns.table_no == no, columns.status != "mapped")
    for plan in connection.execute(query.order_by(columns.created_at.desc()).limit(50)).scalars():
        if plan.get("source") == source:
            return dict(plan)
    return {}


def running(connection: Connection, status: str = "running") -> list[Any]:
    """Imports that go on."""
    query = sa.select(*_SEEN).where(t.record_imports.c.status == status)
    return list(connection.execute(query.order_by(t.record_imports.c.created_at).limit(10)))


def forget(connection: Connection, before: int) -> None:
    """Imports older than that, and their files."""
    columns = t.record_imports.c
    connection.execute(
        t.record_imports.delete().where(
            columns.created_at < before, columns.status.not_in(("running", "intake"))
        )
    )
