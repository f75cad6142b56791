"""Records of incidents of sources, with what happened when. Rows only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Row

from headrace.engine.store import tables as t

STEPS_MAX = 500


def insert(connection: Connection, values: Mapping[str, Any]) -> int:
    """A new one; answers its number."""
    made: int = connection.execute(
        t.source_incidents.insert().values(**values).returning(t.source_incidents.c.id)
    ).scalar_one()
    return made


def find(connection: Connection, id_: int) -> Row[Any] | None:
    """One."""
    query = sa.select(t.source_incidents).where(t.source_incidents.c.id == id_)
    return connection.execute(query).one_or_none()


def latest(connection: Connection, source: str) -> Row[Any] | None:
    """The one of this source that nobody has closed; None: all is settled."""
    columns = t.source_incidents.c
    query = sa.select(t.source_incidents).where(
        columns.source == source, columns.status.in_(("open", "over"))
    )
    return connection.execute(query.order_by(columns.id.desc()).limit(1)).one_or_none()


def change(connection: Connection, id_: int, values: Mapping[str, Any]) -> None:
    """Change it."""
    statement = t.source_incidents.update().where(t.source_incidents.c.id == id_)
    connection.execute(statement.values(**values))


def page(
    connection: Connection, source: str, *, before: int | None, limit: int
) -> Sequence[Row[Any]]:
    """Those of a source, newest first."""
    columns = t.source_incidents.c
    query = sa.select(t.source_incidents).where(columns.source == source)
    if before is not None:
        query = query.where(columns.id < before)
    return connection.execute(query.order_by(columns.id.desc()).limit(limit)).all()


def add(connection: Connection, incident: int, at: int, kind: str, details: Any) -> None:
    """Something happened."""
    values = {"incident": incident, "at": at, "kind": kind, "details": details}
    connection.execute(t.source_incident_steps.insert().values(**values))


def set_details(connection: Connection, id_: int, details: Any) -> None:
    """It has happened again."""
    statement = t.source_incident_steps.update().where(t.source_incident_steps.c.id == id_)
    connection.execute(statement.values(details=details))


def last_step(connection: Connection, incident: int) -> Row[Any] | None:
    """What happened last."""
    columns = t.source_incident_steps.c
    query = sa.select(t.source_incident_steps).where(columns.incident == incident)
    return connection.execute(query.order_by(columns.id.desc()).limit(1)).one_or_none()


def steps(connection: Connection, incident: int) -> Sequence[Row[Any]]:
    """What happened, in its order."""
    columns = t.source_incident_steps.c
    query = sa.select(t.source_incident_steps).where(columns.incident == incident)
    return connection.execute(query.order_by(columns.at, columns.id).limit(STEPS_MAX)).all()


def delete(connection: Connection, source: str) -> None:
    """The source has gone."""
    ids = sa.select(t.source_incidents.c.id).where(t.source_incidents.c.source == source)
    connection.execute(
        t.source_incident_steps.delete().where(
            t.source_incident_steps.c.incident.in_(ids.scalar_subquery())
        )
    )
    connection.execute(t.source_incidents.delete().where(t.source_incidents.c.source == source))
