"""Previews of tables of people, and writing what one changes: in few statements, however long the table is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row, Select

from headrace.engine.store import organisation
from headrace.engine.store import tables as t

# --- previews --------------------------------------------------------------------------------------


def insert(
    connection: Connection, values: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]
) -> None:
    """A preview with its lines."""
    connection.execute(t.org_imports.insert().values(**values))
    if rows:
        connection.execute(t.org_import_rows.insert(), list(rows))


def find(connection: Connection, id_: str) -> Row[Any] | None:
    """One preview."""
    return connection.execute(
        sa.select(t.org_imports).where(t.org_imports.c.id == id_)
    ).one_or_none()


def page(
    connection: Connection, id_: str, *, state: str | None, after: int, limit: int
) -> Sequence[Row[Any]]:
    """Its lines in the order of the file."""
    columns = t.org_import_rows.c
    query = sa.select(t.org_import_rows).where(columns.import_id == id_, columns.number > after)
    if state is not None:
        query = query.where(columns.state == state)
    return connection.execute(query.order_by(columns.number).limit(limit)).all()


def to_write(connection: Connection, id_: str) -> Sequence[Row[Any]]:
    """The lines that change something."""
    columns = t.org_import_rows.c
    query: Select[Any] = sa.select(columns.login, columns.state, columns.wanted).where(
        columns.import_id == id_, columns.state.in_(("new", "changed", "left"))
    )
    return connection.execute(query.order_by(columns.number)).all()


def mark_applied(connection: Connection, id_: str, now_ms: int) -> None:
    """It has been applied."""
    connection.execute(
        t.org_imports.update().where(t.org_imports.c.id == id_).values(applied_at=now_ms)
    )


def forget(connection: Connection, before_ms: int, keep: int) -> None:
    """Take old previews away, and all but the newest."""
    columns = t.org_imports.c
    newest = sa.select(columns.id).order_by(columns.created_at.desc(), columns.id).limit(keep)
    old = sa.or_(columns.created_at < before_ms, columns.id.not_in(newest.scalar_subquery()))
    connection.execute(t.org_imports.delete().where(old))


# --- everybody, as they are ------------------------------------------------------------------------


def everybody(connection: Connection) -> Sequence[Row[Any]]:
    """All users."""
    columns = t.users.c
    query: Select[Any] = sa.select(
        columns.id,
        columns.login,
        columns.name,
        columns.email,
        columns.active,
        columns.supervisor_id,
    )
    return connection.execute(query.order_by(columns.login)).all()


# --- writing ---------------------------------------------------------------------------------------


def insert_users(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """New users."""
    if rows:
        connection.execute(t.users.insert(), list(rows))


def update_users(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """`{"id", …}` each: the columns that are named change. All rows of one call name the same."""
    if not rows:
        return
    statement = (
        t.users.update()
        .where(t.users.c.id == sa.bindparam("b_id"))
        .values({name: sa.bindparam(f"b_{name}") for name in rows[0] if name != "id"})
    )
    connection.execute(
        statement, [{f"b_{name}": value for name, value in row.items()} for row in rows]
    )


def insert_departments(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """New departments."""
    if rows:
        connection.execute(t.departments.insert(), list(rows))


def insert_posts(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """New posts."""
    if rows:
        connection.execute(t.posts.insert(), list(rows))


def replace(
    connection: Connection,
    table: sa.Table,
    user_ids: Iterable[str],
    rows: Sequence[Mapping[str, Any]],
    **where: Any,
) -> None:
    """The rows of these people in a table are these and no others (`where`: of those that fit)."""
    ids = list(user_ids)
    for begin in range(0, len(ids), organisation.IN_MAX):
        some = ids[begin : begin + organisation.IN_MAX]
        statement = table.delete().where(table.c.user_id.in_(some))
        for name, value in where.items():
            statement = statement.where(table.c[name] == value)
        connection.execute(statement)
    if rows:
        connection.execute(table.insert(), list(rows))


def drop_role_members(connection: Connection, pairs: Sequence[tuple[str, str]]) -> None:
    """These are in these roles in no way."""
    if pairs:
        columns = t.role_members.c
        statement = t.role_members.delete().where(
            columns.role == sa.bindparam("b_role"), columns.user_id == sa.bindparam("b_user")
        )
        connection.execute(statement, [{"b_role": role, "b_user": user} for role, user in pairs])


MEMBERS, HOLDERS, HEADS, ROLES = (
    t.department_members,
    t.post_holders,
    t.department_heads,
    t.role_members,
)
