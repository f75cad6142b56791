"""Rows of decision tables: the draft of each, and its published versions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from headrace.engine import jsontext
from headrace.engine.store import tables as t

_tables, _versions = t.decision_tables.c, t.decision_table_versions.c

USERS_MAX = 50
"""Flows told that use a table."""


def find(connection: Connection, key: str, *, lock: bool = False) -> Row[Any] | None:
    """One table with its draft."""
    query = sa.select(t.decision_tables).where(_tables.key == key)
    return connection.execute(query.with_for_update() if lock else query).one_or_none()


def listing(
    connection: Connection, *, after: str, limit: int, search: str = ""
) -> Sequence[Row[Any]]:
    """Tables by key."""
    query = (
        sa.select(t.decision_tables).where(_tables.key > after).order_by(_tables.key).limit(limit)
    )
    if search:
        query = query.where(
            _tables.key.icontains(search, autoescape=True)
            | _tables.draft.icontains(search, autoescape=True)
        )
    return connection.execute(query).all()


def insert(connection: Connection, key: str, draft: str, by: str, now_ms: int) -> None:
    """A new table; its key must be free."""
    row = {
        "key": key, "draft": draft, "revision": 1, "last_version": 0, "published_revision": 0,
        "updated_at": now_ms, "updated_by": by,
    }  # fmt: skip
    connection.execute(t.decision_tables.insert(), row)


def update(connection: Connection, key: str, values: Mapping[str, Any]) -> None:
    """Change what stands at a table."""
    connection.execute(t.decision_tables.update().where(_tables.key == key), dict(values))


def delete(connection: Connection, key: str) -> None:
    """Take a table away with its versions."""
    connection.execute(t.decision_table_versions.delete().where(_versions.table_key == key))
    connection.execute(t.decision_tables.delete().where(_tables.key == key))


def add_version(connection: Connection, values: Mapping[str, Any]) -> None:
    """A published version."""
    connection.execute(t.decision_table_versions.insert(), dict(values))


def withdraw(connection: Connection, key: str, version: int, now_ms: int) -> None:
    """A version that shall not come into force."""
    connection.execute(
        t.decision_table_versions.update().where(
            _versions.table_key == key, _versions.version == version
        ),
        {"withdrawn_at": now_ms},
    )


def valid(connection: Connection, keys: Iterable[str]) -> dict[str, list[tuple[int, int]]]:
    """Key → its versions as (valid from, number), those withdrawn left out, by when they come into force."""
    query = (
        sa.select(_versions.table_key, _versions.valid_from, _versions.version)
        .where(_versions.table_key.in_(set(keys)), _versions.withdrawn_at.is_(None))
        .order_by(_versions.table_key, _versions.valid_from, _versions.version)
    )
    found: dict[str, list[tuple[int, int]]] = {}
    for row in connection.execute(query):
        found.setdefault(row.table_key, []).append((row.valid_from, row.version))
    return found


def definition(connection: Connection, key: str, version: int) -> str | None:
    """What was published."""
    query = sa.select(_versions.definition).where(
        _versions.table_key == key, _versions.version == version
    )
    return connection.execute(query).scalar_one_or_none()


def version(connection: Connection, key: str, number: int) -> Row[Any] | None:
    """One version."""
    query = sa.select(t.decision_table_versions).where(
        _versions.table_key == key, _versions.version == number
    )
    return connection.execute(query).one_or_none()


def versions(
    connection: Connection, key: str, *, before: int | None, limit: int
) -> Sequence[Row[Any]]:
    """Versions, newest first."""
    query = sa.select(t.decision_table_versions).where(_versions.table_key == key)
    if before is not None:
        query = query.where(_versions.version < before)
    return connection.execute(query.order_by(_versions.version.desc()).limit(limit)).all()


def used_by(connection: Connection, key: str) -> list[dict[str, Any]]:
    """Flows whose draft asks this table, with the nodes that do."""
    flows = t.flows.c
    query = (
        sa.select(flows.key, flows.name, flows.draft, flows.published_version)
        .where(flows.draft.contains(f'"table":"{key}"', autoescape=True))
        .order_by(flows.key)
        .limit(USERS_MAX)
    )
    found = []
    for row in connection.execute(query):
        nodes = [
            str(node.get("id"))
            for node in jsontext.loads(row.draft).get("nodes", ())
            if node.get("type") == "decide" and (node.get("settings") or {}).get("table") == key
        ]
        if nodes:
            found.append(
                {
                    "key": row.key,
                    "name": row.name,
                    "nodes": nodes,
                    "published_version": row.published_version,
                }
            )
    return found
