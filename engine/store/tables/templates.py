"""Templates that people bring, and what installing one has made."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Table, Text

from headrace.engine.store.tables.columns import AT, ID, Json, metadata

bundles = Table(
    "bundles",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("document", Text, nullable=False),
    Column("size", Integer, nullable=False),  # bytes of the file it came in
    Column("created_at", AT, nullable=False),
    Column("created_by", ID, nullable=False),
)

template_installs = Table(
    "template_installs",
    metadata,
    Column("template", String(64), primary_key=True),
    Column("kind", String(20), primary_key=True),  # roles connections tables decision_tables …
    Column("key", String(64), primary_key=True),  # in the template
    Column("made", String(64), nullable=False),  # what it is called here
    Column("created", Integer, nullable=False),  # 1: made by installing, 0: was there before
    Column("digest", String(64), nullable=False),  # of what was made: has it been changed since?
    Column("details", Json, nullable=False),
    Column("at", AT, nullable=False),
    Column("by", ID, nullable=False),
    Index("ix_template_installs_made", "kind", "made"),
)
