"""Business records: one value a (table, key). Made safe to repeat by the key of the step that made them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from headrace.engine.node import RecordAnswer
from headrace.engine.store import tables as t
from headrace.engine.store.inbox import upsert


def apply(
    connection: Connection,
    operation: str,
    table: str,
    key: str,
    value: Mapping[str, Any],
    *,
    step_key: str,
    instance_id: str | None,
    now_ms: int,
) -> RecordAnswer:
    """find | create (only if absent) | upsert (merges the fields). A create repeated by the same step still answers `created`."""
    this = (t.records.c.table_name == table) & (t.records.c.key == key)
    query = sa.select(t.records.c.value, t.records.c.step_key).where(this).with_for_update()
    found = connection.execute(query).one_or_none()
    if operation == "find":
        return RecordAnswer(found is not None, False, found.value if found else None)
    if found is None:
        row = {
            "table_name": table, "key": key, "value": dict(value), "step_key": step_key, "instance_id": instance_id,
            "created_at": now_ms, "updated_at": now_ms,
        }  # fmt: skip
        statement = upsert(connection, t.records).values(row).on_conflict_do_nothing()
        # Not `rowcount`: an insert has none on PostgreSQL.
        if connection.execute(statement.returning(t.records.c.key)).first() is not None:
            return RecordAnswer(False, True, dict(value))
        found = connection.execute(query).one()  # another process was faster
    created = found.step_key == step_key
    if operation == "create":
        return RecordAnswer(True, created, found.value)
    merged = {**found.value, **value}
    connection.execute(
        t.records.update()
        .where(this)
        .values(value=merged, updated_at=now_ms, instance_id=instance_id)
    )
    return RecordAnswer(True, created, merged)
