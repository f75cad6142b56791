"""Tables of what shops ask of us besides orders: tokens that end, and records of incidents of a source (F1). Times are
milliseconds since 1970 (UTC) in columns `*_at`."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Table, Text

from headrace.engine.store.tables import AT, ID, Counter, Json, metadata

connection_tokens = Table(
    "connection_tokens",
    metadata,
    Column("connection", String(64), primary_key=True),
    Column("expires_at", AT),  # of the access token; none: the platform has not said
    Column("refresh_expires_at", AT),  # then a person has to authorise again
    Column("next_at", AT),  # when it is renewed; none: not by machine
    Column("renewed_at", AT),
    Column("failures", Integer, nullable=False, server_default="0"),  # in a row
    Column("trouble", Text),  # why it could not be renewed
    Column("alerted_at", AT),  # when people were told that it is dead, or soon will be
    Column("lease_until", AT),
    Column("lease_owner", String(80)),
    Index("ix_connection_tokens_next", "next_at"),
)

source_incidents = Table(
    "source_incidents",
    metadata,
    Column("id", Counter, primary_key=True, autoincrement=True),
    Column("source", String(64), nullable=False),
    Column("status", String(8), nullable=False),  # open over closed
    Column("cause", String(16), nullable=False),  # what was noticed first: gone failing quiet
    Column("since_at", AT, nullable=False),  # the last moment that was good
    Column("opened_at", AT, nullable=False),  # when it was noticed
    Column("over_at", AT),  # since when orders come again
    Column("closed_at", AT),
    Column("closed_by", ID),
    Column("note", Text, nullable=False, server_default=""),
    Index("ix_source_incidents_source", "source", "id"),
    Index("ix_source_incidents_status", "status", "source"),
)

source_incident_steps = Table(
    "source_incident_steps",
    metadata,
    Column("id", Counter, primary_key=True, autoincrement=True),
    Column("incident", Counter, nullable=False),
    Column("at", AT, nullable=False),
    Column("kind", String(24), nullable=False),
    Column("details", Json, nullable=False),
    Index("ix_source_incident_steps_incident", "incident", "id"),
)
