"""How urgent an instance is, in the queues: `ready.rank` and `jobs.rank` follow from it (see `tables.HEAD_START_MS`)."""

from __future__ import annotations

from sqlalchemy import Connection

from headrace.engine.store import tables as t


def set_priority(connection: Connection, instance_id: str, priority: int) -> None:
    """The instance, and what waits of it now."""
    connection.execute(
        t.instances.update().where(t.instances.c.id == instance_id).values(priority=priority)
    )
    for table in (t.ready, t.jobs):
        connection.execute(
            table.update().where(table.c.instance_id == instance_id).values(priority=priority)
        )
