"""Pages of records for those who have no account here; see `tables.py`."""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table

from headrace.engine.store.tables import AT, ID, Counter, Json, metadata

public_pages = Table(  # one link to one record, made by a visit of a node
    "public_pages",
    metadata,
    Column("no", Counter, primary_key=True, autoincrement=True),
    Column("id", String(24), nullable=False, unique=True),  # random; the link is this and its seal
    Column("step_key", String(200), nullable=False, unique=True),
    Column("instance_id", ID, nullable=True),
    Column("node", String(64), nullable=True),
    Column("table_key", String(64), nullable=False),
    Column("record_key", String(200), nullable=False),
    Column("about", Json, nullable=False),  # {title, stage, stages, eta, ended, show, tail}
    Column("made_at", AT, nullable=False),
    Column("expires_at", AT, nullable=False),
    Column("closed_at", AT, nullable=True),
    Column("closed_by", ID, nullable=True),
    Index("ix_public_pages_instance_id", "instance_id", "no"),
    Index("ix_public_pages_expires_at", "expires_at"),
)
