"""Records in slices: written anew after their table was drawn differently, and brought back after they were deleted.
And what has happened to one: its changes, and the instances that touched it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from headrace.engine.flow.table_fields import Misfit, accept
from headrace.engine.store import tables as t
from headrace.engine.store.data_tables import DataTable
from headrace.engine.store.many import write as write_rows
from headrace.engine.store.records import (
    Outcome,
    Who,
    by_keys,
    change_row,
    differences,
)


def slice_after(
    connection: Connection, no: int, after: int, limit: int, *, lock: bool = False
) -> Sequence[Any]:
    """Records by number."""
    columns = t.records.c
    query = (
        sa.select(columns.id, columns.key, columns.value, columns.rev, columns.created_at, columns.updated_at)
        .where(columns.table_no == no, columns.id > after)
        .order_by(columns.id)
        .limit(limit)
    )  # fmt: skip
    return connection.execute(query.with_for_update() if lock else query).all()


def write_anew(
    connection: Connection, table: DataTable, some: Sequence[Any], who: Who, now_ms: int
) -> None:
    """Fit these to the table as it is now: values of another kind are changed where that can be, else taken out."""
    if not some:
        return
    form = table.form
    empty = dict.fromkeys([*t.SLOT_TEXTS, *t.SLOT_NUMBERS])
    rows: list[dict[str, Any]] = []
    changes: list[dict[str, Any]] = []
    words: list[dict[str, Any]] = []
    keys: list[dict[str, Any]] = []
    for row in some:
        value = dict(row.value)
        for name, field in form.fields.items():
            if name in value:
                try:
                    kept = accept(field, value[name])
                except Misfit:
                    kept = None
            else:
                kept = None
                if field.get("default") is not None and field.get("required"):
                    kept = accept(field, field["default"])
            if kept is None:
                value.pop(name, None)
            else:
                value[name] = kept
        changed = value != row.value
        rev = row.rev + changed
        rows.append(
            {"b_id": row.id, "value": value, "rev": rev, **empty, **form.slot_values(value)}
        )
        words.append({"id": row.id, "words": form.words(row.key, value)})
        keys.extend(
            {"table_no": table.no, "name": name, "value": text, "record_id": row.id}
            for name, text in form.unique_values(value).items()
        )
        if changed:
            outcome = Outcome("updated", row.id, row.key, rev, value, row.value)
            changes.append(
                change_row(table.no, outcome, who, now_ms, "schema", differences(row.value, value))
            )
    names = [name for name in rows[0] if name != "b_id"]
    statement = (
        t.records.update()
        .where(t.records.c.id == sa.bindparam("b_id"))
        .values({name: sa.bindparam(name, type_=t.records.c[name].type) for name in names})
    )
    connection.execute(statement, rows)
    ids = [row.id for row in some]
    connection.execute(t.record_words.delete().where(t.record_words.c.id.in_(ids)))
    write_rows(connection, t.record_words, words)
    connection.execute(t.record_keys.delete().where(t.record_keys.c.record_id.in_(ids)))
    if keys:
        write_rows(connection, t.record_keys, keys)
    if changes:
        write_rows(connection, t.record_changes, changes)


def restore(
    connection: Connection, table: DataTable, ids: Sequence[int], who: Who, now_ms: int
) -> list[Outcome]:
    """Bring back deleted records as they were, with their numbers; a key that somebody else has now is told as `exists`."""
    changes = t.record_changes.c
    last = (
        sa.select(sa.func.max(changes.id))
        .where(changes.record_id.in_(ids), changes.table_no == table.no)
        .group_by(changes.record_id)
    )
    query = sa.select(t.record_changes).where(changes.id.in_(last), changes.kind == "delete")
    rows = connection.execute(query.order_by(changes.record_id)).all()
    taken = by_keys(connection, table.no, [row.key for row in rows])
    outcomes: list[Outcome] = []
    for row in rows:
        value = {name: before for name, (before, _) in row.changes.items() if before is not None}
        outcome = Outcome("created", row.record_id, row.key, row.rev + 1, value)
        outcomes.append(outcome)
        if row.key in taken:
            outcome.state = "exists"
            continue
        unique = table.form.unique_values(value)
        if unique and _any_taken(connection, table.no, unique):
            outcome.state = "exists"
            continue
        connection.execute(
            t.records.insert(),
            {
                "id": row.record_id, "table_no": table.no, "key": row.key, "value": value, "rev": outcome.rev, "created_at": now_ms,
                "updated_at": now_ms, **table.form.slot_values(value),
            },
        )  # fmt: skip
        words = {"id": row.record_id, "words": table.form.words(row.key, value)}
        connection.execute(t.record_words.insert(), words)
        for name, text in unique.items():
            key = {"table_no": table.no, "name": name, "value": text, "record_id": row.record_id}
            connection.execute(t.record_keys.insert(), key)
        told = change_row(table.no, outcome, who, now_ms, "restore", differences({}, value))
        connection.execute(t.record_changes.insert(), told)
    return outcomes


def _any_taken(connection: Connection, no: int, unique: dict[str, str]) -> bool:
    rows = t.record_keys.c
    for name, text in unique.items():
        query = sa.select(rows.record_id).where(
            rows.table_no == no, rows.name == name, rows.value == text
        )
        if connection.execute(query).first() is not None:
            return True
    return False


# --- what has happened -----------------------------------------------------------------------------


def changes_of(
    connection: Connection, record_id: int, *, before: int | None, limit: int
) -> Sequence[Any]:
    """What has happened to a record, newest first."""
    changes = t.record_changes.c
    query = (
        sa.select(t.record_changes)
        .where(changes.record_id == record_id)
        .order_by(changes.id.desc())
        .limit(limit)
    )
    return connection.execute(query if before is None else query.where(changes.id < before)).all()


def changes_in(connection: Connection, no: int, *, before: int | None, limit: int) -> Sequence[Any]:
    """What has happened in a table, newest first."""
    changes = t.record_changes.c
    query = (
        sa.select(t.record_changes)
        .where(changes.table_no == no)
        .order_by(changes.id.desc())
        .limit(limit)
    )
    return connection.execute(query if before is None else query.where(changes.id < before)).all()


def touched_by(connection: Connection, record_id: int, limit: int) -> Sequence[Any]:
    """Instances that changed a record, those that did so last first; those that were purged stay as ids."""
    changes = t.record_changes.c
    last = sa.func.max(changes.id).label("last")
    seen = (
        sa.select(changes.instance_id, last)
        .where(changes.record_id == record_id, changes.instance_id.is_not(None))
        .group_by(changes.instance_id)
        .order_by(last.desc())
        .limit(limit)
        .subquery()
    )
    instances = t.instances.c
    query = (
        sa.select(
            seen.c.instance_id,
            instances.flow_key,
            instances.version,
            instances.status,
            instances.started_at.label("created_at"),
        )
        .select_from(seen.outerjoin(t.instances, instances.id == seen.c.instance_id))
        .order_by(seen.c.last.desc())
    )  # fmt: skip
    return connection.execute(query).all()


def flows_using(connection: Connection, key: str) -> list[str]:
    """Flows whose draft names this table in a node."""
    drafts = t.flows.c
    query = sa.select(drafts.key).where(drafts.draft.contains(f'"table":"{key}"', autoescape=True))
    return list(connection.execute(query.order_by(drafts.key).limit(50)).scalars())
