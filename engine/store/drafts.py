"""Flows as drawn: drafts, published versions, and the schedules that follow from them. Rows only."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from headrace.engine.store import tables as t


def listing(
    connection: Connection, *, search: str, state: str, after: str | None, limit: int
) -> Sequence[Any]:
    """Flows by key with what their row on the screen shows, in one query."""
    flows, versions = t.flows.c, t.flow_versions.c
    open_instances = (
        sa.select(sa.func.count())
        .where(t.instances.c.flow_key == flows.key, t.instances.c.ended_at.is_(None))
        .scalar_subquery()
    )
    incidents = (
        sa.select(sa.func.count())
        .where(t.incidents.c.flow_key == flows.key, t.incidents.c.resolved_at.is_(None))
        .scalar_subquery()
    )
    query = (
        sa.select(
            *t.flows.c,
            versions.sha256,
            open_instances.label("open_instances"),
            incidents.label("incidents"),
        )
        .select_from(
            t.flows.outerjoin(
                t.flow_versions,
                (versions.flow_key == flows.key) & (versions.version == flows.published_version),
            )
        )
        .order_by(flows.key)
        .limit(limit)
    )
    if after is not None:
        query = query.where(flows.key > after)
    if search:
        query = query.where(
            flows.key.icontains(search, autoescape=True)
            | sa.type_coerce(flows.name, sa.Text).icontains(search, autoescape=True)
        )
    if state == "published":
        query = query.where(flows.published_version.is_not(None))
    elif state == "draft":
        query = query.where(flows.published_version.is_(None))
    elif state == "changed":
        query = query.where(versions.sha256 != flows.draft_etag)
    return connection.execute(query).all()


def in_force(connection: Connection) -> list[tuple[str, int]]:
    """Every published flow with its version in force."""
    columns = t.flows.c
    query = sa.select(columns.key, columns.published_version)
    found = connection.execute(query.where(columns.published_version.is_not(None)))
    return [(row[0], row[1]) for row in found]


def find(connection: Connection, key: str, *, lock: bool = False) -> Row[Any] | None:
    """The flow with its draft; `lock`: nobody else changes it until the commit."""
    query = sa.select(t.flows).where(t.flows.c.key == key)
    return connection.execute(query.with_for_update() if lock else query).one_or_none()


def document_of(connection: Connection, key: str, version: int | None) -> str | None:
    """The document of one version, or of the published one; None where there is none."""
    flows, versions = t.flows.c, t.flow_versions.c
    query = sa.select(versions.document).where(versions.flow_key == key)
    if version is None:
        query = query.where(flows.key == key, versions.version == flows.published_version)
    else:
        query = query.where(versions.version == version)
    return connection.execute(query).scalar_one_or_none()


def keys(connection: Connection) -> set[str]:
    """All flows' keys."""
    return set(connection.execute(sa.select(t.flows.c.key)).scalars())


def insert(connection: Connection, values: Mapping[str, Any]) -> None:
    """One more flow."""
    connection.execute(sa.insert(t.flows).values(**values))


def update(connection: Connection, key: str, values: Mapping[str, Any]) -> None:
    """Change columns of a flow."""
    connection.execute(sa.update(t.flows).where(t.flows.c.key == key).values(**values))


def delete(connection: Connection, key: str) -> None:
    """Take a flow away, with its versions and schedules."""
    connection.execute(sa.delete(t.flows).where(t.flows.c.key == key))


def naming(connection: Connection, text: str) -> list[tuple[str, str]]:
    """Flows whose draft has this text in quotes, with the draft: perhaps they name a thing of that key."""
    columns = t.flows.c
    query = sa.select(columns.key, columns.draft).where(
        columns.draft.contains(f'"{text}"', autoescape=True)
    )
    return [(row.key, row.draft) for row in connection.execute(query.order_by(columns.key))]


def was_started(connection: Connection, key: str) -> bool:
    """Has there ever been an instance of the flow?"""
    query = sa.select(sa.literal(1)).where(t.instances.c.flow_key == key).limit(1)
    return connection.execute(query).one_or_none() is not None


# --- versions --------------------------------------------------------------------------------------


def last_version(connection: Connection, key: str) -> int:
    """The number of the newest version; 0 when there is none. Versions are never deleted one by one."""
    query = sa.select(sa.func.max(t.flow_versions.c.version)).where(
        t.flow_versions.c.flow_key == key
    )
    return connection.execute(query).scalar_one() or 0


def find_version(connection: Connection, key: str, version: int) -> Row[Any] | None:
    """One version."""
    columns = t.flow_versions.c
    query = sa.select(t.flow_versions).where(columns.flow_key == key, columns.version == version)
    return connection.execute(query).one_or_none()


def versions(connection: Connection, key: str, *, before: int | None, limit: int) -> Sequence[Any]:
    """Versions without their documents, newest first, with how many instances each has had and has."""
    columns = t.flow_versions.c
    instances = (
        sa.select(sa.func.count())
        .where(t.instances.c.flow_key == key, t.instances.c.version == columns.version)
        .scalar_subquery()
    )
    open_instances = (
        sa.select(sa.func.count())
        .where(
            t.instances.c.flow_key == key,
            t.instances.c.version == columns.version,
            t.instances.c.ended_at.is_(None),
        )
        .scalar_subquery()
    )
    query = (
        sa.select(
            columns.version,
            columns.note,
            columns.sha256,
            columns.published_at,
            columns.published_by,
            columns.status,
            instances.label("instances"),
            open_instances.label("open_instances"),
        )
        .where(columns.flow_key == key)
        .order_by(columns.version.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(columns.version < before)
    return connection.execute(query).all()


def insert_version(connection: Connection, values: Mapping[str, Any]) -> None:
    """One more version; its document never changes."""
    connection.execute(sa.insert(t.flow_versions).values(**values))


def update_version_status(connection: Connection, key: str, version: int, status: str) -> None:
    """active, deprecated or retired: all that can change about a version."""
    columns = t.flow_versions.c
    query = sa.update(t.flow_versions).where(columns.flow_key == key, columns.version == version)
    connection.execute(query.values(status=status))


# --- schedules -------------------------------------------------------------------------------------


def schedules(connection: Connection, key: str) -> dict[str, Row[Any]]:
    """The schedules of a flow by id."""
    query = sa.select(t.schedules).where(t.schedules.c.flow_key == key)
    return {row.id: row for row in connection.execute(query)}


def replace_schedules(
    connection: Connection, gone: Collection[str], rows: Sequence[Mapping[str, Any]]
) -> None:
    """Take some away, put some in."""
    connection.execute(sa.delete(t.schedules).where(t.schedules.c.id.in_(gone)))
    if rows:
        connection.execute(sa.insert(t.schedules), [dict(row) for row in rows])
