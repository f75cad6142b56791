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


def between(
    connection: Connection, instance_id: str, after: int, last: int
) -> Iterator[tuple[int, int, e.Event]]:
    """`read` for the chunks after one up to another."""
    columns = t.history.c
    while after < last:
        rows = connection.execute(
            sa.select(columns.chunk, columns.first_seq, columns.at, columns.events)
            .where(columns.instance_id == instance_id, columns.chunk > after)
            .where(columns.chunk <= last)
            .order_by(columns.chunk)
            .limit(PAGE)
        ).all()
        for row in rows:
            for offset, fields in enumerate(jsontext.loads(row.events)):
                yield row.first_seq + offset, row.at, e.decode(fields)
        if len(rows) < PAGE:
            return
        after = rows[-1].chunk


def chunk_of(connection: Connection, instance_id: str, seq: int) -> int:
    """The chunk that holds a fact; of one that has not happened yet, the last."""
    columns = t.history.c
    query = sa.select(columns.chunk).where(
        columns.instance_id == instance_id, columns.first_seq <= seq
    )
    found = connection.execute(query.order_by(columns.chunk.desc()).limit(1))
    return int(found.scalar_one_or_none() or 0)


def part_start(
    connection: Connection, instance_id: str, last: int, chunks_max: int, events_max: int
) -> int:
    """The chunk before the part that ends with `last` and is not longer than allowed, but at least one chunk; 0: all fits."""
    columns = t.history.c
    rows = connection.execute(
        sa.select(columns.chunk, columns.first_seq)
        .where(columns.instance_id == instance_id, columns.chunk <= last)
        .order_by(columns.chunk.desc())
        .limit(chunks_max + 1)
    ).all()
    if not rows:
        return 0
    newest = rows[0].first_seq
    for place, row in enumerate(rows):
        if place == chunks_max or (place and newest - row.first_seq > events_max):
            return int(row.chunk)
    return 0


def version_after(connection: Connection, instance_id: str, chunk: int, now: int) -> int:
    """The version an instance ran on after a chunk: where the next migration came from, else that of `now`."""
    columns = t.history.c
    found = connection.execute(
        sa.select(columns.events)
        .where(columns.instance_id == instance_id, columns.chunk > chunk)
        .where(columns.events.contains('"InstanceMigrated"', autoescape=True))
        .order_by(columns.chunk)
        .limit(1)
    ).scalar_one_or_none()
    for fields in jsontext.loads(found) if found else ():
        event = e.decode(fields)
        if isinstance(event, e.InstanceMigrated):
            return event.from_version or now
    return now
