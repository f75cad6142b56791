"""Rows of templates that people bring, and of what installing has made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from headrace.engine.store.tables import bundles, template_installs

OWN_MAX = 200
"""Templates of their own in one workspace."""


def listing(connection: Connection) -> Sequence[Row[Any]]:
    """All of them with their documents; there are few."""
    return connection.execute(sa.select(bundles).order_by(bundles.c.key).limit(OWN_MAX)).all()


def find(connection: Connection, key: str) -> Row[Any] | None:
    """One."""
    return connection.execute(sa.select(bundles).where(bundles.c.key == key)).one_or_none()


def count(connection: Connection) -> int:
    """How many there are."""
    return connection.execute(sa.select(sa.func.count()).select_from(bundles)).scalar_one()


def put(connection: Connection, row: Mapping[str, Any]) -> None:
    """Keep one, in place of another of the same key."""
    delete(connection, row["key"])
    connection.execute(sa.insert(bundles).values(**row))


def delete(connection: Connection, key: str) -> None:
    """Take one away."""
    connection.execute(sa.delete(bundles).where(bundles.c.key == key))


def made_by(connection: Connection, template: str) -> Sequence[Row[Any]]:
    """What installing this template has made or found."""
    i = template_installs.c
    return connection.execute(
        sa.select(template_installs).where(i.template == template).order_by(i.at, i.kind, i.key)
    ).all()


def installed(connection: Connection) -> set[str]:
    """Templates that are installed."""
    return set(connection.execute(sa.select(template_installs.c.template).distinct()).scalars())


def others(connection: Connection, template: str, kind: str, made: str) -> set[str]:
    """Other templates that use the same thing of this workspace."""
    i = template_installs.c
    query = sa.select(i.template).where(i.kind == kind, i.made == made, i.template != template)
    return set(connection.execute(query).scalars())


def note(connection: Connection, row: Mapping[str, Any]) -> None:
    """Remember one thing; what is remembered already stays."""
    i = template_installs.c
    known = connection.execute(
        sa.select(i.key).where(
            i.template == row["template"], i.kind == row["kind"], i.key == row["key"]
        )
    ).first()
    if known is None:
        connection.execute(sa.insert(template_installs).values(**row))


def renew(connection: Connection, template: str, kind: str, key: str, digest: str) -> None:
    """It was brought to the template's present state."""
    i = template_installs.c
    where = (i.template == template) & (i.kind == kind) & (i.key == key)
    connection.execute(sa.update(template_installs).where(where).values(digest=digest))


def forget(connection: Connection, template: str, kind: str, key: str) -> None:
    """It is gone, or no longer ours."""
    i = template_installs.c
    where = (i.template == template) & (i.kind == kind) & (i.key == key)
    connection.execute(sa.delete(template_installs).where(where))
