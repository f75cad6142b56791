"""Rows of connectors drawn in this workspace: what each is now, and its versions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from headrace.engine.store import tables as t
from headrace.engine.store.tables import own_connector_versions, own_connectors

_own, _versions = own_connectors.c, own_connector_versions.c

ALL_MAX = 500
"""Told at once where a list of all connectors is asked for."""
USERS_MAX = 50


def find(connection: Connection, key: str, *, lock: bool = False) -> Row[Any] | None:
    """One connector as it is now."""
    query = sa.select(own_connectors).where(_own.key == key)
    return connection.execute(query.with_for_update() if lock else query).one_or_none()


def listing(connection: Connection, *, after: str, limit: int) -> Sequence[Row[Any]]:
    """Connectors by key."""
    query = sa.select(own_connectors).where(_own.key > after).order_by(_own.key).limit(limit)
    return connection.execute(query).all()


def insert(connection: Connection, key: str, definition: str, by: str, now_ms: int) -> None:
    """A new connector with its first version."""
    row = {
        "key": key, "definition": definition, "last_version": 1, "created_at": now_ms,
        "updated_at": now_ms, "updated_by": by,
    }  # fmt: skip
    connection.execute(own_connectors.insert(), row)
    _add_version(connection, key, 1, definition, "", by, now_ms)


def save(
    connection: Connection, key: str, version: int, definition: str, note: str, by: str, now_ms: int
) -> None:
    """One more version, which is what it is from now on."""
    connection.execute(
        own_connectors.update().where(_own.key == key),
        {
            "definition": definition,
            "last_version": version,
            "updated_at": now_ms,
            "updated_by": by,
        },
    )
    _add_version(connection, key, version, definition, note, by, now_ms)


def _add_version(
    connection: Connection, key: str, version: int, definition: str, note: str, by: str, now_ms: int
) -> None:
    row = {
        "connector_key": key, "version": version, "definition": definition, "note": note,
        "created_at": now_ms, "created_by": by,
    }  # fmt: skip
    connection.execute(own_connector_versions.insert(), row)


def delete(connection: Connection, key: str) -> None:
    """Take it away with its versions."""
    connection.execute(own_connector_versions.delete().where(_versions.connector_key == key))
    connection.execute(own_connectors.delete().where(_own.key == key))


def definition(connection: Connection, key: str, version: int) -> str | None:
    """What a version was."""
    query = sa.select(_versions.definition).where(
        _versions.connector_key == key, _versions.version == version
    )
    return connection.execute(query).scalar_one_or_none()


def versions(connection: Connection, key: str, *, before: int | None, limit: int) -> Sequence[Any]:
    """Versions, newest first, without what they say."""
    query = sa.select(
        _versions.version, _versions.note, _versions.created_at, _versions.created_by
    ).where(_versions.connector_key == key)
    if before is not None:
        query = query.where(_versions.version < before)
    return connection.execute(query.order_by(_versions.version.desc()).limit(limit)).all()


def used_by(connection: Connection, name: str) -> list[str]:
    """Keys of connections that are accounts at it."""
    columns = t.connections.c
    query = sa.select(columns.key).where(columns.connector == name).order_by(columns.key)
    return list(connection.execute(query.limit(USERS_MAX)).scalars())
