"""States of instances kept beside their history, so that any moment is a short replay away (`instances.save` writes them)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from headrace.engine import jsontext
from headrace.engine.run.state import Instance, from_json
from headrace.engine.store import tables as t


def latest(connection: Connection, row: Any, chunk: int) -> tuple[Instance, int] | None:
    """The instance (of this row) at its last snapshot up to a chunk, and the snapshot's chunk."""
    columns = t.snapshots.c
    found = connection.execute(
        sa.select(columns.chunk, columns.state)
        .where(columns.instance_id == row.id, columns.chunk <= chunk)
        .order_by(columns.chunk.desc())
        .limit(1)
    ).one_or_none()
    if found is None:
        return None
    instance = from_json(
        row.id, row.flow_key, row.version, jsontext.loads(found.state), business_key=row.business_key,
        initiator=row.started_by, parent_id=row.parent_id, parent_step=row.parent_step,
    )  # fmt: skip
    return instance, found.chunk


def chunks(connection: Connection, instance_id: str) -> list[int]:
    """The chunks after which there is a snapshot, in order."""
    columns = t.snapshots.c
    query = sa.select(columns.chunk).where(columns.instance_id == instance_id)
    return list(connection.execute(query.order_by(columns.chunk)).scalars())


def next_step(connection: Connection, instance_id: str, chunk: int) -> int:
    """The number that the next step had at a snapshot."""
    columns = t.snapshots.c
    query = sa.select(columns.state).where(
        columns.instance_id == instance_id, columns.chunk == chunk
    )
    return int(jsontext.loads(connection.execute(query).scalar_one())["next"])
