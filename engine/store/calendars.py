"""Business calendars: every version is kept; timers and tasks say which one told their due time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row, Table

from headrace.engine.store import organisation
from headrace.engine.store import tables as t
from headrace.engine.store.inbox import upsert

_VERSION = t.calendar_versions.c
_NOW = sa.select(
    t.calendars, _VERSION.content, _VERSION.source, _VERSION.created_at, _VERSION.created_by
).join(
    t.calendar_versions,
    sa.and_(_VERSION.calendar == t.calendars.c.key, _VERSION.version == t.calendars.c.version),
)
"""Every calendar with its version in force."""


def in_force(connection: Connection) -> Sequence[Row[Any]]:
    """Every calendar as it is now, by key; calendars are few."""
    return connection.execute(_NOW.order_by(t.calendars.c.key)).all()


def page(connection: Connection, after: str, limit: int) -> Sequence[Row[Any]]:
    """A page of them, by key."""
    query = _NOW.where(t.calendars.c.key > after)
    return connection.execute(query.order_by(t.calendars.c.key).limit(limit)).all()


def find(connection: Connection, key: str, *, lock: bool = False) -> Row[Any] | None:
    """One calendar as it is now."""
    if lock:  # before reading: who waited must see the version that came meanwhile
        connection.execute(
            sa.select(t.calendars.c.key).where(t.calendars.c.key == key).with_for_update()
        )
    return connection.execute(_NOW.where(t.calendars.c.key == key)).one_or_none()


def insert(connection: Connection, key: str, values: Mapping[str, Any]) -> bool:
    """A new calendar; `values`: those of its first version. False when there is one by that key, also one made just now."""
    statement = upsert(connection, t.calendars).values(key=key, version=1)
    statement = statement.on_conflict_do_nothing(index_elements=["key"]).returning(
        t.calendars.c.key
    )
    made = connection.execute(statement).first() is not None
    if made:
        connection.execute(t.calendar_versions.insert().values(calendar=key, version=1, **values))
    return made


def add_version(connection: Connection, key: str, version: int, values: Mapping[str, Any]) -> None:
    """The next version, in force from now on."""
    connection.execute(t.calendar_versions.insert().values(calendar=key, version=version, **values))
    connection.execute(t.calendars.update().where(t.calendars.c.key == key).values(version=version))
    organisation.changed(connection)  # rotas go by calendars


def chosen(connection: Connection) -> dict[str, str]:
    """Flow → its calendar, where it has one of its own."""
    columns = t.flow_rules.c
    query = sa.select(columns.flow_key, columns.calendar).where(columns.calendar.is_not(None))
    return {row.flow_key: row.calendar for row in connection.execute(query)}


def of_roles(connection: Connection) -> dict[str, str]:
    """Role → its calendar, where it has one of its own."""
    columns = t.roles.c
    query = sa.select(columns.key, columns.calendar).where(columns.calendar.is_not(None))
    return {row.key: row.calendar for row in connection.execute(query)}


def choose_for_role(connection: Connection, role: str, calendar: str | None) -> bool:
    """This role's calendar from now on; False: there is no such role."""
    result = connection.execute(
        t.roles.update().where(t.roles.c.key == role).values(calendar=calendar)
    )
    return bool(result.rowcount)


# --- due times that an older version told --------------------------------------------------------------


def _behind(table: Table, key: str, version: int) -> sa.ColumnElement[bool]:
    older = sa.and_(table.c.calendar == key, table.c.calendar_version < version)
    return older if table is t.timers else sa.and_(older, t.tasks.c.status == "open")


def any_behind(connection: Connection, key: str, version: int) -> bool:
    """Is there a due time that an older version told?"""
    found = (
        sa.select(sa.literal(1)).where(_behind(table, key, version)).limit(1)
        for table in (t.timers, t.tasks)
    )
    return any(connection.execute(query).first() is not None for query in found)


def behind(
    connection: Connection, table: Table, key: str, version: int, limit: int
) -> Sequence[Any]:
    """Due times that an older version told, locked: who fires one now has deleted its row."""
    columns = table.c
    query = sa.select(columns.id, columns.due_at, columns.reckoning)
    query = query.where(_behind(table, key, version)).order_by(columns.id).limit(limit)
    return connection.execute(query.with_for_update()).all()


def paused(
    connection: Connection, table: Table, steps: Sequence[Mapping[str, Any]]
) -> Sequence[Any]:
    """Due times in business time of these steps (`{b_instance, b_step}`) that stand still."""
    columns = table.c
    mine = sa.or_(
        *(
            sa.and_(columns.instance_id == step["b_instance"], columns.step == step["b_step"])
            for step in steps
        )
    )
    query = sa.select(
        columns.id, columns.due_at, columns.reckoning, columns.calendar, columns.paused_at
    )
    return connection.execute(
        query.where(mine, columns.paused_at.is_not(None), columns.reckoning.is_not(None))
    ).all()


def set_due(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    goes_on: bool = False,
) -> None:
    """New due times: `{b_id, b_due, b_version, b_reckoning}`; `goes_on`: they no longer stand still."""
    if rows:
        statement = table.update().where(table.c.id == sa.bindparam("b_id"))
        connection.execute(
            statement.values(
                due_at=sa.bindparam("b_due"),
                calendar_version=sa.bindparam("b_version"),
                reckoning=sa.bindparam("b_reckoning", type_=t.Json()),
                **({"paused_at": None} if goes_on else {}),
            ),
            rows,
        )
