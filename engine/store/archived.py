"""What an archive keeps of an instance, as the store has it."""

from __future__ import annotations

from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from headrace.engine.store import tables as t

_TABLES = {"tasks": t.tasks, "task_actors": t.task_actors, "incidents": t.incidents}


def instance(connection: Connection, id_: str) -> Row[Any] | None:
    """The row of an instance."""
    return connection.execute(sa.select(t.instances).where(t.instances.c.id == id_)).one_or_none()


def rows(
    connection: Connection, table: Literal["tasks", "task_actors", "incidents"], instance_id: str
) -> list[dict[str, Any]]:
    """Its rows of one of the tables that history does not tell whole."""
    found = _TABLES[table]
    query = sa.select(found).where(found.c.instance_id == instance_id)
    return [dict(row._mapping) for row in connection.execute(query)]
