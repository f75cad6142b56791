"""Business records: one value a (table, key). Made safe to repeat by the key of the step that made them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from headrace.engine.node import RecordAnswer
from headrace.engine.store import tables as t
from headrace.engine.store.inbox import upsert
from sqlalchemy import Connection


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
    """find | create (only if absent) | upsert. A repeated create by the same step still answers `created`."""
    found = connection.execute(
        sa.select(t.records.c.value, t.records.c.step_key)
        .where(t.records.c.table_name == table, t.records.c.key == key)
        .with_for_update()
    ).one_or_none()
    if operation == "find":
        return RecordAnswer(found is not None, False, found.value if found else None)
    row = {
        "table_name": table, "key": key, "value": dict(value), "step_key": step_key, "instance_id": instance_id,
        "created_at": now_ms, "updated_at": now_ms,
    }  # fmt: skip
    if operation == "create":
        if found is None:
            statement = upsert(connection, t.records).values(row).on_conflict_do_nothing()
            if connection.execute(statement).rowcount:
                return RecordAnswer(False, True, dict(value))
            return apply(
                connection,
                operation,
                table,
                key,
                value,
                step_key=step_key,
                instance_id=instance_id,
                now_ms=now_ms,
            )
        return RecordAnswer(True, found.step_key == step_key, found.value)
    statement = upsert(connection, t.records).values(row)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["table_name", "key"],
            set_={
                "value": statement.excluded.value,
                "updated_at": now_ms,
                "instance_id": instance_id,
            },
        )
    )
    return RecordAnswer(found is not None, found is None or found.step_key == step_key, dict(value))
