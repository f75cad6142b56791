"""Interfaces of platforms that are in use, and how they have answered. Rows only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from headrace.engine.store import tables as t
from headrace.engine.store.inbox import upsert


def find(connection: Connection, id_: int) -> Row[Any] | None:
    """One."""
    return connection.execute(sa.select(t.interfaces).where(t.interfaces.c.id == id_)).one_or_none()


def at(
    connection: Connection, account: str, operation: str, version: str, *, lock: bool = False
) -> Row[Any] | None:
    """The interface of an account, by operation and version."""
    columns = t.interfaces.c
    query = sa.select(t.interfaces).where(
        columns.connection == account, columns.operation == operation, columns.version == version
    )
    return connection.execute(query.with_for_update() if lock else query).one_or_none()


def register(connection: Connection, values: Mapping[str, Any]) -> None:
    """Note that it is in use; one that is known stays as it is."""
    statement = upsert(connection, t.interfaces).values(**values)
    connection.execute(statement.on_conflict_do_nothing())


def change(connection: Connection, id_: int, values: Mapping[str, Any]) -> None:
    """Change columns."""
    connection.execute(t.interfaces.update().where(t.interfaces.c.id == id_).values(**values))


def page(
    connection: Connection,
    *,
    after: int | None,
    limit: int,
    status: str | None = None,
    account: str | None = None,
    retired: bool = False,
) -> Sequence[Row[Any]]:
    """By number."""
    columns = t.interfaces.c
    query = sa.select(t.interfaces).order_by(columns.id).limit(limit)
    if after is not None:
        query = query.where(columns.id > after)
    if status is not None:
        query = query.where(columns.status == status)
    if account is not None:
        query = query.where(columns.connection == account)
    if not retired:
        query = query.where(columns.retired.is_(False))
    return connection.execute(query).all()


FAILING_MAX = 500


def failing(connection: Connection, operation: str) -> set[str]:
    """Accounts whose last call of this name was no good."""
    columns = t.interfaces.c
    query = sa.select(columns.connection).where(
        columns.operation == operation, columns.failures > 0
    )
    return set(connection.execute(query.limit(FAILING_MAX)).scalars())


def expiring(connection: Connection, until_ms: int, limit: int) -> Sequence[Row[Any]]:
    """In use, ending before this, and nobody has said that he knows."""
    columns = t.interfaces.c
    query = sa.select(t.interfaces).where(
        columns.expires_at <= until_ms,
        columns.acknowledged_at.is_(None),
        columns.retired.is_(False),
    )
    return connection.execute(query.order_by(columns.expires_at).limit(limit)).all()


def month(connection: Connection, interface: int, month_: str, *, lock: bool = False) -> Any:
    """How it answered in a month."""
    columns = t.interface_months.c
    query = sa.select(t.interface_months).where(
        columns.interface == interface, columns.month == month_
    )
    return connection.execute(query.with_for_update() if lock else query).one_or_none()


def put_month(connection: Connection, values: Mapping[str, Any]) -> None:
    """How it answered in a month, anew."""
    statement = upsert(connection, t.interface_months).values(**values)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["interface", "month"],
            set_={name: statement.excluded[name] for name in ("calls", "failed", "times")},
        )
    )


def months(connection: Connection, interfaces: Sequence[int], since: str) -> dict[int, list[Any]]:
    """Interface → its months since then, newest first."""
    if not interfaces:
        return {}
    columns = t.interface_months.c
    query = sa.select(t.interface_months).where(
        columns.interface.in_(interfaces), columns.month >= since
    )
    found: dict[int, list[Any]] = {}
    for row in connection.execute(query.order_by(columns.month.desc())):
        found.setdefault(row.interface, []).append(row)
    return found


def flows_naming(connection: Connection, account: str) -> list[str]:
    """Flows whose draft has a node with this connection."""
    drafts = t.flows.c
    query = sa.select(drafts.key).where(
        drafts.draft.contains(f'"connection":"{account}"', autoescape=True)
    )
    return list(connection.execute(query.order_by(drafts.key).limit(50)).scalars())


def flows_hearing(connection: Connection, names: Sequence[str]) -> list[str]:
    """Flows that begin with one of these messages."""
    columns = t.message_starts.c
    query = sa.select(columns.flow_key).where(columns.name.in_(names)).distinct()
    return list(connection.execute(query.order_by(columns.flow_key).limit(50)).scalars())
