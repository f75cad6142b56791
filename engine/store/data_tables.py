"""Definitions of tables: the one in force, and every version before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection

from headrace.engine import jsontext
from headrace.engine.flow.table_definition import LOOSE, Compiled, Definition, compiled
from headrace.engine.store import tables as t
from headrace.engine.store.inbox import upsert

COUNT_MAX = 10_000
"""Records are counted up to here: more is "more than that"."""


@dataclass(frozen=True, slots=True)
class DataTable:
    """A table as it is in force."""

    no: int
    key: str
    version: int
    drawn: bool
    refilled_to: int | None
    updated_at: int
    updated_by: str
    form: Compiled

    @property
    def definition(self) -> Definition:
        """As drawn."""
        return self.form.definition


def of_row(row: Any) -> DataTable:
    """A row of `data_tables` as a table."""
    form = compiled(row.definition, row.slots, row.no)
    return DataTable(
        row.no, row.key, row.version, row.drawn, row.refilled_to, row.updated_at, row.updated_by, form
    )  # fmt: skip


def find(connection: Connection, key: str, *, lock: bool = False) -> DataTable | None:
    """The table by that key; None where there is none, or it was removed."""
    query = sa.select(t.data_tables).where(
        t.data_tables.c.key == key, t.data_tables.c.removed_at.is_(None)
    )
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    return of_row(row) if row is not None else None


def by_numbers(connection: Connection, numbers: Sequence[int]) -> dict[int, DataTable]:
    """Tables by their numbers."""
    if not numbers:
        return {}
    rows = connection.execute(sa.select(t.data_tables).where(t.data_tables.c.no.in_(set(numbers))))
    return {row.no: of_row(row) for row in rows}


def found_or_made(connection: Connection, key: str, now_ms: int) -> DataTable:
    """The table by that key; one that keeps whatever comes is made when a flow first writes to it."""
    found = find(connection, key)
    if found is not None:
        return found
    values = {
        "key": key, "version": 1, "definition": jsontext.dumps(LOOSE), "slots": "{}", "drawn": False, "updated_at": now_ms,
        "updated_by": "engine",
    }  # fmt: skip
    statement = upsert(connection, t.data_tables).values(values)
    # One that was removed comes back, as somebody who writes to it needs it.
    connection.execute(
        statement.on_conflict_do_update(index_elements=["key"], set_={"removed_at": None})
    )
    made = find(connection, key)
    assert made is not None
    return made


def listing(connection: Connection, *, after: str, limit: int, search: str = "") -> list[DataTable]:
    """Tables by key."""
    query = (
        sa.select(t.data_tables)
        .where(t.data_tables.c.removed_at.is_(None), t.data_tables.c.key > after)
        .order_by(t.data_tables.c.key)
        .limit(limit)
    )
    if search:
        query = query.where(
            t.data_tables.c.key.icontains(search, autoescape=True)
            | t.data_tables.c.definition.icontains(search, autoescape=True)
        )
    return [of_row(row) for row in connection.execute(query)]


def counts(connection: Connection, numbers: Sequence[int]) -> dict[int, int]:
    """How many records these tables hold, each counted up to `COUNT_MAX` + 1."""
    if not numbers:
        return {}
    some = [
        sa.select(sa.literal(no).label("no"), sa.func.count().label("count")).select_from(
            sa.select(sa.literal(1))
            .select_from(t.records)
            .where(t.records.c.table_no == no)
            .limit(COUNT_MAX + 1)
            .subquery()
        )
        for no in numbers
    ]
    return {row[0]: row[1] for row in connection.execute(sa.union_all(*some))}


def insert(
    connection: Connection,
    key: str,
    definition: Definition,
    slots: Mapping[str, str],
    by: str,
    now_ms: int,
) -> DataTable:
    """A table that is drawn anew; its key must be free, or that of one that was removed."""
    values: dict[str, Any] = {
        "key": key, "version": 1, "definition": jsontext.dumps(definition), "slots": jsontext.dumps(slots), "drawn": True,
        "updated_at": now_ms, "updated_by": by,
    }  # fmt: skip
    no = connection.execute(
        t.data_tables.insert().returning(t.data_tables.c.no), values
    ).scalar_one()
    _keep_version(connection, no, 1, values["definition"], by, now_ms)
    made = find(connection, key)
    assert made is not None
    return made


def change(
    connection: Connection,
    table: DataTable,
    definition: Definition,
    slots: Mapping[str, str],
    by: str,
    now_ms: int,
    *,
    refill: bool,
) -> None:
    """The next version. `refill`: all records must be written anew."""
    text = jsontext.dumps(definition)
    values: dict[str, Any] = {
        "version": table.version + 1, "definition": text, "slots": jsontext.dumps(slots), "drawn": True, "updated_at": now_ms,
        "updated_by": by,
    }  # fmt: skip
    if refill:
        values["refilled_to"] = 0
    connection.execute(t.data_tables.update().where(t.data_tables.c.no == table.no), values)
    _keep_version(connection, table.no, table.version + 1, text, by, now_ms)


def _keep_version(
    connection: Connection, no: int, version: int, text: str, by: str, now_ms: int
) -> None:
    row = {
        "table_no": no,
        "version": version,
        "definition": text,
        "created_at": now_ms,
        "created_by": by,
    }
    connection.execute(t.data_table_versions.insert(), row)


def versions(connection: Connection, no: int, *, before: int | None, limit: int) -> list[Any]:
    """Versions, newest first."""
    query = (
        sa.select(t.data_table_versions)
        .where(t.data_table_versions.c.table_no == no)
        .order_by(t.data_table_versions.c.version.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(t.data_table_versions.c.version < before)
    return list(connection.execute(query))


def set_refilled(connection: Connection, no: int, to: int | None) -> None:
    """Records up to this one have been written anew; None: all."""
    connection.execute(t.data_tables.update().where(t.data_tables.c.no == no), {"refilled_to": to})


def to_refill(connection: Connection) -> list[DataTable]:
    """Tables whose records must be written anew."""
    rows = connection.execute(
        sa.select(t.data_tables).where(t.data_tables.c.refilled_to.is_not(None))
    )
    return [of_row(row) for row in rows]


def remove(connection: Connection, no: int, now_ms: int) -> None:
    """Take a table away; its records stay until they are purged, and come back with it."""
    connection.execute(
        t.data_tables.update().where(t.data_tables.c.no == no), {"removed_at": now_ms}
    )


def restore(connection: Connection, key: str) -> DataTable | None:
    """Bring back a table that was removed."""
    connection.execute(
        t.data_tables.update().where(t.data_tables.c.key == key), {"removed_at": None}
    )
    return find(connection, key)
