"""Users, roles, and who is in which: rows only, the rules are in `service/users.py`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from headrace.engine.store import organisation
from headrace.engine.store import tables as t

UNNOTICED = {"password_hash"}
"""Columns that no directory holds."""


def find(connection: Connection, user_id: str) -> Row[Any] | None:
    """The user by id."""
    return connection.execute(sa.select(t.users).where(t.users.c.id == user_id)).one_or_none()


def find_by_login(connection: Connection, login: str) -> Row[Any] | None:
    """The user by sign-in name."""
    return connection.execute(sa.select(t.users).where(t.users.c.login == login)).one_or_none()


def listing(
    connection: Connection, *, search: str, after: str | None, limit: int
) -> Sequence[Row[Any]]:
    """Users by sign-in name, from `after` on."""
    query = sa.select(t.users).order_by(t.users.c.login).limit(limit)
    if after is not None:
        query = query.where(t.users.c.login > after)
    if search:
        query = query.where(
            t.users.c.login.icontains(search, autoescape=True)
            | t.users.c.name.icontains(search, autoescape=True)
        )
    return connection.execute(query).all()


def by_ids(connection: Connection, user_ids: Collection[str]) -> Sequence[Row[Any]]:
    """The users with these ids."""
    return connection.execute(sa.select(t.users).where(t.users.c.id.in_(user_ids))).all()


def known(connection: Connection, user_ids: Collection[str]) -> set[str]:
    """Those of the ids that are users'."""
    query = sa.select(t.users.c.id).where(t.users.c.id.in_(user_ids))
    return set(connection.execute(query).scalars())


def count(connection: Connection) -> int:
    """How many users there are."""
    return connection.execute(sa.select(sa.func.count()).select_from(t.users)).scalar_one()


def insert(connection: Connection, values: Mapping[str, Any]) -> None:
    """One more user."""
    connection.execute(sa.insert(t.users).values(**values))
    organisation.changed(connection)


def update(connection: Connection, user_id: str, values: Mapping[str, Any]) -> None:
    """Change columns of a user."""
    if values:
        connection.execute(sa.update(t.users).where(t.users.c.id == user_id).values(**values))
    if not UNNOTICED.issuperset(values):
        organisation.changed(connection)


def people(connection: Connection) -> Sequence[Any]:
    """Everybody, as far as tasks are concerned; without what proves who they are."""
    columns = t.users.c
    query = sa.select(
        columns.id,
        columns.login,
        columns.name,
        columns.email,
        columns.active,
        columns.supervisor_id,
        columns.language,
    )
    return connection.execute(query).all()


def roles_of(connection: Connection, user_ids: Collection[str]) -> dict[str, list[str]]:
    """The roles each of these users is a primary member of."""
    found: dict[str, list[str]] = {user_id: [] for user_id in user_ids}
    query = (
        sa.select(t.role_members.c.user_id, t.role_members.c.role)
        .where(t.role_members.c.user_id.in_(found), t.role_members.c.kind == "primary")
        .order_by(t.role_members.c.role)
    )
    for row in connection.execute(query):
        found[row.user_id].append(row.role)
    return found


def set_roles(connection: Connection, user_id: str, roles: Collection[str]) -> None:
    """The user is a primary member of these roles and of no others; a backup stays one of the rest."""
    columns = t.role_members.c
    own = sa.or_(columns.kind == "primary", columns.role.in_(roles))
    connection.execute(sa.delete(t.role_members).where(columns.user_id == user_id, own))
    _add_members(connection, [(role, user_id) for role in roles])


def set_members(
    connection: Connection, role: str, user_ids: Collection[str], kind: str = "primary"
) -> None:
    """These users are in the role in this way (primary, backup, pool) and no others; each is in it in one way only."""
    columns = t.role_members.c
    same = sa.or_(columns.kind == kind, columns.user_id.in_(user_ids))
    connection.execute(sa.delete(t.role_members).where(columns.role == role, same))
    _add_members(connection, [(role, user_id) for user_id in user_ids], kind)


def active_members(connection: Connection, role: str) -> int:
    """How many active users are primary members of the role."""
    query = (
        sa.select(sa.func.count())
        .select_from(t.role_members.join(t.users, t.users.c.id == t.role_members.c.user_id))
        .where(t.role_members.c.role == role, t.role_members.c.kind == "primary", t.users.c.active)
    )
    return connection.execute(query).scalar_one()


def active_but(connection: Connection, role: str, user_id: str) -> bool:
    """Is there an active primary member of the role beside this one? True also when this one is none."""
    columns = t.role_members.c
    query = (
        sa.select(columns.user_id)
        .join(t.users, t.users.c.id == columns.user_id)
        .where(columns.role == role, columns.kind == "primary", t.users.c.active)
    )
    found = set(connection.execute(query.limit(1_000)).scalars())
    return user_id not in found or len(found) > 1


def roles(connection: Connection) -> Sequence[Row[Any]]:
    """All roles, those of the system first."""
    return connection.execute(
        sa.select(t.roles).order_by(t.roles.c.system.desc(), t.roles.c.key)
    ).all()


def members(connection: Connection, kinds: Collection[str] = ("primary",)) -> dict[str, list[str]]:
    """The ids of the members of each role that has any; those who only help at a peak come last."""
    columns = t.role_members.c
    found: dict[str, list[str]] = {}
    query = sa.select(columns.role, columns.user_id).where(columns.kind.in_(kinds))
    for row in connection.execute(query.order_by(columns.kind != "primary", columns.user_id)):
        found.setdefault(row.role, []).append(row.user_id)
    return found


def members_by_kind(
    connection: Connection, role: str | None = None
) -> dict[tuple[str, str], list[str]]:
    """The ids of the members of each (role, kind); `role`: of this one only."""
    columns = t.role_members.c
    query = sa.select(columns.role, columns.kind, columns.user_id).order_by(columns.user_id)
    if role is not None:
        query = query.where(columns.role == role)
    found: dict[tuple[str, str], list[str]] = {}
    for row in connection.execute(query):
        found.setdefault((row.role, row.kind), []).append(row.user_id)
    return found


def find_role(connection: Connection, key: str) -> Row[Any] | None:
    """The role by key."""
    return connection.execute(sa.select(t.roles).where(t.roles.c.key == key)).one_or_none()


def insert_role(
    connection: Connection, key: str, title: Mapping[str, str], *, system: bool
) -> None:
    """One more role."""
    connection.execute(sa.insert(t.roles).values(key=key, title=dict(title), system=system))
    organisation.changed(connection)


def rename_role(connection: Connection, key: str, title: Mapping[str, str]) -> None:
    """Another title for a role."""
    connection.execute(sa.update(t.roles).where(t.roles.c.key == key).values(title=dict(title)))
    organisation.changed(connection)


def set_pool(connection: Connection, key: str, pool: Mapping[str, Any] | None) -> None:
    """Who helps in this role, and from how many waiting tasks on; None: nobody."""
    value = dict(pool) if pool else None
    connection.execute(sa.update(t.roles).where(t.roles.c.key == key).values(pool=value))


def delete_role(connection: Connection, key: str) -> None:
    """Take a role away, from all its members too."""
    connection.execute(sa.delete(t.roles).where(t.roles.c.key == key))
    organisation.changed(connection)


def _add_members(
    connection: Connection, pairs: Sequence[tuple[str, str]], kind: str = "primary"
) -> None:
    if pairs:
        rows = [
            {"role": role, "user_id": user_id, "kind": kind}
            for role, user_id in dict.fromkeys(pairs)
        ]
        connection.execute(sa.insert(t.role_members), rows)
    organisation.changed(connection)
