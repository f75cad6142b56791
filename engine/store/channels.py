"""How people are reached: what each of them has set, and what could be used. Rows only; the rules are in `service/channels.py`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from headrace.engine.store import tables as t
from headrace.engine.store.inbox import upsert


def settings_of(connection: Connection, user_ids: Collection[str]) -> dict[str, dict[str, Any]]:
    """What these people have set; who has set nothing is absent."""
    columns = t.person_channels.c
    query = sa.select(columns.user_id, columns.settings).where(columns.user_id.in_(user_ids))
    return {row.user_id: row.settings for row in connection.execute(query)}


def put(connection: Connection, user_id: str, settings: Mapping[str, Any], now_ms: int) -> None:
    """What this person wants from now on."""
    values = {"user_id": user_id, "settings": dict(settings), "updated_at": now_ms}
    statement = upsert(connection, t.person_channels).values(values)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["user_id"],
            set_={
                "settings": statement.excluded.settings,
                "updated_at": statement.excluded.updated_at,
            },
        )
    )


def senders(connection: Connection, connectors: Collection[str]) -> Sequence[Any]:
    """Connections messages can leave by, by key: (key, connector, settings, name)."""
    columns = t.connections.c
    query = sa.select(columns.key, columns.connector, columns.settings, columns.name)
    return connection.execute(
        query.where(columns.connector.in_(connectors)).order_by(columns.key)
    ).all()


def messages_of(
    connection: Connection, user_id: str, *, before: int | None, limit: int
) -> Sequence[Row[Any]]:
    """Messages sent to this person with their receipts, newest first."""
    columns = t.outbox.c
    query = sa.select(t.outbox).where(columns.user_id == user_id).order_by(columns.id.desc())
    if before is not None:
        query = query.where(columns.id < before)
    return connection.execute(query.limit(limit)).all()
