"""Connectors drawn in this workspace: what each is now, and every version it ever was."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, String, Table, Text

from headrace.engine.store.tables import AT, ID, metadata

own_connectors = Table(
    "own_connectors",
    metadata,
    Column("key", String(40), primary_key=True),
    Column("definition", Text, nullable=False),  # of the last version, as JSON
    Column("last_version", Integer, nullable=False),
    Column("created_at", AT, nullable=False),
    Column("updated_at", AT, nullable=False),
    Column("updated_by", ID, nullable=False),
)

own_connector_versions = Table(
    "own_connector_versions",
    metadata,
    Column(
        "connector_key",
        String(40),
        ForeignKey("own_connectors.key", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("version", Integer, primary_key=True),
    Column("definition", Text, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("created_at", AT, nullable=False),
    Column("created_by", ID, nullable=False),
)
