"""Reading what happened: chunks of events back into facts, each with its number and time."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy import Connection

from headrace.engine import jsontext
from headrace.engine.run import events as e
from headrace.engine.store import tables as t

PAGE = 200
"""Chunks fetched at once: a long story is never whole in memory."""


def read(
    connection: Connection, instance_id: str, after_seq: int = 0
) -> Iterator[tuple[int, int, e.Event]]:
    """(seq, time in ms, event), oldest first, from `after_seq` on; fetched as the caller goes along."""
    columns = t.history.c
    # The last chunk that begins at or before the wanted number holds it; numbers grow with chunks.
    chunk = connection.execute(
        sa.select(sa.func.coalesce(sa.func.max(columns.chunk), 0)).where(
            columns.instance_id == instance_id, columns.first_seq <= after_seq + 1
        )
    ).scalar_one()
    while True:
        rows = connection.execute(
            sa.select(columns.chunk, columns.first_seq, columns.at, columns.events)
            .where(columns.instance_id == instance_id, columns.chunk >= chunk)
            .order_by(columns.chunk)
            .limit(PAGE)
        ).all()
        for row in rows:
            for offset, fields in enumerate(jsontext.loads(row.events)):
                seq = row.first_seq + offset
                if seq > after_seq:
                    yield seq, row.at, e.decode(fields)
        if len(rows) < PAGE:
            return
        chunk = rows[-1].chunk + 1
