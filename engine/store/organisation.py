"""Departments, posts, substitutions, rotas, and the number that says whether any of it has changed; rules are in `service/`."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row, Select

from headrace.engine.store import tables as t
from headrace.engine.store.inbox import upsert

IN_MAX = 500
"""Values in one IN (…): databases bound them."""

# --- the version -----------------------------------------------------------------------------------


def version(connection: Connection) -> int:
    """Grows with every change of users, roles and the organisation; 0 before the first."""
    query = sa.select(t.organisation.c.version).where(t.organisation.c.id == 1)
    return connection.execute(query).scalar_one_or_none() or 0


def changed(connection: Connection) -> None:
    """Something a directory holds has changed, in this transaction.

    The step is random: after a rollback the next change must not come to the number that somebody read inside.
    """
    step = random.randint(1, 1_000_000)  # noqa: S311 - no secret
    statement = upsert(connection, t.organisation).values(id=1, version=step)
    grown = {"version": t.organisation.c.version + step}
    connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=grown))


def locked_version(connection: Connection) -> int:
    """The version, which nobody else changes until this transaction ends."""
    query = sa.select(t.organisation.c.version).where(t.organisation.c.id == 1).with_for_update()
    return connection.execute(query).scalar_one_or_none() or 0


# --- departments -----------------------------------------------------------------------------------


def departments(connection: Connection) -> Sequence[Row[Any]]:
    """All departments, as people ordered them; there are at most `DEPARTMENTS_MAX`."""
    columns = t.departments.c
    return connection.execute(
        sa.select(t.departments).order_by(columns.position, columns.name, columns.id)
    ).all()


def find_department(connection: Connection, id_: str) -> Row[Any] | None:
    """One."""
    query = sa.select(t.departments).where(t.departments.c.id == id_)
    return connection.execute(query).one_or_none()


def parents(connection: Connection) -> dict[str, str | None]:
    """Which department is below which."""
    query = sa.select(t.departments.c.id, t.departments.c.parent_id)
    return {row.id: row.parent_id for row in connection.execute(query)}


def insert_department(connection: Connection, values: Mapping[str, Any]) -> None:
    """One more."""
    connection.execute(t.departments.insert().values(**values))
    changed(connection)


def update_department(connection: Connection, id_: str, values: Mapping[str, Any]) -> None:
    """Change columns."""
    if values:
        connection.execute(t.departments.update().where(t.departments.c.id == id_).values(**values))
    changed(connection)


def delete_department(connection: Connection, id_: str) -> None:
    """Take it away, with its heads and memberships."""
    connection.execute(t.departments.delete().where(t.departments.c.id == id_))
    changed(connection)


def heads(connection: Connection) -> dict[str, list[str]]:
    """The heads of each department that has any, the first one first."""
    columns = t.department_heads.c
    query = sa.select(columns.department_id, columns.user_id).order_by(
        columns.department_id, columns.position
    )
    return _gathered(connection, query)


def set_heads(connection: Connection, id_: str, user_ids: Sequence[str]) -> None:
    """These are its heads, in this order."""
    columns = t.department_heads.c
    connection.execute(t.department_heads.delete().where(columns.department_id == id_))
    rows = [
        {"department_id": id_, "user_id": user, "position": position}
        for position, user in enumerate(dict.fromkeys(user_ids))
    ]
    if rows:
        connection.execute(t.department_heads.insert(), rows)
    changed(connection)


def people_per_department(connection: Connection) -> dict[str, int]:
    """How many active people are directly in each."""
    columns = t.department_members.c
    query = (
        sa.select(columns.department_id, sa.func.count())
        .join(t.users, t.users.c.id == columns.user_id)
        .where(t.users.c.active)
        .group_by(columns.department_id)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def department_in_use(connection: Connection, id_: str) -> bool:
    """Has it people, or departments below it?"""
    below = sa.select(t.departments.c.id).where(t.departments.c.parent_id == id_).limit(1)
    columns = t.department_members.c
    inside = sa.select(columns.user_id).where(columns.department_id == id_).limit(1)
    return any(connection.execute(query).first() is not None for query in (below, inside))


def members(connection: Connection) -> dict[str, list[str]]:
    """The departments of each person who is in any, the main one first."""
    columns = t.department_members.c
    query = sa.select(columns.user_id, columns.department_id).order_by(
        columns.user_id, columns.position
    )
    return _gathered(connection, query)


def set_departments(connection: Connection, user_id: str, ids: Sequence[str]) -> None:
    """The person is in these and no others."""
    columns = t.department_members.c
    connection.execute(t.department_members.delete().where(columns.user_id == user_id))
    rows = [
        {"user_id": user_id, "department_id": id_, "position": position}
        for position, id_ in enumerate(dict.fromkeys(ids))
    ]
    if rows:
        connection.execute(t.department_members.insert(), rows)
    changed(connection)


# --- posts -----------------------------------------------------------------------------------------


def posts(connection: Connection) -> Sequence[Row[Any]]:
    """All posts, the highest rank first."""
    columns = t.posts.c
    return connection.execute(
        sa.select(t.posts).order_by(columns.rank.desc(), columns.name, columns.id)
    ).all()


def find_post(connection: Connection, id_: str) -> Row[Any] | None:
    """One."""
    return connection.execute(sa.select(t.posts).where(t.posts.c.id == id_)).one_or_none()


def insert_post(connection: Connection, values: Mapping[str, Any]) -> None:
    """One more."""
    connection.execute(t.posts.insert().values(**values))
    changed(connection)


def update_post(connection: Connection, id_: str, values: Mapping[str, Any]) -> None:
    """Change columns."""
    if values:
        connection.execute(t.posts.update().where(t.posts.c.id == id_).values(**values))
    changed(connection)


def delete_post(connection: Connection, id_: str) -> None:
    """Take it away."""
    connection.execute(t.posts.delete().where(t.posts.c.id == id_))
    changed(connection)


def people_per_post(connection: Connection) -> dict[str, int]:
    """How many active people hold each."""
    columns = t.post_holders.c
    query = (
        sa.select(columns.post_id, sa.func.count())
        .join(t.users, t.users.c.id == columns.user_id)
        .where(t.users.c.active)
        .group_by(columns.post_id)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def post_in_use(connection: Connection, id_: str) -> bool:
    """Does anybody hold it?"""
    query = sa.select(t.post_holders.c.user_id).where(t.post_holders.c.post_id == id_).limit(1)
    return connection.execute(query).first() is not None


def holders(connection: Connection) -> dict[str, list[str]]:
    """The posts of each person who holds any."""
    columns = t.post_holders.c
    query = sa.select(columns.user_id, columns.post_id).order_by(columns.user_id, columns.post_id)
    return _gathered(connection, query)


def set_posts(connection: Connection, user_id: str, ids: Iterable[str]) -> None:
    """The person holds these and no others."""
    connection.execute(t.post_holders.delete().where(t.post_holders.c.user_id == user_id))
    rows = [{"user_id": user_id, "post_id": id_} for id_ in dict.fromkeys(ids)]
    if rows:
        connection.execute(t.post_holders.insert(), rows)
    changed(connection)


# --- people ----------------------------------------------------------------------------------------


def people(
    connection: Connection,
    *,
    search: str = "",
    mail: bool = True,
    departments: Collection[str] | None = None,
    post: str | None = None,
    role: str | None = None,
    active: bool | None = None,
    ids: Collection[str] | None = None,
    after: tuple[str, str] | None = None,
    limit: int,
) -> Sequence[Row[Any]]:
    """People by name. `departments`: in one of these; `mail`: search in addresses too."""
    users = t.users.c
    query = sa.select(t.users).order_by(users.name, users.id).limit(limit)
    if search:
        searched = (users.name, users.login, users.email) if mail else (users.name, users.login)
        query = query.where(
            sa.or_(*(column.icontains(search, autoescape=True) for column in searched))
        )
    if departments is not None:
        inside = sa.select(t.department_members.c.user_id)
        query = query.where(
            users.id.in_(inside.where(t.department_members.c.department_id.in_(departments)))
        )
    if post:
        held = sa.select(t.post_holders.c.user_id).where(t.post_holders.c.post_id == post)
        query = query.where(users.id.in_(held))
    if role:
        inside = sa.select(t.role_members.c.user_id).where(t.role_members.c.role == role)
        query = query.where(users.id.in_(inside))
    if active is not None:
        query = query.where(users.active if active else sa.not_(users.active))
    if ids is not None:
        query = query.where(users.id.in_(ids))
    if after is not None:
        query = query.where(sa.tuple_(users.name, users.id) > sa.tuple_(*after))
    return connection.execute(query).all()


def open_tasks(connection: Connection, user_ids: Collection[str]) -> dict[str, int]:
    """How many tasks wait for each of these people."""
    columns = t.task_actors.c
    query = (
        sa.select(columns.user_id, sa.func.count())
        .where(columns.user_id.in_(user_ids), columns.status == "open")
        .group_by(columns.user_id)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def tasks_waiting(connection: Connection, user_ids: Collection[str], most: int) -> int:
    """How many tasks wait for any of these people, counted up to `most`."""
    columns = t.task_actors.c
    waiting = (
        sa.select(columns.task_id)
        .where(columns.user_id.in_(user_ids), columns.status == "open")
        .distinct()
        .limit(most)
    )
    return connection.execute(
        sa.select(sa.func.count()).select_from(waiting.subquery())
    ).scalar_one()


def supervisors(connection: Connection) -> dict[str, str]:
    """Who has whom above them."""
    columns = t.users.c
    query = sa.select(columns.id, columns.supervisor_id).where(columns.supervisor_id.is_not(None))
    return {row[0]: row[1] for row in connection.execute(query)}


def due_to_leave(connection: Connection, now_ms: int, limit: int) -> Sequence[str]:
    """Those whose last day is over and who are still active."""
    columns = t.users.c
    query = sa.select(columns.id).where(columns.left_at <= now_ms, columns.active).limit(limit)
    return connection.execute(query).scalars().all()


# --- substitutions ---------------------------------------------------------------------------------


def substitutions(
    connection: Connection,
    *,
    person: str | None = None,
    state: str | None = None,
    now_ms: int = 0,
    from_ms: int | None = None,
    until_ms: int | None = None,
    after: tuple[int, str] | None = None,
    limit: int,
) -> Sequence[Row[Any]]:
    """Those that end last first. `person`: who is away or acts."""
    columns = t.substitutions.c
    query = (
        sa.select(t.substitutions).order_by(columns.until_at.desc(), columns.id.desc()).limit(limit)
    )
    if person:
        query = query.where(sa.or_(columns.user_id == person, columns.by_id == person))
    if state == "now":
        query = query.where(columns.from_at <= now_ms, columns.until_at > now_ms)
    elif state == "coming":
        query = query.where(columns.from_at > now_ms)
    elif state == "past":
        query = query.where(columns.until_at <= now_ms)
    if from_ms is not None:
        query = query.where(columns.until_at > from_ms)
    if until_ms is not None:
        query = query.where(columns.from_at < until_ms)
    if after is not None:
        query = query.where(sa.tuple_(columns.until_at, columns.id) < sa.tuple_(*after))
    return connection.execute(query).all()


def not_over(connection: Connection, since_ms: int) -> Sequence[Row[Any]]:
    """All that end after this moment, in the order they begin."""
    columns = t.substitutions.c
    query = sa.select(t.substitutions).where(columns.until_at > since_ms)
    return connection.execute(query.order_by(columns.from_at, columns.id)).all()


def find_substitution(connection: Connection, id_: str) -> Row[Any] | None:
    """One."""
    query = sa.select(t.substitutions).where(t.substitutions.c.id == id_)
    return connection.execute(query).one_or_none()


def insert_substitution(connection: Connection, values: Mapping[str, Any]) -> None:
    """One more."""
    connection.execute(t.substitutions.insert().values(**values))
    changed(connection)


def update_substitution(connection: Connection, id_: str, values: Mapping[str, Any]) -> None:
    """Change columns."""
    connection.execute(t.substitutions.update().where(t.substitutions.c.id == id_).values(**values))
    changed(connection)


def delete_substitution(connection: Connection, id_: str) -> None:
    """Take it away."""
    connection.execute(t.substitutions.delete().where(t.substitutions.c.id == id_))
    changed(connection)


def begun(connection: Connection, now_ms: int, limit: int) -> Sequence[Row[Any]]:
    """Those that have begun and whose open tasks nobody has looked at yet."""
    columns = t.substitutions.c
    query = sa.select(t.substitutions).where(columns.begun_at.is_(None), columns.from_at <= now_ms)
    return connection.execute(query.order_by(columns.from_at).limit(limit)).all()


def mark_begun(connection: Connection, id_: str, now_ms: int) -> None:
    """Its open tasks are looked at from now on."""
    connection.execute(
        t.substitutions.update().where(t.substitutions.c.id == id_).values(begun_at=now_ms)
    )


# --- rotas -----------------------------------------------------------------------------------------


def rotas(connection: Connection) -> Sequence[Row[Any]]:
    """All of them; there are few."""
    return connection.execute(sa.select(t.rotas).order_by(t.rotas.c.key)).all()


def find_rota(connection: Connection, key: str) -> Row[Any] | None:
    """One."""
    return connection.execute(sa.select(t.rotas).where(t.rotas.c.key == key)).one_or_none()


def put_rota(connection: Connection, key: str, values: Mapping[str, Any]) -> None:
    """Make it, or change it."""
    statement = upsert(connection, t.rotas).values(key=key, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["key"], set_=dict(values)))
    changed(connection)


def delete_rota(connection: Connection, key: str) -> None:
    """Take it away."""
    connection.execute(t.rotas.delete().where(t.rotas.c.key == key))
    changed(connection)


def _gathered(connection: Connection, query: Select[Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, value in connection.execute(query):
        found.setdefault(key, []).append(value)
    return found
