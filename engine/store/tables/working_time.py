"""Calendars; a version of one never changes."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, String, Table

from headrace.engine.store.tables.columns import AT, ID, Json, metadata

calendars = Table(
    "calendars",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("version", Integer, nullable=False),  # the one in force
)

calendar_versions = Table(
    "calendar_versions",
    metadata,
    Column("calendar", String(64), ForeignKey("calendars.key"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("content", Json, nullable=False),
    Column("source", String(80)),  # where the public holidays came from, with its version
    Column("created_at", AT, nullable=False),
    Column("created_by", ID, nullable=False),
)
