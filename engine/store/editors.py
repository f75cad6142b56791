"""Who has a drawing open. Rows only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from headrace.engine.store import tables as t
from headrace.engine.store.tables import editors


def here(connection: Connection, key: str, *, since: int, limit: int) -> Sequence[Any]:
    """The open editors of a flow that spoke after `since`, with the names of their people; along the primary key."""
    columns = editors.c
    query = (
        sa.select(columns.client, columns.user_id, columns.doing, columns.since, columns.seen_at)
        .add_columns(t.users.c.name)
        .select_from(editors.outerjoin(t.users, t.users.c.id == columns.user_id))
        .where(columns.flow_key == key, columns.seen_at > since)
        .order_by(columns.client)
        .limit(limit)
    )
    return connection.execute(query).all()


def say(connection: Connection, values: Mapping[str, Any]) -> None:
    """One editor's word; its first makes the row."""
    columns = editors.c
    mine = (columns.flow_key == values["flow_key"], columns.client == values["client"])
    changed = {name: values[name] for name in ("user_id", "doing", "seen_at")}
    if connection.execute(sa.update(editors).where(*mine).values(**changed)).rowcount == 0:
        connection.execute(sa.insert(editors).values(**values))


def leave(connection: Connection, key: str, client: str, user_id: str) -> bool:
    """A person's tab is closed; answers whether it was there."""
    columns = editors.c
    gone = sa.delete(editors).where(
        columns.flow_key == key, columns.client == client, columns.user_id == user_id
    )
    return connection.execute(gone).rowcount > 0


def forget(connection: Connection, before: int) -> None:
    """Rows of tabs that fell silent before then; along the index."""
    connection.execute(sa.delete(editors).where(editors.c.seen_at < before))


def draft_mark(connection: Connection, key: str) -> Any:
    """The draft's etag, when and by whom it was kept; None where there is no such flow."""
    columns = t.flows.c
    query = sa.select(columns.draft_etag, columns.draft_updated_at, columns.draft_updated_by)
    return connection.execute(query.where(columns.key == key)).one_or_none()
