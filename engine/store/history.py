"""Reading what happened: chunks of events back into facts, each with its number and time."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from headrace.engine import jsontext
from headrace.engine.run import events as e
from headrace.engine.store import tables as t
from sqlalchemy import Connection

CHUNKS_MAX = 5_000
"""Chunks read for one page of an instance; one longer than that is read from its end."""


def read(
    connection: Connection, instance_id: str, after_seq: int = 0
) -> Iterator[tuple[int, int, e.Event]]:
    """(seq, time in ms, event), oldest first, from `after_seq` on."""
    rows = connection.execute(
        sa.select(t.history.c.first_seq, t.history.c.at, t.history.c.events)
        .where(t.history.c.instance_id == instance_id)
        .order_by(t.history.c.chunk)
        .limit(CHUNKS_MAX)
    )
    for row in rows:
        for offset, fields in enumerate(jsontext.loads(row.events)):
            seq = row.first_seq + offset
            if seq > after_seq:
                yield seq, row.at, e.decode(fields)
