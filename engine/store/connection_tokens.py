"""When tokens of accounts end, and when they are renewed. Rows only; what is secret stands with the account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from headrace.engine.store import tables as t
from headrace.engine.store.inbox import upsert


def find(connection: Connection, key: str) -> Row[Any] | None:
    """What is known of an account's token."""
    query = sa.select(t.connection_tokens).where(t.connection_tokens.c.connection == key)
    return connection.execute(query).one_or_none()


def some(connection: Connection, keys: Sequence[str]) -> dict[str, Row[Any]]:
    """The same of several accounts."""
    if not keys:
        return {}
    query = sa.select(t.connection_tokens).where(t.connection_tokens.c.connection.in_(keys))
    return {row.connection: row for row in connection.execute(query)}


def put(connection: Connection, key: str, values: Mapping[str, Any]) -> None:
    """What is known of it now; other columns stay."""
    made = upsert(connection.dialect.name, t.connection_tokens)
    statement = made.values(connection=key, **values)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["connection"], set_={name: statement.excluded[name] for name in values}
        )
    )


def delete(connection: Connection, key: str) -> None:
    """The account has gone."""
    connection.execute(t.connection_tokens.delete().where(t.connection_tokens.c.connection == key))


def due(connection: Connection, now_ms: int, limit: int) -> list[str]:
    """Accounts whose token is to be renewed, and that nobody is at."""
    columns = t.connection_tokens.c
    query = sa.select(columns.connection).where(
        columns.next_at <= now_ms, columns.lease_until.is_(None) | (columns.lease_until <= now_ms)
    )
    return list(connection.execute(query.order_by(columns.next_at).limit(limit)).scalars())


def next_due(connection: Connection) -> int | None:
    """When the next one is."""
    found: int | None = connection.execute(
        sa.select(sa.func.min(t.connection_tokens.c.next_at))
    ).scalar()
    return found


def unknown(connection: Connection, connectors: Sequence[str], limit: int) -> list[str]:
    """Accounts at these connectors of whose token nothing is known yet."""
    query = (
        sa.select(t.connections.c.key)
        .outerjoin(t.connection_tokens, t.connection_tokens.c.connection == t.connections.c.key)
        .where(
            t.connections.c.connector.in_(connectors), t.connection_tokens.c.connection.is_(None)
        )
        .order_by(t.connections.c.key)
    )
    return list(connection.execute(query.limit(limit)).scalars())


def take_lease(
    connection: Connection, key: str, owner: str, now_ms: int, until_ms: int, *, due: bool = False
) -> bool:
    """One renewal at a time, whatever process: did we get it? `due`: only where it is to be renewed by now."""
    columns = t.connection_tokens.c
    statement = t.connection_tokens.update().where(
        columns.connection == key, columns.lease_until.is_(None) | (columns.lease_until <= now_ms)
    )
    if due:
        statement = statement.where(columns.next_at <= now_ms)
    return (
        connection.execute(statement.values(lease_until=until_ms, lease_owner=owner)).rowcount == 1
    )
