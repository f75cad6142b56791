"""The outbox: taken for a while, sent outside any transaction, then marked with the receipt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row, bindparam

from headrace.engine.store import tables as t

HOLD_MS = 60_000
"""How long a sender may take; after that the message is sent again, with the same key, perhaps a second time."""


def take(
    connection: Connection, limit: int, now_ms: int, channels: Sequence[str] = ()
) -> list[Any]:
    """Up to `limit` messages (of these channels) that are due, held for `HOLD_MS`."""
    query = (
        sa.select(t.outbox)
        .where(t.outbox.c.status == "queued", t.outbox.c.available_at <= now_ms)
        .order_by(t.outbox.c.available_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    if channels:
        query = query.where(t.outbox.c.channel.in_(channels))
    rows = connection.execute(query).all()
    if rows:
        statement = (
            t.outbox.update()
            .where(t.outbox.c.id == bindparam("b_id"))
            .values(available_at=bindparam("b_at"))
        )
        connection.execute(statement, [{"b_id": row.id, "b_at": now_ms + HOLD_MS} for row in rows])
    return list(rows)


def next_due_at(connection: Connection, after_ms: int) -> int | None:
    """When the next message after this moment is due."""
    columns = t.outbox.c
    query = sa.select(sa.func.min(columns.available_at)).where(
        columns.status == "queued", columns.available_at > after_ms
    )
    found: int | None = connection.execute(query).scalar_one()
    return found


def postpone(connection: Connection, until: Sequence[tuple[int, int]]) -> None:
    """These (message, moment) wait until then; it was no attempt."""
    if until:
        connection.execute(
            t.outbox.update()
            .where(t.outbox.c.id == bindparam("b_id"))
            .values(available_at=bindparam("b_at")),
            [{"b_id": id_, "b_at": at} for id_, at in until],
        )


def settle(
    connection: Connection,
    id_: int,
    status: str,
    receipts: Sequence[Any],
    available_at: int,
    sent_at: int | None,
) -> None:
    """What became of one attempt."""
    connection.execute(
        t.outbox.update()
        .where(t.outbox.c.id == id_)
        .values(
            status=status,
            receipts=list(receipts),
            attempts=len(receipts),
            available_at=available_at,
            sent_at=sent_at,
        )
    )


def way_row(
    id_: int, trail: Mapping[str, Any], available_at: int, receipts: Sequence[Any] = ()
) -> dict[str, Any]:
    """A message that is to go by the way `trail` names, for `give`."""
    way = trail["now"]
    sender = way["channel"] if way["channel"] in ("mail", "sms") else "robot"
    return {
        "b_id": id_, "b_channel": sender, "b_connection": way["connection"], "b_recipient": way["address"],
        "b_ways": dict(trail), "b_at": available_at, "b_receipts": list(receipts), "b_attempts": len(receipts),
    }  # fmt: skip


def give(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Give messages to the senders of their ways."""
    if rows:
        statement = t.outbox.update().where(t.outbox.c.id == bindparam("b_id"))
        connection.execute(
            statement.values(
                channel=bindparam("b_channel"),
                connection=bindparam("b_connection"),
                recipient=bindparam("b_recipient"),
                ways=bindparam("b_ways", type_=t.Json()),
                receipts=bindparam("b_receipts", type_=t.Json()),
                attempts=bindparam("b_attempts"),
                available_at=bindparam("b_at"),
                status="queued",
            ),
            list(rows),
        )


def seat_of(connection: Connection, task_id: str, user_id: str) -> Any:
    """(seat, round) at which this person may decide now; the first of several."""
    columns = t.task_actors.c
    query = sa.select(columns.seat, columns.round).where(
        columns.task_id == task_id, columns.user_id == user_id, columns.status == "open", columns.kind == "decide"
    )  # fmt: skip
    return connection.execute(query.order_by(columns.seat).limit(1)).one_or_none()


def delete(connection: Connection, ids: Sequence[int]) -> None:
    """These need not be sent: their people are told in the app and want, or have, nothing else."""
    if ids:
        connection.execute(t.outbox.delete().where(t.outbox.c.id.in_(ids)))


def page(
    connection: Connection, *, instance_id: str | None, before: int | None, limit: int
) -> Sequence[Row[Any]]:
    """Messages with their receipts, newest first."""
    columns = t.outbox.c
    query = sa.select(t.outbox).order_by(columns.id.desc())
    if instance_id:
        query = query.where(columns.instance_id == instance_id)
    if before is not None:
        query = query.where(columns.id < before)
    return connection.execute(query.limit(limit)).all()
