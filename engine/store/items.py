"""Items of a for-each: what each is given, which sub-flow does it, how it ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from headrace.engine import jsontext
from headrace.engine.store import tables as t

NOT_ENDED = ("waiting", "running")


class StoredEnds:
    """How the items of a step have ended, out of their rows."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, instance_id: str, step: int) -> Mapping[int, tuple[str, Any]]:
        """Index → (status, output)."""
        columns = t.items.c
        query = sa.select(columns.number, columns.status, columns.output).where(
            columns.instance_id == instance_id,
            columns.step == step,
            columns.status.not_in(NOT_ENDED),
        )
        return {
            row.number: (row.status, None if row.output is None else jsontext.loads(row.output))
            for row in self._connection.execute(query)
        }


def inputs(
    connection: Connection, instance_id: str, step: int, numbers: Sequence[int]
) -> dict[int, Any]:
    """What these items are given."""
    columns = t.items.c
    query = sa.select(columns.number, columns.input, columns.business_key, columns.dedup_key).where(
        columns.instance_id == instance_id,
        columns.step == step,
        columns.number.between(min(numbers), max(numbers)),
    )
    return {row.number: row for row in connection.execute(query)}


def page(
    connection: Connection, instance_id: str, step: int, *, after: int, limit: int
) -> Sequence[Row[Any]]:
    """Items of a step in their order."""
    columns = t.items.c
    query = (
        sa.select(t.items)
        .where(columns.instance_id == instance_id, columns.step == step, columns.number > after)
        .order_by(columns.number)
    )
    return connection.execute(query.limit(limit)).all()


def counts(connection: Connection, instance_id: str, step: int) -> dict[str, int]:
    """How many items there are, and in which state."""
    columns = t.items.c
    query = (
        sa.select(columns.status, sa.func.count())
        .where(columns.instance_id == instance_id, columns.step == step)
        .group_by(columns.status)
    )
    by_status = {status: int(number) for status, number in connection.execute(query)}
    waiting, running = by_status.get("waiting", 0), by_status.get("running", 0)
    total = sum(by_status.values())
    return {
        "total": total,
        "done": total - waiting - running,
        "failed": total - waiting - running - by_status.get("completed", 0),
        "running": running,
        "waiting": waiting,
    }
