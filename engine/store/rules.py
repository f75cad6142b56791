"""What is decided for a flow or the whole workspace and is no part of a version: how long is kept, how urgent it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from headrace.engine.store import tables as t
from headrace.engine.store.inbox import upsert


def flow_rules(connection: Connection) -> Sequence[Row[Any]]:
    """The rules of every flow that has some; flows are few."""
    return connection.execute(sa.select(t.flow_rules)).all()


def find(connection: Connection, flow_key: str) -> Row[Any] | None:
    """The rules of one flow."""
    query = sa.select(t.flow_rules).where(t.flow_rules.c.flow_key == flow_key)
    return connection.execute(query).one_or_none()


def flow_exists(connection: Connection, flow_key: str) -> bool:
    """Is there such a flow?"""
    query = sa.select(t.flows.c.key).where(t.flows.c.key == flow_key)
    return connection.execute(query).one_or_none() is not None


def set_rules(connection: Connection, flow_key: str, values: Mapping[str, Any]) -> None:
    """Write the rules of a flow."""
    statement = upsert(connection, t.flow_rules).values(flow_key=flow_key, **values)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["flow_key"], set_=dict(values))
    )


def retag_followers(connection: Connection, by: str, now_ms: int) -> None:
    """The workspace's rule changed: flows without one of their own get new dates, in the background."""
    columns = t.flow_rules.c
    connection.execute(
        t.flow_rules.update().where(columns.retain_days.is_(None)).values(retag_after="")
    )
    missing = connection.execute(
        sa.select(t.flows.c.key).where(t.flows.c.key.not_in(sa.select(columns.flow_key)))
    ).scalars()
    rows = [
        {"flow_key": key, "retag_after": "", "updated_at": now_ms, "updated_by": by}
        for key in missing
    ]
    if rows:
        connection.execute(t.flow_rules.insert(), rows)


def to_retag(connection: Connection) -> Sequence[Row[Any]]:
    """Flows whose ended instances may still have the date of an older rule."""
    columns = t.flow_rules.c
    query = sa.select(t.flow_rules).where(columns.retag_after.is_not(None))
    return connection.execute(
        query.order_by(columns.flow_key).with_for_update(skip_locked=True)
    ).all()


def retag(
    connection: Connection, flow_key: str, after: str, keep_ms: int | None, limit: int
) -> str | None:
    """Give the next ended roots of a flow the date of the rule in force; answers where to go on, None at the end."""
    columns = t.instances.c
    ids: list[str] = list(
        connection.execute(
            sa.select(columns.id)
            .where(columns.flow_key == flow_key, columns.id > after)
            .order_by(columns.id)
            .limit(limit)
        ).scalars()
    )
    if not ids:
        connection.execute(_retagged(flow_key, None))
        return None
    until = sa.null() if keep_ms is None else columns.ended_at + keep_ms
    connection.execute(
        t.instances.update()
        .where(
            columns.flow_key == flow_key,
            columns.id > after,
            columns.id <= ids[-1],
            columns.parent_id.is_(None),
            columns.ended_at.is_not(None),
            columns.hold.is_(sa.false()),
            sa.or_(columns.retain_until.is_(None), columns.retain_until > 0),
        )
        .values(retain_until=until)
    )
    connection.execute(_retagged(flow_key, ids[-1]))
    return ids[-1]


def _retagged(flow_key: str, after: str | None) -> sa.Update:
    columns = t.flow_rules.c
    return t.flow_rules.update().where(columns.flow_key == flow_key).values(retag_after=after)
